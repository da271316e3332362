"""The best of several candidates against the law of a maximum."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_ot_gans.samplers import PlainSampler, TopKSampler
from tests.samplers import gaussian_targets as gaussian
from tests.samplers.gaussian_targets import P_VALUE, p_value


@pytest.mark.parametrize(("fraction", "candidates"), [(0.5, 2), (1 / 3, 3), (0.1, 10)])
def test_best_of_candidates_is_their_maximum(fraction, candidates):
    sampler = TopKSampler(
        lambda z: z, lambda x: x**3, latent_dim=1, fraction=fraction, batch_size=2500
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
    sampler = TopKSampler(*given, latent_dim=2, fraction=1, batch_size=8)
    plain = PlainSampler(*given, latent_dim=2, batch_size=8).sample(20, seed=3)
    np.testing.assert_array_equal(sampler.sample(20, seed=3), plain)


@pytest.mark.parametrize("fraction", [0.0, 0.3, 2.0, -0.5])
def test_fraction_must_be_one_over_a_whole_number(fraction):
    with pytest.raises(ValueError, match="`fraction` must be 1 over a whole number"):
        TopKSampler(lambda z: z, lambda x: x, latent_dim=1, fraction=fraction)
