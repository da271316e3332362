"""What a transport of given points found."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_ot_gans.samplers.dot_loop import Moved


class Transport(NamedTuple):
    """What `DOTSampler.transport` found, sample by sample.

    Attributes:
        samples: float32 array `(n, *sample_shape)`.
        latents: float32 array `(n, latent_dim)`, of the samples; None in data space.
        objective: float32 array `(updates + 1, n)`, before each update and after the last; constant
            from where a sample stopped.
        updates: int64 array `(n,)`, updates until the sample stopped.
    """

    samples: np.ndarray
    latents: np.ndarray | None
    objective: np.ndarray
    updates: np.ndarray

    @classmethod
    def of_batches(cls, batches: Sequence[Moved], n: int, in_data_space: bool) -> "Transport":
        """Join full batches.

        Args:
            batches: what `DOTLoop.advance` returned.
            n: int > 0, samples; those beyond, which filled up the last batch, are left out.
            in_data_space: bool, there are no latents.

        Returns:
            `Transport` of n samples.
        """
        samples, points, objective, taken = (
            np.concatenate([np.asarray(part) for part in parts], axis=axis)
            for parts, axis in zip(zip(*batches, strict=True), (0, 0, 1, 0), strict=True)
        )
        latents = None if in_data_space else points[:n]
        return cls(samples[:n], latents, objective[:, :n], taken[:n])
