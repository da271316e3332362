"""Critic and generator objectives; `adversarial_test.py` holds the cross-entropy."""

import keras
import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from keras_ot_gans import losses
from keras_ot_gans.losses import phi
from tests import oracles

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(size=(5, 1)) * 2.0, RNG.normal(size=(7,)) * 2.0


def test_linear_phi_is_minus_the_difference_of_means():
    value = losses.critic_loss(REAL, FAKE, phi.linear)
    np.testing.assert_allclose(value, FAKE.mean() - REAL.mean(), rtol=1e-12)


def test_logistic_phi_is_the_cross_entropy():
    value = losses.critic_loss(REAL, FAKE, phi.logistic)
    likelihood = scipy.special.log_expit(REAL).mean() + scipy.special.log_expit(-FAKE).mean()
    np.testing.assert_allclose(value, -likelihood, rtol=1e-12)
    assert float(value) == float(losses.discriminator_cross_entropy(REAL, FAKE))


def test_hinge_is_that_of_spectral_normalisation():
    value = losses.critic_loss(REAL, FAKE, phi.hinge)
    expected = -np.minimum(0, -1 + REAL).mean() - np.minimum(0, -1 - FAKE).mean()
    np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_least_squares_pulls_each_to_its_target():
    value = losses.critic_loss(REAL, FAKE, phi.LeastSquares(0.0, 1.0))
    np.testing.assert_allclose(value, (FAKE**2).mean() + ((REAL - 1) ** 2).mean(), rtol=1e-12)


def test_a_function_of_your_own():
    value = losses.critic_loss(REAL, FAKE, lambda x: x + 0.5 * tf.nn.relu(x) ** 2)
    mine = FAKE + 0.5 * np.maximum(FAKE, 0) ** 2
    yours = -REAL + 0.5 * np.maximum(-REAL, 0) ** 2
    np.testing.assert_allclose(value, mine.mean() + yours.mean(), rtol=1e-12)


@pytest.mark.parametrize("value", [phi.square_root, phi.LOGISTIC_LINEAR, phi.LeastSquares()])
def test_gradient_by_finite_differences(value):
    slopes = oracles.gradient(lambda r, f: losses.critic_loss(r, f, value), REAL, FAKE)
    numeric = (
        oracles.finite_differences(lambda r: losses.critic_loss(r, FAKE, value), REAL),
        oracles.finite_differences(lambda f: losses.critic_loss(REAL, f, value), FAKE),
    )
    for found, expected in zip(slopes, numeric, strict=True):
        # Central differences of step 1e-6 in float64.
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


def test_half_precision_is_widened_before_phi():
    halves = [tf.cast(x, "float16") for x in (REAL, FAKE)]
    result = losses.critic_loss(*halves, lambda x: x)
    assert result.dtype == "float32"
    wide = [np.asarray(h, "float32") for h in halves]
    np.testing.assert_allclose(result, wide[1].mean() - wide[0].mean(), rtol=1e-6)


# --- generator ---


def test_linear_generator_loss():
    for value in (phi.logistic, phi.LeastSquares(), None):
        np.testing.assert_allclose(
            losses.linear_generator_loss(FAKE, value), -FAKE.mean(), rtol=1e-12
        )


def test_non_saturating_generator_loss():
    value = losses.non_saturating_generator_loss(FAKE, phi.logistic)
    np.testing.assert_allclose(value, -scipy.special.log_expit(FAKE).mean(), rtol=1e-12)
    value = losses.non_saturating_generator_loss(FAKE, phi.LeastSquares(-1.0, 1.0))
    np.testing.assert_allclose(value, ((FAKE - 1) ** 2).mean(), rtol=1e-12)


def test_minimax_generator_loss():
    value = losses.minimax_generator_loss(FAKE, phi.logistic)
    np.testing.assert_allclose(value, scipy.special.log_expit(-FAKE).mean(), rtol=1e-12)


@pytest.mark.parametrize(
    "psi",
    [
        losses.linear_generator_loss,
        losses.non_saturating_generator_loss,
        losses.minimax_generator_loss,
    ],
)
def test_generator_losses(psi):
    # All three agree for the Wasserstein distance, raise the logits, widen, and serialise.
    np.testing.assert_allclose(psi(FAKE, phi.linear), -FAKE.mean(), rtol=1e-12)
    for value in (phi.logistic, phi.square_root, phi.exponential, phi.LOGISTIC_LINEAR):
        (slope,) = oracles.gradient(lambda f, value=value: psi(f, value), FAKE)
        assert (slope < 0).all()
    assert psi(tf.cast(FAKE, "bfloat16"), phi.logistic).dtype == "float32"
    config = keras.saving.serialize_keras_object(psi)
    assert keras.saving.deserialize_keras_object(config) is psi
