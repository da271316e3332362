"""Initialisation of one layer by data; of whole models: `data_initialisation_test.py`."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_ot_gans.layers import WeightNormalization
from tests.layers.weight_normalization_cases import KINDS, bare, kernel_by_hand, wrapped

RNG = np.random.default_rng(0)
# Float32 sums of tens of products of order 1.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.mark.parametrize("scale", [1.0, 0.1])
@pytest.mark.parametrize("kind", KINDS)
def test_initialise_by_hand(kind, scale):
    layer, x = wrapped(kind)
    layer.scale = scale
    layer.initialise(x)
    # Mean and variance of every channel, from the kernel of unit length and no bias.
    channels = layer.gain.shape[0]
    unit = kernel_by_hand(layer, np.ones(channels))
    outputs = bare(layer, kind, unit, np.zeros(channels))(x).numpy().reshape(-1, channels)
    outputs = outputs.astype("float64")
    gain = scale / outputs.std(0)
    np.testing.assert_allclose(layer.gain, gain, rtol=1e-5)
    np.testing.assert_allclose(layer.layer.bias, -outputs.mean(0) * gain, **CLOSE)
    received = layer(x).numpy().reshape(-1, channels).astype("float64")
    np.testing.assert_allclose(received.mean(0), np.zeros(channels), atol=1e-5 * scale)
    np.testing.assert_allclose(received.std(0), np.full(channels, scale), rtol=1e-5)


def test_initialise_does_not_depend_on_what_was_there():
    layer, x = wrapped("dense")
    layer.initialise(x)
    first = layer.get_weights()
    layer.gain.assign(np.full(4, -7.0))
    layer.layer.bias.assign(np.full(4, np.nan))
    layer.initialise(x)
    for a, b in zip(layer.get_weights(), first, strict=True):
        np.testing.assert_array_equal(a, b)


def test_initialise_builds_the_layer():
    layer = WeightNormalization(layers.Dense(2), 0.5)
    layer.initialise(np.array([[1.0], [3.0]], "float32"))
    np.testing.assert_allclose(np.abs(layer.gain), [0.5, 0.5], rtol=1e-6)


def test_constant_channels_keep_the_scale_and_are_centred():
    layer = WeightNormalization(layers.Dense(3), scale=0.5)
    x = np.array([[1.0, 1000.0], [1.0, 1000.0], [5.0, 1000.0]], "float32")
    layer.build(x.shape)
    # A direction of zeros, one that sees the constant only, and one that sees what varies.
    layer.kernel.assign([[0.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
    layer.initialise(x)
    deviation = np.std([1.0, 1.0, 5.0])
    np.testing.assert_allclose(layer.gain, [0.5, 0.5, 0.5 / deviation], rtol=1e-6)
    np.testing.assert_allclose(layer.layer.bias, [0, -500, -0.5 * 7 / 3 / deviation], rtol=1e-6)
    np.testing.assert_allclose(layer(x)[:, :2], np.zeros((3, 2)), atol=1e-3)


def test_rounding_is_not_taken_for_variance():
    # 0.1 added up in float32 in 4,096 terms: rows that differ in the last digits only.
    layer = WeightNormalization(layers.Dense(1, kernel_initializer="ones"))
    x = np.full((2, 4096), 0.1, "float32")
    x[1, 0] += 1e-6
    layer.initialise(x)
    np.testing.assert_array_equal(layer.gain, [1.0])


@pytest.mark.parametrize("activation", ["relu", layers.LeakyReLU(0.3)])
def test_activation_of_the_layer_is_left_out(activation):
    with_it, x = wrapped("dense", activation=activation)
    without = WeightNormalization(layers.Dense(4))
    without.build(x.shape)
    without.set_weights(with_it.get_weights())
    with_it.initialise(x)
    without.initialise(x)
    np.testing.assert_array_equal(with_it.gain, without.gain)
    np.testing.assert_array_equal(with_it.layer.bias, without.layer.bias)
    function = keras.activations.get(activation)
    np.testing.assert_allclose(with_it(x), function(without(x)), rtol=1e-6)


CHANNELS_FIRST = """
import numpy as np
from keras import layers
from keras_ot_gans.layers import WeightNormalization
layer = WeightNormalization(layers.Conv2D(3, 2, data_format="channels_first"))
x = np.random.default_rng(0).normal(1.0, 2.0, (4, 2, 5, 5)).astype("float32")
layer.initialise(x)
y = layer(x).numpy()
np.testing.assert_allclose(y.mean((0, 2, 3)), np.zeros(3), atol=1e-5)
np.testing.assert_allclose(y.std((0, 2, 3)), np.ones(3), rtol=1e-5)
"""


def test_channels_first():
    # A process of its own: on a CPU only oneDNN convolves so, which is off where AVX-512 lacks.
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CHANNELS_FIRST], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_initialise_without_bias_or_with_bad_inputs():
    layer = WeightNormalization(layers.Dense(2, use_bias=False, name="head"))
    with pytest.raises(ValueError, match="`layer` must have a bias .* 'head' without"):
        layer.initialise(np.ones((3, 2), "float32"))
    layer, x = wrapped("dense")
    before = layer.get_weights()
    x[0, 0] = np.inf
    with pytest.raises(ValueError, match="`inputs` must give finite pre-activations.*'dense"):
        layer.initialise(x)
    for a, b in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("policy", "digits"), [("mixed_float16", 1e-3), ("mixed_bfloat16", 1e-2)])
def test_initialise_in_half_precision(policy, digits):
    layer, x = wrapped("conv2d", dtype=policy)
    layer.initialise(x)
    y = tf.cast(layer(x), "float32").numpy()
    # Outputs of order 1 to 5 with 11 or 8 bits; bias and mean cancel to the rounding of one of
    # them, of order 2.
    np.testing.assert_allclose(y.mean((0, 1, 2)), np.zeros(4), atol=4 * digits)
    np.testing.assert_allclose(y.std((0, 1, 2)), np.ones(4), rtol=4 * digits)
