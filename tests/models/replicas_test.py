"""Outside a strategy every function is the identity; `mirrored_test.py` tries two replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.models import replicas


def test_one_replica_keeps_everything():
    x = tf.ones((3, 2))
    assert replicas.count() == 1
    assert replicas.gather(x) is x
    assert replicas.own_part(lambda rows: tf.ones((rows, 2)), 5).shape == (5, 2)
    assert replicas.share(5, "num_fake") == 5
    assert replicas.share(None, "num_fake") is None
    logs = {"a": tf.constant(1.0)}
    assert replicas.loggable(logs) is logs


def test_gradients_are_clipped_and_applied_once():
    variable = keras.Variable([3.0, 4.0])
    optimizer = keras.optimizers.SGD(1.0, global_clipnorm=1.0)
    optimizer.build([variable])
    replicas.apply_gradients(optimizer, [tf.constant([6.0, 8.0])], [variable])
    # The gradient of length 10 is cut to length 1.
    np.testing.assert_allclose(variable, [3.0 - 0.6, 4.0 - 0.8], rtol=1e-6)


def test_repeated_rows_of_a_sparse_gradient_are_summed_before_clipping():
    variable = keras.Variable([[0.0], [0.0]])
    optimizer = keras.optimizers.SGD(1.0, clipnorm=1.0)
    optimizer.build([variable])
    rows = tf.IndexedSlices(tf.constant([[3.0], [5.0], [6.0]]), [1, 1, 0], [2, 1])
    replicas.apply_gradients(optimizer, [rows], [variable])
    # The gradient is (6, 8), of length 10.
    np.testing.assert_allclose(variable, [[-0.6], [-0.8]], rtol=1e-6)


CLIPS = {
    "global_clipnorm": [[0.6, 0.0], [0.8]],
    "clipnorm": [[1.0, 0.0], [1.0]],
    "clipvalue": [[1.0, 0.0], [1.0]],
}


@pytest.mark.parametrize("scale", [None, 1.0, 2.0**15])
@pytest.mark.parametrize("clip", CLIPS)
def test_true_gradient_is_clipped_whatever_the_loss_scale(clip, scale):
    optimizer = keras.optimizers.SGD(1.0, **{clip: 1.0})
    if scale is not None:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=scale)
    optimizer.build([keras.Variable([0.0, 0.0]), keras.Variable([0.0])])
    factor = scale or 1.0
    # The true gradient is (6, 0), (8): of length 10 as a whole.
    received = replicas.clipped(
        optimizer, [tf.constant([6.0, 0.0]) * factor, tf.constant([8.0]) * factor]
    )
    for part, expected in zip(received, CLIPS[clip], strict=True):
        np.testing.assert_allclose(part / factor, expected, rtol=1e-6)


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_clipping_leaves_an_overflow_visible(clip, bad):
    inner = keras.optimizers.SGD(1.0, **{clip: 1.0})
    optimizer = keras.optimizers.LossScaleOptimizer(inner)
    optimizer.build([keras.Variable([0.0, 0.0])])
    (received,) = replicas.clipped(optimizer, [tf.constant([bad, 1.0])])
    assert not np.isfinite(received[0])


def test_nothing_to_clip_is_left_alone():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1.0))
    optimizer.build([keras.Variable([0.0, 0.0])])
    gradient = tf.constant([3e4, -1e-3])
    np.testing.assert_array_equal(replicas.clipped(optimizer, [gradient])[0], gradient)


def test_assign():
    targets = [keras.Variable(1.0), keras.Variable([1.0, 2.0])]
    replicas.assign(targets, [tf.constant(5.0), tf.constant([6.0, 7.0])])
    np.testing.assert_array_equal(targets[0], 5.0)
    np.testing.assert_array_equal(targets[1], [6.0, 7.0])
