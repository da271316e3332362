import keras
import numpy as np
import ot
import pytest
import tensorflow as tf

from keras_ot_gans import divergences, models, ops
from tests import oracles
from tests.models.cases import critic, generator
from tests.models.harness import weights

RATE = 1e-3
X = np.random.default_rng(0).normal(size=(10, 1)).astype("float32")


def model_of(divergence, output_dim=1, **kwargs):
    keras.utils.set_random_seed(0)
    model = models.MinimumDistanceModel(generator(output_dim), divergence, seed=1, **kwargs)
    model.compile({"generator": keras.optimizers.SGD(RATE)}, run_eagerly=True)
    return model


def test_step_is_gradient_descent_on_the_divergence():
    model, twin = (model_of(divergences.wasserstein_1d, num_fake=7) for _ in range(2))
    logs = model.train_step(X)
    z = ops.Normal().sample((7, 3), keras.random.SeedGenerator(1))
    with tf.GradientTape() as tape:
        loss = divergences.wasserstein_1d(X, twin.generator(z))
    slopes = tape.gradient(loss, twin.generator.trainable_variables)
    pairs = zip(model.variables_of("generator"), twin.variables_of("generator"), strict=True)
    for (new, v), g in zip(pairs, slopes, strict=True):
        # One float32 rounding of weights of order 1.
        np.testing.assert_allclose(new, v - RATE * g, rtol=0, atol=3e-7)
    exact = ot.emd2_1d(X, twin.generator(z).numpy(), metric="sqeuclidean")
    np.testing.assert_allclose(logs["generator_loss"], exact, rtol=1e-5)


def test_fixed_features_are_compared_and_stand_still():
    features = critic(batch_norm=True)
    before = weights(features.variables)
    seen = []

    def divergence(real, fake, seed):
        seen.append((real.shape, fake.shape))
        return divergences.SlicedWasserstein(4)(real, fake, seed)

    model = model_of(divergence, 2, features=features, num_fake=6)
    model.train_step(np.zeros((9, 2), "float32"))
    assert seen == [((9, 5), (6, 5))]
    for a, b in zip(before, weights(features.variables), strict=True):
        np.testing.assert_array_equal(a, b)
    assert set(model.networks) == {"generator"}


@pytest.mark.parametrize("num_fake", [1, 7])
def test_other_number_of_fakes_where_sizes_are_unknown(num_fake):
    # `fit` of an array leaves the batch axis unknown; the value must not come from broadcasting.
    model = model_of(divergences.wasserstein_1d, num_fake=num_fake)
    model.compile({"generator": keras.optimizers.SGD(0.0)})
    history = model.fit(X, batch_size=10, shuffle=False, verbose=0).history
    z = ops.Normal().sample((num_fake, 3), keras.random.SeedGenerator(1))
    exact = ot.emd2_1d(X, model.generator(z).numpy(), metric="sqeuclidean")
    np.testing.assert_allclose(history["generator_loss"], [exact], rtol=1e-5)


def test_learns_a_normal_on_the_line():
    # Enough to halve W2^2 twice; a longer run is the business of the experiments.
    x = (0.5 * np.random.default_rng(0).normal(size=(64, 1)) + 2.0).astype("float32")
    model = model_of(divergences.wasserstein_1d)
    model.compile({"generator": keras.optimizers.Adam(0.02)})
    losses = model.fit(x, batch_size=64, epochs=40, verbose=0).history["generator_loss"]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) / 4


def test_gradient_reaches_the_generator_through_the_features():
    features = critic()
    x = np.random.default_rng(1).normal(size=(6, 2))

    def total(y):
        return divergences.sliced_wasserstein(
            features(x), features(tf.cast(y, "float32")), np.eye(5, dtype="float32")
        )

    y = np.random.default_rng(2).normal(size=(6, 2)).astype("float32")
    (slope,) = oracles.gradient(total, y)
    # Float32 forward passes: differences over 1e-2 are good to 1e-7 / 1e-2 plus curvature.
    np.testing.assert_allclose(slope, oracles.finite_differences(total, y, 1e-2), atol=2e-3)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="`num_fake` must be None or at least 1. Received: 0"):
        model_of(divergences.wasserstein_1d, num_fake=0)
    with pytest.raises(ValueError, match="`generator_steps` must be at least 1"):
        model_of(divergences.wasserstein_1d, generator_steps=0)
