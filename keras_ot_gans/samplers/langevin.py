"""Discriminator-driven latent sampling: Langevin dynamics of the latents."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.ops import random
from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.samplers.calibration import Calibration, checked_calibration
from keras_ot_gans.samplers.differentiable import check_differentiable
from keras_ot_gans.samplers.pair import Network
from keras_ot_gans.samplers.program import program
from keras_ot_gans.samplers.sampler import Sampler
from keras_ot_gans.samplers.step_seeds import StepSeeds, batch_key


class LangevinSampler(Sampler):
    """Moves latents down the energy `E(z) = -log p0(z) - l(G(z))`, with noise, and generates.

    `p0` is the prior and `l` the log density ratio of the critic. Latents of the density
    proportional to `exp(-E)` generate the data's if the ratios are right. A step is
    `z - rate / 2 * grad E + sqrt(rate * temperature) * noise`. It is exact as `rate` goes to 0,
    for `exp(-E / temperature)`; with `adjusted`, for any rate.

    Latents of a uniform prior are reflected at its bounds, which keeps a constant density constant;
    clipping would heap them there. With `adjusted`, steps beyond the bounds are rejected.

    Args:
        generator: as `Pair`.
        critic: as `Pair`.
        updates: int > 0, steps. 1000: what re-implementations take for CIFAR-10.
        rate: float > 0, variance of the noise in a coordinate. 0.01: likewise.
        temperature: float > 0. 1 is the data's density, less prefers the best.
        adjusted: bool. Accept or reject each step by Metropolis-Hastings (MALA).
        calibration: `Calibration` from critic values to log density ratios, without knots: its
            gradient is followed. None takes the values.
        **kwargs: of `Sampler`.

    Attributes:
        acceptance_rate: float, the share of steps accepted so far; NaN before any. About 0.57 is
            best for `adjusted` in many dimensions; without, it is 1.

    Raises:
        ValueError: if an argument is out of range, the critic's gradient does not reach the
            latents, or as `Sampler`.
        TypeError: if the prior is neither normal nor uniform, or an argument of another type.

    Example:
        >>> sampler = LangevinSampler(
        ...     lambda z: z, lambda x: -2.0 * x[:, 0] ** 2, latent_dim=1, updates=100, rate=0.1,
        ...     adjusted=True,
        ... )
        >>> bool(abs(sampler.sample(1000).std() - 0.2**0.5) < 0.05)  # N(0, 1) exp(-2 x^2)
        True
        >>> bool(sampler.acceptance_rate > 0.9)
        True

    Source: Che et al., "Your GAN is Secretly an Energy-based Model and You Should use
        Discriminator Driven Latent Sampling", NeurIPS 2020, Algorithm 1; MALA: Roberts and Tweedie,
        "Exponential Convergence of Langevin Distributions", Bernoulli 1996.
    Differs: `temperature`, bounds and `adjusted` are ours. Reproductions that step by
        `0.01 * grad E` with noise 0.1 are `rate=0.02, temperature=0.5`.
    """

    name = "langevin"

    def __init__(
        self,
        generator: Network,
        critic: Network | None = None,
        *,
        updates: int = 1000,
        rate: float = 0.01,
        temperature: float = 1.0,
        adjusted: bool = False,
        calibration: Calibration | None = None,
        **kwargs: Any,
    ):
        super().__init__(generator, critic, **kwargs)
        self.updates = check_int("updates", updates, 1, "Try 1000.")
        for name, value in {"rate": rate, "temperature": temperature}.items():
            if not value > 0:
                raise ValueError(
                    f"`{name}` must be positive. Received: {name}={value}. "
                    f"Try {0.01 if name == 'rate' else 1.0}."
                )
        if not isinstance(self.pair.prior, Normal | Uniform):
            raise TypeError(
                "`prior` must be `ops.Normal()` or `ops.Uniform()`, whose densities are known. "
                f"Received: {type(self.pair.prior).__name__}. Use `MetropolisHastingsSampler`."
            )
        check_differentiable(self.pair, in_data_space=False)
        self.rate, self.temperature, self.adjusted = float(rate), float(temperature), adjusted
        self.calibration = checked_calibration(calibration)
        if self.calibration.knots:
            raise ValueError(
                "`calibration` must be a line, whose gradient leads somewhere; that of knots is 0 "
                f"on their steps. Received: {self.calibration}. Take calibrate(real_scores, "
                "fake_scores, 'logistic')."
            )
        self._accepted = self._proposed = 0
        self._run = program(self._moved)

    @property
    def acceptance_rate(self) -> float:
        """Return the share of steps accepted so far."""
        return self._accepted / self._proposed if self._proposed else float("nan")

    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        """Draw one batch, as `Sampler.draw`."""
        z = self.latents(stream)
        samples, accepted, finite = self._run(z, batch_key(stream), labels)
        if not finite:
            raise ValueError(
                "`rate` must be small enough that the dynamics do not diverge. "
                f"Received: rate={self.rate}, and latents or energies that are not finite. Lower "
                "it, take `adjusted=True`, or check the critic's weights."
            )
        self._accepted += int(accepted)
        self._proposed += self.updates * self.batch_size
        return samples.numpy()

    def settings(self) -> dict[str, Any]:
        """Return the arguments."""
        names = ("updates", "rate", "temperature", "adjusted")
        found = {name: getattr(self, name) for name in names}
        return found | {"calibration": str(self.calibration)}

    def _energy(self, z: tf.Tensor, labels: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
        """Return `E / temperature` `(B,)` and its gradient `(B, d)`."""
        with tf.GradientTape() as tape:
            tape.watch(z)
            energy = -self.calibration(self.pair.score_latents(z, labels))
            if isinstance(self.pair.prior, Normal):
                energy += tf.reduce_sum(z**2, axis=1) / 2
            energy /= self.temperature
        return energy, tape.gradient(energy, z)

    def _moved(
        self, z: tf.Tensor, key: tf.Tensor, labels: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Run the dynamics of one batch; the samples, steps accepted, and whether it is finite."""
        # exp(-E / temperature) is sampled at this rate.
        rate = self.rate * self.temperature

        def off(to, start, slope):
            """Negative log density of a step, up to a constant."""
            return tf.reduce_sum((to - start + rate / 2 * slope) ** 2, axis=1) / (2 * rate)

        def move(step, z, energy, slope, count):
            seeds = StepSeeds(key, step)
            new = z - rate / 2 * slope + rate**0.5 * random.normal(z.shape, seeds)
            if not self.adjusted:
                new = self._reflect(new)
            new_energy, new_slope = self._energy(new, labels)
            if not self.adjusted:
                return step + 1, new, new_energy, new_slope, count + z.shape[0]
            gain = energy - new_energy + off(new, z, slope) - off(z, new, new_slope)
            chance = tf.where(self._inside(new), tf.exp(tf.minimum(gain, 0.0)), 0.0)
            accept = random.uniform(energy.shape, seeds) < chance
            z, slope = (tf.where(accept[:, None], *pair) for pair in ((new, z), (new_slope, slope)))
            energy = tf.where(accept, new_energy, energy)
            return step + 1, z, energy, slope, count + tf.reduce_sum(tf.cast(accept, tf.int32))

        _, z, energy, _, count = tf.while_loop(
            lambda step, *_: step < self.updates, move, (0, z, *self._energy(z, labels), 0)
        )
        finite = tf.reduce_all(tf.math.is_finite(energy))
        return self.pair.generate(z, labels), count, finite

    def _inside(self, z: tf.Tensor) -> tf.Tensor:
        """Say which latents have a positive density."""
        prior = self.pair.prior
        if isinstance(prior, Normal):
            return tf.ones((z.shape[0],), tf.bool)
        return tf.reduce_all((z >= prior.low) & (z <= prior.high), axis=1)

    def _reflect(self, z: tf.Tensor) -> tf.Tensor:
        """Fold latents back into the bounds of a uniform prior."""
        prior = self.pair.prior
        if isinstance(prior, Normal):
            return z
        width = prior.high - prior.low
        along = tf.math.floormod(z - prior.low, 2 * width)
        return prior.low + width - tf.abs(along - width)
