"""Langevin dynamics against its targets, and against the known law of its discrete steps."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_ot_gans.ops import Normal, Uniform
from keras_ot_gans.samplers import Calibration, LangevinSampler, calibrate
from tests.samplers import gaussian_targets as gaussian
from tests.samplers.gaussian_targets import MEAN, P_VALUE, SCALE, STD, TARGET, p_value

CURVATURE = (SCALE / STD) ** 2  # of the energy of the latents, 3.5


def langevin(critic=gaussian.log_ratio, generator=gaussian.generator, **kwargs):
    kwargs = {"latent_dim": 1, "batch_size": 2500} | kwargs
    return LangevinSampler(generator, critic, **kwargs)


def test_small_steps_draw_from_the_target():
    # The variance is too large by rate * curvature / 4 = 0.9 %, seen at 60,000 samples or more;
    # 400 steps leave exp(-400 * rate * curvature / 2) = 1e-3 of the start.
    assert p_value(langevin(updates=400).sample(10_000), TARGET) > P_VALUE


def test_large_steps_draw_from_their_own_known_law():
    # A normal autoregression: variance 1 / (curvature (1 - rate curvature / 4)) of the latents.
    samples = langevin(updates=50, rate=0.3).sample(10_000)
    known = scipy.stats.norm(MEAN, STD / np.sqrt(1 - 0.3 * CURVATURE / 4))
    assert p_value(samples, known) > P_VALUE and p_value(samples, TARGET) < 1e-6


@pytest.mark.parametrize("temperature", [1.0, 0.25])
def test_adjusted_steps_are_exact_at_any_rate(temperature):
    sampler = langevin(updates=40, rate=0.3, adjusted=True, temperature=temperature, latent_dim=2)
    samples = sampler.sample(10_000)
    for column in samples.T:
        assert p_value(column, scipy.stats.norm(MEAN, STD * temperature**0.5)) > P_VALUE
    assert 0.5 < sampler.acceptance_rate < 0.98  # steps are rejected, and not most of them


def test_acceptance_of_adjusted_steps():
    rng = np.random.default_rng(0)
    rate, z = 0.4, rng.normal(0, 1, 1_000_000)
    # A normal energy of curvature 1, by its definition in NumPy.
    new = z - rate / 2 * z + np.sqrt(rate) * rng.normal(0, 1, 1_000_000)
    pdf = scipy.stats.norm.logpdf
    gain = pdf(new) - pdf(z) + pdf(z, new * (1 - rate / 2), rate**0.5)
    gain -= pdf(new, z * (1 - rate / 2), rate**0.5)
    sampler = langevin(lambda x: 0.0 * x, updates=20, rate=rate, adjusted=True)
    assert np.isnan(sampler.acceptance_rate)
    sampler.sample(10_000)
    # 200,000 steps of standard deviation 0.1, in short chains: 0.001 at most.
    np.testing.assert_allclose(
        sampler.acceptance_rate, np.minimum(np.exp(gain), 1).mean(), atol=3e-3
    )


@pytest.mark.parametrize("adjusted", [False, True])
def test_labels_have_their_own_targets(adjusted):
    sampler = LangevinSampler(
        gaussian.generator_of_labels,
        gaussian.log_ratio_of_labels,
        latent_dim=1,
        labels=gaussian.LABELS,
        batch_size=2500,
        updates=40 if adjusted else 800,
        rate=0.3 if adjusted else 0.02,
        adjusted=adjusted,
    )
    gaussian.assert_target_given_labels(sampler)


@pytest.mark.parametrize("adjusted", [False, True])
def test_uniform_prior_has_the_density_of_the_ratio_within_its_bounds(adjusted):
    # Uniform on [1, 3] times exp(2 x): an exponential, mirrored and truncated. It is reached as
    # exp(-rate * updates * (pi^2 / 4 + 1) / 2) or so: 3e-5. At the wall, small steps err by little.
    sampler = langevin(
        lambda x: 2.0 * x,
        lambda z: z,
        prior=Uniform(1.0, 3.0),
        updates=100 if adjusted else 3000,
        rate=0.2 if adjusted else 0.002,
        adjusted=adjusted,
    )
    samples = sampler.sample(10_000)
    assert 1.0 <= samples.min() and samples.max() <= 3.0
    assert p_value(3.0 - samples, scipy.stats.truncexpon(4.0, scale=0.5)) > P_VALUE


def test_reflection_keeps_a_uniform_density_at_any_rate():
    sampler = langevin(lambda x: 0.0 * x, lambda z: z, prior=Uniform(1.0, 3.0), updates=3, rate=5.0)
    assert p_value(sampler.sample(10_000), scipy.stats.uniform(1.0, 2.0)) > P_VALUE


def test_calibration_is_applied():
    twice = langevin(lambda x: 2.0 * gaussian.log_ratio(x), calibration=Calibration(0.5), updates=5)
    # Twice and half are exact; the order of the gradient's products is not.
    np.testing.assert_allclose(twice.sample(50), langevin(updates=5).sample(50), rtol=1e-5)


def test_calibration_of_steps_has_no_gradient_to_follow():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(1.0, 1.0, 200), rng.normal(0.0, 1.0, 200)
    with pytest.raises(ValueError, match="`calibration` must be a line.*isotonic.*'logistic'"):
        langevin(calibration=calibrate(real, fake, "isotonic"))
    langevin(calibration=calibrate(real, fake, "logistic"))


def test_divergence_is_named():
    with pytest.raises(ValueError, match="`rate` must be small enough.* Received: rate=10.0"):
        langevin(rate=10.0, updates=200).sample(10)
    samples = langevin(rate=10.0, updates=200, adjusted=True).sample(10)
    assert np.isfinite(samples).all()


def test_bad_input_is_named():
    with pytest.raises(
        ValueError, match="`updates` must be an integer of at least 1. Received: updates=0"
    ):
        langevin(updates=0)
    with pytest.raises(ValueError, match="`rate` must be positive. Received: rate=-1"):
        langevin(rate=-1)
    with pytest.raises(ValueError, match="`temperature` must be positive"):
        langevin(temperature=0)

    with pytest.raises(TypeError, match="`updates` must be an integer.* Received: updates=None"):
        langevin(updates=None)
    with pytest.raises(TypeError, match="`calibration` must be .* Received: 'logistic'"):
        langevin(calibration="logistic")

    with pytest.raises(ValueError, match="`critic` and `generator` must be differentiable"):
        langevin(lambda x: tf.stop_gradient(gaussian.log_ratio(x)))  # would sample the prior

    class Other:
        sample = Normal.sample

    with pytest.raises(TypeError, match="`prior` must be .* Received: Other"):
        langevin(prior=Other())


def test_settings_name_every_number():
    assert langevin().describe() == (
        "langevin(updates=1000, rate=0.01, temperature=1.0, adjusted=False, calibration=none)"
    )
