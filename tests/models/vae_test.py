"""The ELBO in NumPy, and the one case whose optimum is known."""

import math

import keras
import numpy as np
import pytest

from keras_ot_gans import models, networks
from keras_ot_gans.ops import random


def linear(inputs, outputs, name):
    # Small weights: a log-variance that is linear in x must not begin far out.
    dense = keras.layers.Dense(outputs, kernel_initializer=keras.initializers.RandomNormal(0, 0.1))
    return keras.Sequential([keras.Input((inputs,)), dense], name=name)


def linear_vae(d=1, k=1, seed=0):
    keras.utils.set_random_seed(0)
    return models.VAE(
        networks.gaussian_generator(linear(k, 2 * d, "of_x")),
        networks.gaussian_encoder(linear(d, 2 * k, "of_z")),
        seed=seed,
    )


def compiled(model, rate=0.01):
    model.compile({role: keras.optimizers.Adam(rate) for role in model.networks})
    return model


def test_objective_is_the_negative_elbo():
    vae = linear_vae(d=2, k=3)
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(8, 2)), rng.normal(size=(8, 3))
    weights = [w + rng.normal(size=w.shape).astype("float32") for w in vae.encoder.get_weights()]
    vae.encoder.set_weights(weights)
    loss, parts = vae.objective(x.astype("float32"), noise.astype("float32"), training=False)
    a, b = (w.astype("float64") for w in weights)
    mean, log_variance = np.split(x @ a + b, 2, axis=1)
    z = mean + np.exp(log_variance / 2) * noise
    a, b = (w.astype("float64") for w in vae.generator.get_weights())
    of_x, spread = np.split(z @ a + b, 2, axis=1)
    squares = (x - of_x) ** 2 / np.exp(spread)
    reconstruction = 0.5 * (squares + spread + np.log(2 * np.pi)).sum(1).mean()
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(1).mean()
    expected = {
        "negative_elbo": reconstruction + kl,
        "reconstruction": reconstruction,
        "kl_to_prior": kl,
    }
    found = {name: float(value) for name, value in parts.items()}
    assert found == pytest.approx(expected, rel=1e-5)  # float32
    assert float(loss) == found["negative_elbo"]


def test_a_linear_vae_of_a_gaussian_reaches_the_entropy_of_its_data():
    # p(x) = N(0, 4) is in the family and its posterior too: the optimum is the data's entropy,
    # log(2 pi e 4) / 2 = 2.112.
    x = np.random.default_rng(0).normal(scale=2.0, size=(4000, 1)).astype("float32")
    vae = compiled(linear_vae(), rate=0.02)
    vae.fit(x, batch_size=400, epochs=40, verbose=0)
    found = vae.evaluate(x, batch_size=4000, verbose=0, return_dict=True)["negative_elbo"]
    entropy = 0.5 * math.log(2 * math.pi * math.e * float(x.var()))
    # Above by what is left to train; below by the Monte Carlo error of one draw per point at most.
    assert entropy - 0.03 < found < entropy + 0.05
    # And the samples have the data's spread: standard error of a std over 4,000 is 1.1 %.
    assert vae.sample(4000, seed=0).std() == pytest.approx(x.std(), rel=0.08)


def test_a_round_draws_noise_from_the_models_stream():
    vae, x = compiled(linear_vae(d=2, k=3, seed=5)), np.ones((8, 2), "float32")
    noise = random.normal((8, 3), keras.random.SeedGenerator(5))
    expected = float(vae.objective(x, noise, training=True)[0])
    assert float(vae.train_step(x)["negative_elbo"]) == pytest.approx(expected, rel=1e-6)


def test_teaches():
    plain = linear(1, 1, "plain")
    with pytest.raises(ValueError, match=r"`model` must be Gaussian.*no density"):
        models.VAE(plain, networks.gaussian_encoder(linear(1, 2, "of_z")))
    with pytest.raises(ValueError, match=r"`model` must be Gaussian"):
        models.VAE(networks.gaussian_generator(linear(1, 2, "of_x")), plain)
    with pytest.raises(ValueError, match=r"`encoder` must return the generator's code \(B, 2\)"):
        models.VAE(
            networks.gaussian_generator(linear(2, 2, "of_x")),
            networks.gaussian_encoder(linear(1, 2, "of_z")),
        )
    with pytest.raises(ValueError, match=r"code \(B, 2\).*Received: output of shape \(B, 3\)"):
        models.VAE(
            networks.gaussian_generator(linear(2, 2, "of_x")),
            networks.gaussian_encoder(linear(1, 6, "of_z")),
        )
    with pytest.raises(ValueError, match="`generator_steps` has no meaning"):
        models.VAE(
            networks.gaussian_generator(linear(1, 2, "of_x")),
            networks.gaussian_encoder(linear(1, 2, "of_z")),
            generator_steps=2,
        )
