"""The best of several candidates against the law of a maximum."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_ot_gans.samplers import PlainSampler, TopKSampler
from tests.samplers import gaussian_targets as gaussian
from tests.samplers.gaussian_targets import P_VALUE, p_value


@pytest.mark.parametrize("candidates", [2, 3, 10])
def test_best_of_candidates_is_their_maximum(candidates):
    sampler = TopKSampler(
        lambda z: z, lambda x: x**3, latent_dim=1, candidates=candidates, batch_size=2500
    )
    samples = sampler.sample(10_000)
    assert p_value(samples, lambda x: scipy.stats.norm.cdf(x) ** candidates) > P_VALUE


def test_label_reaches_generator_and_critic():
    # Candidates of label 0 are better the smaller they are, those of label 2 the larger.
    signs = np.array([-1.0, 0.0, 1.0], "float32")
    sampler = TopKSampler(
        gaussian.generator_of_labels,
        lambda inputs: inputs[0][:, 0] * tf.gather(signs, inputs[1]),
        latent_dim=1,
        labels=gaussian.LABELS,
        batch_size=2500,
    )
    labels = np.tile([0, 2], 5000)
    samples = sampler.sample(10_000, labels=labels)
    least = samples[labels == 0] - gaussian.SHIFTS[0]
    assert p_value(-least, lambda x: scipy.stats.norm.cdf(x) ** 2) > P_VALUE
    largest = samples[labels == 2] - gaussian.SHIFTS[2]
    assert p_value(largest, lambda x: scipy.stats.norm.cdf(x) ** 2) > P_VALUE


def test_one_candidate_is_the_plain_sampler():
    given = (lambda z: 2.0 * z, lambda x: x[:, 0])
    sampler = TopKSampler(*given, latent_dim=2, candidates=1, batch_size=8)
    plain = PlainSampler(*given, latent_dim=2, batch_size=8).sample(20, seed=3)
    np.testing.assert_array_equal(sampler.sample(20, seed=3), plain)


def test_candidates_must_be_a_number():
    for wrong, error in ((0, ValueError), (0.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match="`candidates` must be an integer of at least 1"):
            TopKSampler(lambda z: z, lambda x: x, latent_dim=1, candidates=wrong)


def test_the_card_is_what_makes_the_sampler_again():
    made = TopKSampler(lambda z: z, lambda x: x, latent_dim=1, candidates=3)
    assert made.describe() == "top_k(candidates=3)" and made.settings() == {"candidates": 3}
    assert TopKSampler(lambda z: z, lambda x: x, latent_dim=1, **made.settings()).candidates == 3


def test_one_value_that_is_not_finite_is_enough():
    # Of 2 x 50 candidates, one in six is beyond 1: the rest are finite, and the best of them.
    sampler = TopKSampler(
        lambda z: z, lambda x: tf.where(x[:, 0] > 1.0, np.nan, x[:, 0]), latent_dim=1, batch_size=50
    )
    with pytest.raises(ValueError, match="`critic` must give finite values"):
        sampler.sample(5)
