import numpy as np
import pytest
import scipy.stats

from keras_ot_gans.metrics.intervals import (
    bootstrap_interval,
    frechet_infinity,
    jackknife_interval,
    mean_interval,
)


def test_the_jackknife_of_a_mean_is_students_interval():
    # Of a mean with groups of one sample, the jackknife's error is the standard error, exactly.
    x = np.random.default_rng(0).normal(size=12)
    without = [np.delete(x, i).mean() for i in range(12)]
    error = x.std(ddof=1) / np.sqrt(12)
    expected = scipy.stats.t.interval(0.95, 11, loc=x.mean(), scale=error)
    np.testing.assert_allclose(jackknife_interval(x.mean(), without), expected, rtol=1e-12)
    np.testing.assert_allclose(mean_interval(x), expected, rtol=1e-12)
    expected = scipy.stats.t.interval(0.5, 11, loc=x.mean(), scale=error)
    np.testing.assert_allclose(mean_interval(x, level=0.5), expected, rtol=1e-12)


def test_the_jackknife_covers():
    # The log of a mean of exponentials, in 10 groups of 20, against the truth, 0.
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(1000):
        groups = rng.exponential(size=(10, 20)).mean(axis=1)
        value = np.log(groups.mean())
        without = [np.log(np.delete(groups, g).mean()) for g in range(10)]
        low, high = jackknife_interval(value, without)
        covered += low <= 0.0 <= high
    # 4 standard deviations of a binomial share: sqrt(0.95 * 0.05 / 1000) = 0.007.
    np.testing.assert_allclose(covered / 1000, 0.95, atol=0.028)


def test_the_bootstrap_of_indicators_is_binomial():
    # The mean of n resampled indicators is a binomial share, whose quantiles SciPy knows.
    values = np.arange(400) < 100
    expected = scipy.stats.binom.ppf([0.025, 0.975], 400, 0.25) / 400
    found = bootstrap_interval(values, resamples=4000)
    # 4000 draws place an end within two steps of 1/400.
    np.testing.assert_allclose(found, expected, atol=2 / 400)
    assert found == bootstrap_interval(values, resamples=4000)
    assert found != bootstrap_interval(values, resamples=4000, seed=1)


def test_extrapolation_of_an_exact_line():
    counts = np.array([5000, 10_000, 20_000, 50_000])
    found = frechet_infinity(counts, 7.0 + 3e4 / counts)
    np.testing.assert_allclose((found.value, found.slope), (7.0, 3e4), rtol=1e-12)
    np.testing.assert_allclose(found.interval, (7.0, 7.0), rtol=1e-11)


def test_extrapolation_equals_scipy():
    counts = np.linspace(5000, 50_000, 15)  # the paper's
    distances = 7.0 + 3e4 / counts + 0.1 * np.random.default_rng(0).normal(size=15)
    expected = scipy.stats.linregress(1 / counts, distances)
    found = frechet_infinity(counts, distances)
    np.testing.assert_allclose(
        (found.value, found.slope, found.standard_error),
        (expected.intercept, expected.slope, expected.intercept_stderr),
        rtol=1e-10,
    )
    reach = scipy.stats.t.ppf(0.975, 13) * expected.intercept_stderr
    np.testing.assert_allclose(
        found.interval, (expected.intercept - reach, expected.intercept + reach), rtol=1e-10
    )


def test_weighted_extrapolation_equals_polyfit():
    counts = np.linspace(5000, 50_000, 15)
    distances = 7.0 + 3e4 / counts + 0.1 * np.random.default_rng(0).normal(size=15)
    # polyfit squares its weights.
    fit, cov = np.polyfit(1 / counts, distances, 1, w=np.sqrt(counts), cov=True)
    found = frechet_infinity(counts, distances, weights=counts)
    np.testing.assert_allclose((found.slope, found.value), fit, rtol=1e-9)
    np.testing.assert_allclose(found.standard_error, np.sqrt(cov[1, 1]), rtol=1e-9)


def test_whole_copies_of_a_weight():
    # An integer weight is that many equal observations.
    counts, distances = [10, 20, 40], [5.0, 4.0, 2.0]
    weighted = frechet_infinity(counts, distances, weights=[1, 2, 1])
    copied = frechet_infinity([10, 20, 20, 40], [5.0, 4.0, 4.0, 2.0])
    np.testing.assert_allclose(weighted[:2], copied[:2], rtol=1e-12)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"`without` must be finite, of shape \(n,\) with n >= 2"):
        jackknife_interval(1.0, [1.0])
    with pytest.raises(ValueError, match="`without` .* 1 finite"):
        jackknife_interval(1.0, [1.0, np.nan])
    with pytest.raises(ValueError, match="`value` must be finite. Received: value=nan"):
        jackknife_interval(np.nan, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"`level` must lie in \(0, 1\). Received: level=95"):
        mean_interval([1.0, 2.0], level=95)
    with pytest.raises(ValueError, match="`values` must be finite"):
        bootstrap_interval([])
    with pytest.raises(ValueError, match="`resamples` must be positive"):
        bootstrap_interval([1.0], resamples=0)
    with pytest.raises(ValueError, match="three different positive numbers"):
        frechet_infinity([10, 10, 20], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="one entry per sample size. Received: 3, 4 and 3"):
        frechet_infinity([10, 20, 30], [1.0, 2.0, 3.0, 4.0])
