import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.layers import GLU, CReLU
from tests.oracles import sigmoid

RNG = np.random.default_rng(0)
SHAPES = [(5, 6), (2, 3, 8), (2, 4, 4, 2), (2, 2, 2, 2, 4)]


def drawn(shape):
    return RNG.normal(0.0, 3.0, shape).astype("float32")


def by_hand(kind, x):
    x = x.astype("float64")
    if kind is GLU:
        half = x.shape[-1] // 2
        return x[..., :half] * sigmoid(x[..., half:])
    return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=-1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [GLU, CReLU])
def test_formula(kind, shape):
    x = drawn(shape)
    layer = kind()
    np.testing.assert_allclose(layer(x), by_hand(kind, x), rtol=1e-5)
    assert layer.compute_output_shape(shape) == layer(x).shape
    symbolic = layer(keras.Input(shape[1:]))
    assert symbolic.shape == (None, *layer(x).shape[1:])
    assert layer.variables == []


def test_gradient_of_the_gate():
    x = np.array([[2.0, -1.0, 0.5, 3.0]], "float32")
    values, gates = x[:, :2].astype("float64"), x[:, 2:].astype("float64")
    with tf.GradientTape() as tape:
        tensor = tf.constant(x)
        tape.watch(tensor)
        loss = tf.reduce_sum(GLU()(tensor))
    s = sigmoid(gates)
    expected = np.concatenate([s, values * s * (1 - s)], axis=1)
    np.testing.assert_allclose(tape.gradient(loss, tensor), expected, rtol=1e-6)


def test_gradient_of_the_concatenated_units():
    x = tf.constant([[2.0, -1.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(CReLU()(x) * [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    # The first half for positive numbers, minus the second for negative ones, neither at 0.
    np.testing.assert_array_equal(tape.gradient(loss, x), [[1.0, -5.0, 0.0]])


def test_concatenated_units_keep_the_length():
    x = drawn((7, 9))
    lengths = np.linalg.norm(CReLU()(x), axis=-1)
    np.testing.assert_allclose(lengths, np.linalg.norm(x, axis=-1), rtol=1e-6)


@pytest.mark.parametrize("kind", [GLU, CReLU])
def test_far_from_zero(kind):
    x = np.array([[1e30, -1e30, -1e30, 1e30]], "float32")
    expected = {GLU: [[0, -1e30]], CReLU: [[1e30, 0, 0, 1e30, 0, 1e30, 1e30, 0]]}[kind]
    np.testing.assert_allclose(kind()(x), expected, rtol=1e-6)


@pytest.mark.parametrize("kind", [GLU, CReLU])
def test_xla_and_half_precision(kind):
    x = drawn((3, 4, 4, 6))
    layer = kind()
    compiled = tf.function(lambda x: layer(x), jit_compile=True)(x)
    np.testing.assert_allclose(compiled, layer(x), rtol=1e-5, atol=1e-6)
    for policy in ("mixed_float16", "mixed_bfloat16"):
        half = kind(dtype=policy)(x)
        assert half.dtype == policy[len("mixed_") :]
        # 8 bits in bfloat16, twice rounded
        np.testing.assert_allclose(tf.cast(half, "float32"), layer(x), rtol=0.02, atol=0.02)


def test_save_and_load(tmp_path):
    inputs = keras.Input((4, 4, 6))
    network = keras.Model(inputs, CReLU(name="units")(GLU(name="gate")(inputs)))
    assert network.output_shape == (None, 4, 4, 6)
    network.save(tmp_path / "network.keras")
    x = drawn((2, 4, 4, 6))
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(network(x), loaded(x))


@pytest.mark.parametrize("channels", [1, 7, None])
def test_odd_channels(channels):
    message = rf"`inputs` must have an even number of channels.*\(None, 3, {channels}\)"
    with pytest.raises(ValueError, match=message):
        GLU()(keras.Input((3, channels)))
    if channels is not None:
        with pytest.raises(ValueError, match="an even number of channels"):
            GLU()(drawn((2, channels)))
