import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import ops
from keras_ot_gans.losses import penalties
from keras_ot_gans.models.slope_penalty import SlopePenalty

REAL, FAKE = np.random.default_rng(0).normal(size=(2, 8, 2)).astype("float32")
LABELS = tf.constant([0, 1, 2, 0, 1, 2, 0, 1])


def critic(x, labels):
    """`(1 + y) |x|^2 / 2`, of slope `(1 + y) |x|`."""
    weight = 1.0 if labels is None else 1.0 + tf.cast(labels, tf.float32)[:, None]
    return weight * tf.reduce_sum(x**2, axis=1, keepdims=True) / 2


def stream():
    return keras.random.SeedGenerator(5)


def measure(layer, labels=None, training=True, seed=None):
    real, fake = tf.constant(REAL), tf.constant(FAKE)
    return layer.measure(critic, real, fake, labels, seed or stream(), training)


@pytest.mark.parametrize(
    ("penalty", "points"), [(penalties.r1(3.0), REAL), (penalties.r2(3.0), FAKE)]
)
def test_slopes_at_a_batch(penalty, points):
    seed = stream()
    slopes = measure(SlopePenalty(penalty, (2,), None), LABELS, seed=seed)
    expected = (1 + LABELS.numpy()) ** 2 * np.sum(points**2, axis=1)
    np.testing.assert_allclose(slopes.squared, expected, rtol=1e-6)
    np.testing.assert_allclose(slopes.penalty, 1.5 * expected.mean(), rtol=1e-6)
    np.testing.assert_allclose(slopes.largest, np.sqrt(expected.max()), rtol=1e-6)
    np.testing.assert_array_equal(slopes.points, points)
    np.testing.assert_array_equal(seed.state, stream().state)  # nothing to draw


@pytest.mark.parametrize("training", [True, False])
def test_slopes_at_blends(training):
    penalty = penalties.gradient_penalty(2.0)
    slopes = measure(SlopePenalty(penalty, (2,), None), training=training)
    u = ops.random.uniform((8,), stream()).numpy()[:, None]
    points = u * REAL + (1 - u) * FAKE
    np.testing.assert_allclose(slopes.points, points, rtol=1e-6)
    expected = 2 * np.mean((np.linalg.norm(points, axis=1) - 1) ** 2)
    np.testing.assert_allclose(slopes.penalty, expected, rtol=1e-5)


def test_evaluation_leaves_the_buffer_out():
    layer = SlopePenalty(penalties.max_gradient_penalty(1.0), (2,), 8, labels=True)
    first = measure(layer, LABELS)
    layer.remember(first)
    np.testing.assert_array_equal(
        layer.buffer.points.numpy(), first.points.numpy()[np.argsort(-first.squared.numpy())[:4]]
    )
    fresh, mixed = measure(layer, LABELS, training=False), measure(layer, LABELS)
    np.testing.assert_array_equal(fresh.points, first.points)
    np.testing.assert_array_equal(fresh.labels, LABELS)
    np.testing.assert_array_equal(mixed.points[:4], layer.buffer.points)
    np.testing.assert_array_equal(mixed.labels[:4], layer.buffer.point_labels)
    np.testing.assert_allclose(mixed.penalty, np.max(mixed.squared), rtol=1e-6)


def test_without_a_buffer_nothing_is_remembered():
    layer = SlopePenalty(penalties.max_gradient_penalty(buffer_fraction=0.0), (2,), None)
    layer.remember(measure(layer))
    assert layer.buffer is None and layer.variables == []


def test_points_are_float32_and_carry_no_gradient():
    layer = SlopePenalty(penalties.gradient_penalty(), (2,), None)
    real, fake = tf.constant(REAL, tf.float16), tf.constant(FAKE, tf.float16)
    with tf.GradientTape() as tape:
        tape.watch(fake)
        slopes = layer.measure(critic, real, fake, None, stream(), True)
    assert {slopes.points.dtype, slopes.squared.dtype, slopes.penalty.dtype} == {tf.float32}
    assert tape.gradient(slopes.penalty, fake) is None
