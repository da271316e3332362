"""From what a pass gathered to scores with intervals."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from keras_ot_gans.metrics.feature_pass import FeaturePass
from keras_ot_gans.metrics.frechet import (
    TooFewSamples,
    check_sample_count,
    frechet_distance,
    frechet_from_moments,
)
from keras_ot_gans.metrics.grouped_frechet import GroupedFrechet, grouped_frechet
from keras_ot_gans.metrics.intervals import (
    Interval,
    bootstrap_interval,
    frechet_infinity,
    jackknife_interval,
    mean_interval,
)
from keras_ot_gans.metrics.kernel_distance import kernel_distance, kernel_distance_without
from keras_ot_gans.metrics.manifold import manifold_membership
from keras_ot_gans.metrics.moments import Moments
from keras_ot_gans.metrics.protocol import ProtocolCard
from keras_ot_gans.metrics.reference_statistics import ReferenceStatistics
from keras_ot_gans.metrics.score import Score
from keras_ot_gans.metrics.score_names import HIGHER_IS_BETTER

_UNKNOWN = Interval(math.nan, math.nan)


def compute_scores(
    names: Sequence[str],
    real: ReferenceStatistics,
    fake: FeaturePass,
    card: ProtocolCard,
    intervals: bool = True,
) -> tuple[list[Score], dict[str, str]]:
    """Compute scores.

    Args:
        names: names of `SCORES`, as `needs` returns them.
        real: reference statistics.
        fake: complete pass over the generated images.
        card: `ProtocolCard`.
        intervals: bool, compute 95 % intervals too.

    Returns:
        `(scores, dict of name to the reason why it could not be computed)`.
    """
    sides = _Sides(real, fake, card, intervals)
    found, refused = [], {}
    for name in names:
        try:
            values = _COMPUTE[name](sides)
        except TooFewSamples as error:
            refused[name] = str(error)
            continue
        found += [
            Score(key, value, interval.low, interval.high, HIGHER_IS_BETTER[key], card, std)
            for key, value, interval, std in values
        ]
    return found, refused


Values = list[tuple[str, float, Interval, float]]


class _Sides:
    """Both sides of a comparison, with the Frechet distances that two scores share."""

    def __init__(
        self, real: ReferenceStatistics, fake: FeaturePass, card: ProtocolCard, intervals: bool
    ) -> None:
        self.real, self.fake, self.card, self.intervals = real, fake, card, intervals
        self.dim, self._grouped = len(real.mean), None

    def grouped(self) -> GroupedFrechet:
        if self._grouped is None:
            self._grouped = grouped_frechet(
                self.real.moments(),
                self.fake.moments,
                root_real=self.real.root,
                ddof=self.card.covariance_ddof,
            )
        return self._grouped

    def interval(self, make: Callable[[], Interval]) -> Interval:
        return make() if self.intervals else _UNKNOWN


def _is(sides: _Sides) -> Values:
    score = sides.fake.inception
    mean, std = sides.fake.inception_score()
    splits = score.split_scores()
    if len(splits) < 2:
        interval = _UNKNOWN
    elif sides.card.splits == 1:
        without = [score.without(split) for split in range(len(splits))]
        interval = sides.interval(lambda: jackknife_interval(mean, without))
    else:
        interval = sides.interval(lambda: mean_interval(splits))
    return [("is", mean, interval, std)]


def _fid(sides: _Sides) -> Values:
    if sides.intervals and sides.fake.groups > 1:
        try:
            found = sides.grouped()
            return [("fid", found.value, jackknife_interval(found.value, found.without), math.nan)]
        except TooFewSamples:
            pass  # enough for the distance, too few without a group
    real, fake, ddof = sides.real.moments(), sides.fake.moments.total(), sides.card.covariance_ddof
    value = frechet_from_moments(real, fake, root_real=sides.real.root, ddof=ddof)
    return [("fid", value, _UNKNOWN, math.nan)]


def _fid_infinity(sides: _Sides) -> Values:
    found = sides.grouped()
    if len(found.counts) < 3:
        raise TooFewSamples(
            f"{sides.fake.total} images give too few sample sizes above the feature width, "
            f"{len(sides.real.mean)}, to extrapolate from. Draw more."
        )
    result = frechet_infinity(found.counts, found.distances)
    interval = sides.interval(lambda: result.interval)
    return [("fid_infinity", result.value, interval, math.nan)]


def _kid(sides: _Sides) -> Values:
    card, real, fake = sides.card, sides.real.features, sides.fake.kept.features
    mean, std = kernel_distance(
        real, fake, subsets=card.kid_subsets, subset_size=card.kid_subset_size, seed=card.seed
    )
    groups = sides.fake.groups
    possible = groups > 1 and min(len(real), len(fake)) >= 2 * groups

    def interval() -> Interval:
        _, without = kernel_distance_without(real, fake, groups=groups)
        return jackknife_interval(mean, without)

    return [("kid", mean, sides.interval(interval) if possible else _UNKNOWN, std)]


def _prdc(sides: _Sides) -> Values:
    k = sides.card.neighbours
    member = manifold_membership(sides.real.features, sides.fake.kept.features, (k,))[k]
    samples = dict(
        zip(
            ("precision", "recall", "density", "coverage"),
            (member.fake_inside, member.real_inside, member.balls, member.covered),
            strict=True,
        )
    )
    seed = sides.card.seed
    return [
        (
            name,
            float(np.mean(values)),
            sides.interval(lambda values=values: bootstrap_interval(values, seed=seed)),
            math.nan,
        )
        for name, values in samples.items()
    ]


def _accuracy(sides: _Sides) -> Values:
    right = np.arange(sides.fake.count) < sides.fake.right
    interval = sides.interval(lambda: bootstrap_interval(right, seed=sides.card.seed))
    return [("accuracy", float(right.mean()), interval, math.nan)]


def _intra_fid(sides: _Sides) -> Values:
    found = sides.fake.by_class
    for label in sides.real.class_labels.tolist():
        if label not in found:
            check_sample_count(f"fake, class {label}", 0, sides.dim)
    value = _mean_over_classes(sides, {label: part.total() for label, part in found.items()})
    groups = min((part.groups for part in found.values()), default=1)
    if not sides.intervals or groups < 2:
        return [("intra_fid", value, _UNKNOWN, math.nan)]
    try:
        without = [
            _mean_over_classes(sides, {label: part.without(g) for label, part in found.items()})
            for g in range(groups)
        ]
    except TooFewSamples:  # enough for the distance, too few without a group
        return [("intra_fid", value, _UNKNOWN, math.nan)]
    return [("intra_fid", value, jackknife_interval(value, without), math.nan)]


def _mean_over_classes(sides: _Sides, found: dict[int, Moments]) -> float:
    """Mean of the Frechet distances within the classes."""
    real, distances = sides.real, []
    for index, label in enumerate(real.class_labels.tolist()):
        fake = found[label]
        check_sample_count(f"real, class {label}", int(real.class_counts[index]), sides.dim)
        check_sample_count(f"fake, class {label}", fake.count, sides.dim)
        distances.append(
            frechet_distance(
                real.class_means[index],
                real.class_covariances[index],
                fake.mean,
                fake.covariance(sides.card.covariance_ddof),
            )
        )
    return float(np.mean(distances))


_COMPUTE: dict[str, Callable[[_Sides], Values]] = {
    "is": _is,
    "fid": _fid,
    "kid": _kid,
    "fid_infinity": _fid_infinity,
    "prdc": _prdc,
    "accuracy": _accuracy,
    "intra_fid": _intra_fid,
}
