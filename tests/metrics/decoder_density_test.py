"""Densities of generators against SciPy; generators without one."""

import keras
import numpy as np
import pytest
import scipy.stats

from keras_ot_gans import layers, networks
from keras_ot_gans.metrics import annealed_log_likelihood, decoder_log_density

RNG = np.random.default_rng(0)


def gaussian_generator(data_dim=2, as_list=False):
    z = keras.Input((3,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(8, activation="tanh")(z))
    parameters = keras.layers.Dense(2 * data_dim)(hidden)
    return keras.Model([z] if as_list else z, parameters)


@pytest.mark.parametrize("as_list", [False, True])
def test_decoder_density_is_scipys(as_list):
    generator = gaussian_generator(as_list=as_list)
    x, z = RNG.normal(size=(6, 2)).astype("float32"), RNG.normal(size=(6, 3)).astype("float32")
    log_density = decoder_log_density(generator, data_dim=2)
    # The statistics of the batch norm are those of inference: 0 and 1, epsilon 1e-3.
    parameters = keras.ops.convert_to_numpy(generator([z] if as_list else z, training=False))
    mean, log_variance = parameters[:, :2], parameters[:, 2:]
    expected = scipy.stats.norm(mean, np.exp(log_variance / 2)).logpdf(x).sum(axis=1)
    np.testing.assert_allclose(log_density(x, z), expected, rtol=1e-5)  # float32
    # A point may have axes of its own.
    of_images = decoder_log_density(gaussian_generator(4), data_dim=4)
    assert of_images(RNG.normal(size=(6, 2, 2, 1)), z).shape == (6,)


def test_decoder_density_gives_the_marginal():
    # Mean 2 z + 1 and variance 0.25: p(x) = N(1, 4.25).
    z = keras.Input((1,))
    generator = keras.Model(z, keras.layers.Dense(2)(z))
    generator.set_weights([np.array([[2.0, 0.0]]), np.array([1.0, np.log(0.25)])])
    x = np.array([[1.0], [4.0], [-3.0]])
    found = annealed_log_likelihood(
        x, decoder_log_density(generator, 1), 1, temperatures=200, chains=100
    )
    truth = scipy.stats.norm(1, np.sqrt(4.25)).logpdf(x[:, 0])
    assert found.standard_error.max() < 0.1
    assert np.abs((found.log_likelihood - truth) / found.standard_error).max() < 4.5


def test_a_generator_with_its_noise_inside_is_unwrapped():
    inner = gaussian_generator()
    x, z = RNG.normal(size=(6, 2)).astype("float32"), RNG.normal(size=(6, 3)).astype("float32")
    found = decoder_log_density(networks.gaussian_generator(inner), data_dim=2)(x, z)
    np.testing.assert_array_equal(found, decoder_log_density(inner, data_dim=2)(x, z))


def implicit_generator():
    z, noise = keras.Input((3,), name="z"), keras.Input((7, 7, 1), name="noise_1")
    flat = keras.layers.Flatten()(noise)
    return keras.Model([z, noise], keras.layers.Dense(4)(keras.layers.Concatenate()([z, flat])))


def of_one_latent():
    return networks.implicit_generator(implicit_generator())


def of_one_latent_for_images():
    return networks.implicit_generator(networks.age_stacked_mnist_generator(width=2))


def inside_another():
    return keras.Sequential([keras.Input((52,)), of_one_latent(), keras.layers.Dense(4)])


def gaussian_of_an_implicit():
    return networks.gaussian_generator(of_one_latent())


def noise_of_its_own():
    z = keras.Input((3,))
    maps = [keras.layers.Reshape((1, 1, 4))(keras.layers.Dense(4)(z)), keras.ops.ones((1, 1, 1, 1))]
    return keras.Model(z, keras.layers.Flatten()(layers.NoiseInjection()(maps)))


def deterministic_generator():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


def image_generator():
    return keras.Sequential([keras.Input((4,)), keras.layers.Reshape((2, 2, 1))])


@pytest.mark.parametrize(
    ("make", "data_dim", "error", "message"),
    [
        (implicit_generator, 2, ValueError, r"2 inputs, \['z', 'noise_1'\]: an implicit generator"),
        (of_one_latent, 2, ValueError, r"\['code', 'noise_0'\]: an implicit generator"),
        (of_one_latent_for_images, 28 * 28 * 3, ValueError, "noise_2.*: an implicit generator"),
        (inside_another, 2, ValueError, ": an implicit generator"),
        (gaussian_of_an_implicit, 2, ValueError, ": an implicit generator"),
        (noise_of_its_own, 2, ValueError, ": an implicit generator"),
        (deterministic_generator, 2, ValueError, "a deterministic generator has no density"),
        (deterministic_generator, 3, ValueError, r"Gaussian parameters \(B, 6\).*\(None, 2\)"),
        (image_generator, 2, ValueError, r"Received: outputs of shapes \[\(None, 2, 2, 1\)\]"),
        (gaussian_generator, 0, ValueError, "`data_dim` must be a positive int"),
        (gaussian_generator, 1.5, ValueError, "`data_dim` must be a positive int"),
        (lambda: np.tanh, 2, TypeError, "`generator` must be a functional or sequential"),
        (lambda: keras.Sequential([keras.layers.Dense(4)]), 2, TypeError, "that is built"),
    ],
)
def test_generators_without_a_density_are_refused(make, data_dim, error, message):
    with pytest.raises(error, match=message):
        decoder_log_density(make(), data_dim)
