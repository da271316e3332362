import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import ops

TABLE = np.arange(6.0, dtype="float32").reshape(3, 2) + 1.0


# --- checks ---


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_labels_of_any_integer_kind_pass(dtype):
    labels = ops.check_labels(np.array([0, 2, 1], dtype), 3)
    np.testing.assert_array_equal(labels, [0, 2, 1])
    assert labels.dtype == "int32"
    assert ops.check_labels([], 3).shape == (0,)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], r"`labels` must lie in \[0, 2\] for 3 classes. .* from 0 to 3. Count .* from 0"),
        ([-1, 2], r"must lie in \[0, 2\] .* from -1 to 2"),
        (np.array([255], "uint8"), r"must lie in \[0, 2\] .* from 255 to 255"),
        ([0.0, 1.0], r"`labels` must be integers of shape \(n,\). .*dtype float64"),
        ([True, False], "must be integers .*dtype bool"),
        ([[0, 1, 0]], r"must be integers .*shape \(1, 3\).*`argmax\(axis=-1\)`"),
        (1, r"must be integers .*shape \(\)"),
    ],
)
def test_labels_that_cannot_be(labels, message):
    with pytest.raises(ValueError, match=message):
        ops.check_labels(labels, 3)
    with pytest.raises(ValueError, match=r"^`y` "):
        ops.check_labels(labels, 3, name="y")


# --- rows ---


@pytest.mark.parametrize("jit", [None, False, True])
def test_rows_and_their_dense_gradient(jit):
    labels = np.array([2, 0, 2], "int32")

    def run(table, labels):
        with tf.GradientTape() as tape:
            tape.watch(table)
            rows = ops.class_rows(table, labels)
            loss = tf.reduce_sum(rows * tf.constant([[1.0], [10.0], [100.0]]))
        return rows, tape.gradient(loss, table)

    run = run if jit is None else tf.function(run, jit_compile=jit)
    rows, slope = run(tf.constant(TABLE), tf.constant(labels))
    np.testing.assert_array_equal(rows, TABLE[labels])
    assert isinstance(slope, tf.Tensor)
    np.testing.assert_array_equal(slope, [[10.0, 10.0], [0.0, 0.0], [101.0, 101.0]])


@pytest.mark.parametrize("label", [-1, 3, 1000])
def test_label_out_of_range_raises_or_makes_nan(label):
    labels = np.array([1, label], "int32")
    for given in (labels, labels.tolist(), tf.constant(labels)):
        with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 2\]"):
            ops.class_rows(TABLE, given)
    for jit in (False, True):
        run = tf.function(ops.class_rows, jit_compile=jit)
        rows = run(tf.constant(TABLE), tf.constant(labels)).numpy()
        np.testing.assert_array_equal(rows, [TABLE[1], [np.nan, np.nan]])


def test_one_hot_rows():
    np.testing.assert_array_equal(
        ops.one_hot(np.array([1, 0, 3], "uint8"), 4), np.eye(4)[[1, 0, 3]]
    )
    run = tf.function(lambda labels: ops.one_hot(labels, 2))
    np.testing.assert_array_equal(run(tf.constant([0, 2])), [[1.0, 0.0], [np.nan, np.nan]])


# --- draws ---


def test_uniform_labels():
    n, k = 40_000, 10
    labels = ops.Labels(k).sample((n,), keras.random.SeedGenerator(0)).numpy()
    assert labels.dtype == "int32"
    # Four standard deviations of a count, sqrt(n p (1 - p)).
    np.testing.assert_allclose(np.bincount(labels, minlength=k), n / k, atol=4 * 60)


def test_labels_as_frequent_as_in_the_data():
    n, counts = 40_000, np.array([0, 1, 0, 3, 4, 0])
    draw = ops.Labels.of_data(np.repeat(np.arange(6), counts), 6)
    labels = draw.sample((n,), keras.random.SeedGenerator(0)).numpy()
    found = np.bincount(labels, minlength=6)
    np.testing.assert_array_equal(found[counts == 0], 0)
    np.testing.assert_allclose(found, n * counts / 8, atol=4 * 100)


def test_draws_are_those_of_the_uniform_numbers():
    # By bisection of the distribution function, which another library does.
    frequencies = (2.0, 0.0, 5.0, 1.0)
    uniform = ops.random.uniform((1000,), keras.random.SeedGenerator(3)).numpy()
    edges = np.cumsum(frequencies) / 8.0
    labels = ops.Labels(4, frequencies).sample((1000,), keras.random.SeedGenerator(3))
    np.testing.assert_array_equal(labels, np.searchsorted(edges, uniform, side="right"))


@pytest.mark.parametrize("jit", [False, True])
def test_draws_are_the_same_compiled(jit):
    draw = ops.Labels(7, range(1, 8))
    expected = draw.sample((64,), keras.random.SeedGenerator(5))
    seed = keras.random.SeedGenerator(5)
    run = tf.function(lambda: draw.sample((tf.constant(64),), seed), jit_compile=jit)
    np.testing.assert_array_equal(run(), expected)
    assert (run().numpy() != expected.numpy()).any()  # the stream goes on


def test_extremes_of_the_uniform_numbers(monkeypatch):
    ends = tf.constant([0.0, 1.0 - 2.0**-24])
    monkeypatch.setattr(ops.random, "uniform", lambda shape, seed: ends)
    seed = keras.random.SeedGenerator(0)
    np.testing.assert_array_equal(ops.Labels(1000).sample((2,), seed), [0, 999])
    # Neither end falls into a class that is never drawn.
    np.testing.assert_array_equal(ops.Labels(4, (0, 1, 1, 0)).sample((2,), seed), [1, 2])


def test_labels_are_serialised():
    for draw in (ops.Labels(3), ops.Labels(3, np.array([1, 2, 0]))):
        copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(draw))
        assert copy == draw


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "`num_classes` must be positive. Received: num_classes=0"),
        ((3, (1.0, 2.0)), "`frequencies` must be 3 numbers >= 0"),
        ((2, (1.0, -2.0)), r"`frequencies` must be 2 numbers >= 0.*\(1.0, -2.0\).*of_data"),
        ((2, (0.0, 0.0)), "not all 0"),
        ((2, (1.0, np.nan)), "`frequencies` must be 2 numbers"),
    ],
)
def test_distributions_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        ops.Labels(*arguments)


def test_data_without_or_with_foreign_labels():
    with pytest.raises(ValueError, match="not all 0"):
        ops.Labels.of_data([], 3)
    with pytest.raises(ValueError, match=r"must lie in \[0, 2\]"):
        ops.Labels.of_data([0, 3], 3)
