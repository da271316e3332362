"""Neighbours against SciPy's trees, the energy distance against closed forms and quadrature."""

import numpy as np
import pytest
import scipy.integrate
import scipy.spatial
import scipy.special
import scipy.stats

from keras_ot_gans.metrics import aggregate_posterior, latent, nearest_latents

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("cells", [2**23, 700])  # 700: blocks of two queries
@pytest.mark.parametrize("k", [1, 4, 300])
def test_neighbours_are_those_of_a_tree(k, cells, monkeypatch):
    monkeypatch.setattr(latent, "_BLOCK_CELLS", cells)
    queries, references = RNG.normal(size=(37, 6)), RNG.normal(size=(300, 6))
    found = nearest_latents(queries, references, k)
    distances, indices = scipy.spatial.KDTree(references).query(queries, k=[*range(1, k + 1)])
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-12)
    assert found.indices.dtype == np.int64 and found.distances.dtype == np.float64


def test_ties_go_to_the_first_rows_and_copies_are_at_distance_zero():
    references = np.array([[1.0], [-1.0], [3.0], [1.0], [-1.0]])
    found = nearest_latents([[0.0]], references, k=3)
    assert found.indices.tolist() == [[0, 1, 3]]
    far = 1e4 + RNG.normal(size=(20, 8)).astype(np.float32)  # where a product would lose digits
    found = nearest_latents(far, far, k=2)
    np.testing.assert_array_equal(found.indices[:, 0], np.arange(20))
    np.testing.assert_array_equal(found.distances[:, 0], 0.0)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"k": 0}, ValueError, r"`k` must be an int in \[1, 3\], .* Received: k=0"),
        ({"k": 4}, ValueError, r"`k` must be an int in \[1, 3\]"),
        ({"k": 1.5}, ValueError, "`k` must be an int"),
        ({"queries": np.zeros((2, 5))}, ValueError, "must hold samples of the same size"),
        ({"references": np.full((3, 2), np.inf)}, ValueError, "`references` must be finite"),
        ({"queries": np.zeros((0, 2))}, ValueError, "`queries` must hold at least one sample"),
        ({"queries": [["a", "b"]]}, TypeError, "`queries` must hold real numbers"),
    ],
)
def test_bad_latents_are_named(change, error, message):
    arguments = {"queries": np.zeros((2, 2)), "references": np.ones((3, 2)), "k": 1} | change
    with pytest.raises(error, match=message):
        nearest_latents(**arguments)


# --- the aggregate posterior ---


def kummer(radius, k):
    """`E|a - N|` by Kummer's function, where SciPy's is right."""
    ratio = np.exp(scipy.special.gammaln((k + 1) / 2) - scipy.special.gammaln(k / 2))
    return np.sqrt(2) * ratio * scipy.special.hyp1f1(-0.5, k / 2, -(radius**2) / 2)


@pytest.mark.parametrize("k", [1, 2, 8, 90])
def test_mean_distance_to_the_prior_is_kummers_function(k):
    radius = np.concatenate([np.linspace(0, 30, 50), [1e3, 1e4]])
    # Both lose a few of 16 digits.
    found = latent.mean_distance_to_prior(radius**2, k)
    np.testing.assert_allclose(found, kummer(radius, k), rtol=1e-12)


@pytest.mark.parametrize(("k", "radius"), [(100, 8.7), (140, 12.0), (512, 12.0)])
def test_mean_distance_to_the_prior_by_quadrature(k, radius):
    def integrand(t):  # the density of a root of a noncentral chi-square, times t
        return t * 2 * t * scipy.stats.ncx2.pdf(t * t, k, radius**2)

    middle = np.sqrt(k + radius**2)  # the root's standard deviation is about 1
    expected, _ = scipy.integrate.quad(integrand, middle - 12, middle + 12, points=[middle])
    found = latent.mean_distance_to_prior(np.array([radius**2]), k)
    np.testing.assert_allclose(found, expected, rtol=1e-10)  # SciPy's pdf has 12 digits


@pytest.mark.parametrize("k", [1, 3])
def test_energy_distance_of_two_points_by_hand(k):
    a = 1.5
    latents = np.zeros((2, k))
    latents[:, 0] = [-a, a]
    expected = 2 * kummer(a, k) - 2 * a - np.sqrt(2) * kummer(0.0, k)
    result = aggregate_posterior(latents)
    np.testing.assert_allclose(result.energy_distance, expected, rtol=1e-12)
    assert result.mean.tolist() == [0.0] * k
    np.testing.assert_allclose(result.covariance, np.diag([2 * a * a] + [0.0] * (k - 1)))


def test_energy_distance_of_a_shifted_and_scaled_gaussian():
    # On the line |X - Y| of Gaussians is folded normal, so the true value is a closed form.
    mean, std, n = 0.5, 0.7, 4000

    def folded(mu, sigma):
        return sigma * np.sqrt(2 / np.pi) * np.exp(-(mu**2) / (2 * sigma**2)) + mu * (
            1 - 2 * scipy.stats.norm.cdf(-mu / sigma)
        )

    expected = 2 * folded(mean, np.hypot(1, std)) - folded(0, std * np.sqrt(2)) - 2 / np.sqrt(np.pi)
    found = aggregate_posterior(RNG.normal(mean, std, (n, 1)))
    # The statistic is a mean of n bounded influences of at most about 1 in size: 5 of its
    # standard errors are at most 5 / sqrt(n) = 0.08; they are in fact a third of that.
    np.testing.assert_allclose(found.energy_distance, expected, atol=0.03)
    np.testing.assert_allclose(found.mean, [mean], atol=5 * std / np.sqrt(n))
    np.testing.assert_allclose(found.covariance, [[std**2]], atol=5 * std**2 * np.sqrt(2 / n))


def test_the_prior_itself_is_at_zero_and_a_hollow_one_with_its_moments_is_not():
    k, n = 8, 1000
    values = [aggregate_posterior(RNG.normal(size=(n, k))).energy_distance for _ in range(10)]
    # Unbiased: the mean over ten is within five of its standard errors of 0.
    assert abs(np.mean(values)) < 5 * np.std(values, ddof=1) / np.sqrt(10)
    assert np.max(np.abs(values)) < 5 / n  # "about 1 / n"
    # A circle of radius sqrt(2) has the prior's mean and covariance in the plane. Two of its
    # points are 4 r / pi apart on average; all are equally far from the prior, so that the
    # estimate scatters by about 1 / n here too.
    angle = RNG.uniform(0, 2 * np.pi, n)
    result = aggregate_posterior(np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    np.testing.assert_allclose(result.covariance, np.eye(2), atol=5 * np.sqrt(2 / n))
    expected = 2 * kummer(np.sqrt(2), 2) - 4 * np.sqrt(2) / np.pi - np.sqrt(np.pi)
    np.testing.assert_allclose(result.energy_distance, expected, atol=5 / n)
    assert expected > 20 / n


def test_blocks_do_not_matter(monkeypatch):
    latents = RNG.normal(size=(50, 3))
    whole = aggregate_posterior(latents).energy_distance
    monkeypatch.setattr(latent, "_BLOCK_CELLS", 100)
    # Sums of 2,500 distances in another order: 1e-16 relative each.
    np.testing.assert_allclose(aggregate_posterior(latents).energy_distance, whole, atol=1e-12)


@pytest.mark.parametrize(
    ("latents", "message"),
    [
        ([[0.0, 1.0]], "`latents` must hold at least two. Received: 1"),
        ([[0.0], [np.nan]], "`latents` must be finite"),
        ([], "`latents` must hold at least one sample"),
    ],
)
def test_bad_posteriors_are_named(latents, message):
    with pytest.raises(ValueError, match=message):
        aggregate_posterior(latents)
