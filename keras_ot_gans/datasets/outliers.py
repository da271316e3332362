"""Two scenarios in which a conditional plan might degenerate to one point.

Source: "ACT: Asymptotic Conditional Transport" (ICLR 2021 submission), Appendix B.2
and Figure 9.
"""

import numpy as np

from keras_ot_gans.datasets.checks import check_positive_int

_OUTLIER, _FAR = 1.0, 1000.0


def outlier_mixtures(
    n: int = 2000, rho: float = 0.01, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Sample two mixtures of a point mass and a far Gaussian.

    `p_X = rho delta(-1) + (1 - rho) N(-1000, 1)` and
    `p_Y = rho delta(1) + (1 - rho) N(1000, 1)`. They are part mass, part
    density, so there is no `log_prob`.

    Args:
        n: int > 0, number of points of each.
        rho: float in [0, 1], weight of the point mass. 0.01: the paper's example.
        seed: int >= 0. The same seed gives the same points.

    Returns:
        Two independent float32 arrays `(n, 1)`: x, y. Near 1000 a float32 is
        exact to 6e-5.

    Raises:
        ValueError: if `rho` is not in [0, 1].

    Example:
        >>> x, y = outlier_mixtures(5, rho=1.0)
        >>> x[0].tolist(), y[0].tolist()
        ([-1.0], [1.0])

    Source: ACT, Appendix B.2.1.
    Differs: none.
    """
    check_positive_int("n", n)
    if not 0 <= rho <= 1:
        raise ValueError(
            f"`rho` must lie in [0, 1]. Received: rho={rho}. It is the weight of the point mass."
        )
    rng = np.random.default_rng(seed)

    def one(sign):
        far = sign * _FAR + rng.standard_normal((n, 1))
        return np.where(rng.random((n, 1)) < rho, sign * _OUTLIER, far).astype(np.float32)

    return one(-1), one(1)


def outlier_sets(size: int = 500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of `size` points with one outlier each.

    The first set is -1 and `size - 1` draws of N(-1000, 1); the second is 1 and
    `size - 1` draws of N(1000, 1). Each is the support of a uniform discrete
    distribution.

    Args:
        size: int > 0, points in a set, S in the paper.
        seed: int >= 0. The same seed gives the same sets.

    Returns:
        Two float32 arrays `(size, 1)`: x, y. Row 0 is the outlier.

    Example:
        >>> x, y = outlier_sets(500)
        >>> x.shape, float(x[0, 0]), float(y[0, 0])
        ((500, 1), -1.0, 1.0)

    Source: ACT, Appendix B.2.2.
    Differs: none. Mini-batches are the caller's: the paper's text draws them
        without replacement (as `from_array` does), its Figure 9 says with.
    """
    check_positive_int("size", size)
    rng = np.random.default_rng(seed)

    def one(sign):
        far = sign * _FAR + rng.standard_normal((size - 1, 1))
        return np.concatenate([[[sign * _OUTLIER]], far]).astype(np.float32)

    return one(-1), one(1)
