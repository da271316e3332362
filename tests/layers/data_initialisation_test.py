import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_ot_gans.layers import CReLU, WeightNormalization, initialise_from_data

RNG = np.random.default_rng(0)
X = RNG.normal(3.0, 2.0, (16, 5)).astype("float32")
IMAGES = RNG.uniform(-1, 1, (6, 8, 8, 2)).astype("float32")
ROOT = Path(__file__).resolve().parents[2]


def dense(units, scale=1.0, **kwargs):
    return WeightNormalization(layers.Dense(units, **kwargs), scale, **kwargs)


def pre_activations(model, inputs):
    """Outputs of every normalised layer in one pass, by name."""
    seen = {}
    original = WeightNormalization.call

    def call(self, x, training=None):
        seen[self.name] = original(self, x, training=training)
        return seen[self.name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WeightNormalization, "call", call)
        model(inputs, training=False)
    return {name: tf.cast(y, "float32").numpy().astype("float64") for name, y in seen.items()}


def check(model, inputs, scales):
    found = pre_activations(model, inputs)
    assert set(found) == set(scales)
    for name, y in found.items():
        axes = tuple(range(y.ndim - 1))
        # float32 sums of at most 400 numbers, of outputs that cancel against their bias
        np.testing.assert_allclose(y.mean(axes), 0.0, atol=2e-5 * scales[name])
        np.testing.assert_allclose(y.std(axes), scales[name], rtol=2e-5)


def test_two_layers_by_hand():
    model = keras.Sequential([dense(4, name="a"), layers.ReLU(), dense(3, name="b")])
    model.build(X.shape)
    initialise_from_data(model, X)
    h = X.astype("float64")
    for name in ("a", "b"):
        layer = model.get_layer(name)
        v = layer.layer.kernel.numpy().astype("float64")
        t = h @ (v / np.sqrt((v**2).sum(0)))
        np.testing.assert_allclose(layer.gain, 1 / t.std(0), rtol=1e-5)
        np.testing.assert_allclose(layer.layer.bias, -t.mean(0) / t.std(0), rtol=1e-4, atol=1e-5)
        h = np.maximum((t - t.mean(0)) / t.std(0), 0.0)
    check(model, X, {"a": 1.0, "b": 1.0})


def image_model():
    """A functional model with a branch, and a nested model."""
    inner = keras.Sequential(
        [
            layers.Input((4, 4, 6)),
            WeightNormalization(layers.Conv2D(4, 3), name="inner"),
            layers.Flatten(),
        ]
    )
    images, labels = keras.Input((8, 8, 2)), keras.Input((3,))
    x = WeightNormalization(layers.Conv2D(3, 3, 2, "same"), name="first")(images)
    x = inner(CReLU()(x))
    y = dense(4, 0.3, name="side")(labels)
    return keras.Model([images, labels], dense(2, 0.1, name="last")(layers.Concatenate()([x, y])))


def test_nested_models_with_several_inputs():
    model = image_model()
    inputs = [IMAGES, RNG.normal(size=(6, 3)).astype("float32")]
    initialise_from_data(model, inputs)
    check(model, inputs, {"first": 1.0, "inner": 1.0, "side": 0.3, "last": 0.1})
    # Another batch has other moments, and a second call sets all anew.
    other = [2.0 * IMAGES[:4] + 1.0, inputs[1][:4]]
    initialise_from_data(model, [tf.constant(x) for x in other])
    check(model, other, {"first": 1.0, "inner": 1.0, "side": 0.3, "last": 0.1})


class Subclassed(keras.Model):
    def build(self, input_shape):
        self.first, self.last = dense(4, name="first"), dense(2, name="last")

    def call(self, inputs, training=None):
        return self.last(keras.ops.tanh(self.first(inputs["x"])))


@pytest.mark.parametrize(
    ("make", "inputs", "names"),
    [
        (Subclassed, {"x": X}, ["first", "last"]),
        (lambda: keras.Sequential([dense(3, name="a"), dense(2, name="b")]), X, ["a", "b"]),
        (lambda: dense(3, name="alone"), X, ["alone"]),
    ],
)
def test_models_that_are_not_built(make, inputs, names):
    model = make()
    initialise_from_data(model, inputs)
    check(model, inputs, dict.fromkeys(names, 1.0))


def test_layer_called_twice_is_set_by_its_first_call():
    shared = dense(5, name="shared")
    inputs = keras.Input((5,))
    once = shared(inputs)
    model = keras.Model(inputs, [once, shared(once)])
    initialise_from_data(model, X)
    first, second = model(X)
    np.testing.assert_allclose(np.std(first, axis=0), np.ones(5), rtol=1e-5)
    assert np.abs(np.std(second, axis=0) - 1.0).max() > 1e-3


def test_nothing_else_moves():
    model = keras.Sequential(
        [layers.Input((5,)), dense(4), layers.BatchNormalization(), layers.Dropout(0.5), dense(3)]
    )
    kernels = [layer.layer.kernel.numpy() for layer in (model.layers[0], model.layers[-1])]
    rest = [v.numpy() for v in model.non_trainable_variables]
    initialise_from_data(model, X)
    for layer, kernel in zip((model.layers[0], model.layers[-1]), kernels, strict=True):
        np.testing.assert_array_equal(layer.layer.kernel, kernel)
        assert not layer.initialise_at_call
    for v, before in zip(model.non_trainable_variables, rest, strict=True):
        np.testing.assert_array_equal(v, before)


def test_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = keras.Sequential([dense(4, name="a"), layers.ReLU(), dense(3, name="b")])
    finally:
        keras.config.set_dtype_policy("float32")
    initialise_from_data(model, X)
    for y in pre_activations(model, X).values():
        # Outputs, and the products before the bias, have 8 bits.
        np.testing.assert_allclose(y.mean(0), 0.0, atol=0.05)
        np.testing.assert_allclose(y.std(0), 1.0, rtol=0.05)


# --- errors ---


def test_model_without_weight_normalisation():
    model = keras.Sequential([layers.Dense(2)], name="plain")
    with pytest.raises(ValueError, match="`model` must have a `WeightNorm.*'plain' without one"):
        initialise_from_data(model, X)


class Half(keras.Model):
    """Holds a layer that it does not call."""

    def __init__(self):
        super().__init__(name="half")
        self.used, self.unused = dense(2), dense(2, name="unused")

    def build(self, input_shape):
        self.used.build(input_shape)
        self.unused.build(input_shape)

    def call(self, inputs):
        return self.used(inputs)


def test_model_that_does_not_call_a_layer():
    model = Half()
    with pytest.raises(ValueError, match=r"`model` must call all.*'half'.*\['unused'\]"):
        initialise_from_data(model, X)
    assert not model.unused.initialise_at_call


def test_layer_without_bias():
    model = keras.Sequential([WeightNormalization(layers.Dense(2, use_bias=False)), dense(2)])
    with pytest.raises(ValueError, match="`layer` must have a bias"):
        initialise_from_data(model, X)
    assert not any(layer.initialise_at_call for layer in model.layers)


def broken(value):
    x = X.copy()
    x[3, 2] = value
    return x


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (X[:1], ValueError, r"`inputs` must hold a batch of at least 2.*\(1, 5\)"),
        (X[:0], ValueError, r"a batch of at least 2.*\(0, 5\)"),
        (np.float32(1.0), TypeError, "arrays or tensors with values. Received: float32"),
        (np.array(1.0), ValueError, r"Received: shape \(\)"),
        (broken(np.nan), ValueError, r"`inputs` must be finite. Received: NaN or inf.*\(16, 5\)"),
        (tf.constant(broken(-np.inf)), ValueError, "`inputs` must be finite"),
        (keras.Input((5,)), TypeError, "`inputs` must be what the model takes.*KerasTensor"),
        ([[1.0, 2.0]], TypeError, "Received: float. Call this outside graphs"),
    ],
)
def test_inputs_that_cannot_work(inputs, error, message):
    model = keras.Sequential([layers.Input((5,)), dense(2)])
    before = model.get_weights()
    with pytest.raises(error, match=message):
        initialise_from_data(model, inputs)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_in_a_graph():
    model = keras.Sequential([layers.Input((5,)), dense(2)])
    with pytest.raises(TypeError, match="Call this outside graphs"):
        tf.function(lambda x: initialise_from_data(model, x))(X)


# --- several devices ---


def test_replicas():
    """Two logical devices must be configured before TensorFlow starts: a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.layers.mirrored_initialisation_program"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["moved"] > 0.1  # all gains start at 1
    assert report["copies"] == 2
    assert report["difference"] == 0.0
