import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import losses
from tests import oracles

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(6, 1)), RNG.normal(size=(6, 1))
HIDDEN_A, HIDDEN_B = RNG.normal(size=(6, 2, 4)), RNG.normal(size=(6, 2, 4))


def reference(weight, feature_weight, margin):
    total = 0.0
    for i in range(6):
        apart = (A[i, 0] - B[i, 0]) ** 2
        apart += feature_weight * np.mean((HIDDEN_A[i] - HIDDEN_B[i]) ** 2)
        total += max(0.0, apart - margin)
    return weight * total / 6


@pytest.mark.parametrize("settings", [(2.0, 0.1, 0.0), (1.5, 0.3, 0.2), (2.0, 0.1, 100.0)])
def test_equals_a_loop(settings):
    term = losses.Consistency(*settings)
    value = term(A, B, HIDDEN_A, HIDDEN_B)
    np.testing.assert_allclose(value, reference(*settings), rtol=1e-12)
    # Symmetric, and the same for logits without the last axis.
    np.testing.assert_allclose(term(B, A, HIDDEN_B, HIDDEN_A), value, rtol=1e-12)
    np.testing.assert_allclose(term(A[:, 0], B[:, 0], HIDDEN_A, HIDDEN_B), value, rtol=1e-12)


def test_without_features():
    value = losses.Consistency(weight=3.0, margin=0.0)(A, B)
    np.testing.assert_allclose(value, 3.0 * ((A - B) ** 2).mean(), rtol=1e-12)


def test_equal_passes_cost_nothing_and_pull_nowhere():
    slopes = oracles.gradient(losses.Consistency(), A, A, HIDDEN_A, HIDDEN_A)
    assert float(losses.Consistency()(A, A, HIDDEN_A, HIDDEN_A)) == 0.0
    assert all((slope == 0).all() for slope in slopes)


def test_gradient_flows_through_both_passes():
    term = losses.Consistency(margin=0.2)
    slopes = oracles.gradient(term, A, B, HIDDEN_A, HIDDEN_B)
    expected = oracles.finite_differences(lambda a: term(a, B, HIDDEN_A, HIDDEN_B), A)
    # Central differences of step 1e-6 in float64.
    np.testing.assert_allclose(slopes[0], expected, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(slopes[1], -slopes[0], rtol=1e-12)


def test_dropout_passes_of_a_critic():
    inputs = keras.Input((4,))
    hidden = keras.layers.Dropout(0.5, seed=0)(keras.layers.Dense(8, "relu")(inputs))
    critic = keras.Model(inputs, [keras.layers.Dense(1)(hidden), hidden])
    x = RNG.normal(size=(16, 4)).astype("float32")
    (a, hidden_a), (b, hidden_b) = critic(x, training=True), critic(x, training=True)
    assert float(losses.Consistency()(a, b, hidden_a, hidden_b)) > 0.0
    (a, hidden_a), (b, hidden_b) = critic(x, training=False), critic(x, training=False)
    assert float(losses.Consistency()(a, b, hidden_a, hidden_b)) == 0.0


def test_half_precision_is_widened():
    # The difference is taken after widening, its square would overflow float16.
    result = losses.Consistency(weight=1.0)(
        tf.constant([300.0], "float16"), tf.constant([-300.0], "float16")
    )
    assert (result.dtype, float(result)) == ("float32", 360000.0)


def test_serialisation_round_trip():
    term = losses.Consistency(1.0, 0.2, 0.3)
    config = keras.saving.serialize_keras_object(term)
    assert keras.saving.deserialize_keras_object(config) == term


@pytest.mark.parametrize("name", ["weight", "feature_weight", "margin"])
def test_bad_settings(name):
    with pytest.raises(ValueError, match=rf"`{name}` must be finite and >= 0.*{name}=-1"):
        losses.Consistency(**{name: -1.0})


def test_passes_that_do_not_fit():
    term = losses.Consistency()
    with pytest.raises(ValueError, match=r"`outputs_a` and `outputs_b` must have the same shape"):
        term(A, A[:, 0])
    with pytest.raises(ValueError, match=r"`features_a` and `features_b` must have the same"):
        term(A, B, HIDDEN_A, HIDDEN_B[:, :1])
    with pytest.raises(ValueError, match=r"must come together"):
        term(A, B, HIDDEN_A)
    with pytest.raises(ValueError, match=r"must have the same shape \(B, \.\.\.\)"):
        term(1.0, 1.0)
