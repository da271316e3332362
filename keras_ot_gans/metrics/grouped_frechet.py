"""The Frechet distance of a grouped stream: with an interval, and at several sample sizes."""

from typing import Any, NamedTuple

import numpy as np

from keras_ot_gans.metrics.frechet import check_sample_count, frechet_from_moments, matrix_root
from keras_ot_gans.metrics.grouped_moments import GroupedMoments
from keras_ot_gans.metrics.moments import Moments


class GroupedFrechet(NamedTuple):
    """Frechet distances of a stream and of parts of it.

    Attributes:
        value: float, of the whole stream.
        without: float64 array `(groups,)`, with one group left out; for
            `intervals.jackknife_interval`.
        counts: int64 array `(s,)`, increasing sample sizes, the last one of the whole stream.
        distances: float64 array `(s,)`, of the first `counts` samples; for
            `intervals.frechet_infinity`.
    """

    value: float
    without: np.ndarray
    counts: np.ndarray
    distances: np.ndarray


def grouped_frechet(
    real: Moments, fake: GroupedMoments, *, root_real: Any = None, ddof: int = 1
) -> GroupedFrechet:
    """Frechet distances of all fake samples, of all but a group, and of the first groups.

    Costs `2 * groups` distances at most; with the root of the reference, one takes under a
    second at width 2048 on two free cores. Sizes start at half of the stream, where
    the bias follows `1 / n` well, and leave out those no larger than the width.

    Args:
        real: `Moments` of width `d`, the reference.
        fake: `GroupedMoments` of width `d`, complete; at least two groups.
        root_real: array `(d, d)`, `matrix_root(real.covariance(ddof))`; `None` computes it.
        ddof: int, 0 or 1, of all covariances.

    Returns:
        `GroupedFrechet`.

    Raises:
        TooFewSamples: if the reference, or the stream without a group, has no more samples
            than `d`.
        ValueError: if the stream is not complete or has one group, or as `frechet_distance`.

    Example:
        >>> real, fake = Moments(1), GroupedMoments(dim=1, groups=2, total=8)
        >>> real.update([[0.0], [2.0]])
        >>> fake.update([[5.0], [7.0]] * 4)
        >>> grouped_frechet(real, fake).counts.tolist()
        [4, 8]
    """
    if fake.groups < 2:
        raise ValueError(
            f"`fake` must have at least 2 groups. Received: {fake.groups}. Build "
            "`GroupedMoments` with 10."
        )
    check_sample_count("real", real.count, real.dim)
    if root_real is None:
        root_real = matrix_root(real.covariance(ddof), "cov_real")

    def distance(moments: Moments) -> float:
        return frechet_from_moments(real, moments, root_real=root_real, ddof=ddof)

    without = [distance(fake.without(group)) for group in range(fake.groups)]
    counts, distances = [], []
    for groups in range((fake.groups + 1) // 2, fake.groups + 1):
        first = fake.first(groups)
        if first.count > first.dim:
            counts.append(first.count)
            distances.append(distance(first))
    return GroupedFrechet(distances[-1], np.array(without), np.array(counts), np.array(distances))
