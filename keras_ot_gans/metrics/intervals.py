"""Intervals around scores, and the Frechet distance of infinitely many samples."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit


class Interval(NamedTuple):
    """A confidence interval.

    Attributes:
        low: float.
        high: float, at least `low`.
    """

    low: float
    high: float


class FrechetInfinity(NamedTuple):
    """A Frechet distance extrapolated to infinitely many samples.

    Attributes:
        value: float, the intercept; it may be slightly negative.
        slope: float, change per `1 / n`; positive, since the bias is.
        standard_error: float >= 0, of `value`, from the residuals.
        interval: `Interval` of `value`.
    """

    value: float
    slope: float
    standard_error: float
    interval: Interval


def jackknife_interval(value: float, without: Any, level: float = 0.95) -> Interval:
    """Delete-a-group jackknife interval, by Student's t.

    `value +- t_{G-1} sqrt((G-1)/G sum_g (v_g - mean v)^2)`. For any smooth score of
    exchangeable samples: FID, KID, an Inception score. It is about the noise of the
    samples that were grouped, not about the bias of the score at that sample size.

    Args:
        value: float, the score of all samples.
        without: array `(G,)`, the scores with one of `G >= 2` equal groups left out. 10
            groups: t is 2.26, against 1.96 for infinitely many.
        level: float in `(0, 1)`, the share of repetitions that should cover the truth.

    Returns:
        `Interval` around `value`.

    Raises:
        ValueError: if a number is not finite or out of its range.

    Example:
        >>> tuple(round(end, 4) for end in jackknife_interval(2.0, [1.5, 2.5]))
        (-4.3531, 8.3531)

    Source: Miller, "The jackknife: a review", Biometrika 61, 1974, section 2; Student's t
        with `G - 1` degrees as in Tukey, "Bias and confidence in not-quite large samples",
        Annals of Mathematical Statistics 29, 1958.
    """
    without = _as_values("without", without, at_least=2)
    groups = len(without)
    spread = np.sum((without - without.mean()) ** 2)
    return _student(value, np.sqrt((groups - 1) / groups * spread), groups - 1, level)


def mean_interval(values: Any, level: float = 0.95) -> Interval:
    """Student's interval around the mean of independent values: an Inception score's splits.

    `mean +- t_{s-1} std / sqrt(s)`, with the unbiased standard deviation. It covers the
    expected score of ONE SPLIT's number of samples, which is what IS reports.

    Args:
        values: array `(s,)`, `s >= 2`, such as `InceptionScore.split_scores()`.
        level: float in `(0, 1)`.

    Returns:
        `Interval`.

    Raises:
        ValueError: if a number is not finite or out of its range.

    Example:
        >>> tuple(round(end, 4) for end in mean_interval([1.0, 3.0]))
        (-10.7062, 14.7062)
    """
    values = _as_values("values", values, at_least=2)
    error = values.std(ddof=1) / np.sqrt(len(values))
    return _student(float(values.mean()), error, len(values) - 1, level)


def bootstrap_interval(
    values: Any, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Percentile bootstrap interval of the mean of one value per sample.

    For accuracies, and for precision, recall, density and coverage: see
    `ManifoldMembership`. There it holds the manifolds fixed, and so leaves out the noise of
    the samples that made them; resampling those too would put copies among the neighbours.

    Args:
        values: array `(n,)` of bools or floats.
        level: float in `(0, 1)`.
        resamples: int > 0. 1000: the ends then move by less than a tenth of the width.
        seed: int; equal arguments give equal results.

    Returns:
        `Interval`.

    Raises:
        ValueError: if a number is not finite or out of its range.

    Example:
        >>> bootstrap_interval([True, True, True])
        Interval(low=1.0, high=1.0)

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3.
    """
    values = _as_values("values", values, at_least=1)
    _check_level(level)
    if resamples < 1:
        raise ValueError(
            f"`resamples` must be positive. Received: resamples={resamples}. Try 1000."
        )
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(len(values), size=len(values))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def frechet_infinity(
    counts: Any, distances: Any, weights: Any = None, level: float = 0.95
) -> FrechetInfinity:
    """Extrapolate Frechet distances at several sample sizes to infinitely many samples.

    Least squares of `distance = value + slope / n`: the bias of the Frechet distance is a
    generator-dependent constant over `n`, plus smaller terms. The standard error comes from the
    residuals and takes them as independent; where the samples of one size are part of
    those of the next, as with `GroupedMoments.first`, it is too small. A jackknife of the
    whole extrapolation is the safe, costlier way.

    Args:
        counts: array `(s,)`, numbers of fake samples `n`, at least three different ones, all
            above the feature width. 15 from 5,000 to 50,000: the paper.
        distances: array `(s,)`, their Frechet distances to the same reference.
        weights: array `(s,)` of positive weights, inversely proportional to the distances'
            variances; `None`: equal ones, as in the paper. `counts` is right for distances of
            independent samples.
        level: float in `(0, 1)`, of the interval: Student's t with `s - 2` degrees.

    Returns:
        `FrechetInfinity`.

    Raises:
        ValueError: if shapes disagree, a number is not finite or out of its range, or there
            are fewer than three different counts.

    Example:
        >>> result = frechet_infinity([100, 200, 400], [30.0, 20.0, 15.0])
        >>> round(result.value, 4), round(result.slope, 4)
        (10.0, 2000.0)

    Source: Chong and Forsyth, "Effectively Unbiased FID and Inception Score and Where to Find
        Them", CVPR 2020, section 4.
    Differs: they draw latents by a quasi-random sequence; any samples will do here.
    """
    counts = _as_values("counts", counts, at_least=3)
    distances = _as_values("distances", distances, at_least=3)
    weights = np.ones(len(counts)) if weights is None else _as_values("weights", weights, 3)
    if not len(counts) == len(distances) == len(weights):
        raise ValueError(
            "`counts`, `distances` and `weights` must have one entry per sample size. Received: "
            f"{len(counts)}, {len(distances)} and {len(weights)}. Leave out the odd ones."
        )
    if counts.min() <= 0 or weights.min() <= 0 or len(np.unique(counts)) < 3:
        raise ValueError(
            "`counts` must hold at least three different positive numbers, and `weights` positive "
            f"ones. Received: counts={counts.tolist()}. Try tenths of the samples, from the "
            "fifth tenth on."
        )
    x = 1.0 / counts
    x_mean, y_mean = np.average(x, weights=weights), np.average(distances, weights=weights)
    spread = np.sum(weights * (x - x_mean) ** 2)
    slope = np.sum(weights * (x - x_mean) * distances) / spread
    value = y_mean - slope * x_mean
    degrees = len(counts) - 2
    variance = np.sum(weights * (distances - value - slope * x) ** 2) / degrees
    error = np.sqrt(variance * (1.0 / weights.sum() + x_mean**2 / spread))
    interval = _student(value, error, degrees, level)
    return FrechetInfinity(float(value), float(slope), float(error), interval)


def _student(value: float, error: float, degrees: int, level: float) -> Interval:
    _check_level(level)
    if not np.isfinite(value):
        raise ValueError(f"`value` must be finite. Received: value={value}. Compute it anew.")
    reach = float(stdtrit(degrees, (1.0 + level) / 2.0) * error)
    return Interval(float(value) - reach, float(value) + reach)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"`level` must lie in (0, 1). Received: level={level}. Try 0.95.")


def _as_values(name: str, values: Any, at_least: int) -> np.ndarray:
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or len(array) < at_least or not np.isfinite(array).all():
        raise ValueError(
            f"`{name}` must be finite, of shape (n,) with n >= {at_least}. Received: shape "
            f"{array.shape}, {int(np.isfinite(array).sum())} finite. Use more groups or samples."
        )
    return array
