import math
import warnings

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_ot_gans import losses
from keras_ot_gans.losses import phi


class Pair:
    """A `phi` with a real loss of its own."""

    def __init__(self, fake, real):
        self.fake, self.varphi = fake, real

    def __call__(self, logits):
        return self.fake(logits)


# --- the paper's family ---


# Slopes of each at 0, by hand: 1, 1/2, 1 + 0, e^0, 1/2 + 0.01.
FAMILY = {
    "linear": (phi.linear, 1.0),
    "logistic": (phi.logistic, 0.5),
    "square_root": (phi.square_root, 1.0),
    "exponential": (phi.exponential, 1.0),
    "logistic_linear": (phi.LOGISTIC_LINEAR, 0.51),
    "combination": (phi.Combination((phi.exponential, phi.square_root), (0.5, 2.0)), 2.5),
    "naive logistic": (lambda x: -ops.log(ops.sigmoid(-x)), 0.5),
    "in float32": (lambda x: ops.softplus(ops.cast(x, "float32")), 0.5),
}


@pytest.mark.parametrize("name", FAMILY)
def test_the_family_passes_in_silence(name):
    value, slope = FAMILY[name]
    report = losses.check_phi(value)
    assert report.in_family and report.increasing and report.monotone and report.convex
    assert report.balance_point == pytest.approx(0.0, abs=1e-6)
    # A central difference over 0.1: second-order error below 0.1^2 / 4 of the third derivative.
    assert report.balance_slope == pytest.approx(slope, abs=1e-3)


@pytest.mark.parametrize("value", [phi.hinge, phi.LeastSquares(), phi.LeastSquares(0.0, 1.0)])
def test_the_papers_comparisons_pass_in_silence_but_are_told_apart(value):
    report = losses.check_phi(value)
    assert not report.in_family and not report.increasing and report.convex


def test_least_squares_balance_between_the_targets():
    for low, high in ((-1.0, 1.0), (0.0, 1.0), (-3.0, 7.5)):
        report = losses.examine_phi(phi.LeastSquares(low, high))
        # 2 (a - low) + 2 (a - high) = 0, and the slope there is 2 (a - low).
        assert report.balance_point == pytest.approx((low + high) / 2, abs=1e-9)
        assert report.balance_slope == pytest.approx(high - low, abs=1e-9)
        assert not report.monotone


def test_balance_point_of_an_uneven_pair():
    pair = Pair(lambda x: 3.0 * ops.exp(x), lambda x: ops.exp(-x))
    report = losses.check_phi(pair)
    # 3 e^a = e^-a, where phi' is 3 e^a = sqrt(3).
    assert report.balance_point == pytest.approx(-math.log(3) / 2, abs=1e-3)
    assert report.balance_slope == pytest.approx(math.sqrt(3), abs=5e-3)
    assert report.in_family


def test_balance_point_beyond_the_grid_is_found():
    report = losses.check_phi(phi.LeastSquares(0.0, 150.0))
    assert report.balance_point == pytest.approx(75.0, abs=1e-9)


# --- warnings ---

OUTSIDE = {
    "flat below": lambda x: ops.relu(1.0 + x),
    "hinge inside": phi.Combination((phi.hinge, phi.hinge), (1.0, 1.0)),
    "parabola": lambda x: ops.square(x + 1.0),
    "not convex": ops.tanh,
    "concave": lambda x: -ops.exp(-x),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_the_family_warns(name):
    with pytest.warns(UserWarning, match=r"`phi` is not increasing and convex everywhere"):
        report = losses.check_phi(OUTSIDE[name])
    assert not report.in_family


def test_report_says_which_property_fails():
    assert losses.examine_phi(OUTSIDE["flat below"])[:3] == (False, True, True)
    assert losses.examine_phi(OUTSIDE["parabola"])[:3] == (False, False, True)
    assert losses.examine_phi(OUTSIDE["not convex"])[:3] == (True, True, False)


def test_linear_part_mends_a_flat_phi():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = losses.check_phi(phi.Combination((phi.hinge, phi.linear), (1.0, 0.01)))
    assert report.in_family


# --- errors ---


@pytest.mark.parametrize(
    "value",
    [
        lambda x: -x,
        lambda x: ops.softplus(-x),  # what a REAL logit pays
        lambda x: ops.square(x),  # no pull where it balances
        lambda x: 0.0 * x,
        lambda x: ops.sin(x),  # rises at 0, falls elsewhere, not convex
        lambda x: x - 0.1 * ops.power(x, 3),
    ],
)
def test_a_phi_that_does_not_increase_is_refused(value):
    with pytest.raises(ValueError, match=r"`phi` must be increasing\. Received: .*(Pass|Try)"):
        losses.check_phi(value)


def test_a_pair_without_balance_is_refused():
    with pytest.raises(ValueError, match=r"`phi` must have a balance point.*\[-1000, 1000\]"):
        losses.check_phi(Pair(lambda x: x, lambda x: -2.0 * x))


def test_values_that_are_no_losses_are_refused():
    with pytest.raises(ValueError, match=r"must return one float per logit.*shape \(\) and"):
        losses.check_phi(lambda x: tf.reduce_mean(x))
    with pytest.raises(ValueError, match=r"one float per logit.*dtype int32"):
        losses.check_phi(lambda x: ops.cast(x, "int32"))
    with pytest.raises(ValueError, match=r"`phi` must be finite for logits in \[-10.*nan"):
        losses.check_phi(lambda x: ops.log(x))
    with pytest.raises(TypeError, match=r"`phi` must be a function of logits.*'logistic'"):
        losses.check_phi("logistic")
    with pytest.raises(ValueError, match=r"`low` must be smaller than `high`.*low=1, high=0"):
        losses.check_phi(phi.linear, 1, 0)


def test_range_of_the_logits_is_respected():
    # exp overflows float64 at 710; on its own range it is fine.
    steep = lambda x: ops.exp(100.0 * x)  # noqa: E731
    with pytest.raises(ValueError, match="must be finite"):
        losses.check_phi(steep)
    assert losses.check_phi(steep, -0.1, 0.1).in_family
    assert np.isfinite(losses.check_phi(steep, -0.1, 0.1).balance_slope)
