"""Toy densities against closed forms, moments and the formulas of their sources."""

import numpy as np
import pytest
import scipy.stats

from keras_ot_gans import datasets

N = 20_000


def nearest(x, centres):
    return np.linalg.norm(x[:, None] - centres[None], axis=-1).argmin(axis=1)


@pytest.mark.parametrize(
    ("sample", "d"),
    [
        (datasets.eight_gaussians, 2),
        (datasets.twenty_five_gaussians, 2),
        (datasets.swiss_roll, 2),
        (datasets.half_moons, 2),
        (datasets.bimodal_1d, 1),
    ],
)
def test_shape_type_and_seed(sample, d):
    x = sample(77, seed=3)
    assert x.shape == (77, d) and x.dtype == np.float32
    np.testing.assert_array_equal(x, sample(77, seed=3))
    assert np.abs(x - sample(77, seed=4)).max() > 0.01
    with pytest.raises(ValueError, match="`n` must be a positive int. Received: n=0"):
        sample(0)


def test_eight_gaussians_match_the_authors_numbers():
    centres = datasets.eight_gaussians_centres()
    # The authors' list, in units of 2 / 1.414; as a set, since theirs has another order.
    half = 1 / np.sqrt(2)
    corners = [(half, half), (half, -half), (-half, half), (-half, -half)]
    listed = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), *corners]) * 2 / 1.414
    assert {tuple(c) for c in centres.round(9)} == {tuple(c + 0.0) for c in listed.round(9)}
    lower_left = centres[datasets.LOWER_LEFT]
    np.testing.assert_allclose(lower_left, [-2 * half / 1.414] * 2)
    x = datasets.eight_gaussians(N, seed=1)
    mode = nearest(x, centres)
    # 5 standard deviations of a binomial count.
    slack = 5 * np.sqrt(N / 8 * 7 / 8)
    np.testing.assert_allclose(np.bincount(mode, minlength=8), N / 8, atol=slack)
    noise = (x - centres[mode]) * 1.414 / 0.02
    # 5 standard errors: 1 / sqrt(2 N) for a mean, half of that for a standard deviation.
    np.testing.assert_allclose(noise.mean(), 0, atol=5 / np.sqrt(2 * N))
    np.testing.assert_allclose(noise.std(), 1, atol=2.5 / np.sqrt(N))
    assert scipy.stats.kstest(noise.ravel(), "norm").pvalue > 1e-3


def test_mode_weights_are_drawn_as_asked():
    weights = datasets.imbalanced_weights(0.5)
    x = datasets.eight_gaussians(N, seed=0, weights=weights)
    counts = np.bincount(nearest(x, datasets.eight_gaussians_centres()), minlength=8)
    # A chi-square test that a right sampler fails once in a thousand seeds.
    assert scipy.stats.chisquare(counts, N * weights).pvalue > 1e-3
    left_low = ((x < 0).all(axis=1)) & (np.abs(x[:, 0] - x[:, 1]) < 0.5)
    assert left_low.sum() == counts[datasets.LOWER_LEFT]
    x = datasets.eight_gaussians(1000, weights=datasets.imbalanced_weights(0.0))
    assert datasets.LOWER_LEFT not in nearest(x, datasets.eight_gaussians_centres())


def test_twenty_five_gaussians_are_balanced_and_of_unit_spread():
    centres = datasets.twenty_five_gaussians_centres()
    np.testing.assert_allclose(np.unique(centres.round(9)), np.arange(-2, 3) * 2 / 2.828, atol=1e-9)
    x = datasets.twenty_five_gaussians(N, seed=2)
    mode = nearest(x, centres)
    assert np.bincount(mode).tolist() == [N // 25] * 25
    assert (np.diff(mode) != 0).mean() > 0.9  # shuffled: 24/25 of neighbours differ
    noise = (x - centres[mode]) * 2.828 / 0.05
    np.testing.assert_allclose(noise.std(), 1, atol=2.5 / np.sqrt(N))  # 5 standard errors
    # Exact: variance of {-2..2} is 2, times spacing^2, plus the modes' own.
    spread = 2 * (2 / 2.828) ** 2 + (0.05 / 2.828) ** 2
    np.testing.assert_allclose(x.var(axis=0), spread, rtol=2e-3)  # modes balanced: noise only
    odd = datasets.twenty_five_gaussians(512, seed=0)
    counts = np.bincount(nearest(odd, centres))
    assert len(odd) == 512 and sorted(set(counts)) == [20, 21]


@pytest.mark.parametrize(
    ("mixture", "distribution"),
    [
        (datasets.eight_gaussians_mixture(), datasets.eight_gaussians_distribution()),
        (
            datasets.eight_gaussians_mixture(datasets.imbalanced_weights(0.3)),
            datasets.eight_gaussians_distribution(datasets.imbalanced_weights(0.3)),
        ),
        (datasets.twenty_five_gaussians_mixture(), datasets.twenty_five_gaussians_distribution()),
        (datasets.bimodal_1d_mixture(), datasets.bimodal_1d_distribution()),
    ],
)
def test_log_prob_is_the_closed_form(mixture, distribution):
    x = mixture.sample(50, seed=0)
    d = x.shape[1]
    densities = [
        w * scipy.stats.multivariate_normal(c, mixture.scale**2 * np.eye(d)).pdf(x)
        for w, c in zip(mixture.weights, mixture.centres, strict=True)
    ]
    # float32: a centre near 1.4 is known to 1e-7, that is 1e-5 of a scale of 0.014.
    np.testing.assert_allclose(
        distribution.log_prob(x), np.log(np.sum(densities, axis=0)), atol=2e-4
    )
    np.testing.assert_allclose(distribution.mean(), mixture.weights @ mixture.centres, atol=1e-5)


def test_bimodal_is_a_quarter_and_three_quarters():
    x = datasets.bimodal_1d(N, seed=0)[:, 0].astype(np.float64)

    def cdf(t):
        return 0.25 * scipy.stats.norm.cdf(t, -5) + 0.75 * scipy.stats.norm.cdf(t, 2)

    assert scipy.stats.kstest(x, cdf).pvalue > 1e-3


def test_swiss_roll_without_noise_lies_on_the_spiral():
    x = datasets.swiss_roll(N, seed=0, noise=0.0, scale=1.0).astype(np.float64)
    t = np.linalg.norm(x, axis=1)  # on the spiral the radius is the angle
    np.testing.assert_allclose(x, np.stack([t * np.cos(t), t * np.sin(t)], 1), atol=1e-4)
    uniform = scipy.stats.uniform(1.5 * np.pi, 3 * np.pi)
    assert scipy.stats.kstest(t, uniform.cdf).pvalue > 1e-3


def test_swiss_roll_noise_and_scale():
    clean, noisy = (datasets.swiss_roll(N, seed=0, noise=s, scale=1.0) for s in (0.0, 0.05))
    assert scipy.stats.kstest((noisy - clean).ravel() / 0.05, "norm").pvalue > 1e-3
    assert np.abs(datasets.swiss_roll(100, seed=0)).max() == 1.0
    # DOT's variant: moments of t cos t and t sin t over [1.5 pi, 4.5 pi], by quadrature.
    t = np.linspace(1.5 * np.pi, 4.5 * np.pi, 100_001)
    dot = datasets.swiss_roll(N, seed=0, noise=0.25, scale=7.5)
    expected = np.array([(t * np.cos(t)).mean(), (t * np.sin(t)).mean()]) / 7.5
    np.testing.assert_allclose(dot.mean(axis=0), expected, atol=5 * 0.92 / np.sqrt(N))


def test_half_moons_lie_on_two_half_circles():
    x = datasets.half_moons(1001, seed=0, noise=0.0, scale=1.0)
    upper = np.abs(np.linalg.norm(x, axis=1) - 1) < 1e-6
    upper &= x[:, 1] >= -1e-6
    lower = np.abs(np.linalg.norm(x - [1, 0.5], axis=1) - 1) < 1e-6
    lower &= x[:, 1] <= 0.5 + 1e-6
    assert (upper ^ lower).all()  # each point on exactly one
    assert upper.sum() == 500 and lower.sum() == 501
    assert 0.3 < upper[:500].mean() < 0.7  # shuffled
    angles = np.sort(np.arctan2(x[upper, 1], x[upper, 0]))
    np.testing.assert_allclose(angles, np.linspace(0, np.pi, 500), atol=1e-6)
    noisy = datasets.half_moons(1001, seed=0, noise=0.02, scale=1.0)
    assert scipy.stats.kstest((noisy - x).ravel() / 0.02, "norm").pvalue > 1e-3
    assert np.abs(datasets.half_moons(100, seed=0)).max() == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.eight_gaussians(5, weights=[1, 2]), "`weights` must be 8 non-negative"),
        (lambda: datasets.eight_gaussians(5, weights=[-1] + [1] * 7), "`weights` must be 8"),
        (lambda: datasets.eight_gaussians(5, std=0), "`scale` must be positive. Received"),
        (lambda: datasets.GaussianMixture("a", np.zeros(3), 1.0), "`centres` must have rank 2"),
        (lambda: datasets.imbalanced_weights(1.5), r"`rho` must lie in \[0, 1\]. Received"),
        (lambda: datasets.imbalanced_weights(0.5, mode=8), "`mode` must be one of the 8 modes"),
        (lambda: datasets.swiss_roll(5, noise=-1), "`noise` must be 0 or more"),
        (lambda: datasets.half_moons(5, scale=0), "`scale` must be positive or None"),
        (
            lambda: datasets.eight_gaussians_mixture(datasets.imbalanced_weights(0.5)).sample(
                8, balanced=True
            ),
            "`balanced` needs equal weights",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
