"""The two outlier scenarios against their definition."""

import numpy as np
import pytest
import scipy.stats

from keras_ot_gans import datasets


def test_mixtures_are_point_masses_and_far_gaussians():
    n, rho = 20_000, 0.1
    x, y = datasets.outlier_mixtures(n, rho=rho, seed=0)
    for values, sign in ((x, -1), (y, 1)):
        assert values.shape == (n, 1) and values.dtype == np.float32
        outlier = values[:, 0] == sign
        # 5 standard deviations of a binomial share.
        np.testing.assert_allclose(outlier.mean(), rho, atol=5 * np.sqrt(rho * (1 - rho) / n))
        far = values[~outlier, 0].astype(np.float64) - sign * 1000
        assert scipy.stats.kstest(far, "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1]) < 5 / np.sqrt(n)  # independent
    again, _ = datasets.outlier_mixtures(n, rho=rho, seed=0)
    np.testing.assert_array_equal(x, again)


def test_the_papers_probability_of_missing_the_outlier():
    # Appendix B.2.1: with rho = 0.01 a batch of 100 misses it with probability 36.6 %.
    x, _ = datasets.outlier_mixtures(200_000, rho=0.01, seed=0)
    missed = (x.reshape(2000, 100) != -1).all(axis=1).mean()
    np.testing.assert_allclose(missed, 0.99**100, atol=5 * np.sqrt(0.366 * 0.634 / 2000))


def test_sets_have_one_outlier_each():
    x, y = datasets.outlier_sets(500, seed=1)
    for values, sign in ((x, -1), (y, 1)):
        assert values.shape == (500, 1) and values[0, 0] == sign
        assert (np.abs(values[1:, 0] - sign * 1000) < 6).all()
        assert scipy.stats.kstest(values[1:, 0] - sign * 1000, "norm").pvalue > 1e-3


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"`rho` must lie in \[0, 1\]. Received: rho=2"):
        datasets.outlier_mixtures(5, rho=2)
    with pytest.raises(ValueError, match="`size` must be a positive int"):
        datasets.outlier_sets(0)
