"""Metrics as values: small records that are called with `(real, fake)`.

An evaluation takes any callable `(real, fake) -> dict[str, float]`; these are the ones
this package offers. A plain function does as well.
"""

import dataclasses
from typing import Any

import numpy as np

from keras_ot_gans.metrics.earth_mover import earth_mover, earth_mover_with_floor
from keras_ot_gans.metrics.mode_coverage import mode_coverage
from keras_ot_gans.metrics.sorted_w2 import sorted_w2


@dataclasses.dataclass(frozen=True)
class EarthMover:
    """Exact earth mover's distance on at most `max_points` samples of each side.

    The real points are drawn without replacement by `seed`, the same ones at each call,
    so that two epochs are compared on the same points.

    Call arguments: `real` array `(N, ...)`, `fake` array `(M, ...)`. Returns a dict of
    `w1` and `w2_squared`, with `floor=True` also `w1_floor` and `w2_squared_floor`:
    what as many other real points give.

    Args:
        max_points: int > 0. 2,000 points take about a second for each of both numbers.
        floor: bool, report the floor too; `real` then needs twice the points.
        seed: int >= 0, draws the real points.

    Raises:
        ValueError: if a number is out of range; at the call, if `real` is too small.

    Example:
        >>> EarthMover()(real=[0.0, 1.0], fake=[2.0, 3.0])
        {'w1': 2.0, 'w2_squared': 4.0}
    """

    max_points: int = 2000
    floor: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the numbers when the record is made."""
        if self.max_points < 1:
            raise ValueError(
                f"`max_points` must be positive. Received: max_points={self.max_points}. Try 2000."
            )
        if self.seed < 0:
            raise ValueError(f"`seed` must be >= 0. Received: seed={self.seed}. Try 0.")

    def __call__(self, real: Any, fake: Any) -> dict[str, float]:
        """Return the distances by name."""
        real, fake = np.asarray(real), np.asarray(fake)
        n = min(len(fake), self.max_points, len(real) // 2 if self.floor else len(real))
        if n < 1:
            raise ValueError(
                "`real` and `fake` must hold samples, `real` two or more for a floor. "
                f"Received: {len(real)} and {len(fake)} samples. Pass more of them."
            )
        order = np.random.default_rng(self.seed).permutation(len(real))
        if self.floor:
            return earth_mover_with_floor(
                real[order[:n]], fake[:n], real[order[n : 2 * n]]
            )._asdict()
        return earth_mover(real[order[:n]], fake[:n])._asdict()


@dataclasses.dataclass(frozen=True)
class SortedW2:
    """Exact `W2^2` of one-dimensional samples, by sorting.

    Call arguments: `real` array `(N,)` or `(N, 1)`, `fake` array `(M,)` or `(M, 1)`.
    Returns a dict of `sorted_w2_squared`.

    Example:
        >>> SortedW2()(real=[0.0, 1.0], fake=[3.0, 2.0])
        {'sorted_w2_squared': 4.0}
    """

    def __call__(self, real: Any, fake: Any) -> dict[str, float]:
        """Return the distance by name."""
        return {"sorted_w2_squared": sorted_w2(real, fake)}


@dataclasses.dataclass(frozen=True, eq=False)  # arrays have no single truth value to compare by
class ModeCoverage:
    """Both readings of `mode_coverage` for one known mixture.

    Call arguments: `real` (not used), `fake` array `(n, d)`. Returns a dict of

    - `modes_captured`: modes captured, each sample counted for its nearest centre;
    - `modes_within_radius`: modes captured by samples within the radius;
    - `high_quality_share`: share of the samples within the radius;
    - `mode_reverse_kl`: reverse KL of the nearest-centre histogram, in nats.

    Args:
        centres: array `(k, d)`, the modes' means.
        scale: float > 0 or array `(k,)`, standard deviation of one coordinate.
        weights: array `(k,)` that sums to 1, or `None` for equal ones.
        radius_in_scales: float > 0, for the two numbers that speak of a radius.
        min_share: float in `(0, 1]`, as for `mode_coverage`.

    Raises:
        ValueError: if a number is out of range.

    Example:
        >>> metric = ModeCoverage(centres=[[0.0], [5.0]], scale=0.1)
        >>> metric(real=None, fake=[[0.0], [5.0], [7.0], [-1.0]])
        {'modes_captured': 2.0, 'modes_within_radius': 2.0, 'high_quality_share': 0.5, \
'mode_reverse_kl': 0.0}
    """

    centres: Any
    scale: Any
    weights: Any = None
    radius_in_scales: float = 3.0
    min_share: float = 0.1

    def __post_init__(self) -> None:
        """Check the arguments once, on the centres themselves."""
        if self.radius_in_scales is None:
            raise ValueError(
                "`radius_in_scales` must be positive. Received: None. "
                "The reading without a radius is always reported beside."
            )
        self._coverage(self.centres, self.radius_in_scales)

    def __call__(self, real: Any, fake: Any) -> dict[str, float]:
        """Return both readings by name."""
        nearest = self._coverage(fake, None)
        within = self._coverage(fake, self.radius_in_scales)
        return {
            "modes_captured": float(nearest.modes_captured),
            "modes_within_radius": float(within.modes_captured),
            "high_quality_share": within.high_quality_share,
            "mode_reverse_kl": nearest.reverse_kl,
        }

    def _coverage(self, fake, radius):
        return mode_coverage(fake, self.centres, self.scale, self.weights, radius, self.min_share)
