"""Rejection sampling against its targets, and against its equation in float64."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_ot_gans.samplers import Calibration, PlainSampler, RejectionSampler
from keras_ot_gans.samplers.step_seeds import reserved_stream
from tests.samplers import gaussian_targets as gaussian
from tests.samplers.gaussian_targets import P_VALUE, TARGET, p_value


def rejection(critic=gaussian.log_ratio, **kwargs):
    kwargs = {"latent_dim": 1, "batch_size": 2500} | kwargs
    return RejectionSampler(gaussian.generator, critic, **kwargs)


def burn_in_ratios(critic=gaussian.log_ratio):
    """The burn-in's log ratios, which have a stream of their own."""
    stream = reserved_stream("burn_in")
    plain = PlainSampler(gaussian.generator, latent_dim=1, batch_size=2500)
    x = np.concatenate([gaussian.generator(plain.latents(stream)) for _ in range(4)])
    return np.asarray(critic(x), "float64")


def odds(ratios, epsilon=1e-14):
    """Equation 8 without gamma, as it is written."""
    below = ratios - ratios.max()
    return below - np.log(-np.expm1(below - epsilon))


@pytest.mark.parametrize("seed", [0, 1])
def test_exact_rejection_draws_from_the_target(seed):
    sampler = rejection(percentile=None)
    assert p_value(sampler.sample(10_000, seed), TARGET) > P_VALUE
    # The control: the generator itself is far from the target.
    assert p_value(PlainSampler(gaussian.generator, latent_dim=1).sample(10_000), TARGET) < 1e-20


def test_the_largest_ratio_is_not_of_the_samples_of_seed_0():
    seen = []

    def critic(x):
        if tf.executing_eagerly():
            return gaussian.log_ratio(x)
        return tf.numpy_function(lambda x: seen.append(x) or x[:, 0], [x], tf.float32)

    sampler = rejection(lambda x: tf.ensure_shape(critic(x), (x.shape[0],)), burn_in=5000)
    assert sampler.burned_in and len(seen) == 2
    drawn = PlainSampler(gaussian.generator, latent_dim=1, batch_size=2500).sample(5000)
    burned = np.concatenate(seen)
    # Normals of 24 bits: of 5,000 x 5,000 pairs a few agree by chance, and not the extremes.
    assert len(np.intersect1d(burned, drawn)) < 50 and burned.max() != drawn.max()


def test_acceptance_of_exact_rejection_is_one_over_the_largest_ratio():
    grid = np.linspace(-2, 2, 4001)
    law = scipy.stats.norm(gaussian.SHIFT, gaussian.SCALE)
    expected = 1 / np.max(TARGET.pdf(grid) / law.pdf(grid))
    # Standard error: a probability in [0, 1] averaged over 10,000 draws has at most 0.005; four.
    np.testing.assert_allclose(rejection(percentile=None).acceptance(), expected, atol=0.02)


def test_labels_have_their_own_targets():
    sampler = RejectionSampler(
        gaussian.generator_of_labels,
        gaussian.log_ratio_of_labels,
        latent_dim=1,
        labels=gaussian.LABELS,
        percentile=None,
        batch_size=2500,
    )
    gaussian.assert_target_given_labels(sampler)


def test_percentile_is_of_the_equation_over_the_burn_in():
    found, ratios = rejection().burned_in, burn_in_ratios()
    np.testing.assert_allclose(found.maximum, ratios.max(), rtol=1e-6)
    # float32 ratios lose 1e-7 next to values of 1, and F amplifies that a little.
    np.testing.assert_allclose(
        found.gamma, np.percentile(odds(ratios), 80, method="lower"), rtol=1e-4
    )
    expected = np.mean(1 / (1 + np.exp(found.gamma - odds(ratios))))
    np.testing.assert_allclose(found.acceptance, expected, rtol=1e-4)


@pytest.mark.parametrize("knobs", [{"gamma": 1.0}, {"percentile": 80.0}])
def test_gamma_draws_from_the_density_of_the_equation(knobs):
    sampler = rejection(**knobs)
    grid = np.linspace(-10, 10, 20_001)
    ratios = gaussian.log_ratio(grid[:, None]).numpy().astype("float64")
    shares = 1 / (1 + np.exp(sampler.burned_in.gamma - odds(ratios)))
    law = scipy.stats.norm.pdf(grid, gaussian.SHIFT, gaussian.SCALE) * shares
    cumulative = np.cumsum(law) / np.sum(law)
    assert p_value(sampler.sample(10_000), lambda x: np.interp(x, grid, cumulative)) > P_VALUE


def test_shift_of_the_critic_changes_nothing():
    shifted = rejection(lambda x: gaussian.log_ratio(x) + 64.0).burned_in
    plain = rejection().burned_in
    # Sums near 64 keep 8e-6, and F amplifies that.
    np.testing.assert_allclose(shifted.gamma, plain.gamma, rtol=1e-3)
    np.testing.assert_allclose(shifted.acceptance, plain.acceptance, rtol=1e-3)


def test_constant_critic_accepts_everything_exactly():
    sampler = rejection(lambda x: 0.0 * x, percentile=None, batch_size=50)
    assert sampler.acceptance() == 1.0
    plain = PlainSampler(gaussian.generator, latent_dim=1, batch_size=50)
    np.testing.assert_array_equal(sampler.sample(120, seed=5), plain.sample(120, seed=5))


def test_calibration_is_applied():
    twice = rejection(lambda x: 2.0 * gaussian.log_ratio(x), calibration=Calibration(0.5))
    np.testing.assert_array_equal(twice.sample(50), rejection().sample(50))


def test_what_would_never_end_is_bounded_and_says_what_to_do():
    sampler = rejection(gamma=100.0, max_rounds=3, batch_size=100)
    with pytest.raises(ValueError, match="max_rounds=3, 100 of 100 are missing, acceptance .* Cal"):
        sampler.sample(10)


def test_rare_label_is_bounded_too():
    def critic(inputs):
        return inputs[0][:, 0] * 0.0 - 50.0 * keras.ops.cast(inputs[1] == 2, "float32")

    sampler = RejectionSampler(
        gaussian.generator_of_labels,
        critic,
        latent_dim=1,
        labels=gaussian.LABELS,
        percentile=None,
        max_rounds=5,
    )
    assert sampler.sample(4, labels=[0, 1, 0, 1]).shape == (4, 1)
    with pytest.raises(ValueError, match="max_rounds=5, 25 of 100 are missing"):
        sampler.sample(4, labels=[0, 1, 2, 1])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`percentile` must be in .* Received: percentile=101"):
        rejection(percentile=101)
    with pytest.raises(ValueError, match="`burn_in` must be an integer of at least 1.*burn_in=0"):
        rejection(burn_in=0)
    with pytest.raises(TypeError, match="`burn_in` must be .* Received: burn_in=10000.0"):
        rejection(burn_in=1e4)
    with pytest.raises(ValueError, match="`max_rounds` must be an integer of at least 1"):
        rejection(max_rounds=0)
    with pytest.raises(TypeError, match="`calibration` must be .* Received: 'logistic'"):
        rejection(calibration="logistic")
    for epsilon in (-1e-3, np.nan, np.inf):
        with pytest.raises(ValueError, match="`epsilon` must be finite and not negative"):
            rejection(epsilon=epsilon)
    for gamma in (np.nan, np.inf):
        with pytest.raises(ValueError, match="`gamma` must be finite"):
            rejection(gamma=gamma)
    with pytest.raises(ValueError, match="`critic` must return finite values.* 10000 of 10000"):
        rejection(lambda x: x * np.nan).acceptance()


def test_settings_name_the_mode_and_what_was_measured():
    found = rejection().burned_in
    assert rejection().describe() == (
        "rejection(percentile=80.0, epsilon=1e-14, burn_in=10000, calibration=none, "
        f"measured_maximum={found.maximum:.4g}, measured_gamma={found.gamma:.4g})"
    )
    given = rejection(gamma=0.5).settings()
    assert given["gamma"] == 0.5 and "measured_gamma" not in given
    exact = rejection(percentile=None).settings()
    assert exact["exact"] is True and "epsilon" not in exact


def test_other_laws_have_other_cards():
    cards = {
        rejection(**knobs).describe()
        for knobs in (
            {},
            {"epsilon": 1e-2},
            {"critic": lambda x: 2.0 * gaussian.log_ratio(x)},
            {"gamma": 0.5},
            {"gamma": 0.5, "epsilon": 1e-2},
            {"percentile": None},
            {"percentile": None, "critic": lambda x: 2.0 * gaussian.log_ratio(x)},
        )
    }
    assert len(cards) == 7
