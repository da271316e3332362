"""The compiled loop of discriminator optimal transport, for batches of one size."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_ot_gans.samplers.dot_objective import dot_objective
from keras_ot_gans.samplers.pair import Pair
from keras_ot_gans.samplers.program import program

TwoToOne = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Moved(NamedTuple):
    """A batch after its updates.

    Attributes:
        samples: float32 tensor `(B, *sample_shape)`.
        points: float32 tensor, what was moved: latents or the samples themselves.
        objective: float32 tensor `(updates + 1, B)`.
        taken: int64 tensor `(B,)`.
    """

    samples: tf.Tensor
    points: tf.Tensor
    objective: tf.Tensor
    taken: tf.Tensor


class DOTLoop:
    """Moves a batch of points down `dot_objective`, each point alone.

    Compiled at the first batch, once: the points, the optimizer's slots and the trajectory live in
    variables that all batches share, and each batch begins by resetting them. One update is one
    forward and one backward pass; a stop costs one forward pass more, which makes the samples.

    Args:
        pair: generator and critic.
        batch_size: int > 0.
        updates: int >= 0, the most that `advance` may be asked for.
        optimizer: of `sample_optimizer`; this loop owns it.
        in_data_space: bool, move samples; False moves latents.
        direction: function `(points, gradients) -> gradients`.
        project: function `(points before, points after an update) -> points`; None leaves them.
        delta: as `dot_objective`.
        naive: as `dot_objective`.
        tolerance: float >= 0 or None. A point whose objective fell by less in its last update
            stops where it is.
    """

    def __init__(
        self,
        pair: Pair,
        batch_size: int,
        updates: int,
        optimizer: keras.optimizers.Optimizer,
        *,
        in_data_space: bool,
        direction: TwoToOne,
        project: TwoToOne | None,
        delta: float,
        naive: bool,
        tolerance: float | None,
    ):
        self.pair, self.in_data_space, self.optimizer = pair, in_data_space, optimizer
        self.direction, self.project = direction, project
        self.delta, self.naive, self.tolerance = delta, naive, tolerance
        inner = pair.sample_shape if in_data_space else (pair.latent_dim,)
        self.shape = shape = (batch_size, *inner)
        self._points = keras.Variable(tf.zeros(shape), dtype="float32", name="dot_points")
        self._objective = tf.Variable(tf.zeros((updates + 1, batch_size)), trainable=False)
        self._active = tf.Variable(tf.ones((batch_size,), "bool"), trainable=False)
        self._taken = tf.Variable(tf.zeros((batch_size,), "int64"), trainable=False)
        self._step = tf.Variable(0, dtype="int64", trainable=False)
        optimizer.build([self._points])
        self._fresh = [(v, tf.identity(v.value)) for v in optimizer.variables]
        numbers = tf.TensorSpec((batch_size,), "float32")
        places = tf.TensorSpec(shape, "float32")
        told = [] if pair.labels is None else [tf.TensorSpec((batch_size,), "int32")]
        self.begin = program(self._begin, [places])
        step = tf.TensorSpec((), "int64")
        self.advance = program(self._advance, [places, numbers, step, *told])

    def _begin(self, origin: tf.Tensor) -> None:
        """Forget the last batch."""
        self._points.assign(origin)
        for variable, value in self._fresh:
            variable.assign(value)
        self._active.assign(tf.ones_like(self._active))
        self._taken.assign(tf.zeros_like(self._taken))
        self._step.assign(0)

    def _advance(
        self,
        origin: tf.Tensor,
        k_eff: tf.Tensor,
        stop: tf.Tensor,
        labels: tf.Tensor | None = None,
    ) -> Moved:
        """Go on until `stop` updates since `begin`."""

        def objective(points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            samples = points if self.in_data_space else self.pair.generate(points, labels)
            values = self.pair.score(samples, labels)
            return samples, dot_objective(points, origin, values, k_eff, self.delta, self.naive)

        def goes_on(step, active, taken):
            del taken
            return tf.logical_and(step < stop, tf.reduce_any(active))

        def update(step, active, taken):
            points = tf.identity(self._points.value)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(points)
                _, heights = objective(points)
            gradients = self.direction(points, tape.gradient(heights, points))
            if self.tolerance is not None:
                fell = self._objective[tf.maximum(step - 1, 0)] - heights >= self.tolerance
                active = tf.logical_and(active, tf.logical_or(step == 0, fell))
            self._objective[step].assign(heights)
            self.optimizer.apply([gradients], [self._points])
            self._keep(points, active)
            return step + 1, active, taken + tf.cast(active, "int64")

        state = [tf.identity(v) for v in (self._step, self._active, self._taken)]
        step, active, taken = tf.while_loop(goes_on, update, state, parallel_iterations=1)
        self._step.assign(step)
        self._active.assign(active)
        self._taken.assign(taken)
        points = tf.identity(self._points.value)
        samples, heights = objective(points)
        rows = tf.range(tf.shape(self._objective, "int64")[0])[:, None]
        return Moved(samples, points, tf.where(rows < step, self._objective, heights), taken)

    def _keep(self, before: tf.Tensor, active: tf.Tensor) -> None:
        """Put updated points back where they belong, and stopped ones where they were."""
        if self.project is None and self.tolerance is None:
            return
        points = tf.convert_to_tensor(self._points.value)
        if self.project is not None:
            points = self.project(before, points)
        if self.tolerance is not None:
            active = tf.reshape(active, [-1] + [1] * (points.shape.rank - 1))
            points = tf.where(active, points, before)
        self._points.assign(points)
