"""Many rounds of a small game in one XLA program, for toys whose steps are shorter than a call."""

import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans import models
from keras_ot_gans.ops import random


class OneProgram:
    """Trains models of one kind from several seeds, compiled once.

    `fit` starts a program per round and fetches its batch: for a 2-D toy that takes longer than the
    round. Here the data lie in the program, which draws batches with replacement.

    Args:
        make: function of a seed that returns a compiled model, always the same networks.
        batch_size: int.
    """

    def __init__(self, make: Callable[[int], models.AdversarialModel], batch_size: int):
        self._make, self._batch_size = make, batch_size
        self.model = make(0)
        self._stream = keras.random.SeedGenerator(0)
        self._programs = {}

    def start(self, seed: int, x_real: np.ndarray) -> None:
        """Begin anew, with the weights and the optimizers' state of a new model.

        Args:
            seed: int, of the model and of the batches.
            x_real: float32 array `(n, d)`, the data.
        """
        fresh = self._make(seed)
        for role in self.model.frozen:
            self.model.unfreeze(role)
        for old, new in zip(_states(self.model), _states(fresh), strict=True):
            old.assign(new.value)
        self._stream.state.assign(keras.random.SeedGenerator(seed + 1).state)
        self._x_real = tf.constant(x_real)

    def train(self, updates: int) -> None:
        """Play a number of rounds, of one generator update each.

        Args:
            updates: int.
        """
        frozen = self.model.frozen
        if frozen not in self._programs:
            # TensorFlow counts retracing by code object, and would warn of a second model.
            rounds = functools.partial(self._rounds)
            self._programs[frozen] = tf.function(rounds, jit_compile=True, autograph=False)
        self._programs[frozen](tf.constant(updates), self._x_real)

    def _rounds(self, updates: tf.Tensor, x_real: tf.Tensor) -> None:
        shape = (self._batch_size, self.model.passes_per_round)

        def play(i: tf.Tensor) -> tf.Tensor:
            rows = random.uniform(shape, self._stream) * float(x_real.shape[0])
            self.model.train_step(tf.gather(x_real, tf.cast(rows, tf.int32)))
            return i + 1

        tf.while_loop(lambda i: i < updates, play, [tf.constant(0)])


def _states(model: models.AdversarialModel) -> list[keras.Variable]:
    """List all that decides a model's future."""
    return [*model.variables, *(v for r in model.networks for v in model.optimizer_of(r).variables)]
