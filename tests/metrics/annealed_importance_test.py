"""Log-likelihoods against a marginal in closed form and against quadrature."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf

from keras_ot_gans.metrics import annealed_log_likelihood

RNG = np.random.default_rng(0)
MATRIX, NOISE = np.array([[1.5, 0.0], [0.5, 1.0], [0.0, -1.0]], np.float32), 0.4


def linear_gaussian(x, z):
    """`x = A z + noise`, so that `p(x) = N(0, A A^T + noise^2 I)`."""
    squares = tf.reduce_sum((x - z @ MATRIX.T) ** 2, axis=1)
    return -squares / (2 * NOISE**2) - 3 * np.log(NOISE * np.sqrt(2 * np.pi))


def test_linear_gaussian_has_its_known_marginal():
    covariance = MATRIX @ MATRIX.T + NOISE**2 * np.eye(3)
    marginal = scipy.stats.multivariate_normal(np.zeros(3), covariance)
    x = marginal.rvs(60, random_state=1)
    found = annealed_log_likelihood(x, linear_gaussian, 2, temperatures=300)
    z = (found.log_likelihood - marginal.logpdf(x)) / found.standard_error
    # 60 errors in units of their estimated standard errors (30 chains, skewed weights):
    assert np.abs(z).max() < 5 and 0.5 < np.sqrt(np.mean(z**2)) < 1.7
    # The mean over points, as tables print it: 5 standard errors, and a bias of -se^2 / 2.
    error = np.sqrt(np.sum(found.standard_error**2)) / 60
    bias = np.mean(found.standard_error**2) / 2
    assert error < 0.03 and bias < 0.03
    np.testing.assert_allclose(
        np.mean(found.log_likelihood - marginal.logpdf(x)), -bias, atol=5 * error
    )


def bimodal(x, z):
    """`x = z^2 + noise`: the posterior of z has two modes, at plus and minus a root."""
    return -((x[:, 0] - z[:, 0] ** 2) ** 2) / (2 * 0.3**2) - np.log(0.3 * np.sqrt(2 * np.pi))


def test_bimodal_posterior_by_quadrature():
    x = np.array([[-0.3], [0.2], [1.0], [2.5], [4.0]])

    def integrand(z, value):
        return scipy.stats.norm.pdf(value, z**2, 0.3) * scipy.stats.norm.pdf(z)

    truth = [
        np.log(scipy.integrate.quad(integrand, -8, 8, args=(v,), points=[-(abs(v) ** 0.5), 0])[0])
        for v in x[:, 0]
    ]
    found = annealed_log_likelihood(x, bimodal, 1, temperatures=300, chains=200)
    assert found.standard_error.max() < 0.1
    z = (found.log_likelihood - truth) / found.standard_error
    assert np.abs(z).max() < 4.5


def test_a_decoder_that_ignores_z_has_equal_weights():
    x = RNG.normal(size=(7, 1))
    found = annealed_log_likelihood(
        x, lambda x, z: -(x[:, 0] ** 2) / 2, latent_dim=3, temperatures=20, chains=4
    )
    # The float32 weight adds up twenty times t - p, a difference of two sums near 5.
    np.testing.assert_allclose(found.log_likelihood, -(x[:, 0] ** 2) / 2, atol=2e-5)
    np.testing.assert_allclose(found.standard_error, 0, atol=1e-5)
    assert found.log_likelihood.dtype == found.standard_error.dtype == np.float64


def test_batches_share_one_trace_and_the_seed_decides():
    traces = []

    def density(x, z):
        traces.append(x.shape)
        return -tf.reduce_sum((x - z) ** 2, axis=1)

    x = RNG.normal(size=(7, 2))
    arguments = {"latent_dim": 2, "temperatures": 5, "chains": 3}
    whole = annealed_log_likelihood(x, density, **arguments)
    in_one = len(traces)
    assert set(map(tuple, traces)) == {(21, 2)}  # rows: chains times points
    traces.clear()
    in_parts = annealed_log_likelihood(x, density, batch_size=3, **arguments)
    assert len(traces) == in_one and set(map(tuple, traces)) == {(9, 2)}
    assert in_parts.log_likelihood.shape == (7,)
    again = annealed_log_likelihood(x, density, **arguments)
    np.testing.assert_array_equal(whole.log_likelihood, again.log_likelihood)
    other = annealed_log_likelihood(x, density, seed=1, **arguments)
    assert np.all(whole.log_likelihood != other.log_likelihood)
    # Batches do not repeat each other's random numbers.
    same = annealed_log_likelihood(np.zeros((4, 2)), density, batch_size=2, **arguments)
    assert len(set(same.log_likelihood)) == 4


def test_xla_estimates_the_same():
    covariance = MATRIX @ MATRIX.T + NOISE**2 * np.eye(3)
    x = RNG.normal(size=(8, 3))
    truth = scipy.stats.multivariate_normal(np.zeros(3), covariance).logpdf(x)
    found = annealed_log_likelihood(x, linear_gaussian, 2, temperatures=200, jit_compile=True)
    assert np.abs((found.log_likelihood - truth) / found.standard_error).max() < 5


def test_one_chain_knows_no_error_and_impossible_points_have_none():
    def half_line(x, z):
        return tf.where(x[:, 0] > 0, -(z[:, 0] ** 2), -np.inf)

    found = annealed_log_likelihood([[1.0], [-1.0]], half_line, 1, temperatures=3, chains=1)
    assert np.isfinite(found.log_likelihood[0]) and found.log_likelihood[1] == -np.inf
    assert (found.standard_error == np.inf).all()


def test_images_keep_their_axes():
    def density(x, z):
        return -tf.reduce_sum((x - z[:, :1, None, None]) ** 2, axis=(1, 2, 3))

    found = annealed_log_likelihood(np.zeros((2, 4, 4, 1)), density, 5, temperatures=4, chains=2)
    assert found.log_likelihood.shape == (2,)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": [1.0]}, ValueError, r"axes \(n, ...\).*Received: shape \(1,\)"),
        ({"x": [[np.inf]]}, ValueError, "`x` must be finite"),
        ({"x": [["a"]]}, TypeError, "`x` must hold real numbers"),
        ({"log_density_of_x_given_z": 3}, TypeError, "must be a function of .* Received: int"),
        ({"latent_dim": 0}, ValueError, "`latent_dim` must be a positive int"),
        ({"temperatures": 0}, ValueError, "`temperatures` must be a positive int"),
        ({"chains": 2.5}, ValueError, "`chains` must be a positive int. Received: chains=2.5"),
        ({"leapfrog_steps": True}, ValueError, "`leapfrog_steps` must be a positive int"),
        ({"batch_size": -1}, ValueError, "`batch_size` must be a positive int"),
        ({"step_size": 0.1}, ValueError, r"or \(0.1, 0.1\) for one size"),
        ({"step_size": (0.5, 0.1)}, ValueError, "`step_size` must be the least and the greatest"),
        ({"step_size": (0.0, 0.1)}, ValueError, "both positive"),
        ({"seed": -1}, ValueError, "`seed` must be >= 0"),
    ],
)
def test_bad_input_is_named(change, error, message):
    arguments = {"x": [[0.0]], "log_density_of_x_given_z": bimodal, "latent_dim": 1} | change
    with pytest.raises(error, match=message):
        annealed_log_likelihood(**arguments)


def test_bad_densities_are_named():
    arguments = {"latent_dim": 1, "temperatures": 2, "chains": 2}
    with pytest.raises(ValueError, match=r"one number per row, shape \(B,\) = \(4,\).*\(4, 1\)"):
        annealed_log_likelihood(np.zeros((2, 1)), lambda x, z: -(z**2), **arguments)
    with pytest.raises(ValueError, match="Received: NaN for 1 of 2 points, the first is row 1"):
        annealed_log_likelihood(
            [[1.0], [-1.0]], lambda x, z: tf.math.log(x[:, 0]) - z[:, 0] ** 2, **arguments
        )
