import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.divergences import FDivergence, f_divergence

NAMES = ["kl", "reverse_kl", "jensen_shannon", "squared_hellinger", "all_divergences"]


@keras.saving.register_keras_serializable(package="f_divergence_test")
def pearson(r):
    return (r - 1.0) ** 2


@keras.saving.register_keras_serializable(package="f_divergence_test")
def pearson_prime(r):
    return 2.0 * (r - 1.0)


@keras.saving.register_keras_serializable(package="f_divergence_test")
def pearson_second(r):
    return 2.0 * tf.ones_like(r)


@pytest.mark.parametrize("name", NAMES)
def test_values_are_saved_by_their_name(name):
    value = f_divergence.by_name(name)
    assert value.get_config() == {"name": name}
    found = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(value))
    assert found is value and repr(found) == f"FDivergence('{name}')"


@pytest.mark.parametrize("name", ["pearson", "kl"])
def test_a_record_of_ones_own_is_saved_with_its_functions_whatever_its_name(name):
    value = FDivergence(name, pearson, pearson_prime, pearson_second)
    found = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(value))
    assert found == value and found != f_divergence.kl
    assert found.f is pearson and found.conjugate is None
    np.testing.assert_allclose(found.f(tf.constant([3.0])), [4.0])


def test_unknown_names_are_refused_with_the_list():
    listed = ", ".join(repr(name) for name in NAMES)
    with pytest.raises(ValueError, match=f"`f_divergence` must be one of {listed}.*'js'"):
        f_divergence.by_name("js")
    config = {**keras.saving.serialize_keras_object(f_divergence.kl), "config": {"name": "js"}}
    with pytest.raises(ValueError, match=r"`f_divergence` must be one of 'kl'.*'js'"):
        keras.saving.deserialize_keras_object(config)


def test_missing_functions_are_refused():
    with pytest.raises(TypeError, match=r"`f` must be a function.*f=None.*'mine'.*r log r"):
        FDivergence("mine")
    with pytest.raises(TypeError, match=r"`f_second` must be a function.*f_second=None"):
        FDivergence("mine", pearson, pearson_prime)
    with pytest.raises(TypeError, match=r"`conjugate` must be a function.*conjugate=2"):
        FDivergence("mine", pearson, pearson_prime, pearson_second, conjugate=2)
    # The one value without an f has no other function either.
    with pytest.raises(TypeError, match="`f` must be a function"):
        FDivergence("all_divergences", conjugate=pearson)
