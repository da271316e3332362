"""Toy sets along curves: the swiss roll and the half moons.

Neither has a density in closed form, so there is no `log_prob` for them.
"""

import numpy as np

from keras_ot_gans.datasets.checks import check_positive_int


def _scaled(x: np.ndarray, scale: float | None) -> np.ndarray:
    """Divide by `scale`, or by the largest absolute coordinate of the sample."""
    if scale is not None and not scale > 0:
        raise ValueError(f"`scale` must be positive or None. Received: scale={scale}.")
    return (x / (np.abs(x).max() if scale is None else scale)).astype(np.float32)


def _check_noise(noise: float) -> None:
    if not noise >= 0:
        raise ValueError(f"`noise` must be 0 or more. Received: noise={noise}.")


def swiss_roll(
    n: int = 2000, seed: int = 0, noise: float = 0.05, scale: float | None = None
) -> np.ndarray:
    """Sample a spiral in the plane.

    `t = 1.5 pi (1 + 2 u)`, `u` uniform in [0, 1); the point is
    `(t cos t, t sin t)` plus Gaussian noise: the first and third coordinates of
    scikit-learn's `make_swiss_roll`.

    Args:
        n: int > 0, number of points.
        seed: int >= 0. The same seed gives the same points.
        noise: float >= 0, standard deviation per axis before scaling.
        scale: float > 0 or None, the divisor. None: the sample's largest
            absolute coordinate. DOT uses noise 0.25 and scale 7.5.

    Returns:
        Float32 array `(n, 2)`, in [-1, 1] where `scale` is None.

    Example:
        >>> swiss_roll(100, seed=0).shape
        (100, 2)

    Source: ACT, Figure 11.
    Differs: none in distribution.
    """
    check_positive_int("n", n)
    _check_noise(noise)
    rng = np.random.default_rng(seed)
    t = 1.5 * np.pi * (1 + 2 * rng.random(n))
    x = np.stack([t * np.cos(t), t * np.sin(t)], axis=1)
    return _scaled(x + noise * rng.standard_normal((n, 2)), scale)


def half_moons(
    n: int = 2000, seed: int = 0, noise: float = 0.02, scale: float | None = None
) -> np.ndarray:
    """Sample two interleaving half circles in the plane.

    Upper moon `(cos t, sin t)` for `n // 2` points, lower moon
    `(1 - cos t, 1/2 - sin t)` for the others, with `t` evenly spaced over
    [0, pi], plus Gaussian noise, as scikit-learn's `make_moons`.

    Args:
        n: int > 1, number of points.
        seed: int >= 0. The same seed gives the same points.
        noise: float >= 0, standard deviation per axis before scaling.
        scale: float > 0 or None, the divisor. None: the sample's largest
            absolute coordinate.

    Returns:
        Float32 array `(n, 2)`, shuffled, in [-1, 1] where `scale` is None.

    Example:
        >>> half_moons(100, seed=0).shape
        (100, 2)

    Source: ACT, Figure 12.
    Differs: none in distribution.
    """
    check_positive_int("n", n)
    _check_noise(noise)
    rng = np.random.default_rng(seed)
    upper, lower = np.linspace(0, np.pi, n // 2), np.linspace(0, np.pi, n - n // 2)
    x = np.concatenate(
        [
            np.stack([np.cos(upper), np.sin(upper)], axis=1),
            np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
        ]
    )
    return _scaled(rng.permutation(x) + noise * rng.standard_normal((n, 2)), scale)
