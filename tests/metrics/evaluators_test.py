import dataclasses

import numpy as np
import pytest

from keras_ot_gans.metrics import (
    EarthMover,
    ModeCoverage,
    SortedW2,
    earth_mover,
    mode_coverage,
    sorted_w2,
)

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(size=(60, 2)), RNG.normal(size=(20, 2)) + 1


def test_earth_mover_takes_equal_numbers():
    chosen = REAL[np.random.default_rng(0).permutation(60)[:20]]
    assert EarthMover()(REAL, FAKE) == earth_mover(chosen, FAKE)._asdict()
    few = EarthMover(max_points=5)(REAL, FAKE)
    chosen = REAL[np.random.default_rng(0).permutation(60)[:5]]
    assert few == earth_mover(chosen, FAKE[:5])._asdict()


def test_earth_mover_floor_uses_other_real_points():
    values = EarthMover(floor=True, seed=1)(REAL, FAKE)
    order = np.random.default_rng(1).permutation(60)
    floor = earth_mover(REAL[order[:20]], REAL[order[20:40]])
    assert set(values) == {"w1", "w2_squared", "w1_floor", "w2_squared_floor"}
    assert (values["w1_floor"], values["w2_squared_floor"]) == floor
    assert EarthMover(floor=True)(REAL[:3], FAKE)["w1_floor"] > 0  # one point against one
    with pytest.raises(ValueError, match="two or more for a floor"):
        EarthMover(floor=True)(REAL[:1], FAKE)


def test_sorted_w2():
    values = SortedW2()(REAL[:, 0], FAKE[:, :1])
    assert values == {"sorted_w2_squared": sorted_w2(REAL[:, 0], FAKE[:, 0])}


def test_mode_coverage_reports_both_readings():
    centres, weights = np.array([[0.0, 0.0], [5.0, 5.0]]), [0.25, 0.75]
    values = ModeCoverage(centres, 0.2, weights)(REAL, FAKE)
    nearest = mode_coverage(FAKE, centres, 0.2, weights, None)
    within = mode_coverage(FAKE, centres, 0.2, weights)
    assert values == {
        "modes_captured": nearest.modes_captured,
        "modes_within_radius": within.modes_captured,
        "high_quality_share": within.high_quality_share,
        "mode_reverse_kl": nearest.reverse_kl,
    }
    assert all(isinstance(value, float) for value in values.values())


@pytest.mark.parametrize("metric", [EarthMover(), SortedW2(), ModeCoverage([[0.0]], 1.0)])
def test_metrics_are_frozen_values(metric):
    with pytest.raises(dataclasses.FrozenInstanceError):
        metric.seed = 3


def test_bad_arguments_fail_when_the_record_is_made():
    with pytest.raises(ValueError, match="`max_points` must be positive"):
        EarthMover(max_points=0)
    with pytest.raises(ValueError, match="`seed` must be >= 0"):
        EarthMover(seed=-1)
    with pytest.raises(ValueError, match="`scale` must be positive"):
        ModeCoverage([[0.0]], -1.0)
    with pytest.raises(ValueError, match="`radius_in_scales` must be positive. Received: None"):
        ModeCoverage([[0.0]], 1.0, radius_in_scales=None)
