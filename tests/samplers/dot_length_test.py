"""Latents of discriminator optimal transport stay near their sphere, with every optimizer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.samplers import DOTSampler


def hill(x):
    return -tf.reduce_sum((x - 3.0) ** 2, axis=1) / 2.0


def identity(z):
    return z


def test_corrected_projection_keeps_the_length_of_latents_to_first_order():
    z = np.random.default_rng(0).normal(size=(4, 128)).astype("float32")
    lengths = {}
    for projection in ("corrected", "paper", "none"):
        sampler = DOTSampler(
            identity, hill, latent_dim=128, updates=1, k_eff=10.0, batch_size=4,
            projection=projection,
        )  # fmt: skip
        moved = sampler.transport(z).latents
        lengths[projection] = np.linalg.norm(moved, axis=1) / np.linalg.norm(z, axis=1) - 1
    # Second order: (rate |g| / |z|)^2 / 2 with rate 0.01, |g| about 4 and |z| about 11.
    np.testing.assert_allclose(lengths["corrected"], 0.0, atol=2e-5)
    # The gradient along z is about |z| / k = 1.1, 1e-3 of the length for a step of 0.01.
    assert (np.abs(lengths["none"]) > 2e-4).all()
    # sqrt(d) instead of |z|^2 turns it round, 1 - |z|^2 / sqrt(d) = -10 times.
    of_z = np.sum(z**2, axis=1)
    expected = lengths["none"] * (1 - of_z / np.sqrt(128))
    # The second order of the tangential part, "corrected" above, is in both lengths of the line
    # before: 2.5e-6 and ten times as much. Twice that is still 1 % of the smallest.
    np.testing.assert_allclose(lengths["paper"], expected, rtol=0, atol=5e-5)


STEPS = {
    "sgd": (lambda: keras.optimizers.SGD(0.1), 0.01),
    "momentum": (lambda: keras.optimizers.SGD(0.01, momentum=0.9), 0.01),
    "nesterov": (lambda: keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True), 0.01),
    "adam": (lambda: keras.optimizers.Adam(0.01, beta_1=0.0, beta_2=0.9), 0.005),
    "rmsprop": (lambda: keras.optimizers.RMSprop(0.01), 0.005),
    "lion": (lambda: keras.optimizers.Lion(0.01), 0.005),
}


@pytest.mark.parametrize("kind", STEPS)
def test_every_step_is_tangent_whatever_the_optimizer(kind):
    make, farthest = STEPS[kind]
    sampler = DOTSampler(
        identity, hill, latent_dim=128, updates=32, optimizer=make(), k_eff=10.0, batch_size=8
    )
    path = sampler.draw_along(keras.random.SeedGenerator(0), None, range(33))
    path = np.stack(path).astype("float64")
    steps = np.sum(np.diff(path, axis=0) ** 2, axis=2)
    assert (steps > 1e-5).all()
    # Pythagoras, at each step: the squared length grows by the step's, and by nothing else.
    # float32: 128 coordinates of size 1, rounded by 6e-8: 1e-5 if all err alike.
    grown = np.diff(np.sum(path**2, axis=2), axis=0)
    np.testing.assert_allclose(grown, steps, rtol=0, atol=1e-5)
    # Without it, Adam's mean length grew by 3 %, momentum's by 5 %.
    length = np.linalg.norm(path, axis=2)
    np.testing.assert_allclose(length[-1] / length[0], 1.0, rtol=0, atol=farthest)
