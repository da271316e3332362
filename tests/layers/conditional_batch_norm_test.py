import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_ot_gans.layers import ConditionalBatchNormalization

RNG = np.random.default_rng(0)
X = RNG.normal(1.0, 3.0, (6, 5, 4, 3)).astype("float32")
LABELS = np.array([0, 2, 2, 1, 0, 2], "int32")
ROOT = Path(__file__).resolve().parents[2]


def randomised(num_classes, shape=X.shape, **kwargs):
    """A built layer with gains and biases of its own for each class."""
    layer = ConditionalBatchNormalization(num_classes, **kwargs)
    layer.build(shape, (shape[0],))
    layer.gamma.assign(RNG.normal(size=layer.gamma.shape))
    layer.beta.assign(RNG.normal(size=layer.beta.shape))
    return layer


def plain(layer, shape=X.shape, **kwargs):
    """Keras' layer with the gains and biases of the first class."""
    norm = layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon, **kwargs)
    norm.build(shape)
    norm.gamma.assign(layer.gamma[0])
    norm.beta.assign(layer.beta[0])
    return norm


def test_formula():
    layer = randomised(3, epsilon=0.1)
    x = X.astype("float64")
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    gamma, beta = layer.gamma.numpy()[LABELS], layer.beta.numpy()[LABELS]
    expected = (x - mean) / np.sqrt(variance + 0.1)
    expected = expected * gamma[:, None, None] + beta[:, None, None]
    # float32 sums of 120 numbers
    np.testing.assert_allclose(layer(X, LABELS, training=True), expected, rtol=1e-5, atol=1e-5)


def test_gains_start_at_one_and_biases_at_zero():
    layer = ConditionalBatchNormalization(4)
    layer.build((None, 7))
    np.testing.assert_array_equal(layer.gamma, np.ones((4, 7)))
    np.testing.assert_array_equal(layer.beta, np.zeros((4, 7)))
    assert [v.name for v in layer.trainable_variables] == ["gamma", "beta"]
    assert len(layer.non_trainable_variables) == 2


@pytest.mark.parametrize("shape", [(6, 3), (6, 5, 3), (6, 5, 4, 3)])
def test_one_class_is_batch_normalisation(shape):
    x = RNG.normal(1.0, 3.0, shape).astype("float32")
    layer = randomised(1, shape, momentum=0.7, epsilon=0.01)
    norm = plain(layer, shape)
    labels = np.zeros(6, "int32")
    for training in (True, True, False):
        with tf.GradientTape() as tape_a, tf.GradientTape() as tape_b:
            a, b = layer(x, labels, training=training), norm(x, training=training)
            loss_a, loss_b = tf.reduce_sum(a**3), tf.reduce_sum(b**3)
        # Keras folds gain and deviation into one factor: another order of roundings.
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
        slopes_a = tape_a.gradient(loss_a, [layer.gamma, layer.beta])
        slopes_b = tape_b.gradient(loss_b, [norm.gamma, norm.beta])
        for slope_a, slope_b in zip(slopes_a, slopes_b, strict=True):
            np.testing.assert_allclose(slope_a[0], slope_b, rtol=1e-4)
    np.testing.assert_array_equal(layer.norm.moving_mean, norm.moving_mean)
    np.testing.assert_array_equal(layer.norm.moving_variance, norm.moving_variance)


def test_statistics_are_shared_by_the_classes():
    layer = randomised(3, momentum=0.9)
    layer(X, LABELS, training=True)
    np.testing.assert_allclose(layer.norm.moving_mean, 0.1 * X.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(layer.norm.moving_variance, 0.9 + 0.1 * X.var((0, 1, 2)), rtol=1e-5)
    # At inference each row is that of its class, whatever its neighbours.
    together = layer(X, LABELS, training=False).numpy()
    for row in range(len(X)):
        alone = layer(X[row : row + 1], LABELS[row : row + 1], training=False)
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-6, atol=1e-6)


def test_gradient_reaches_the_classes_of_the_batch_only():
    layer = randomised(4)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(X, LABELS, training=True) ** 2)
    for slope in tape.gradient(loss, [layer.gamma, layer.beta]):
        assert isinstance(slope, tf.Tensor)
        assert (np.abs(slope[:3]) > 1e-3).all()
        np.testing.assert_array_equal(slope[3], 0.0)


def test_frozen_layer_uses_and_keeps_its_statistics():
    layer = randomised(3)
    layer.trainable = False
    before = [w.numpy() for w in layer.weights]
    np.testing.assert_array_equal(layer(X, LABELS, training=True), layer(X, LABELS, training=False))
    for old, new in zip(before, layer.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_masked_positions_do_not_count():
    x = RNG.normal(size=(6, 5, 3)).astype("float32")
    x[:, 3:] = 0.0  # what `Masking` leaves out
    inputs, labels = keras.Input((5, 3)), keras.Input((), dtype="int32")
    layer = randomised(3, x.shape)
    network = keras.Model([inputs, labels], layer(layers.Masking()(inputs), labels))
    network([x, LABELS], training=True)
    momentum = layer.momentum
    np.testing.assert_allclose(
        layer.norm.moving_mean, (1 - momentum) * x[:, :3].mean((0, 1)), rtol=1e-4
    )
    assert network.output._keras_mask is not None  # handed on
    by_hand = randomised(3, x.shape)
    by_hand(x, LABELS, training=True, inputs_mask=np.arange(5) < 3 * np.ones((6, 1)))
    np.testing.assert_allclose(by_hand.norm.moving_mean, layer.norm.moving_mean, rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_that_of_batch_normalisation(policy):
    layer = randomised(1, dtype=policy)
    norm = plain(layer, dtype=policy)
    labels = np.zeros(6, "int32")
    assert {v.dtype for v in layer.variables} == {"float32"}
    a, b = layer(X, labels, training=True), norm(X, training=True)
    assert a.dtype == b.dtype == policy[len("mixed_") :]
    # Two roundings to 11 or 8 bits, of numbers up to about 6.
    step = 2.0**-10 if policy == "mixed_float16" else 2.0**-7
    np.testing.assert_allclose(
        tf.cast(a, "float32"), tf.cast(b, "float32"), rtol=step, atol=2 * step
    )
    np.testing.assert_array_equal(layer.norm.moving_mean, norm.moving_mean)


def test_graph_and_xla():
    layer = randomised(3)
    expected = layer(X, LABELS, training=False)
    for jit in (False, True):
        run = tf.function(lambda x, y: layer(x, y, training=False), jit_compile=jit)
        # Sums in another order.
        np.testing.assert_allclose(run(X, LABELS), expected, rtol=1e-5, atol=1e-6)


def test_labels_out_of_range():
    layer = randomised(3)
    bad = np.array([0, 3, 2, 1, 0, 2], "int32")
    with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 2\] .* from 0 to 3"):
        layer(X, bad)
    run = tf.function(lambda x, y: layer(x, y))
    finite = np.isfinite(run(X, bad)).all((1, 2, 3))
    np.testing.assert_array_equal(finite, bad < 3)


def test_save_and_load(tmp_path):
    inputs, labels = keras.Input(X.shape[1:]), keras.Input((), dtype="int32")
    layer = ConditionalBatchNormalization(3, 0.8, 0.01, True, name="norm")
    network = keras.Model([inputs, labels], layer(inputs, labels))
    network([X, LABELS], training=True)
    layer.gamma.assign(RNG.normal(size=(3, 3)))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(network([X, LABELS]), loaded([X, LABELS]))
    copy = loaded.get_layer("norm")
    assert copy.get_config() == layer.get_config()
    assert copy.norm.synchronized and copy.norm.momentum == 0.8 and copy.norm.epsilon == 0.01


def test_layer_needs_a_class():
    with pytest.raises(ValueError, match="`num_classes` must be positive. Received: .*=0"):
        ConditionalBatchNormalization(0)


def test_two_replicas_of_half_the_batch_are_one_of_the_whole():
    done = subprocess.run(
        [sys.executable, "-m", "tests.layers.mirrored_labels_program"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    report = json.loads(done.stdout.splitlines()[-1])
    # float32 sums of halves
    for name in ("outputs", "gradients", "statistics"):
        assert report["synchronized"][name] < 1e-5, name
    # Batches of their own differ by far more.
    assert report["separate"]["outputs"] > 1e-2
    assert report["labels_moved"] == 0
