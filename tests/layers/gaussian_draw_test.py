import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.layers import GaussianDraw, LatentPart
from tests import oracles


def test_gradients_flow_through_mean_and_variance():
    # d(mean + exp(v / 2) e) = dmean + e exp(v / 2) / 2 dv
    parameters, noise = tf.constant([[0.5, -1.0]]), tf.constant([[2.0]])
    slopes = oracles.gradient(lambda p: tf.reduce_sum(GaussianDraw()(p, noise)), parameters)[0]
    np.testing.assert_allclose(slopes, [[1.0, np.exp(-0.5)]], rtol=1e-6)


def test_draws_in_float32_under_half_precision():
    draw = GaussianDraw()(tf.zeros((1, 2), tf.float16), tf.ones((1, 1), tf.float16))
    assert draw.dtype == tf.float32


def test_parts_do_not_overlap():
    z = tf.range(6.0)[None]
    assert LatentPart(0, (2,))(z).numpy().tolist() == [[0, 1]]
    assert LatentPart(2, (2, 2, 1))(z).numpy().ravel().tolist() == [2, 3, 4, 5]


def test_teaches():
    with pytest.raises(ValueError, match="`parameters` must hold a mean and a log-variance"):
        GaussianDraw()(tf.zeros((1, 3)), tf.zeros((1, 2)))
    with pytest.raises(ValueError, match="`z` must have at least 5 entries"):
        LatentPart(3, (2,))(tf.zeros((1, 4)))
    with pytest.raises(ValueError, match="`start` must be at least 0"):
        LatentPart(-1, (2,))
