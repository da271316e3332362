"""The encoder's latents: neighbours among them, and whether they fill the prior."""

from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import gammaln

from keras_ot_gans.metrics.features import row_blocks
from keras_ot_gans.metrics.points import as_point_pair, as_points

# Distances held at a time: 64 MiB.
_BLOCK_CELLS = 2**23


class NearestLatents(NamedTuple):
    """What `nearest_latents` found.

    Attributes:
        indices: int64 array `(n, k)`, rows of the references, the nearest first.
        distances: float64 array `(n, k)`, Euclidean, not squared.
    """

    indices: np.ndarray
    distances: np.ndarray


class AggregatePosterior(NamedTuple):
    """How a sample of latents compares with the prior `N(0, I)`.

    Attributes:
        mean: float64 array `(k,)`; 0 under the prior.
        covariance: float64 array `(k, k)`, unbiased; the identity under the prior.
        energy_distance: float, unbiased estimate of the squared energy distance
            `2 E|Z - N| - E|Z - Z'| - E|N - N'|`, in the unit of the latents. Its true value
            is 0 if and only if the distributions are equal; the estimate then scatters
            around 0 by about 1 / n and may be negative.
    """

    mean: np.ndarray
    covariance: np.ndarray
    energy_distance: float


def nearest_latents(queries: Any, references: Any, k: int = 4) -> NearestLatents:
    """Exact nearest neighbours in latent space, by Euclidean distance.

    Distances are summed over coordinates in float64, never taken from a matrix product, so
    that equal points are at distance 0. Of equally near references the first rows count. A
    query that is also among the references finds itself first: ask for `k + 1` and drop the
    first column.

    Args:
        queries: array `(n, ...)`, latents, flattened per sample.
        references: array `(m, ...)`, the same size per sample.
        k: int in `[1, m]`. 4: AGE Figure 5 (b).

    Returns:
        `NearestLatents(indices, distances)`. Memory: 64 MiB, or one row of distances.

    Raises:
        TypeError: if an array is not numeric.
        ValueError: if shapes disagree, a number is not finite or `k` out of range.

    Example:
        >>> found = nearest_latents([[0.0]], [[5.0], [-1.0], [2.0]], k=2)
        >>> found.indices.tolist(), found.distances.tolist()
        ([[1, 2]], [[1.0, 2.0]])

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial
        Gradient Estimation", section 5.3 and Figure 5 (b).
    Differs: the paper does not name the distance; Euclidean fits its prior.
    """
    queries, references = as_point_pair("queries", queries, "references", references)
    n, m = len(queries), len(references)
    if not isinstance(k, (int, np.integer)) or isinstance(k, bool) or not 1 <= k <= m:
        raise ValueError(
            f"`k` must be an int in [1, {m}], the number of references. Received: k={k!r}."
        )
    indices, distances = np.empty((n, k), np.int64), np.empty((n, k))
    for part in row_blocks(n, max(1, _BLOCK_CELLS // m)):
        block = cdist(queries[part], references)
        # The k-th smallest bounds the candidates; only these few are sorted, ties by row.
        bounds = np.partition(block, k - 1, axis=1)[:, k - 1]
        for row, (values, bound) in enumerate(zip(block, bounds, strict=True), part.start):
            candidates = np.flatnonzero(values <= bound)
            order = np.argsort(values[candidates], kind="stable")[:k]
            indices[row] = candidates[order]
            distances[row] = values[indices[row]]
    return NearestLatents(indices, distances)


def aggregate_posterior(latents: Any) -> AggregatePosterior:
    """Compare latents `E(x)` of many `x` with the prior `N(0, I)`.

    Mean and covariance show in which directions the encoder is off, the energy distance
    also sees what moments do not, such as holes. The prior's part of it is integrated to
    13 digits, so that nothing is drawn.

    Pass one draw of the encoder per `x`. Costs `n^2 k` operations; 10,000 latents take
    about a second.

    Args:
        latents: array `(n, k)`, `n > 1`.

    Returns:
        `AggregatePosterior(mean, covariance, energy_distance)`, computed in float64.

    Raises:
        TypeError: if `latents` is not numeric.
        ValueError: if there are fewer than two latents or a number is not finite.

    Example:
        >>> result = aggregate_posterior([[-1.0], [1.0]])
        >>> result.mean.tolist(), result.covariance.tolist()
        ([0.0], [[2.0]])

    Source: Szekely and Rizzo, "A New Test for Multivariate Normality", J. Multivariate
        Analysis 2005, equation (4); the aggregate posterior: Makhzani et al., "Adversarial
        Autoencoders", 2015.
    Differs: the pairs of a latent with itself are left out, which makes it unbiased, and it
        is not multiplied by n; the latents are not standardised, for the prior is fixed.
    """
    z = as_points("latents", latents)
    n, k = z.shape
    if n < 2:
        raise ValueError(
            f"`latents` must hold at least two. Received: {n}. Encode more samples, one row each."
        )
    squares = np.einsum("ij,ij->i", z, z)
    to_prior = sum(mean_distance_to_prior(squares[part], k).sum() for part in row_blocks(n)) / n
    within_prior = 2.0 * np.exp(gammaln((k + 1) / 2) - gammaln(k / 2))  # E|N - N'|
    among = sum(cdist(z[part], z).sum() for part in row_blocks(n, max(1, _BLOCK_CELLS // n))) / (
        n * (n - 1)
    )
    return AggregatePosterior(
        mean=z.mean(axis=0),
        covariance=np.atleast_2d(np.cov(z, rowvar=False)),
        energy_distance=float(2.0 * to_prior - among - within_prior),
    )


def mean_distance_to_prior(squares: np.ndarray, k: int) -> np.ndarray:
    """`E|a - N|` for points of given squared norms and `N` from `N(0, I)` in `k` dimensions.

    `|a - N|^2 = W` is noncentral chi-square, and `E sqrt(W)` is the integral over `t > 0`
    of `(1 - E exp(-t W)) t^(-3/2) / (2 sqrt(pi))`, with `E exp(-t W) = (1 + 2 t)^(-k/2)
    exp(-t |a|^2 / (1 + 2 t))`. In `log t` the integrand is analytic and falls off on both
    sides, so that the trapezoidal rule converges exponentially.

    Args:
        squares: float64 array `(n,)`, `|a|^2`.
        k: int > 0.

    Returns:
        float64 array `(n,)`.

    Example:
        >>> mean_distance_to_prior(np.zeros(1), 1).round(12).tolist()    # sqrt(2 / pi)
        [0.797884560803]

    Source: the integral: Cressie and Borkowf, "The Moment Generating Function Has Its
        Moments", J. Statistical Planning and Inference 1986.
    Differs: none. Kummer's function is the same in one call, but SciPy 1.17's is
        infinite or wrong at some points from `k = 100` on.
    """
    step = 0.25
    t = np.exp(step * np.arange(-300, 301)) / (k + squares[:, None])
    exponent = -0.5 * k * np.log1p(2.0 * t) - t * squares[:, None] / (1.0 + 2.0 * t)
    return step * np.sum(-np.expm1(exponent) / np.sqrt(t), axis=1) / (2.0 * np.sqrt(np.pi))
