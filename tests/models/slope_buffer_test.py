import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import ops
from keras_ot_gans.losses import penalties
from keras_ot_gans.models.slope_buffer import SlopeBuffer
from tests import oracles

ROOT = Path(__file__).resolve().parents[2]


def batch(seed, n=8):
    return np.random.default_rng(seed).normal(size=(n, 2)).astype("float32")


def steepness(x):
    """Squared slopes of `|x|^2 / 2`."""
    return np.sum(np.square(x), axis=1)


class Reference:
    """The buffer as a plain list."""

    def __init__(self, size):
        self.size, self.kept = size, None

    def mix(self, x):
        if self.kept is None:
            return x
        fresh = len(x) - self.size
        return np.concatenate([self.kept, [x[j * len(x) // fresh] for j in range(fresh)]])

    def refresh(self, x, slopes):
        order = sorted(range(len(x)), key=lambda i: -slopes[i])
        self.kept = x[order[: self.size]]


# --- what it holds ---


def test_first_batch_is_fresh():
    buffer = SlopeBuffer((2,), batch_size=8)
    assert (buffer.size, buffer.points.shape, buffer.trainable_variables) == (4, (4, 2), [])
    x, labels = buffer.mix(tf.constant(batch(0)))
    np.testing.assert_array_equal(x, batch(0))
    assert labels is None


@pytest.mark.parametrize("fraction", [0.125, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_equals_a_list(fraction, mode):
    buffer, reference = SlopeBuffer((2,), 8, fraction), Reference(round(8 * fraction))

    def step(x):
        mixed, _ = buffer.mix(x)
        buffer.refresh(mixed, ops.squared_slopes(lambda p: tf.reduce_sum(p**2, 1) / 2, mixed))
        return mixed

    if mode != "eager":
        step = tf.function(step, jit_compile=mode == "xla")
    for seed in range(5):
        mixed, expected = step(tf.constant(batch(seed))), reference.mix(batch(seed))
        np.testing.assert_array_equal(mixed, expected)
        reference.refresh(expected, steepness(expected))
        np.testing.assert_array_equal(buffer.points, reference.kept)
    # A fixed critic: the steepest ever seen by slope are there, the very steepest first.
    assert steepness(reference.kept)[0] == max(steepness(reference.kept))


def test_one_more_is_kept_by_present_slopes_not_by_old_ones():
    buffer = SlopeBuffer((1,), 2)
    buffer.refresh(tf.constant([[1.0], [2.0]]), tf.constant([9.0, 1.0]))
    x, _ = buffer.mix(tf.constant([[3.0], [4.0]]))
    np.testing.assert_array_equal(x, [[1.0], [3.0]])
    # The critic has changed: the old point is flat now.
    buffer.refresh(x, tf.constant([0.0, 0.5]))
    np.testing.assert_array_equal(buffer.points, [[3.0]])


def test_labels_travel_with_their_points():
    buffer = SlopeBuffer((1,), 4, labels=True)
    buffer.refresh(
        tf.constant([[1.0], [2.0], [3.0], [4.0]]), tf.constant([5.0, 1.0, 7.0, 2.0]), [0, 1, 2, 3]
    )
    x, labels = buffer.mix(
        tf.constant([[5.0], [6.0], [7.0], [8.0]]), tf.constant([4, 5, 6, 7], tf.int64)
    )
    np.testing.assert_array_equal(x[:, 0], [3.0, 1.0, 5.0, 7.0])
    np.testing.assert_array_equal(labels, [2, 0, 4, 6])
    assert labels.dtype == tf.int64


def test_fractions_at_the_ends():
    none, all_of_it = SlopeBuffer((2,), 8, 0.0), SlopeBuffer((2,), 8, 1.0)
    assert none.variables == []
    for buffer in (none, all_of_it):
        for seed in (0, 1):
            x, _ = buffer.mix(tf.constant(batch(seed)))
            buffer.refresh(x, tf.constant(steepness(x.numpy())))
    np.testing.assert_array_equal(x, batch(0)[np.argsort(-steepness(batch(0)))])
    np.testing.assert_array_equal(none.mix(tf.constant(batch(1)))[0], batch(1))


def test_no_gradient_flows_into_the_buffer():
    buffer = SlopeBuffer((2,), 8)
    buffer.refresh(tf.constant(batch(0)), tf.constant(steepness(batch(0))))
    x = tf.constant(batch(1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(buffer.mix(x)[0])
    np.testing.assert_array_equal(tape.gradient(total, x)[:, 0], [1, 0] * 4)


def test_unknown_batch_size():
    buffer = SlopeBuffer((2,), 8)

    def step(x):
        mixed, _ = buffer.mix(x)
        buffer.refresh(mixed, tf.reduce_sum(mixed**2, 1))
        return mixed

    step = tf.function(step, input_signature=[tf.TensorSpec((None, 2), tf.float32)])
    x = batch(0)
    np.testing.assert_array_equal(step(x), x)
    expected = np.concatenate([x[np.argsort(-steepness(x))][:4], x[::2]])
    np.testing.assert_array_equal(step(x), expected)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have at least 4 rows"):
        step(batch(0, n=3))


def test_points_stay_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        buffer = SlopeBuffer((2,), 8)
    finally:
        keras.config.set_dtype_policy("float32")
    assert buffer.points.dtype == "float32"
    assert buffer.mix(tf.constant(batch(0)))[0].dtype == tf.float32


# --- with a critic ---


def test_it_finds_the_steepest_blend():
    # Steep only near one end of a line: random halves miss it, the buffer does not let it go.
    def critic(x):
        return tf.reduce_sum(tf.nn.softplus(20.0 * (x - 0.9)), axis=1)

    penalty, seed = penalties.max_gradient_penalty(1.0), keras.random.SeedGenerator(0)
    buffer = SlopeBuffer((1,), 8, penalty.buffer_fraction)
    with_buffer, without = [], []
    for _ in range(40):
        x = ops.blend(tf.ones((8, 1)), tf.zeros((8, 1)), ops.random.uniform((8,), seed))
        without.append(float(penalty(ops.squared_slopes(critic, x))))
        mixed, _ = buffer.mix(x)
        squared = ops.squared_slopes(critic, mixed)
        with_buffer.append(float(penalty(squared)))
        buffer.refresh(mixed, squared)
    assert (np.diff(with_buffer) >= 0).all()
    # The estimate is the running maximum of what it has evaluated, near the true k^2 at x = 1.
    exact = (20.0 / (1.0 + np.exp(-2.0))) ** 2
    np.testing.assert_allclose(with_buffer[-1], exact, rtol=0.02)
    assert np.mean(without) < 0.9 * exact


# --- saving ---


class Holder(keras.Model):
    def __init__(self):
        super().__init__()
        self.buffer = SlopeBuffer((2,), 8, labels=True)
        self.built = True


@pytest.mark.parametrize("filled", [False, True])
def test_state_is_saved_with_the_model(tmp_path, filled):
    model, loaded = Holder(), Holder()
    if filled:
        labels = tf.range(8)
        model.buffer.refresh(tf.constant(batch(0)), tf.constant(steepness(batch(0))), labels)
    loaded.buffer.refresh(tf.constant(batch(5)), tf.constant(steepness(batch(5))), tf.range(8))
    model.save_weights(tmp_path / "model.weights.h5")
    loaded.load_weights(tmp_path / "model.weights.h5")
    assert len(model.non_trainable_variables) == 3
    for mine, other in zip(model.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(mine, other)
    nexts = [m.buffer.mix(tf.constant(batch(1)), tf.range(8)) for m in (model, loaded)]
    for mine, other in zip(*nexts, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_config_round_trip():
    buffer = SlopeBuffer((4, 4, 1), 16, 0.25, labels=True, name="s_max")
    copy = SlopeBuffer.from_config(buffer.get_config())
    assert copy.get_config() == buffer.get_config()
    assert [v.shape for v in copy.variables] == [(4, 4, 4, 1), (4,), ()]


# --- refusals ---


@pytest.mark.parametrize("fraction", [-0.25, 1.5, float("nan")])
def test_fraction_outside_of_the_batch(fraction):
    with pytest.raises(ValueError, match=r"`buffer_fraction` must be in \[0, 1\]"):
        SlopeBuffer((2,), 8, fraction)


@pytest.mark.parametrize(("shape", "size"), [((2,), 0), ((0,), 8), ((None,), 8)])
def test_sizes_that_hold_nothing(shape, size):
    with pytest.raises(ValueError, match=r"`batch_size` must be at least 1 and `point_shape`"):
        SlopeBuffer(shape, size)


def test_batches_that_do_not_fit():
    buffer, labelled = SlopeBuffer((2,), 8), SlopeBuffer((2,), 8, labels=True)
    with pytest.raises(ValueError, match=r"`x` must have shape \(b, 2\) with b >= 4.*\(3, 2\)"):
        buffer.mix(tf.ones((3, 2)))
    with pytest.raises(ValueError, match=r"`x` must have shape \(b, 2\)"):
        buffer.refresh(tf.ones((8, 3)), tf.ones(8))
    with pytest.raises(ValueError, match=r"`labels` must be None"):
        buffer.mix(tf.ones((8, 2)), tf.range(8))
    with pytest.raises(ValueError, match=r"`labels` must be given"):
        labelled.refresh(tf.ones((8, 2)), tf.ones(8))


# --- replicas ---


def test_two_replicas_equal_one():
    done = subprocess.run(
        [sys.executable, "-m", "tests.models.slope_buffer_program"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    report = json.loads(done.stdout.splitlines()[-1])
    one, two = report["one"], report["two"]
    # The same points are evaluated in another order, and the same are kept, on every replica.
    np.testing.assert_array_equal(two["points"], one["points"])
    np.testing.assert_array_equal(two["labels"], one["labels"])
    np.testing.assert_array_equal(two["mirror"], two["points"])
    # Float32 sums of halves.
    np.testing.assert_allclose(two["weights"], one["weights"], **oracles.relative(1e-5, 1.0))
    np.testing.assert_allclose(two["penalties"], one["penalties"], rtol=1e-5)
    assert report["refusal"].startswith("`size` must be a multiple of the number of replicas, 2")
