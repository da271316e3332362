"""What the Lipschitz experiments share: a critic alone, between two fixed distributions."""

import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from apps.experiments import lipschitz_scores
from keras_ot_gans import layers, losses, networks
from keras_ot_gans.callbacks.pictures import figure_to_array, new_figure
from keras_ot_gans.losses import penalties
from keras_ot_gans.losses.phi import LOGISTIC_LINEAR, exponential, linear, logistic, square_root
from keras_ot_gans.models import players
from keras_ot_gans.models.slope_penalty import SlopePenalty
from keras_ot_gans.ops import random
from keras_ot_gans.ops.input_gradients import input_gradients

# The family of eq. 12, as its Table 2 lists it.
FAMILY = {
    "x": linear,
    "-log sigmoid(-x)": logistic,
    "x + sqrt(x^2 + 1)": square_root,
    "exp(x)": exponential,
    "-log sigmoid(-x) + 0.01 x": LOGISTIC_LINEAR,
}
MAX_GP, SPECTRAL = "MaxGP", "spectral norm"
ADAM = functools.partial(keras.optimizers.Adam, beta_1=0.0, beta_2=0.9)  # the authors' code


def constraints(weight: float) -> dict[str, losses.Penalty | None]:
    """Name the ways to bound a critic's slope.

    Args:
        weight: float > 0, of MaxGP and of the mean that Fig. 18 compares it with.

    Returns:
        Dict of penalties; None for spectral norm, which is no penalty, and for no bound at all.
    """
    return {
        MAX_GP: penalties.max_gradient_penalty(weight),
        "GP, target 0": penalties.gradient_penalty(weight, target=0.0),
        "GP": penalties.gradient_penalty(),
        "LP": penalties.lipschitz_penalty(),
        SPECTRAL: None,
        "none": None,
    }


def critic(input_dim: int, hidden: tuple[int, ...], constraint: str = "none") -> keras.Model:
    """Return a ReLU network with one output, under spectral norm if the constraint says so.

    Args:
        input_dim: int.
        hidden: widths.
        constraint: a key of `constraints`.

    Returns:
        `keras.Model` `(B, input_dim) -> (B, 1)`.
    """
    model = networks.mlp(input_dim, hidden, 1, negative_slope=0.0, name="critic")
    if constraint != SPECTRAL:
        return model

    def normalised(layer: keras.layers.Layer) -> keras.layers.Layer:
        copy = type(layer).from_config(layer.get_config())
        is_dense = isinstance(layer, keras.layers.Dense)
        return layers.SpectralNormalization(copy) if is_dense else copy

    return keras.models.clone_model(model, clone_function=normalised)


class CriticAlone:
    """Trains a critic between two fixed sets of points; there is no generator.

    One object serves all seeds and all pairs of sets of one size, so that XLA compiles once.

    Args:
        input_dim: int, `d`.
        phi: value of `losses.phi`.
        penalty: `losses.Penalty` or None.
        constraint: key of `constraints`, for `critic`.
        hidden: widths of the critic, or a function that makes one.
        batch_size: int, real points per update, as many fake ones and blends.
        rate: float, the optimizer's learning rate.
        decay_over: int, updates over which the rate falls along a cosine; 0 keeps it.
        optimizer: function of the rate that makes one.

    Source: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
        Adversarial Nets", 2018, section 5.1; Adam with beta = (0, 0.9): the authors' code.
    """

    def __init__(
        self,
        input_dim: int,
        phi: losses.phi.Phi,
        penalty: losses.Penalty | None,
        constraint: str,
        *,
        hidden: tuple[int, ...] | Callable[[], keras.Model],
        batch_size: int,
        rate: float,
        decay_over: int = 0,
        optimizer: Callable[..., keras.optimizers.Optimizer] = ADAM,
    ):
        self.phi, self.batch_size = phi, batch_size
        self._make = hidden if callable(hidden) else lambda: critic(input_dim, hidden, constraint)
        self.critic = self._make()
        if decay_over:
            rate = keras.optimizers.schedules.CosineDecay(rate, decay_over)
        self._optimizer = optimizer(rate)
        self._optimizer.build(self.critic.trainable_variables)
        self._slopes = penalty and SlopePenalty(penalty, (input_dim,), batch_size)
        self._stream = keras.random.SeedGenerator(0)
        state = [*self._optimizer.variables, *(self._slopes.weights if penalty else ())]
        self._fresh = [(variable, variable.numpy()) for variable in state]
        self._stretch = tf.function(self._many, jit_compile=True)

    def start(self, seed: int, real: np.ndarray, fake: np.ndarray) -> None:
        """Begin anew.

        Args:
            seed: int, of the weights and of the batches.
            real: float32 array `(n, d)`. `n` equal to the batch size: every batch is the whole set.
            fake: float32 array `(n, d)`.
        """
        keras.utils.set_random_seed(seed)
        self.critic.set_weights(self._make().get_weights())
        for variable, value in self._fresh:
            variable.assign(value)
        self._stream.state.assign(keras.random.SeedGenerator(seed).state)
        self._real, self._fake = tf.constant(real), tf.constant(fake)

    def train(self, updates: int) -> None:
        """Take a number of steps.

        Args:
            updates: int.
        """
        self._stretch(tf.constant(updates), self._real, self._fake)

    def _many(self, updates: tf.Tensor, real: tf.Tensor, fake: tf.Tensor) -> None:
        for _ in tf.range(updates):
            self._update(self._rows(real), self._rows(fake))

    def _rows(self, x: tf.Tensor) -> tf.Tensor:
        u, n = random.uniform((self.batch_size,), self._stream), x.shape[0]
        if n == self.batch_size:
            return tf.gather(x, tf.argsort(u))  # all of them: only the pairs of blends are random
        return tf.gather(x, tf.cast(u * n, tf.int32) % n)

    @tf.autograph.experimental.do_not_convert
    def _update(self, x_real: tf.Tensor, x_fake: tf.Tensor) -> None:
        variables, slopes = self.critic.trainable_variables, None
        with tf.GradientTape() as tape:
            values = self.critic(tf.concat([x_real, x_fake], axis=0), training=True)
            loss = losses.critic_loss(*tf.split(values, 2), self.phi)
            if self._slopes is not None:
                slopes = self._slopes.measure(
                    lambda x, _: self.critic(x, training=True),
                    x_real,
                    x_fake,
                    None,
                    self._stream,
                    training=True,
                )
                loss += slopes.penalty
        self._optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
        players.take_power_steps([self.critic])
        if slopes is not None:
            self._slopes.remember(slopes)

    def values(self, x: np.ndarray) -> np.ndarray:
        """Return the critic's values, `(n, d) -> (n,)`."""
        return self.critic(tf.constant(x, tf.float32), training=False).numpy()[:, 0]

    def gradients(self, x: np.ndarray) -> np.ndarray:
        """Return the critic's gradients at points, `(n, d) -> (n, d)`."""
        points = tf.constant(x, tf.float32)
        return input_gradients(lambda y: self.critic(y, training=False), points).numpy()

    def scores(self, real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
        """Score the critic at fake points, by all of `lipschitz_scores`.

        Args:
            real: array `(n, d)`.
            fake: array `(n, d)`.

        Returns:
            Dict of floats.
        """
        return {
            **lipschitz_scores.direction_scores(self.gradients(fake), real, fake),
            "coupling": lipschitz_scores.coupling(self.values(real), self.values(fake), real, fake),
        }


def surface_picture(alone: CriticAlone, real: np.ndarray, fake: np.ndarray, title: str):
    """Draw a critic's values around 2-D points, and its directions at some fakes.

    Args:
        alone: a trained critic.
        real: array `(n, 2)`.
        fake: array `(n, 2)`.
        title: str.

    Returns:
        uint8 array `(H, W, 3)`.
    """
    both = np.concatenate([real, fake])
    middle = (both.min(axis=0) + both.max(axis=0)) / 2
    half = 0.6 * float(np.ptp(both, axis=0).max())
    sides = [np.linspace(centre - half, centre + half, 60) for centre in middle]
    grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    figure = new_figure(2.0, 2.1)
    axes = figure.subplots()
    axes.contourf(*sides, alone.values(grid).reshape(60, 60), levels=12, cmap="viridis")
    axes.scatter(*real[:100].T, s=2, color="#ff8a80", linewidths=0)
    axes.scatter(*fake[:100].T, s=2, color="white", linewidths=0)
    arrows = alone.gradients(fake[:30]).astype(np.float64)
    arrows /= np.maximum(np.linalg.norm(arrows, axis=1, keepdims=True), 1e-30)
    axes.quiver(*fake[:30].T, *arrows.T, color="white", scale=8, width=0.008)
    axes.set_title(title, fontsize=6)
    axes.set(xticks=[], yticks=[], aspect="equal")
    return figure_to_array(figure)
