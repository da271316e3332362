import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_ot_gans import divergences
from tests import oracles
from tests.divergences import linear_gaussian as pair

RNG = np.random.default_rng(3)
X = RNG.normal(size=(5, 3))
MEAN, LOG_VARIANCE = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3))
PARAMETERS = np.concatenate([MEAN, LOG_VARIANCE], axis=1)


# --- densities and draws ---


def test_log_density_by_scipy():
    logs = scipy.stats.norm.logpdf(X, MEAN, np.exp(LOG_VARIANCE / 2.0))
    found = divergences.gaussian_log_density(X, PARAMETERS)
    assert found.shape == (5,)
    np.testing.assert_allclose(found, logs.sum(1), rtol=1e-13)


def test_other_axes_are_kept():
    found = divergences.gaussian_log_density(X.reshape(1, 5, 3), PARAMETERS.reshape(1, 5, 6))
    assert found.shape == (1, 5)
    np.testing.assert_allclose(found[0], divergences.gaussian_log_density(X, PARAMETERS))
    alone = divergences.gaussian_kl_to_prior(PARAMETERS[0])
    np.testing.assert_allclose(alone, divergences.gaussian_kl_to_prior(PARAMETERS)[0])


def test_draws_have_the_mean_and_deviation():
    noise = RNG.normal(size=(5, 3))
    expected = MEAN + np.sqrt(np.exp(LOG_VARIANCE)) * noise
    np.testing.assert_allclose(divergences.gaussian_sample(PARAMETERS, noise), expected, rtol=1e-14)


def test_kl_by_tensorflow_probability():
    import tensorflow_probability as tfp

    normal = tfp.distributions.MultivariateNormalDiag
    kl = tfp.distributions.kl_divergence(
        normal(MEAN, np.exp(LOG_VARIANCE / 2.0)), normal(np.zeros((5, 3)), np.ones((5, 3)))
    )
    found = divergences.gaussian_kl_to_prior(PARAMETERS)
    np.testing.assert_allclose(found, kl, rtol=1e-13)


def test_kl_keeps_its_digits_near_the_prior_in_float32():
    # (e^v - 1 - v) / 2 = v^2 / 4 + v^3 / 12; in float32 e^v - 1 is known to 6e-8 of v = 1e-2.
    found = divergences.gaussian_kl_to_prior(np.array([[0.0, 1e-2]], "float32"))
    np.testing.assert_allclose(found, [1e-4 / 4 + 1e-6 / 12], rtol=1e-4)
    assert divergences.gaussian_kl_to_prior(np.zeros((1, 4), "float32"))[0] == 0.0


def test_gradients_by_finite_differences():
    def value(p):
        return tf.reduce_sum(
            divergences.gaussian_log_density(X, p) + divergences.gaussian_kl_to_prior(p)
        )

    (found,) = oracles.gradient(value, PARAMETERS)
    slopes = oracles.finite_differences(value, PARAMETERS)
    # Central differences in float64: 1e-9 of values around 10.
    np.testing.assert_allclose(found, slopes, rtol=1e-7, atol=1e-7)


def test_half_precision_is_widened():
    halves = tf.cast(PARAMETERS, "float16")
    for found in (
        divergences.gaussian_log_density(tf.cast(X, "float16"), halves),
        divergences.gaussian_kl_to_prior(halves),
        divergences.gaussian_sample(halves, tf.cast(X, "float16")),
    ):
        assert found.dtype == "float32"


# --- eqs. 5 and 8 on the linear Gaussian pair ---


def network_outputs(encoder, generator):
    """Data, parameters of `p_e(z | x)`, and of `p_g(x | z)` at a draw, on the grid of noise."""
    x = pair.M + pair.S * pair.U
    z_parameters = np.stack([encoder[0] * x + encoder[1], 0.0 * x + 2.0 * encoder[2]], axis=1)
    z = divergences.gaussian_sample(z_parameters, pair.V[:, None])
    mean = generator[0] * z[:, 0] + generator[1]
    x_parameters = tf.stack([mean, 0.0 * mean + 2.0 * generator[2]], axis=1)
    return x[:, None], z_parameters, x_parameters


def expected_over_grid(function, arguments):
    """`E` of a loss that is a mean over a batch: each point of the grid as a batch of one."""
    arguments = [tf.convert_to_tensor(a)[:, None] for a in arguments]
    losses = tf.vectorized_map(lambda row: function(*row), tuple(arguments))
    return np.sum(pair.WEIGHTS * losses)


def cycle_by_integration(encoder, generator):
    """Eq. 5 negated, as an integral over the plane of (x, z)."""
    axis = np.linspace(-14.0, 14.0, 281)
    x, z = np.meshgrid(axis, axis)
    density = scipy.stats.norm.pdf(x, pair.M, pair.S)
    density *= scipy.stats.norm.pdf(z, encoder[0] * x + encoder[1], np.exp(encoder[2]))
    logs = scipy.stats.norm.logpdf(x, generator[0] * z + generator[1], np.exp(generator[2]))
    return -np.sum(density * logs) * 0.1**2


def test_cycle_consistency_by_integration():
    x, _, x_parameters = network_outputs(pair.ENCODER, pair.GENERATOR)
    found = expected_over_grid(divergences.cycle_consistency, (x, x_parameters))
    expected = cycle_by_integration(pair.ENCODER, pair.GENERATOR)
    # Both sums are exact for Gaussian integrands, up to mass beyond 10 standard deviations.
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_negative_elbo_is_the_joint_divergence_plus_the_entropy_of_the_data():
    """Section 4.1 of the paper: L_VAE = KL(p_e, p_g) - E log p_r."""
    found = expected_over_grid(
        divergences.negative_elbo, network_outputs(pair.ENCODER, pair.GENERATOR)
    )
    entropy = scipy.stats.norm.entropy(pair.M, pair.S)
    np.testing.assert_allclose(found, pair.kl() + entropy, rtol=1e-9)


def test_negative_elbo_has_the_gradient_of_the_joint_divergence():
    def elbo(encoder, generator):
        x, v = tf.constant(pair.M + pair.S * pair.U), tf.constant(pair.V)
        z_mean = encoder[0] * x + encoder[1]
        z_parameters = tf.stack([z_mean, 0.0 * x + 2.0 * encoder[2]], axis=1)
        z = divergences.gaussian_sample(z_parameters, v[:, None])[:, 0]
        mean = generator[0] * z + generator[1]
        x_parameters = tf.stack([mean, 0.0 * x + 2.0 * generator[2]], axis=1)
        per_point = divergences.gaussian_kl_to_prior(z_parameters)
        per_point -= divergences.gaussian_log_density(x[:, None], x_parameters)
        return tf.reduce_sum(pair.WEIGHTS * per_point)

    found = oracles.gradient(elbo, pair.ENCODER, pair.GENERATOR)
    encoder = oracles.finite_differences(lambda phi: pair.kl(encoder=phi), pair.ENCODER)
    generator = oracles.finite_differences(lambda t: pair.kl(generator=t), pair.GENERATOR)
    np.testing.assert_allclose(found[0], encoder, rtol=1e-6)
    np.testing.assert_allclose(found[1], generator, rtol=1e-6)


def test_means_over_a_batch():
    z_parameters = RNG.normal(size=(5, 4))
    logs = scipy.stats.norm.logpdf(X, MEAN, np.exp(LOG_VARIANCE / 2.0)).sum(1)
    cycle = divergences.cycle_consistency(X, PARAMETERS)
    np.testing.assert_allclose(cycle, -logs.mean(), rtol=1e-13)
    mean, log_variance = z_parameters[:, :2], z_parameters[:, 2:]
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1.0 - log_variance).sum(1)
    found = divergences.negative_elbo(X, z_parameters, PARAMETERS)
    np.testing.assert_allclose(found, -logs.mean() + kl.mean(), rtol=1e-13)


# --- errors ---


def test_odd_widths_are_refused():
    for call in (
        lambda p: divergences.gaussian_kl_to_prior(p),
        lambda p: divergences.gaussian_log_density(X, p),
        lambda p: divergences.negative_elbo(X, p, PARAMETERS),
    ):
        for shape in ((5, 3), ()):
            with pytest.raises(
                ValueError, match=r"`parameters` must have an even last axis.*2 k u"
            ):
                call(np.zeros(shape))


@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 6), (1, 3), (5, 1, 3)])
def test_shapes_that_would_broadcast_are_refused(shape):
    with pytest.raises(ValueError, match=r"`x` must have half the width of `parameters`.*\(5, 6\)"):
        divergences.gaussian_log_density(np.zeros(shape), PARAMETERS)
    with pytest.raises(ValueError, match=r"`noise` must have half the width"):
        divergences.gaussian_sample(PARAMETERS, np.zeros(shape))
