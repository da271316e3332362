"""AGE's encoder of photographs; its count: `networks_test.py`."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_ot_gans import networks
from tests.networks.age_counts import RESNET_50, pooling

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (3, 32, 32, 3)).astype("float32")


def relu(x):
    return np.maximum(x, 0.0)


def test_resnet_50():
    assert RESNET_50 == 23_587_712  # what Keras's documentation counts without the top
    network = networks.age_resnet_encoder(4, (32, 32, 3), width=5)
    backbone = next(layer for layer in network.layers if isinstance(layer, keras.Model))
    assert backbone.output_shape == (None, 2_048)
    norms = [n for n in backbone.layers if isinstance(n, layers.BatchNormalization)]
    # The stem, three in each of 3 + 4 + 6 + 3 blocks, and one in the shortcut of each group.
    assert len(norms) == 1 + 3 * 16 + 4
    assert all(norm.synchronized for norm in norms)
    assert all(norm.get_config()["synchronized"] for norm in norms)  # saved with the network
    assert np.isfinite(network(X)).all()
    assert len(network.trainable_variables) > len(backbone.trainable_variables) > 200


def test_head_by_hand():
    network = networks.age_resnet_encoder(4, (32, 32, 3), width=5, backbone=pooling((32, 32, 3)))
    for weight in network.weights:
        weight.assign(np.abs(RNG.normal(size=weight.shape)) + 0.1)

    def dense(name, h):
        layer = network.get_layer(name)
        h = h @ layer.kernel.numpy()
        return h if layer.bias is None else h + layer.bias.numpy()

    def normed(name, h):
        layer = network.get_layer(name)
        scale = layer.gamma.numpy() / np.sqrt(layer.moving_variance.numpy() + layer.epsilon)
        return (h - layer.moving_mean.numpy()) * scale + layer.beta.numpy()

    h = relu(normed("norm", dense("dense", network.get_layer("backbone")(X).numpy())))
    inner = relu(normed("block_norm1", dense("block_dense1", h)))
    h = relu(h + normed("block_norm2", dense("block_dense2", inner)))
    # Sums of a few products of order 10, in float32.
    np.testing.assert_allclose(network(X), dense("parameters", h), rtol=1e-4)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((28, 28, 3), r"`image_shape` must have a side of at least 32.*\(28, 28, 3\)"),
        ((64, 32, 3), "`image_shape` must be a square"),
    ],
)
def test_images_that_cannot_work(shape, message):
    with pytest.raises(ValueError, match=message):
        networks.age_resnet_encoder(4, shape)


@pytest.mark.parametrize(
    "backbone",
    [
        pooling((64, 64, 3)),
        keras.Sequential([layers.Input((32, 32, 3)), layers.MaxPooling2D()]),
        keras.Sequential([layers.Input((8,)), layers.Dense(2)]),
        keras.Model(*(2 * ([layers.Input((32, 32, 3)), layers.Input((2,))],))),
    ],
)
def test_backbone_that_does_not_fit(backbone):
    with pytest.raises(ValueError, match=r"`backbone` must map images \(None, 32, 32, 3\) to fea"):
        networks.age_resnet_encoder(4, (32, 32, 3), backbone=backbone)
