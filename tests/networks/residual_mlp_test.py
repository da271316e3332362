import keras
import numpy as np
import pytest

from keras_ot_gans.layers import SpectralNormalization
from keras_ot_gans.networks.conditioning import batch_norm, wrapper
from keras_ot_gans.networks.residual_mlp import residual_mlp_block

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 4)).astype("float32")


def block(**kwargs):
    inputs = keras.Input((4,))
    network = keras.Model(inputs, residual_mlp_block(inputs, "b", **kwargs))
    for weight in network.weights:
        weight.assign(np.abs(RNG.normal(size=weight.shape)) + 0.1)
    return network, {layer.name: layer for layer in network.layers}


def relu(x):
    return np.maximum(x, 0.0)


@pytest.mark.parametrize("normed", [False, True])
def test_by_hand(normed):
    network, parts = block(norm=batch_norm(None, None) if normed else None)

    def dense(k, x):
        layer = parts[f"b_dense{k}"]
        x = x @ layer.kernel.numpy()
        if not normed:
            return x + layer.bias.numpy()
        norm = parts[f"b_norm{k}"]
        assert layer.bias is None and norm.synchronized
        x = (x - norm.moving_mean.numpy()) / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
        return x * norm.gamma.numpy() + norm.beta.numpy()

    expected = relu(X + dense(2, relu(dense(1, X))))
    np.testing.assert_allclose(network(X), expected, rtol=1e-5, atol=1e-5)


def test_silent_branch_leaves_the_relu_of_the_input():
    network, parts = block()
    for weight in parts["b_dense2"].weights:
        weight.assign(np.zeros(weight.shape))
    np.testing.assert_array_equal(network(X), relu(X))


def test_both_layers_are_wrapped():
    _, parts = block(wrap=wrapper(True))
    for name in ("b_dense1", "b_dense2"):
        assert isinstance(parts[name], SpectralNormalization)
