"""Noise as a part of the latent: densities and draws against the networks inside."""

import keras
import numpy as np
import pytest

from keras_ot_gans import layers, networks


def maps_network():
    z, a, b = keras.Input((2,)), keras.Input((2, 2, 1)), keras.Input((3,))
    flat = keras.layers.Flatten()(a)
    return keras.Model([z, a, b], keras.layers.Concatenate()([z, 10 * flat, 100 * b]))


def test_a_gaussian_generator_adds_its_noise_to_the_mean():
    inner = networks.mlp(2, (4,), 6)
    generator = networks.gaussian_generator(inner)
    latents = np.random.default_rng(0).normal(size=(5, 5)).astype("float32")
    mean, log_variance = np.split(inner.predict(latents[:, :2], verbose=0), 2, axis=1)
    expected = mean + np.sqrt(np.exp(log_variance)) * latents[:, 2:]
    np.testing.assert_allclose(generator.predict(latents, verbose=0), expected, rtol=1e-5)


def test_a_gaussian_encoder_does_the_same_with_noise_of_its_own():
    inner = networks.mlp(3, (4,), 4)
    encoder = networks.gaussian_encoder(inner)
    x, noise = (
        np.random.default_rng(s).normal(size=(5, n)).astype("float32") for s, n in ((0, 3), (1, 2))
    )
    mean, log_variance = np.split(inner.predict(x, verbose=0), 2, axis=1)
    expected = mean + np.sqrt(np.exp(log_variance)) * noise
    np.testing.assert_allclose(encoder.predict([x, noise], verbose=0), expected, rtol=1e-5)


def test_implicit_noise_is_cut_from_the_latent_in_the_order_of_the_inputs():
    latents = np.arange(9, dtype="float32")[None]
    expected = [0, 1, 20, 30, 40, 50, 600, 700, 800]
    found = networks.implicit_generator(maps_network()).predict(latents, verbose=0)
    assert found[0].tolist() == expected
    encoder = networks.implicit_encoder(maps_network())
    assert encoder.input_shape == [(None, 2), (None, 7)]
    found = encoder.predict([latents[:, :2], latents[:, 2:]], verbose=0)
    assert found[0].tolist() == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda: networks.gaussian_generator(networks.mlp(2, (4,), 6)),
        lambda: networks.gaussian_encoder(networks.mlp(2, (4,), 6)),
        lambda: networks.implicit_generator(maps_network()),
        lambda: networks.implicit_encoder(maps_network()),
    ],
)
def test_saved_and_loaded_they_are_the_same(make, tmp_path):
    model = make()
    shapes = model.input_shape if isinstance(model.input_shape, list) else [model.input_shape]
    given = [np.random.default_rng(0).normal(size=(3, *s[1:])).astype("float32") for s in shapes]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    given = given if len(given) > 1 else given[0]
    np.testing.assert_array_equal(loaded.predict(given, verbose=0), model.predict(given, verbose=0))


def test_parameters_are_found_again():
    inner = networks.mlp(2, (4,), 6)
    assert networks.gaussian_parameters(networks.gaussian_generator(inner)) is inner


def test_the_code_is_told_from_the_noise(tmp_path):
    of_x, maps = networks.mlp(2, (4,), 6), maps_network()
    for generator, code in (
        (of_x, 2),
        (networks.gaussian_generator(of_x), 2),  # of 5 latents
        (networks.implicit_generator(maps), 2),  # of 9
        (networks.age_mlp_generator(7, 2, (4,), transformation="deterministic"), 7),
    ):
        assert networks.code_dim(generator) == code
        nested = keras.Sequential([keras.Input(generator.input_shape[1:]), generator])
        assert networks.code_dim(nested) == code
        nested.save(tmp_path / "model.keras")
        assert networks.code_dim(keras.saving.load_model(tmp_path / "model.keras")) == code


def test_latents_that_are_cut_into_parts_stay_code_unless_named():
    z = keras.Input((5,))
    parts = [layers.LatentPart(0, (2,))(z), layers.LatentPart(2, (3,))(z)]
    assert networks.code_dim(keras.Model(z, keras.layers.Concatenate()(parts))) == 5
    named = layers.LatentPart(0, (2, 1), name="code")(z)
    assert networks.code_dim(keras.Model(z, named)) == 2


def test_teaches():
    with pytest.raises(ValueError, match=r"`parameters` must return \(B, 2k\)"):
        networks.gaussian_generator(networks.mlp(2, (4,), 5))
    with pytest.raises(ValueError, match="`network` must take inputs for noise"):
        networks.implicit_generator(networks.mlp(2, (4,), 5))
    for model in (networks.mlp(2, (4,), 4), networks.implicit_generator(maps_network()), None):
        with pytest.raises(ValueError, match="has no density"):
            networks.gaussian_parameters(model)
