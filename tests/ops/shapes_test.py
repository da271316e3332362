import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import ops


def unknown(*shape):
    """A symbolic tensor whose `None` axes are unknown."""
    with tf.Graph().as_default():
        return tf.compat.v1.placeholder("float32", shape)


@pytest.mark.parametrize("make", [np.zeros, tf.zeros, lambda s: np.zeros(s).tolist()])
def test_right_shapes_pass_whatever_holds_them(make):
    ops.check_rank("x", make((2, 3)), 2)
    ops.check_same_last_dim("x", make((2, 3)), "y", make((5, 3)))
    ops.check_same_shape("x", make((2, 3)), "y", make((2, 3)))


def test_unknown_axes_pass():
    ops.check_rank("x", unknown(None, None), 2)
    ops.check_same_last_dim("x", unknown(None, None), "y", unknown(None, 3))
    ops.check_same_shape("x", unknown(None, 3), "y", unknown(4, 3))


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (
            lambda: ops.check_rank("x", np.zeros(3), 2, "(n, d)"),
            r"^`x` must have rank 2, axes \(n, d\)\. Received: shape \(3,\)\. Reshape",
        ),
        (
            lambda: ops.check_rank("x", np.zeros((1, 2)), 3),
            r"^`x` must have rank 3\. Received: shape \(1, 2\)\.",
        ),
        (
            lambda: ops.check_same_last_dim("x", np.zeros((1, 2)), "y", np.zeros((1, 3))),
            r"^`x` and `y` must have .* Received: shapes \(1, 2\) and \(1, 3\)",
        ),
        (
            lambda: ops.check_same_shape("x", np.zeros((2, 1)), "y", np.zeros(2)),
            r"^`x` and `y` must have the same shape\. Received: \(2, 1\) and \(2,\)",
        ),
        (
            lambda: ops.check_same_shape("x", unknown(None, 3), "y", unknown(4, 1)),
            r"Received: \(None, 3\) and \(4, 1\)",
        ),
        (
            lambda: ops.check_one_of("cost", "l2", ["cosine", "euclidean"]),
            r"^`cost` must be one of 'cosine', 'euclidean'\. Received: 'l2'\.$",
        ),
    ],
)
def test_wrong_values_are_refused(check, message):
    with pytest.raises(ValueError, match=message):
        check()


def test_one_of_accepts_its_options():
    ops.check_one_of("cost", "cosine", ["cosine", "euclidean"])
