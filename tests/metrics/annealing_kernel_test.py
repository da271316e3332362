"""Transitions against the densities that they must leave alone."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp

from keras_ot_gans.metrics.annealing_kernel import RandomStepHMC


def test_normal_states_stay_normal():
    scale = np.array([1.0, 0.1], np.float32)

    def log_prob(z):
        return -tf.reduce_sum((z / scale) ** 2, axis=-1) / 2

    kernel = RandomStepHMC(log_prob, (0.01, 1.5), leapfrog_steps=3)
    start = tf.constant(np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32))
    state = start * scale
    results = kernel.bootstrap_results(state)
    for step in range(3):
        state, results = kernel.one_step(state, results, seed=tf.constant([7, step]))
    assert 0.3 < float(tf.reduce_mean(tf.cast(results.is_accepted, tf.float32))) < 0.95
    for values in (state / scale).numpy().T:
        # A test that a right kernel fails once in a thousand seeds.
        assert scipy.stats.kstest(values, "norm").pvalue > 1e-3
    assert float(tf.reduce_max(tf.abs(state - start * scale))) > 0.5  # they did move


def test_seed_decides_the_move():
    kernel = RandomStepHMC(lambda z: -tf.reduce_sum(z**2, -1) / 2, (0.1, 0.5), 2)
    state = tf.zeros([3, 5, 2])
    results = kernel.bootstrap_results(state)
    first, _ = kernel.one_step(state, results, seed=tf.constant([1, 2]))
    second, _ = kernel.one_step(state, results, seed=tf.constant([1, 2]))
    other, _ = kernel.one_step(state, results, seed=tf.constant([1, 3]))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (3, 5, 2) and float(tf.reduce_min(tf.abs(first - other))) > 0


@pytest.mark.parametrize("fresh", [True, False])
def test_few_temperatures_are_unbiased_unless_old_densities_are_kept(fresh):
    """With x = 3, noise 0.5: p(x) = N(3; 0, 1.25), and five temperatures only."""
    chains = 200_000

    def prior(z):
        return -tf.reduce_sum(z**2, axis=-1) / 2

    def joint(z):
        return prior(z) - (3.0 - z[:, 0]) ** 2 / 0.5

    def kernel(density):
        if fresh:
            return RandomStepHMC(density, (0.5, 0.5), 3)
        return tfp.mcmc.HamiltonianMonteCarlo(density, 0.5, 3)

    @tf.function
    def log_weights():
        start = tf.random.stateless_normal([chains, 1], [0, 1])
        return tfp.mcmc.sample_annealed_importance_chain(
            5, prior, joint, start, kernel, seed=[0, 2]
        )[1]

    weights = np.exp(log_weights().numpy().astype(float))
    # Without its constant, N(3; z, 0.25) integrates to N(3; 0, 1.25) * sqrt(2 pi 0.25).
    expected = scipy.stats.norm(0, np.sqrt(1.25)).pdf(3.0) * np.sqrt(2 * np.pi * 0.25)
    error = weights.std() / np.sqrt(chains)
    assert error < 0.02 * expected
    if fresh:
        assert abs(weights.mean() - expected) < 5 * error
    else:  # why `RandomStepHMC` computes the density anew
        assert weights.mean() < expected - 10 * error
