import keras
import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from keras_ot_gans import losses
from tests import oracles


def logits(shape, seed):
    return np.random.default_rng(seed).normal(size=shape) * 3.0


@pytest.mark.parametrize(("n", "m"), [((5,), (5,)), ((5, 1), (7, 1)), ((1, 1), (4,))])
def test_equals_the_log_likelihood(n, m):
    real, fake = logits(n, 0), logits(m, 1)
    likelihood = scipy.special.log_expit(real).mean() + scipy.special.log_expit(-fake).mean()
    np.testing.assert_allclose(
        losses.discriminator_cross_entropy(real, fake), -likelihood, rtol=1e-12
    )


def test_equals_keras_binary_cross_entropy():
    real, fake = logits((6, 1), 0), logits((6, 1), 1)
    entropy = keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")
    expected = entropy(np.ones((6, 1)), real) + entropy(np.zeros((6, 1)), fake)
    np.testing.assert_allclose(losses.discriminator_cross_entropy(real, fake), expected, rtol=1e-12)


def test_extreme_logits_stay_finite():
    # softplus(1e4) = 1e4 and softplus(-1e4) = 0 in float32.
    assert float(losses.discriminator_cross_entropy([-1e4], [1e4])) == 2e4
    assert float(losses.discriminator_cross_entropy([1e4], [-1e4])) == 0.0


def test_gradient_is_the_error_of_the_probability():
    real, fake = logits((4,), 0), logits((3,), 1)
    slope_real, slope_fake = oracles.gradient(losses.discriminator_cross_entropy, real, fake)
    np.testing.assert_allclose(slope_real, (oracles.sigmoid(real) - 1) / 4, rtol=1e-10)
    np.testing.assert_allclose(slope_fake, oracles.sigmoid(fake) / 3, rtol=1e-10)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_widened(dtype):
    halves = [tf.cast(np.round(logits((9,), seed)), dtype) for seed in (0, 1)]
    result = losses.discriminator_cross_entropy(*halves)
    assert result.dtype == "float32"
    wide = [tf.cast(h, "float32") for h in halves]
    assert result == losses.discriminator_cross_entropy(*wide)


def test_serialises_by_name():
    config = keras.saving.serialize_keras_object(losses.discriminator_cross_entropy)
    assert keras.saving.deserialize_keras_object(config) is losses.discriminator_cross_entropy
