"""Outside a strategy every function is the identity; `mirrored_test.py` tries two replicas."""

import keras
import numpy as np
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


def test_assign():
    targets = [keras.Variable(1.0), keras.Variable([1.0, 2.0])]
    replicas.assign(targets, [tf.constant(5.0), tf.constant([6.0, 7.0])])
    np.testing.assert_array_equal(targets[0], 5.0)
    np.testing.assert_array_equal(targets[1], [6.0, 7.0])
