"""Truncated latents against SciPy's truncated normal."""

import numpy as np
import pytest
import scipy.stats

from keras_ot_gans.ops import Normal, Uniform
from keras_ot_gans.samplers import TruncationSampler
from tests.samplers.gaussian_targets import P_VALUE, p_value


def truncation(**kwargs):
    return TruncationSampler(lambda z: z, latent_dim=1, batch_size=2500, **kwargs)


@pytest.mark.parametrize("t", [0.04, 0.7, 2.0, 10.0])
def test_normal_prior_is_the_truncated_normal(t):
    samples = truncation(threshold=t).sample(10_000, seed=2)
    assert p_value(samples, scipy.stats.truncnorm(-t, t)) > P_VALUE
    assert np.isfinite(samples).all() and np.abs(samples).max() <= t
    # One of 5,000 on each side lies this near the threshold, or of the prior's tail beyond 3.
    assert samples.max() > min(0.99 * t, 3.0) and samples.min() < -min(0.99 * t, 3.0)


@pytest.mark.parametrize("t", [0.25, 1.0])
def test_uniform_prior_shrinks_about_its_centre(t):
    samples = truncation(threshold=t, prior=Uniform(1.0, 5.0)).sample(10_000)
    assert p_value(samples, scipy.stats.uniform(3.0 - 2.0 * t, 4.0 * t)) > P_VALUE
    assert 3.0 - 2.0 * t <= samples.min() and samples.max() <= 3.0 + 2.0 * t


def test_bad_thresholds_and_priors_are_named():
    with pytest.raises(ValueError, match="`threshold` must be positive. Received: threshold=0"):
        truncation(threshold=0)
    with pytest.raises(ValueError, match="at most 1 for a uniform prior.*threshold=1.5"):
        truncation(threshold=1.5, prior=Uniform())

    class Other:
        sample = Normal.sample

    with pytest.raises(TypeError, match="`prior` must be .* Received: Other"):
        truncation(prior=Other())
