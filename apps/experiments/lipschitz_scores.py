"""Scores of a critic between fixed points: where its gradients point, and whom it couples."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist


def cosines(gradients: np.ndarray, real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Cosine of each fake's gradient and its direction to each real point.

    Args:
        gradients: array `(n, d)`, at the fakes.
        real: array `(m, d)`.
        fake: array `(n, d)`.

    Returns:
        float64 array `(n, m)`; 0 where a gradient or a direction vanishes: it points nowhere.

    Example:
        >>> cosines([[2.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0]]).tolist()
        [[1.0, 0.0]]
    """
    gradients, real, fake = (np.asarray(x, np.float64) for x in (gradients, real, fake))
    # <g, y - x>, without the (n, m, d) array of directions.
    products = gradients @ real.T - np.sum(gradients * fake, axis=1, keepdims=True)
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True) * cdist(fake, real)
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)


def partners(real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Partner of each fake in the assignment of least mean Euclidean distance.

    Args:
        real: array `(n, d)`.
        fake: array `(n, d)`.

    Returns:
        int array `(n,)` of rows of `real`.

    Example:
        >>> partners([[5.0], [0.0]], [[1.0], [6.0]]).tolist()
        [1, 0]
    """
    return linear_sum_assignment(cdist(fake, real))[1]


def direction_scores(gradients: np.ndarray, real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Say whether gradients at fakes point to real points.

    Args:
        gradients: array `(n, d)`, at the fakes.
        real: array `(n, d)`.
        fake: array `(n, d)`.

    Returns:
        Dict: `to_some_real`, mean over fakes of the largest cosine over all real points, which is
        what the paper claims; `median`, the median of the same, which a few fakes between two
        targets do not move; `to_partner`, mean cosine to the partner in the optimal assignment,
        which its theory promises for `phi = x` only: any other `phi` transports re-weighted points.

    Example:
        >>> points = np.array([[0.0], [1.0]]), np.array([[3.0], [4.0]])
        >>> direction_scores(np.array([[1.0], [1.0]]), *points[::-1])
        {'to_some_real': 1.0, 'median': 1.0, 'to_partner': 1.0}
    """
    found = cosines(gradients, real, fake)
    best = found.max(axis=1)
    pairs = found[np.arange(len(fake)), partners(real, fake)]
    return {
        "to_some_real": float(best.mean()),
        "median": float(np.median(best)),
        "to_partner": float(pairs.mean()),
    }


def coupling(
    real_values: np.ndarray, fake_values: np.ndarray, real: np.ndarray, fake: np.ndarray
) -> float:
    """How near the fakes are to being coupled, `f(y) - f(x) = k |y - x|` for some real `y`.

    Args:
        real_values: array `(m,)`, the critic's.
        fake_values: array `(n,)`.
        real: array `(m, d)`.
        fake: array `(n, d)`.

    Returns:
        float <= 1: mean over fakes of the steepest rise to a real point, in units of the steepest
        of all `k`. 1 at the optimum of theorem 1; 0 where the critic rises nowhere.

    Example:
        >>> coupling([1.0, 2.0], [0.0, 0.0], [[1.0], [2.0]], [[0.0], [0.0]])
        1.0

    Source: Zhou et al., 2018, theorem 1 and appendix F.
    """
    rises = np.subtract.outer(-np.asarray(fake_values, np.float64), -np.asarray(real_values))
    distances = cdist(fake, real)
    slopes = np.divide(rises, distances, out=np.zeros_like(distances), where=distances > 0)
    steepest = slopes.max()
    return float(slopes.max(axis=1).mean() / steepest) if steepest > 0 else 0.0
