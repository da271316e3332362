"""A toy density on the line: two modes of unequal weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_ot_gans.datasets.mixtures import GaussianMixture

if TYPE_CHECKING:
    import tensorflow_probability as tfp


def bimodal_1d_mixture() -> GaussianMixture:
    """`1/4 N(-5, 1) + 3/4 N(2, 1)`, as a record of centres, scale and weights.

    Returns:
        `GaussianMixture` with `centres (2, 1)`.
    """
    return GaussianMixture("bimodal_1d", np.array([[-5.0], [2.0]]), 1.0, np.array([0.25, 0.75]))


def bimodal_1d(n: int = 5000, seed: int = 0) -> np.ndarray:
    """Sample `1/4 N(-5, 1) + 3/4 N(2, 1)`.

    Args:
        n: int > 0, number of points. 5000: the authors' notebook; Figure 3
            also uses 20 and 200.
        seed: int >= 0. The same seed gives the same points.

    Returns:
        Float32 array `(n, 1)`.

    Example:
        >>> bimodal_1d(20, seed=0).shape
        (20, 1)

    Source: ACT, Figures 2, 3 and 5.
    Differs: none.
    """
    return bimodal_1d_mixture().sample(n, seed)


def bimodal_1d_distribution() -> tfp.distributions.MixtureSameFamily:
    """The density of `bimodal_1d`.

    Returns:
        tensorflow-probability distribution, event shape `(1,)`.
    """
    return bimodal_1d_mixture().distribution()
