"""Samples as the generator makes them."""

from typing import Any

import keras
import numpy as np

from keras_ot_gans.samplers.program import program
from keras_ot_gans.samplers.sampler import Sampler


class PlainSampler(Sampler):
    """Draws latents from the prior and generates: what all others are compared with.

    Arguments are those of `Sampler`; the critic is not used.

    Example:
        >>> sampler = PlainSampler(lambda z: 2.0 * z, latent_dim=3, batch_size=4)
        >>> sampler.sample(6, seed=1).shape
        (6, 3)
        >>> sampler.describe()
        'plain()'
    """

    name = "plain"
    needs_critic = False

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._generate = program(self.pair.generate)

    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        """Draw one batch, as `Sampler.draw`."""
        return self._generate(self.latents(stream), labels).numpy()

    def settings(self) -> dict[str, Any]:
        """Return no settings."""
        return {}
