import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import ops
from keras_ot_gans.models import conditions
from keras_ot_gans.networks.conditioning import with_labels

LABELS = ops.Labels(4, (0.0, 1.0, 2.0, 1.0))
X = np.zeros((6, 2), "float32")
Y = np.array([0, 3, 2, 1, 1, 0])


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_labels_of_a_batch(dtype):
    y = conditions.real_labels((X, tf.constant(Y.astype(dtype))), LABELS, 1)
    np.testing.assert_array_equal(y, Y)
    assert y.dtype == tf.int32


def test_labels_of_a_packed_round():
    packed = tf.constant(Y.reshape(3, 2))
    for index in (0, 1):
        found = conditions.real_labels((X, packed), LABELS, index)
        np.testing.assert_array_equal(found, Y[index::2])


def test_a_model_without_labels_ignores_them():
    for data in (X, (X,), (X, tf.constant(Y)), (X, tf.one_hot(Y, 4))):
        assert conditions.real_labels(data, None, 0) is None
    assert conditions.fake_labels(None, 3, None) is None


@pytest.mark.parametrize("data", [X, (X,), (X, None)], ids=["x", "(x,)", "(x, None)"])
def test_data_without_labels(data):
    with pytest.raises(ValueError, match="`y` must hold the labels.*data without labels"):
        conditions.real_labels(data, LABELS, 0)


@pytest.mark.parametrize(
    "y",
    [tf.one_hot(Y, 4), tf.zeros((6, 2, 4), tf.int32), tf.constant(Y, tf.float32), tf.constant(1)],
)
def test_labels_of_a_wrong_form(y):
    with pytest.raises(ValueError, match="`y` must hold integer labels.*Take `argmax"):
        conditions.real_labels((X, y), LABELS, 0)


def test_drawn_labels_are_those_of_the_distribution():
    found = conditions.fake_labels(LABELS, 4000, keras.random.SeedGenerator(0)).numpy()
    shares = np.bincount(found, minlength=4) / 4000
    # Five standard errors of a share.
    np.testing.assert_allclose(shares, [0, 0.25, 0.5, 0.25], atol=5 * np.sqrt(0.25 / 4000))
    assert shares[0] == 0


def test_input_of_a_network():
    assert with_labels(X, None) is X
    assert with_labels(X, Y) == [X, Y]
