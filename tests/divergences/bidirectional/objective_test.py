import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import divergences
from keras_ot_gans.divergences import bidirectional
from keras_ot_gans.divergences.bidirectional import BidirectionalObjective, check_scores, hinge
from keras_ot_gans.divergences.bidirectional.objective import logistic_discriminator_loss


@keras.saving.register_keras_serializable(package="objective_test")
def squared_loss(scores):
    return tf.reduce_mean(check_scores("real_scores", scores) ** 2)


def test_losses_of_ones_own_are_saved_with_the_objective():
    mine = BidirectionalObjective(
        "mine", logistic_discriminator_loss, squared_loss, hinge.generator_loss
    )
    found = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(mine))
    assert found == mine and found.encoder_loss is squared_loss
    assert repr(found) == "BidirectionalObjective('mine')"
    np.testing.assert_allclose(found.encoder_loss([[3.0], [1.0]]), 5.0)


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match=r"`encoder_loss` must be a function.*'kl'.*age\("):
        BidirectionalObjective("mine", logistic_discriminator_loss, "kl", squared_loss)


@pytest.mark.parametrize("shape", [(), (4,), (4, 2), (4, 1, 1), (1, 4)])
def test_shapes_but_one_score_for_each_pair_are_refused(shape):
    with pytest.raises(ValueError, match=r"`fake_scores` must have shape \(B, 1\).*Keep the last"):
        check_scores("fake_scores", tf.zeros(shape))


def test_scores_of_unknown_batch_size_pass():
    traced = tf.function(hinge.encoder_loss).get_concrete_function(tf.TensorSpec((None, 1)))
    np.testing.assert_allclose(traced(tf.constant([[1.0], [2.0], [6.0]])), 3.0)


def test_half_precision_is_widened():
    assert check_scores("real_scores", tf.zeros((2, 1), "bfloat16")).dtype == "float32"
    assert check_scores("real_scores", tf.zeros((2, 1), "float64")).dtype == "float64"


def test_folder_is_public():
    assert divergences.bidirectional is bidirectional
    assert all(hasattr(bidirectional, name) for name in bidirectional.__all__)
