"""Numbers that judge samples: functions of `(real, fake)` arrays, in float64.

They know neither models nor samplers. `EarthMover`, `SortedW2` and `ModeCoverage` are
the same metrics as values, for `callbacks.EvaluateGenerator`.
"""

from keras_ot_gans.metrics.earth_mover import (
    EarthMoverDistance,
    EarthMoverDistanceWithFloor,
    earth_mover,
    earth_mover_with_floor,
)
from keras_ot_gans.metrics.evaluators import EarthMover, ModeCoverage, SortedW2
from keras_ot_gans.metrics.mode_coverage import ModeCoverageResult, mode_coverage
from keras_ot_gans.metrics.sorted_w2 import sorted_w2

__all__ = [
    "EarthMover",
    "EarthMoverDistance",
    "EarthMoverDistanceWithFloor",
    "ModeCoverage",
    "ModeCoverageResult",
    "SortedW2",
    "earth_mover",
    "earth_mover_with_floor",
    "mode_coverage",
    "sorted_w2",
]
