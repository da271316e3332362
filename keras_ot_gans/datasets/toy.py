"""Toy densities of the ACT paper, as its authors' code draws them.

Source: "ACT: Asymptotic Conditional Transport" (ICLR 2021 submission), Figures 2 to 5
and 10 to 14; the numbers are those of the authors' public toy code. No scikit-learn is
needed: the spiral and the moons are written out from their formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_ot_gans.datasets.checks import check_positive_int
from keras_ot_gans.datasets.mixtures import GaussianMixture

if TYPE_CHECKING:
    import tensorflow_probability as tfp

# The authors divide by 1.414 and 2.828, not by square roots.
_EIGHT_RADIUS, _EIGHT_STD = 2 / 1.414, 0.02 / 1.414
_GRID_SPACING, _GRID_STD = 2 / 2.828, 0.05 / 2.828

LOWER_LEFT = 5
"""Index of the lower-left mode of the 8 Gaussians (at 225 degrees)."""


def eight_gaussians_centres(radius: float = _EIGHT_RADIUS) -> np.ndarray:
    """Centres of the 8 Gaussians, counter-clockwise from (radius, 0).

    Args:
        radius: float > 0. Default: 2 / 1.414.

    Returns:
        Float64 array `(8, 2)`; mode `k` lies at `45 * k` degrees, so mode 5
        (`LOWER_LEFT`) is the lower left one.

    Example:
        >>> eight_gaussians_centres(radius=1.0).round(4)[LOWER_LEFT].tolist()
        [-0.7071, -0.7071]
    """
    angle = np.pi / 4 * np.arange(8)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def eight_gaussians_mixture(
    weights: Sequence[float] | None = None,
    radius: float = _EIGHT_RADIUS,
    std: float = _EIGHT_STD,
) -> GaussianMixture:
    """8 Gaussians on a circle, as a record of centres, scale and weights.

    Args:
        weights: 8 non-negative numbers in the order of
            `eight_gaussians_centres`. Default: uniform.
        radius: float > 0, radius of the circle.
        std: float > 0, standard deviation of a mode, per axis.

    Returns:
        `GaussianMixture` with `centres (8, 2)`.

    Example:
        >>> round(eight_gaussians_mixture().scale, 5)
        0.01414
    """
    return GaussianMixture("eight_gaussians", eight_gaussians_centres(radius), std, weights)


def eight_gaussians(
    n: int = 2000,
    seed: int = 0,
    weights: Sequence[float] | None = None,
    radius: float = _EIGHT_RADIUS,
    std: float = _EIGHT_STD,
) -> np.ndarray:
    """Sample 8 Gaussians on a circle.

    Args:
        n: int > 0, number of points. 2000: the authors' default; 5000 in the
            paper's Figure 4.
        seed: int >= 0. The same seed gives the same points.
        weights: 8 mode weights, see `eight_gaussians_centres` for their order
            and `imbalanced_weights` for Figure 4. Default: uniform.
        radius: float > 0. Default: 2 / 1.414. OT-GAN's toy example uses 2.
        std: float > 0. Default: 0.02 / 1.414. OT-GAN's toy example uses 0.2.

    Returns:
        Float32 array `(n, 2)`; every point's mode is drawn at random.

    Example:
        >>> eight_gaussians(100, seed=0).shape
        (100, 2)

    Source: ACT, Figures 4 and 10.
    Differs: none in distribution; the authors list the centres in another order.
    """
    return eight_gaussians_mixture(weights, radius, std).sample(n, seed)


def eight_gaussians_distribution(
    weights: Sequence[float] | None = None,
    radius: float = _EIGHT_RADIUS,
    std: float = _EIGHT_STD,
) -> tfp.distributions.MixtureSameFamily:
    """The density of `eight_gaussians`; arguments as there.

    Returns:
        tensorflow-probability distribution, event shape `(2,)`.
    """
    return eight_gaussians_mixture(weights, radius, std).distribution()


def imbalanced_weights(rho: float, mode: int = LOWER_LEFT, modes: int = 8) -> np.ndarray:
    """Mode weights with one mode at `rho` and the others equal.

    Args:
        rho: float in [0, 1], weight of `mode`. Figure 4: 0.05 to 0.5.
        mode: int, the odd one. Default: the lower left of the 8 Gaussians.
        modes: int > 1, how many modes there are.

    Returns:
        Float64 array `(modes,)`, sum 1.

    Raises:
        ValueError: if `rho` is not in [0, 1] or `mode` does not exist.

    Example:
        >>> imbalanced_weights(0.3).round(2).tolist()
        [0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 0.1, 0.1]

    Source: ACT, Figure 4.
    """
    check_positive_int("modes", modes)
    if not 0 <= rho <= 1:
        raise ValueError(f"`rho` must lie in [0, 1]. Received: rho={rho}. It is a mode's weight.")
    if modes < 2 or not 0 <= mode < modes:
        raise ValueError(
            f"`mode` must be one of the {modes} modes, counted from 0, of at least 2. "
            f"Received: mode={mode}."
        )
    weights = np.full(modes, (1 - rho) / (modes - 1))
    weights[mode] = rho
    return weights


def twenty_five_gaussians_centres(spacing: float = _GRID_SPACING) -> np.ndarray:
    """Centres of the 5 x 5 grid, row by row from the lower left.

    Args:
        spacing: float > 0, distance of neighbours. Default: 2 / 2.828.

    Returns:
        Float64 array `(25, 2)`; mode `5 * i + j` lies at
        `spacing * (j - 2, i - 2)`.

    Example:
        >>> twenty_five_gaussians_centres(spacing=1.0)[[0, 12, 24]].tolist()
        [[-2.0, -2.0], [0.0, 0.0], [2.0, 2.0]]
    """
    y, x = np.divmod(np.arange(25), 5)
    return spacing * (np.stack([x, y], axis=1) - 2.0)


def twenty_five_gaussians_mixture(
    spacing: float = _GRID_SPACING, std: float = _GRID_STD
) -> GaussianMixture:
    """25 Gaussians on a grid, as a record of centres, scale and weights.

    Args:
        spacing: float > 0, distance of neighbours.
        std: float > 0, standard deviation of a mode, per axis.

    Returns:
        `GaussianMixture` with `centres (25, 2)`.
    """
    centres = twenty_five_gaussians_centres(spacing)
    return GaussianMixture("twenty_five_gaussians", centres, std)


def twenty_five_gaussians(
    n: int = 2000, seed: int = 0, spacing: float = _GRID_SPACING, std: float = _GRID_STD
) -> np.ndarray:
    """Sample 25 Gaussians on a 5 x 5 grid, equally many points per mode.

    Args:
        n: int > 0, number of points.
        seed: int >= 0. The same seed gives the same points.
        spacing: float > 0. Default: 2 / 2.828.
        std: float > 0. Default: 0.05 / 2.828. AGE's MoG-25 is spacing 2, std 0.3.

    Returns:
        Float32 array `(n, 2)`, shuffled, overall standard deviation about 1.

    Example:
        >>> twenty_five_gaussians(100, seed=0).shape
        (100, 2)

    Source: ACT, Figure 13; the same set as in DOT and WGAN-GP.
    Differs: where 25 does not divide `n` the authors drop points; here the
        remainder goes to different random modes, so that `n` points come out.
    """
    return twenty_five_gaussians_mixture(spacing, std).sample(n, seed, balanced=True)


def twenty_five_gaussians_distribution(
    spacing: float = _GRID_SPACING, std: float = _GRID_STD
) -> tfp.distributions.MixtureSameFamily:
    """The density of `twenty_five_gaussians`; arguments as there.

    Returns:
        tensorflow-probability distribution, event shape `(2,)`.
    """
    return twenty_five_gaussians_mixture(spacing, std).distribution()
