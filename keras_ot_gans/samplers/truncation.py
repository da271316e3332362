"""Samples of latents near the centre of the prior."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.ops import random
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.samplers.pair import Network
from keras_ot_gans.samplers.program import program
from keras_ot_gans.samplers.sampler import Sampler


class TruncationSampler(Sampler):
    """Generates from the middle of the prior: finer samples, less variety.

    A normal prior is cut, coordinate by coordinate, to `[-threshold, threshold]` and drawn by its
    inverse distribution function, with no loop of rejections. A uniform prior shrinks about its
    centre to the share `threshold` of its width.

    Args:
        generator: as `Pair`.
        critic: as `Pair`; not used.
        threshold: float > 0; at most 1 for a uniform prior. The paper shows 0.04 to 2; 0.7 is ours.
        **kwargs: of `Sampler`.

    Raises:
        ValueError: if `threshold` is out of range, or as `Sampler`.
        TypeError: if the prior is neither normal nor uniform.

    Example:
        >>> sampler = TruncationSampler(lambda z: z, latent_dim=3, threshold=0.5, batch_size=8)
        >>> x = sampler.sample(20, seed=1)
        >>> x.shape, bool(np.abs(x).max() <= 0.5)
        ((20, 3), True)
        >>> sampler.describe()
        'truncation(threshold=0.5)'

    Source: Brock et al., "Large Scale GAN Training for High Fidelity Natural Image Synthesis",
        ICLR 2019, section 3.1.
    Differs: the paper draws again each coordinate beyond the threshold, which has the same law;
        it has no uniform prior.
    """

    name = "truncation"
    needs_critic = False

    def __init__(
        self,
        generator: Network,
        critic: Network | None = None,
        *,
        threshold: float = 0.7,
        **kwargs: Any,
    ):
        super().__init__(generator, critic, **kwargs)
        if not threshold > 0:
            raise ValueError(
                f"`threshold` must be positive. Received: threshold={threshold}. Try 0.7."
            )
        if not isinstance(self.pair.prior, Normal | Uniform):
            raise TypeError(
                "`prior` must be `ops.Normal()` or `ops.Uniform()` to be truncated. Received: "
                f"{type(self.pair.prior).__name__}. Use `PlainSampler`."
            )
        if isinstance(self.pair.prior, Uniform) and threshold > 1:
            raise ValueError(
                "`threshold` must be at most 1 for a uniform prior, a share of its width. "
                f"Received: threshold={threshold}. 1 is the whole prior."
            )
        self.threshold = float(threshold)
        self._generate = program(self.pair.generate)

    def latents(self, stream: keras.random.SeedGenerator) -> tf.Tensor:
        """Draw a batch of truncated latents.

        Args:
            stream: seeds.

        Returns:
            float32 tensor `(batch_size, latent_dim)`.
        """
        prior, t = self.pair.prior, self.threshold
        bits = random.uniform((self.batch_size, self.pair.latent_dim), stream)
        # Half a step up: symmetric in (-1, 1), where the inverse error function is finite.
        share = 2.0 * bits - 1.0 + 2.0**-24
        if isinstance(prior, Uniform):
            half = (prior.high - prior.low) / 2
            return (prior.low + prior.high) / 2 + t * half * share
        root = 2.0**0.5
        z = root * tf.math.erfinv(share * tf.math.erf(tf.constant(t / root)))
        return tf.clip_by_value(z, -t, t)

    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        """Draw one batch, as `Sampler.draw`."""
        return self._generate(self.latents(stream), labels).numpy()

    def settings(self) -> dict[str, Any]:
        """Return the threshold."""
        return {"threshold": self.threshold}
