"""The FID Inception as a network; `metrics/feature_networks` has it layer by layer."""

import keras
import numpy as np
import pytest

from keras_ot_gans.networks.fid_inception import fid_inception

IMAGES = np.random.default_rng(0).uniform(-1, 1, (2, 75, 75, 3)).astype("float32")


@pytest.fixture(scope="module")
def network():
    return fid_inception((75, 75, 3))


def test_parameter_count(network):
    # From the layer table:
    # k * k' * inputs * outputs per convolution, 4 per channel of a batch norm, fc with bias.
    def conv(inputs, outputs, height=1, width=1):
        return height * width * inputs * outputs + 4 * outputs

    def a(i, pool):
        return (
            conv(i, 64)
            + conv(i, 48)
            + conv(48, 64, 5, 5)
            + conv(i, 64)
            + conv(64, 96, 3, 3)
            + conv(96, 96, 3, 3)
            + conv(i, pool)
        )

    def c(w):
        seven = conv(768, w) + conv(w, w, 7) + conv(w, 192, 7)
        double = conv(768, w) + 3 * conv(w, w, 7) + conv(w, 192, 7)
        return conv(768, 192) + seven + double + conv(768, 192)

    def e(i):
        double = conv(i, 448) + conv(448, 384, 3, 3) + 2 * conv(384, 384, 3)
        return conv(i, 320) + conv(i, 384) + 2 * conv(384, 384, 3) + double + conv(i, 192)

    stem = conv(3, 32, 3, 3) + conv(32, 32, 3, 3) + conv(32, 64, 3, 3)
    stem += conv(64, 80) + conv(80, 192, 3, 3)
    b = conv(288, 384, 3, 3) + conv(288, 64) + conv(64, 96, 3, 3) + conv(96, 96, 3, 3)
    d = conv(768, 192) + conv(192, 320, 3, 3)
    d += conv(768, 192) + 2 * conv(192, 192, 7) + conv(192, 192, 3, 3)
    total = stem + a(192, 32) + a(256, 64) + a(288, 64) + b
    total += c(128) + 2 * c(160) + c(192) + d + e(1280) + e(2048)
    assert network.count_params() == total + 2049 * 1008
    assert network.trainable_variables == []


def test_float32_under_every_policy(network):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = fid_inception((75, 75, 3))
        mixed.set_weights(network.get_weights())
        found = mixed(IMAGES)  # more digits than half precision has
    finally:
        keras.config.set_dtype_policy("float32")
    for value, expected in zip(found, network(IMAGES), strict=True):
        assert value.dtype == "float32"
        np.testing.assert_array_equal(value, expected)


def test_batch_norms_never_use_the_batch(network):
    norm = network.get_layer("Mixed_7c.branch1x1.bn")
    before = keras.ops.convert_to_numpy(norm.moving_mean)
    np.testing.assert_array_equal(network(IMAGES, training=True)[1], network(IMAGES)[1])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(norm.moving_mean), before)


def test_channels_come_last_whatever_is_configured():
    keras.config.set_image_data_format("channels_first")
    try:
        model = fid_inception((75, 75, 3), name="other")
    finally:
        keras.config.set_image_data_format("channels_last")
    assert model.name == "other"
    assert model.input_shape == (None, 75, 75, 3)


@pytest.mark.parametrize("shape", [(74, 299, 3), (299, 74, 3), (299, 299, 1), (299, 299)])
def test_image_shapes_that_cannot_work(shape):
    with pytest.raises(ValueError, match="`image_shape` must be .height, width, 3. with sides"):
        fid_inception(shape)


def test_no_class():
    with pytest.raises(ValueError, match="`num_classes` must be positive. Received: num_classes=0"):
        fid_inception(num_classes=0)
