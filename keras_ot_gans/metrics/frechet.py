"""The Frechet distance between two Gaussians, and when samples are too few for it."""

import warnings
from typing import Any

import numpy as np

from keras_ot_gans.metrics.features import row_blocks
from keras_ot_gans.metrics.moments import Moments

# Most negative eigenvalue, over the largest, that still passes as rounding: covariances
# that were once stored in float32 have some of 1e-7.
_NEGATIVE = 1e-6


class TooFewSamples(ValueError):
    """Fewer samples than a covariance of that width needs."""


def check_sample_count(name: str, count: int, dim: int, allow_rank_deficient: bool = False) -> None:
    """Refuse a covariance that cannot have full rank.

    With `n <= d` samples the estimated covariance is singular and FID is dominated by
    its bias. It stays biased upwards, by about a constant over `n`, beyond that: compare
    scores of equal `n` only.

    Args:
        name: what the samples are, for the message, such as "fake".
        count: int, samples.
        dim: int, feature width.
        allow_rank_deficient: bool, warn instead.

    Raises:
        TooFewSamples: if `count <= dim` and `allow_rank_deficient` is false.

    Example:
        >>> check_sample_count("fake", 50_000, 2048)
        >>> try:
        ...     check_sample_count("fake", 500, 2048)
        ... except TooFewSamples as error:
        ...     print(str(error).split(". ")[1])
        Received: 500 samples
    """
    if count > dim:
        return
    message = (
        f"`{name}` must hold more samples than the feature width, {dim}, for a covariance of full "
        f"rank. Received: {count} samples. Use `kernel_distance` (KID), which is unbiased for any "
        "number of samples, or draw more"
    )
    if not allow_rank_deficient:
        raise TooFewSamples(message + "; `allow_rank_deficient=True` computes FID all the same.")
    warnings.warn(message + ". This FID is mostly bias.", RuntimeWarning, stacklevel=2)


def matrix_root(covariance: Any, name: str = "covariance") -> np.ndarray:
    """Symmetric positive semi-definite square root of a covariance matrix.

    By eigendecomposition. It is the slow half of a Frechet distance: compute it once per
    reference and keep it beside the reference's mean and covariance.

    Args:
        covariance: array `(d, d)`, symmetric positive semi-definite; it may be singular.
        name: the argument's name, for the messages.

    Returns:
        float64 array `(d, d)`, `root @ root = covariance`.

    Raises:
        ValueError: if the matrix is not finite, square and symmetric, or has an eigenvalue
            below -1e-6 times the largest. Eigenvalues closer to zero count as zero.

    Example:
        >>> matrix_root([[4.0, 0.0], [0.0, 9.0]]).round(4).tolist()
        [[2.0, 0.0], [0.0, 3.0]]
    """
    values, vectors = np.linalg.eigh(_as_symmetric(name, covariance))
    return (vectors * np.sqrt(_non_negative(name, values))) @ vectors.T


def frechet_distance(
    mean_real: Any,
    cov_real: Any,
    mean_fake: Any,
    cov_fake: Any,
    *,
    root_real: Any = None,
) -> float:
    """Squared Frechet distance between two Gaussians: FID, where these are Inception features.

    `|m_r - m_f|^2 + tr(C_r) + tr(C_f) - 2 tr((C_r C_f)^(1/2))`. With a root `R` of `C_r`
    the last trace is the sum of the square roots of the eigenvalues of the symmetric
    `R C_f R`: real by construction, for singular matrices too.

    Args:
        mean_real: array `(d,)`.
        cov_real: array `(d, d)`, symmetric positive semi-definite.
        mean_fake: array `(d,)`.
        cov_fake: array `(d, d)`, symmetric positive semi-definite.
        root_real: array `(d, d)`, `matrix_root(cov_real)`; `None` computes it. With it, only
            eigenvalues are needed: a fraction of the time.

    Returns:
        float >= 0, in squared units of the features. Absolute error about 1e-15 times `d` times
        the traces where the matrices have full rank; up to 1e-8 times, where they are singular.

    Raises:
        ValueError: if shapes disagree, a number is not finite, or a covariance is clearly
            not symmetric or not positive semi-definite; that one is named.

    Example:
        >>> cov = [[1.0, 0.0], [0.0, 4.0]]
        >>> round(frechet_distance([0.0, 0.0], cov, [3.0, 4.0], cov), 4)
        25.0

    Source: Dowson and Landau, "The Frechet distance between multivariate normal
        distributions", Journal of Multivariate Analysis 12, 1982; as FID: Heusel et
        al., "GANs Trained by a Two Time-Scale Update Rule", NeurIPS 2017, eq. 6.
    Differs: the reference code takes `scipy.linalg.sqrtm` of the unsymmetric product, drops
        imaginary parts, and adds 1e-6 to both diagonals where that fails.
    """
    cov_real = _as_symmetric("cov_real", cov_real)
    cov_fake = _as_symmetric("cov_fake", cov_fake)
    dim = len(cov_real)
    if cov_fake.shape != cov_real.shape:
        raise ValueError(
            "`cov_real` and `cov_fake` must have the same shape. Received: "
            f"{cov_real.shape} and {cov_fake.shape}. Both need the same feature network."
        )
    means = {"mean_real": mean_real, "mean_fake": mean_fake}
    gap = np.subtract(*(_as_mean(name, mean, dim) for name, mean in means.items()))
    root = matrix_root(cov_real, "cov_real") if root_real is None else np.asarray(root_real)
    if root.shape != cov_real.shape:
        raise ValueError(
            f"`root_real` must have the shape of `cov_real`, {cov_real.shape}. "
            f"Received: {root.shape}. Pass `matrix_root(cov_real)`."
        )
    values = np.linalg.eigvalsh(root.T @ cov_fake @ root)
    overlap = np.sqrt(_non_negative("cov_fake", values)).sum()
    distance = gap @ gap + np.trace(cov_real) + np.trace(cov_fake) - 2.0 * overlap
    return max(float(distance), 0.0)  # zero, but for rounding


def frechet_from_moments(
    real: Moments,
    fake: Moments,
    *,
    root_real: Any = None,
    ddof: int = 1,
    allow_rank_deficient: bool = False,
) -> float:
    """`frechet_distance` between two streams, refused where one of them is too short.

    Args:
        real: `Moments` of width `d`.
        fake: `Moments` of width `d`.
        root_real: `matrix_root(real.covariance(ddof))`, of the same `ddof`; `None` computes it.
        ddof: int, 0 or 1, of both covariances.
        allow_rank_deficient: bool, warn instead of refusing.

    Returns:
        float >= 0.

    Raises:
        TooFewSamples: as `check_sample_count`.
        ValueError: as `frechet_distance`.

    Example:
        >>> real, fake = Moments(1), Moments(1)
        >>> real.update([[0.0], [2.0]])
        >>> fake.update([[5.0], [7.0]])
        >>> round(frechet_from_moments(real, fake), 4)
        25.0
    """
    for name, moments in (("real", real), ("fake", fake)):
        check_sample_count(name, moments.count, moments.dim, allow_rank_deficient)
    return frechet_distance(
        real.mean, real.covariance(ddof), fake.mean, fake.covariance(ddof), root_real=root_real
    )


def _as_mean(name: str, mean: Any, dim: int) -> np.ndarray:
    array = np.asarray(mean, np.float64)
    if array.shape != (dim,) or not np.isfinite(array).all():
        raise ValueError(
            f"`{name}` must be finite, of shape ({dim},) as the covariances have it. Received: "
            f"shape {array.shape}. Both moments must come from the same features."
        )
    return array


def _as_symmetric(name: str, matrix: Any) -> np.ndarray:
    array = np.asarray(matrix, np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not array.size:
        raise ValueError(
            f"`{name}` must be a square matrix. Received: shape {array.shape}. "
            "Pass a covariance of features, `Moments.covariance()`."
        )
    # A NaN fails every comparison, an infinity the first. In blocks: transposed reads are slow.
    largest = max(float(array.max()), -float(array.min()))
    gap = max(
        float(np.abs(array[rows] - array[:, rows].T).max()) for rows in row_blocks(len(array), 64)
    )
    if not (largest < np.inf and gap <= _NEGATIVE * largest):
        raise ValueError(
            f"`{name}` must be finite and symmetric. Received: a largest number of {largest:.6g}. "
            "Pass a covariance of features, `Moments.covariance()`."
        )
    return array


def _non_negative(name: str, values: np.ndarray) -> np.ndarray:
    """Set what is rounding to zero: up to the size of the most negative eigenvalue.

    A zero eigenvalue comes out as +-1e-16 of the largest, and the roots of hundreds of
    the positive ones, 1e-8 each, would add up.
    """
    lowest, largest = values.min(), values.max()
    if lowest < -_NEGATIVE * max(largest, -lowest):
        raise ValueError(
            f"`{name}` must be positive semi-definite. Received: eigenvalues from {lowest:.6g} to "
            f"{largest:.6g} (of it, or of its product with the other covariance). It is not the "
            "covariance of anything: compute it anew, by `Moments`."
        )
    return np.where(values > max(-lowest, 0.0), values, 0.0)
