"""Metropolis-Hastings chains against their targets."""

import keras
import numpy as np
import pytest
import scipy.stats

from keras_ot_gans.samplers import Calibration, MetropolisHastingsSampler
from tests.samplers import gaussian_targets as gaussian
from tests.samplers.gaussian_targets import P_VALUE, TARGET, p_value

REAL = np.asarray(gaussian.log_ratio(TARGET.rvs((500, 1), random_state=0)))


def chains(critic=gaussian.log_ratio, **kwargs):
    # The largest ratio is 2, so that 30 steps leave (1 - 1 / 2)^30 of the start.
    kwargs = {"latent_dim": 1, "batch_size": 2500, "length": 30} | kwargs
    return MetropolisHastingsSampler(gaussian.generator, critic, **kwargs)


@pytest.mark.parametrize("real_scores", [None, REAL], ids=["generated", "real"])
def test_chains_end_at_the_target(real_scores):
    assert p_value(chains(real_scores=real_scores).sample(10_000), TARGET) > P_VALUE


def test_chain_of_one_step_from_a_real_sample_is_not_there_yet():
    # The start is at the target but is not returned: the first accepted sample is not.
    assert p_value(chains(real_scores=REAL, length=1).sample(10_000), TARGET) < 1e-6


@pytest.mark.parametrize("initial", ["generated", "real"])
def test_labels_have_their_own_targets(initial):
    starts = {}
    if initial == "real":
        y = np.repeat([0, 1, 2], 200)
        x = scipy.stats.norm.rvs(gaussian.MEANS[y], gaussian.STDS[y], random_state=0)[:, None]
        scores = gaussian.log_ratio_of_labels([x.astype("float32"), y])
        starts = {"real_scores": scores, "real_labels": y}
    sampler = MetropolisHastingsSampler(
        gaussian.generator_of_labels,
        gaussian.log_ratio_of_labels,
        latent_dim=1,
        labels=gaussian.LABELS,
        batch_size=2500,
        length=40,
        **starts,
    )
    gaussian.assert_target_given_labels(sampler)


def test_acceptance_rate_is_that_of_the_stationary_chain():
    rng = np.random.default_rng(0)
    # From a sample of the target to one of the generator, by 10^6 draws: standard error 4e-4.
    here = TARGET.rvs((1_000_000, 1), random_state=rng).astype("float32")
    there = gaussian.generator(rng.standard_normal((1_000_000, 1), "float32"))
    ratio = np.exp(gaussian.log_ratio(there) - gaussian.log_ratio(here))
    sampler = chains(real_scores=REAL)
    assert np.isnan(sampler.acceptance_rate)
    sampler.sample(10_000)
    # 300,000 steps in chains that forget within a few: below 0.002; and restarts, 1 in 10^6.
    np.testing.assert_allclose(sampler.acceptance_rate, np.minimum(ratio, 1).mean(), atol=5e-3)


def test_chain_that_never_leaves_its_real_sample_restarts_at_a_generated_one():
    sampler = chains(lambda x: 0.0 * x, real_scores=[1e6], batch_size=100, length=4)
    samples = sampler.sample(200)
    # No move away from the real sample, then every move of the restart.
    assert sampler.acceptance_rate == 0.5
    assert p_value(samples, scipy.stats.norm(gaussian.SHIFT, gaussian.SCALE)) > P_VALUE
    sampler = chains(lambda x: 0.0 * x, real_scores=[-1e6], batch_size=100, length=4)
    sampler.sample(200)
    assert sampler.acceptance_rate == 1.0


def test_only_the_chains_that_never_moved_restart():
    # Half of the labels start at a sample that is never left.
    sampler = MetropolisHastingsSampler(
        gaussian.generator_of_labels,
        lambda inputs: 0.0 * inputs[0],
        latent_dim=1,
        labels=gaussian.LABELS,
        batch_size=100,
        length=3,
        real_scores=[1e6, 0.0, 0.0],
        real_labels=[0, 1, 2],
    )
    sampler.sample(100, labels=np.tile([0, 1], 50))
    # 50 chains of 3 moves, 50 of none and 3 after the restart.
    np.testing.assert_allclose(sampler.acceptance_rate, 300 / 450, rtol=1e-12)


def test_calibration_is_applied_to_proposals_and_starts():
    calibrated = chains(
        lambda x: 2.0 * gaussian.log_ratio(x),
        calibration=Calibration(0.5),
        real_scores=2.0 * REAL,
    )
    np.testing.assert_array_equal(calibrated.sample(50), chains(real_scores=REAL).sample(50))


def test_bad_input_is_named():
    with pytest.raises(
        ValueError, match="`length` must be an integer of at least 1. Received: length=0"
    ):
        chains(length=0)
    with pytest.raises(TypeError, match="`length` must be .* Received: length=2.5"):
        chains(length=2.5)
    with pytest.raises(TypeError, match="`calibration` must be .* Received: 'logistic'"):
        chains(calibration="logistic")
    with pytest.raises(ValueError, match="`real_scores` must be finite numbers"):
        chains(real_scores=[np.nan])
    with pytest.raises(ValueError, match="`real_labels` must be None for this generator"):
        chains(real_scores=[0.0], real_labels=[1])
    given = (gaussian.generator_of_labels, gaussian.log_ratio_of_labels)
    kwargs = {"latent_dim": 1, "labels": gaussian.LABELS, "real_scores": [0.0, 1.0]}
    with pytest.raises(ValueError, match="`real_labels` must be given for this generator"):
        MetropolisHastingsSampler(*given, **kwargs)
    with pytest.raises(ValueError, match="`real_labels` must hold one label per score, 2"):
        MetropolisHastingsSampler(*given, **kwargs, real_labels=[0])
    sampler = MetropolisHastingsSampler(*given, **kwargs, real_labels=[0, 1])
    with pytest.raises(ValueError, match=r"a sample of each label.* Received: none of \[2\]"):
        sampler.sample(3, labels=[0, 2, 1])


def test_settings_name_the_start():
    starts = [chains(real_scores=scores).settings()["initial"] for scores in (REAL, REAL + 1.0)]
    assert all(start.startswith("real #") for start in starts)
    assert starts[0] != starts[1]  # samples of another law
    assert chains().describe() == (
        "metropolis_hastings(length=30, initial=generated, calibration=none)"
    )


def test_values_that_are_not_finite_are_said():
    sampler = MetropolisHastingsSampler(
        lambda z: z, lambda x: keras.ops.log(x[:, 0]), latent_dim=1, length=5, batch_size=50
    )
    with pytest.raises(ValueError, match="`critic` must give finite values"):
        sampler.sample(5)
