import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import networks
from keras_ot_gans.models import features

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(6, 2)).astype("float32")
FAKE = (RNG.normal(size=(4, 2)) + 5.0).astype("float32")


def network(batch_norm):
    return networks.mlp(2, (8,), 3, batch_norm=batch_norm)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_each_batch_is_seen_by_itself(batch_norm, training):
    net = network(batch_norm)
    copy = keras.models.clone_model(net)
    copy.set_weights(net.get_weights())
    real, fake = features.of_both(net, tf.constant(REAL), tf.constant(FAKE), training)
    # One call or two: products of other heights round differently.
    np.testing.assert_allclose(real, copy(REAL, training=training), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(fake, copy(FAKE, training=training), rtol=1e-5, atol=1e-5)
    for a, b in zip(net.weights, copy.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, err_msg=a.path)


def test_networks_that_couple_samples_are_found_at_any_depth():
    inner = network(batch_norm=True)
    nested = keras.Sequential([keras.Input((2,)), inner, keras.layers.Dense(1)])
    assert features.couples_samples(inner)
    assert features.couples_samples(nested)
    assert not features.couples_samples(network(batch_norm=False))
    assert not features.couples_samples(keras.layers.Dense(1))


@pytest.mark.parametrize("net", [None, keras.layers.Flatten()])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_features_are_flat_and_of_the_type_of_the_fakes(net, dtype):
    x, y = np.ones((3, 2, 2, 1), dtype), np.zeros((5, 2, 2, 1), "float32")
    real, fake = features.comparable(net, tf.constant(x), tf.constant(y), training=False)
    assert (real.shape, fake.shape) == ((3, 4), (5, 4))
    assert real.dtype == fake.dtype == "float32"
    np.testing.assert_array_equal(real, np.ones((3, 4)))
