import keras
import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from keras_ot_gans import losses
from keras_ot_gans.losses import phi
from tests import oracles

X = np.array([-30.0, -4.0, -1.5, -1e-3, 0.0, 0.3, 2.0, 20.0])

# Values and slopes by the paper's formulas, with SciPy.
FORMULAS = {
    "linear": (phi.linear, lambda x: x, lambda x: np.ones_like(x)),
    "logistic": (phi.logistic, lambda x: -scipy.special.log_expit(-x), scipy.special.expit),
    "square_root": (
        phi.square_root,
        lambda x: -1.0 / (x - np.hypot(x, 1.0)),  # (r + x)(r - x) = 1, exact on both sides
        lambda x: 1.0 + x / np.hypot(x, 1.0),
    ),
    "exponential": (phi.exponential, np.exp, np.exp),
    "hinge": (phi.hinge, lambda x: np.maximum(0.0, 1.0 + x), lambda x: (x > -1) * 1.0),
    "logistic_linear": (
        phi.LOGISTIC_LINEAR,
        lambda x: -scipy.special.log_expit(-x) + 0.01 * x,
        lambda x: scipy.special.expit(x) + 0.01,
    ),
    "least_squares": (
        phi.LeastSquares(-0.5, 2.0),
        lambda x: (x + 0.5) ** 2,
        lambda x: 2.0 * (x + 0.5),
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_value_and_slope(name):
    function, value, slope = FORMULAS[name]
    # Float64 throughout; the difference of near numbers in 1 + x / |x| costs a few digits.
    np.testing.assert_allclose(function(tf.constant(X)), value(X), rtol=1e-12)
    (found,) = oracles.gradient(lambda x: tf.reduce_sum(function(x)), X)
    np.testing.assert_allclose(found, slope(X), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", sorted(set(FORMULAS) - {"least_squares"}))
def test_real_logits_pay_the_mirror_image(name):
    function, value, _ = FORMULAS[name]
    np.testing.assert_allclose(phi.varphi(function, tf.constant(X)), value(-X), rtol=1e-12)


def test_least_squares_has_a_real_loss_of_its_own():
    function = phi.LeastSquares(-0.5, 2.0)
    np.testing.assert_allclose(phi.varphi(function, tf.constant(X)), (X - 2.0) ** 2, rtol=1e-12)
    # With opposite targets, and only then, it is the mirror image.
    plain = phi.LeastSquares()
    np.testing.assert_allclose(plain.varphi(X), plain(-X), rtol=1e-12)


def test_square_root_keeps_its_digits_far_out_in_float32():
    far = np.array([-1e8, -1e4, 1e4, 1e8], "float32")
    # 1 / (2 |x|) to first order, next term x^-2 smaller.
    np.testing.assert_allclose(phi.square_root(far)[:2], [5e-9, 5e-5], rtol=1e-6)
    (slope,) = oracles.gradient(lambda x: tf.reduce_sum(phi.square_root(x)), far)
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(slope[2:], 2.0, rtol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_widened(name, dtype):
    function, halves = FORMULAS[name][0], tf.cast(X[1:-1], dtype)
    for result in (function(halves), phi.varphi(function, halves)):
        assert result.dtype == "float32"
    np.testing.assert_array_equal(function(halves), function(tf.cast(halves, "float32")))


def test_combination_sums_its_parts_also_where_one_has_its_own_varphi():
    parts = phi.Combination([phi.LeastSquares(0.0, 1.0), phi.exponential], [0.5, 2])
    x = tf.constant(X[1:])
    np.testing.assert_allclose(parts(x), 0.5 * X[1:] ** 2 + 2.0 * np.exp(X[1:]), rtol=1e-12)
    expected = 0.5 * (X[1:] - 1.0) ** 2 + 2.0 * np.exp(-X[1:])
    np.testing.assert_allclose(phi.varphi(parts, x), expected, rtol=1e-12)
    nested = phi.Combination((parts, phi.linear), (1.0, 3.0))
    np.testing.assert_allclose(nested(x), parts(x) + 3.0 * x, rtol=1e-12)
    np.testing.assert_allclose(nested.varphi(x), parts.varphi(x) - 3.0 * x, rtol=1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_serialisation_round_trip(name):
    value = FORMULAS[name][0]
    config = keras.saving.serialize_keras_object(value)
    assert keras.saving.deserialize_keras_object(config) == value


def test_least_squares_refuses_targets_in_the_wrong_order():
    with pytest.raises(ValueError, match=r"`fake_target` must be smaller.*fake_target=1, real_tar"):
        phi.LeastSquares(1, -1)
    with pytest.raises(ValueError, match="both finite"):
        phi.LeastSquares(-1.0, np.inf)


@pytest.mark.parametrize("weights", [(1.0,), (1.0, -0.01), (0.0, 0.0), (1.0, np.nan)])
def test_combination_refuses_weights(weights):
    with pytest.raises(ValueError, match=r"`weights` must hold one number >= 0 for each.*2 phis"):
        phi.Combination((phi.linear, phi.logistic), weights)


def test_combination_refuses_what_is_no_function():
    with pytest.raises(TypeError, match=r"`phis` must be functions.*'linear'"):
        phi.Combination(("linear",), (1.0,))


def test_module_is_public():
    assert losses.phi is phi
