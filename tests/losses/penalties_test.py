import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import losses, ops
from keras_ot_gans.losses import penalties
from tests import oracles

SLOPES = np.array([0.0, 0.3, 1.0, 1.7, 4.0])
SQUARED = SLOPES**2


# --- forms ---


@pytest.mark.parametrize("target", [0.0, 1.0, 2.5])
def test_forms(target):
    two = penalties.two_sided(SQUARED, target)
    one = penalties.one_sided(SQUARED, target)
    np.testing.assert_allclose(two, (SLOPES - target) ** 2, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(one, np.maximum(SLOPES - target, 0) ** 2, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("form", [penalties.two_sided, penalties.one_sided])
def test_no_square_root_is_taken_at_target_zero(form):
    # Its square would not give back the last digit, and its gradient at 0 would be lost.
    value, (slope,) = form(SQUARED, 0.0), oracles.gradient(lambda q: form(q, 0.0), SQUARED)
    np.testing.assert_array_equal(value, SQUARED)
    np.testing.assert_array_equal(slope, np.ones(5))


@pytest.mark.parametrize("form", [penalties.two_sided, penalties.one_sided])
def test_gradient_is_finite_at_slope_zero(form):
    (slope,) = oracles.gradient(lambda q: tf.reduce_sum(form(q, 1.0)), SQUARED)
    root = np.where(SLOPES > 0, SLOPES, 1.0)
    expected = np.where(SLOPES > 0, (SLOPES - 1.0) / root, 0.0)
    if form is penalties.one_sided:
        expected = np.where(SLOPES > 1.0, expected, 0.0)
    np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=1e-15)


# --- presets: the papers' formulas ---

PRESETS = {
    "gp": (penalties.gradient_penalty(), 10.0 * ((SLOPES - 1) ** 2).mean(), "blend"),
    "gp at 0": (penalties.gradient_penalty(2.0, 0.0), 2.0 * SQUARED.mean(), "blend"),
    "lp": (
        penalties.lipschitz_penalty(3.0),
        3.0 * (np.maximum(SLOPES - 1, 0) ** 2).mean(),
        "blend",
    ),
    "r1": (penalties.r1(7.0), 3.5 * SQUARED.mean(), "real"),
    "r2": (penalties.r2(7.0), 3.5 * SQUARED.mean(), "fake"),
    "maxgp": (penalties.max_gradient_penalty(), 0.1 * 16.0, "blend"),
    # lambda (k - k0)^2 with k the largest slope, not the largest of (slope - k0)^2.
    "maxgp at 3": (penalties.max_gradient_penalty(2.0, 3.0), 2.0 * (4.0 - 3.0) ** 2, "blend"),
}


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name):
    penalty, expected, where = PRESETS[name]
    np.testing.assert_allclose(penalty(SQUARED), expected, rtol=1e-12)
    assert penalty.where == where
    assert penalty.buffer_fraction == (0.5 if "max" in name else 0.0)


def test_maximum_has_the_gradient_of_its_sample_alone():
    (slope,) = oracles.gradient(penalties.max_gradient_penalty(0.1), SQUARED)
    np.testing.assert_allclose(slope, [0, 0, 0, 0, 0.1], rtol=1e-12)


@pytest.mark.parametrize("name", PRESETS)
def test_serialisation_round_trip(name):
    penalty = PRESETS[name][0]
    config = keras.saving.serialize_keras_object(penalty)
    assert keras.saving.deserialize_keras_object(config) == penalty


def test_a_form_of_your_own():
    penalty = losses.Penalty(lambda squared, target: tf.sqrt(squared) + target, weight=2.0)
    np.testing.assert_allclose(penalty(SQUARED), 2.0 * SLOPES.mean(), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_widened(dtype):
    # 300^2 overflows float16 if it is squared there; here only the given squares are widened.
    penalty = penalties.gradient_penalty()
    result = penalty(tf.constant([2.0, 4.0], dtype))
    assert result.dtype == "float32"
    np.testing.assert_allclose(result, 5.0 * ((2**0.5 - 1) ** 2 + 1.0), rtol=1e-6)


# --- bad input ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": -1.0}, r"`weight` must be finite and >= 0\. Received: weight=-1\.0"),
        ({"weight": np.inf}, r"`weight` must be finite"),
        ({"target": -0.5}, r"`target` must be finite and >= 0"),
        ({"reduction": "sum"}, r"`reduction` must be one of 'mean', 'max'\. Received: 'sum'"),
        ({"where": "noise"}, r"`where` must be one of 'blend', 'real', 'fake'"),
        ({"buffer_fraction": 1.5}, r"`buffer_fraction` must be in \[0, 1\]\. Received: .*=1\.5"),
        ({"buffer_fraction": -0.25}, r"`buffer_fraction` must be in \[0, 1\]"),
        ({"buffer_fraction": np.nan}, r"`buffer_fraction` must be in \[0, 1\]"),
        ({"buffer_fraction": 0.5, "where": "real"}, r"must be 0 unless `where` is 'blend'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        losses.Penalty(penalties.two_sided, **arguments)


def test_bad_form_and_bad_slopes():
    with pytest.raises(TypeError, match=r"`form` must be a function.*'gp'"):
        losses.Penalty("gp")
    with pytest.raises(ValueError, match=r"`squared_slopes` must have rank 1, axes \(B,\)"):
        penalties.gradient_penalty()(np.ones((4, 1)))


# --- with a critic: gradient with respect to its weights, by double differences ---


def tanh_critic(weights, x, xp):
    """Two layers, `(B, 2) -> (B,)`, from one vector of 11 weights."""
    hidden = xp.tanh(x @ xp.reshape(weights[:6], (2, 3)) + weights[6:9])
    return hidden @ xp.reshape(xp.concat([weights[9:], weights[:1]], 0), (3, 1))


def numeric_penalty(penalty_of_slopes, weights, x, step=1e-5):
    """The penalty of slopes that are themselves central differences, in NumPy alone."""
    parts = []
    for axis in range(x.shape[1]):
        shift = step * np.eye(x.shape[1])[axis]
        up, down = tanh_critic(weights, x + shift, np), tanh_critic(weights, x - shift, np)
        parts.append((up - down)[:, 0] / (2 * step))
    return penalty_of_slopes(np.sqrt(np.sum(np.square(parts), axis=0)))


@pytest.mark.parametrize(
    ("penalty", "of_slopes"),
    [
        (penalties.gradient_penalty(10.0), lambda s: 10.0 * ((s - 1) ** 2).mean()),
        (
            penalties.lipschitz_penalty(5.0, 0.4),
            lambda s: 5.0 * (np.clip(s - 0.4, 0, 9) ** 2).mean(),
        ),
        (penalties.r1(4.0), lambda s: 2.0 * (s**2).mean()),
        (penalties.max_gradient_penalty(0.7, 0.1), lambda s: 0.7 * (s.max() - 0.1) ** 2),
    ],
)
def test_gradient_of_the_weights_by_double_differences(penalty, of_slopes):
    rng = np.random.default_rng(3)
    weights, x = rng.normal(size=11), rng.normal(size=(6, 2))

    def value(w):
        return penalty(ops.squared_slopes(lambda points: tanh_critic(w, points, tf), x))

    # Second-order differences of step 1e-5 in float64: errors near 1e-10 in the value.
    np.testing.assert_allclose(
        value(tf.constant(weights)), numeric_penalty(of_slopes, weights, x), rtol=1e-8
    )
    (found,) = oracles.gradient(value, weights)
    expected = oracles.finite_differences(
        lambda w: numeric_penalty(of_slopes, w, x), weights, step=1e-4
    )
    # Differences of differences: 1e-10 / 1e-4.
    np.testing.assert_allclose(found, expected, **oracles.relative(2e-6, expected))
