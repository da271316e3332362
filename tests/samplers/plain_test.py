"""The plain sampler; what all samplers share is in `sampler_test` and `every_sampler_test`."""

import keras
import numpy as np
import pytest

from keras_ot_gans.ops import Normal, Uniform
from keras_ot_gans.samplers import PlainSampler


@pytest.mark.parametrize("prior", [Normal(), Uniform(), Uniform(0.0, 2.0)])
def test_samples_are_what_the_generator_makes_of_the_prior(prior):
    sampler = PlainSampler(lambda z: 2.0 * z, latent_dim=3, prior=prior, batch_size=4)
    stream = keras.random.SeedGenerator(7)
    z = np.concatenate([prior.sample((4, 3), stream) for _ in range(3)])
    np.testing.assert_array_equal(sampler.sample(10, seed=7), 2.0 * z[:10])


def test_the_card_has_no_settings():
    assert PlainSampler(lambda z: z, latent_dim=1).describe() == "plain()"
