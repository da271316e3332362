"""The imbalanced mixtures of the AGE paper: Gaussians on a grid, every second one rare."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from keras_ot_gans.datasets.checks import check_positive_int
from keras_ot_gans.datasets.mixtures import GaussianMixture


class LabelledMixture(NamedTuple):
    """Points, the mode that each came from, and the density they were drawn from.

    Attributes:
        points: float32 array `(n, 2)`, in random order.
        labels: int64 array `(n,)`, the mode of each point, its row in `mixture.centres`.
        mixture: `GaussianMixture` with the weights of these counts; `mixture.distribution()`
            is the density, `mixture.sample(10_000, seed=1)` other points for a test.
    """

    points: np.ndarray
    labels: np.ndarray
    mixture: GaussianMixture


def imbalanced_grid_counts(
    side: int = 3, majority: int = 10_000, minority: int = 500
) -> np.ndarray:
    """Points of each mode of `imbalanced_grid`.

    Args:
        side: int > 1, modes along each axis.
        majority: int > 0, points of the modes 0, 2, 4, ...
        minority: int > 0, points of the modes 1, 3, 5, ...

    Returns:
        Int64 array `(side**2,)`.

    Raises:
        ValueError: if a number is not a positive int, or `side` is 1.

    Example:
        >>> imbalanced_grid_counts(side=3).tolist()
        [10000, 500, 10000, 500, 10000, 500, 10000, 500, 10000]
        >>> int(imbalanced_grid_counts(side=5).sum())
        136000
    """
    for name, value in (("side", side), ("majority", majority), ("minority", minority)):
        check_positive_int(name, value)
    if side < 2:
        raise ValueError(
            f"`side` must be at least 2, or no mode is rare. Received: side={side}. "
            "The paper has 3 (nine modes) and 5 (twenty-five)."
        )
    return np.where(np.arange(side**2) % 2 == 0, majority, minority)


def imbalanced_grid_mixture(
    side: int = 3,
    majority: int = 10_000,
    minority: int = 500,
    spacing: float = 2.0,
    std: float = 0.3,
) -> GaussianMixture:
    """Gaussians on a square grid, every second one rare, as a record.

    Args:
        side: int > 1, modes along each axis.
        majority: int > 0, weight of the modes 0, 2, 4, ..., before division by the sum.
        minority: int > 0, weight of the modes 1, 3, 5, ...
        spacing: float > 0, distance of neighbours.
        std: float > 0, standard deviation of a mode, per axis.

    Returns:
        `GaussianMixture` with `centres (side**2, 2)`, row by row from the lower left: mode
        `side * i + j` lies at `spacing * (j - (side - 1) / 2, i - (side - 1) / 2)`. With an
        odd `side` the rare modes are the other colour of a chessboard whose corners are
        frequent.

    Raises:
        ValueError: if a number is out of its range.

    Example:
        >>> mixture = imbalanced_grid_mixture(side=3)
        >>> mixture.centres[[0, 1, 8]].tolist()
        [[-2.0, -2.0], [0.0, -2.0], [2.0, 2.0]]
        >>> mixture.weights[:2].round(4).tolist()            # 10 000 and 500 of 52 000
        [0.1923, 0.0096]
    """
    counts = imbalanced_grid_counts(side, majority, minority)
    if not (np.isfinite(spacing) and spacing > 0):
        raise ValueError(
            f"`spacing` must be positive. Received: spacing={spacing}. The paper has 2.0."
        )
    row, column = np.divmod(np.arange(side**2), side)
    centres = spacing * (np.stack([column, row], axis=1) - (side - 1) / 2)
    return GaussianMixture(f"imbalanced_grid_{side**2}", centres, std, counts)


def imbalanced_grid(
    side: int = 3,
    majority: int = 10_000,
    minority: int = 500,
    *,
    spacing: float = 2.0,
    std: float = 0.3,
    seed: int = 0,
) -> LabelledMixture:
    """Sample Gaussians on a square grid, every second one rare, with exact counts.

    Args:
        side: int > 1, modes along each axis. 3: MoG-9, 52,000 points. 5: MoG-25, 136,000.
        majority: int > 0, points of each of the modes 0, 2, 4, ... 10,000: AGE E.1.
        minority: int > 0, points of each of the modes 1, 3, 5, ... 500: AGE E.1.
        spacing: float > 0, distance of neighbours. 2.0: the authors' code.
        std: float > 0, standard deviation of a mode, per axis. 0.3: AGE E.1.
        seed: int >= 0. The same seed gives the same points in the same order.

    Returns:
        `LabelledMixture(points, labels, mixture)`; the points in random order.

    Raises:
        ValueError: if a number is out of its range.

    Example:
        >>> points, labels, mixture = imbalanced_grid(side=3, majority=20, minority=1)
        >>> points.shape, np.bincount(labels).tolist()
        ((104, 2), [20, 1, 20, 1, 20, 1, 20, 1, 20])

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial
        Gradient Estimation", sections 5.1, 5.2 and E.1; the positions are its code's.
    Differs: none. For test points the authors' code takes 10,000 of the training points
        again; draw `mixture.sample(10_000, seed)` for new ones.
    """
    counts = imbalanced_grid_counts(side, majority, minority)
    mixture = imbalanced_grid_mixture(side, majority, minority, spacing, std)
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(side**2), counts))
    noise = rng.standard_normal((len(labels), 2))
    points = (mixture.centres[labels] + mixture.scale * noise).astype(np.float32)
    return LabelledMixture(points, labels, mixture)
