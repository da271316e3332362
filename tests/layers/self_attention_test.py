import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.layers import SelfAttention, SpectralNormalization
from keras_ot_gans.models.players import take_power_steps
from tests import oracles

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 4, 6, 16)).astype("float32")
PARTS = ("theta", "phi", "g", "output_conv")


def drawn(gate=0.7, **kwargs):
    """A layer with an open gate."""
    layer = SelfAttention(**kwargs)
    layer.build(X.shape)
    layer.gate.assign(gate)
    return layer


def matrix(layer, part):
    """What a 1x1 convolution multiplies each pixel by, float64."""
    conv = getattr(layer, part)
    if not layer.spectral_norm:
        return conv.kernel.numpy()[0, 0].astype("float64")
    kernel = conv.layer.kernel.numpy()[0, 0].astype("float64")
    return kernel / np.linalg.svd(kernel, compute_uv=False)[0]


def attended(layer, x):
    """The block pixel by pixel."""
    theta, phi, g, out = (matrix(layer, part) for part in PARTS)
    result = x.astype("float64")
    n, h, w, _ = x.shape
    for b in range(n):
        places = [(i, j) for i in range(0, h - 1, 2) for j in range(0, w - 1, 2)]
        squares = [x[b, i : i + 2, j : j + 2].astype("float64") for i, j in places]
        answers = np.stack([(square @ phi).max((0, 1)) for square in squares])
        findings = np.stack([(square @ g).max((0, 1)) for square in squares])
        for i, j in np.ndindex(h, w):
            weights = oracles.softmax(answers @ (x[b, i, j] @ theta), 0)
            result[b, i, j] += float(layer.gate) * (weights @ findings) @ out
    return result


@pytest.mark.parametrize("shape", [(2, 4, 6, 16), (1, 5, 7, 8), (3, 2, 4, 3)])
def test_pixel_by_pixel(shape):
    x = RNG.normal(size=shape).astype("float32")
    layer = SelfAttention(spectral_norm=False)
    layer.build(shape)
    layer.gate.assign(0.7)
    # Sums of some 16 products of order 1, in float32.
    np.testing.assert_allclose(layer(x), attended(layer, x), rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape(shape) == shape


def test_spectral_norms_by_singular_values():
    layer = drawn()
    for _ in range(300):
        take_power_steps([layer])  # finds them inside the layer
    np.testing.assert_allclose(layer(X), attended(layer, X), rtol=1e-4, atol=1e-5)
    assert all(isinstance(getattr(layer, part), SpectralNormalization) for part in PARTS)


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_parameter_count(spectral_norm):
    layer = drawn(spectral_norm=spectral_norm)
    # 16 -> 2, 16 -> 2, 16 -> 8, 8 -> 16, without bias, and the gate; a vector of each output
    expected = 16 * 2 + 16 * 2 + 16 * 8 + 8 * 16 + 1
    assert layer.count_params() == expected + spectral_norm * (2 + 2 + 8 + 16)
    assert len(layer.trainable_variables) == 5


def test_starts_as_the_identity_and_the_gate_can_open():
    layer = SelfAttention()
    weights = RNG.normal(size=X.shape).astype("float32")
    with tf.GradientTape() as tape:
        y = layer(X)
        loss = tf.reduce_sum(y * weights)
    np.testing.assert_array_equal(y, X)
    slope = tape.gradient(loss, layer.gate).numpy()
    layer.gate.assign(1.0)
    # The output is linear in the gate.
    np.testing.assert_allclose(slope, np.sum((layer(X) - X) * weights), rtol=1e-4)


def test_an_open_gate_trains_everything():
    layer = drawn()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(X) ** 2)
    for slope in tape.gradient(loss, layer.trainable_variables):
        assert np.abs(slope).max() > 0


def test_samples_do_not_see_each_other():
    layer = drawn()
    alone = np.concatenate([layer(X[k : k + 1]) for k in range(len(X))])
    # Sums in another order.
    np.testing.assert_allclose(layer(X), alone, rtol=1e-5, atol=1e-6)


def test_compiled():
    layer = drawn()
    for jit in (False, True):
        result = tf.function(layer, jit_compile=jit)(X)
        np.testing.assert_allclose(result, layer(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision(policy):
    layer = drawn(dtype=policy)
    result = layer(X)
    assert result.dtype == policy[len("mixed_") :]
    assert {v.dtype for v in layer.variables} == {"float32"}
    full = drawn()
    full.set_weights(layer.get_weights())
    # Numbers of up to 4 with 8 bits.
    np.testing.assert_allclose(tf.cast(result, "float32"), full(X), atol=0.05)


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_save_and_load(tmp_path, spectral_norm):
    inputs = keras.Input(X.shape[1:])
    layer = drawn(spectral_norm=spectral_norm, name="attention")
    network = keras.Model(inputs, layer(inputs))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded(X), network(X))
    assert loaded.get_layer("attention").spectral_norm is spectral_norm
    assert float(loaded.get_layer("attention").gate) == np.float32(0.7)


@pytest.mark.parametrize("shape", [(4, 4), (None, 4, 8), (4, 1, 8), (2, 3, 8)])
def test_bad_shapes(shape):
    with pytest.raises(
        ValueError, match=r"`x` must have axes .* at least two 2x2 places\. Received"
    ):
        SelfAttention()(keras.Input(shape))
