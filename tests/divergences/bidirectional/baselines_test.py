import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import losses
from keras_ot_gans.divergences import bidirectional, f_divergence
from keras_ot_gans.divergences.bidirectional import age, baselines, bigan, hinge, log_d_bigan
from tests import oracles

REAL = np.array([[-2.0], [0.3], [1.0], [1.5]])
FAKE = np.array([[0.7], [-1.1], [0.2]])  # batches may differ in size


def test_bigan_is_the_minimax_game():
    """Donahue et al.: V = E log D + E log(1 - D), with D = sigmoid(score)."""
    real, fake = oracles.sigmoid(REAL), oracles.sigmoid(FAKE)
    for_real, for_fake = np.log(real).mean(), np.log(1.0 - fake).mean()
    np.testing.assert_allclose(bigan.discriminator_loss(REAL, FAKE), -for_real - for_fake)
    np.testing.assert_allclose(bigan.encoder_loss(REAL), for_real)
    np.testing.assert_allclose(bigan.generator_loss(FAKE), for_fake)


def test_bigan_has_the_gradients_of_age_for_jensen_shannon():
    """Section 4.2 of the AGE paper."""
    other = age(f_divergence.jensen_shannon)
    assert bigan.discriminator_loss is other.discriminator_loss
    for key in ("encoder_loss", "generator_loss"):
        (a,), (b,) = (oracles.gradient(getattr(o, key), REAL) for o in (bigan, other))
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_log_d_exchanges_the_labels():
    real, fake = oracles.sigmoid(REAL), oracles.sigmoid(FAKE)
    np.testing.assert_allclose(log_d_bigan.encoder_loss(REAL), -np.log(1.0 - real).mean())
    np.testing.assert_allclose(log_d_bigan.generator_loss(FAKE), -np.log(fake).mean())
    np.testing.assert_allclose(
        log_d_bigan.discriminator_loss(REAL, FAKE),
        -np.log(real).mean() - np.log(1.0 - fake).mean(),
    )


def test_log_d_does_not_saturate_where_the_minimax_game_does():
    (strong,) = oracles.gradient(log_d_bigan.generator_loss, np.array([[-20.0]]))
    (weak,) = oracles.gradient(bigan.generator_loss, np.array([[-20.0]]))
    np.testing.assert_allclose(strong, -oracles.sigmoid(20.0), rtol=1e-12)
    np.testing.assert_allclose(weak, -oracles.sigmoid(-20.0), rtol=1e-12)


def test_hinge_is_that_of_big_bigan():
    expected = np.maximum(0.0, 1.0 - REAL).mean() + np.maximum(0.0, 1.0 + FAKE).mean()
    np.testing.assert_allclose(hinge.discriminator_loss(REAL, FAKE), expected, rtol=1e-14)
    np.testing.assert_allclose(hinge.encoder_loss(REAL), REAL.mean(), rtol=1e-14)
    np.testing.assert_allclose(hinge.generator_loss(FAKE), -FAKE.mean(), rtol=1e-14)


def test_only_hinge_has_a_discriminator_of_its_own():
    assert bigan.discriminator_loss is log_d_bigan.discriminator_loss
    assert hinge.discriminator_loss is baselines.hinge_discriminator_loss


@pytest.mark.parametrize("objective", [bigan, log_d_bigan, hinge], ids=lambda value: value.name)
def test_serialisation_round_trip(objective):
    config = keras.saving.serialize_keras_object(objective)
    found = keras.saving.deserialize_keras_object(config)
    assert found == objective and getattr(bidirectional, found.name) == objective
    # Another family has losses of the same names.
    assert found.generator_loss is not losses.linear_generator_loss


@pytest.mark.parametrize("objective", [bigan, log_d_bigan, hinge], ids=lambda value: value.name)
def test_flat_scores_are_refused_and_far_ones_are_finite(objective):
    flat, far = tf.zeros(4), tf.constant([[-1e4], [1e4]])
    calls = (objective.encoder_loss, objective.generator_loss)
    for call in (*calls, lambda s: objective.discriminator_loss(s, s)):
        with pytest.raises(ValueError, match=r"_scores` must have shape \(B, 1\).*\(4,\)"):
            call(flat)
        assert np.isfinite(call(far))
