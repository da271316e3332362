"""The objective and its directions as pure functions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.samplers.dot_objective import dot_objective, latent_direction
from keras_ot_gans.samplers.dot_optimizer import describe_optimizer
from tests.oracles import finite_differences, gradient


def test_value_over_all_axes_of_a_sample():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 3, 4, 4, 2))
    values, k = rng.normal(size=3), np.array([0.5, 1.0, 2.0])
    move = np.sqrt(np.sum((x - y + 0.01) ** 2, axis=(1, 2, 3)))
    found = dot_objective(x, y, values, k, delta=0.01)
    np.testing.assert_allclose(found, move - values / k, rtol=1e-6)  # float32 at worst
    np.testing.assert_allclose(dot_objective(x, y, values, k, naive=True), -values / k, rtol=1e-6)


def test_gradient_and_its_kink():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 2, 3))

    def total(x, delta=0.1):
        return tf.reduce_sum(dot_objective(x, y, tf.reduce_sum(x**3, 1), 2.0, delta))

    (found,) = gradient(total, x)
    # Central differences of a smooth function in float64.
    np.testing.assert_allclose(found, finite_differences(total, x), rtol=1e-6, atol=1e-8)
    at_start = [gradient(lambda x, d=d: total(x, d), y)[0] + 1.5 * y**2 for d in (1e-3, 0.0)]
    # At the start the norm pulls along the diagonal, by a unit vector; without delta not at all.
    np.testing.assert_allclose(at_start[0], np.full((2, 3), 3**-0.5), rtol=1e-6)
    np.testing.assert_allclose(at_start[1], 0.0, atol=1e-12)


def test_directions():
    rng = np.random.default_rng(0)
    z, g = rng.normal(size=(2, 5, 9)).astype("float32")
    corrected = latent_direction(Normal(), z, g)
    np.testing.assert_allclose(np.sum(corrected * z, axis=1), 0.0, atol=1e-5)  # float32
    along = np.sum(g * z, axis=1, keepdims=True)
    np.testing.assert_allclose(
        latent_direction(Normal(), z, g, "paper"), g - along * z / 3.0, rtol=1e-5, atol=1e-5
    )
    for projection in ("corrected", "paper", "none"):
        np.testing.assert_array_equal(latent_direction(Uniform(), z, g, projection), g)
    np.testing.assert_array_equal(latent_direction(Normal(), z, g, "none"), g)
    with pytest.raises(ValueError, match="`projection` must be one of corrected, paper, none"):
        latent_direction(Normal(), z, g, "sphere")


def test_an_optimizer_in_a_line():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9)
    assert describe_optimizer(keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True)) == (
        "SGD(learning_rate=ExponentialDecay(initial_learning_rate=0.5, decay_steps=10, "
        "decay_rate=0.9), momentum=0.9, nesterov=True)"
    )
