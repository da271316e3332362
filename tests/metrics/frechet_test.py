import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm, svdvals

from keras_ot_gans.metrics.frechet import (
    TooFewSamples,
    check_sample_count,
    frechet_distance,
    frechet_from_moments,
    matrix_root,
)
from keras_ot_gans.metrics.moments import Moments
from tests.oracles import relative

# The promise is 1e-6 relative; well-conditioned problems in float64 keep far more digits.
RTOL = 1e-10


def gaussian(d, seed, rank=None):
    """Mean, covariance, and a factor F with F F^T = covariance."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(d, rank or 2 * d)) * np.exp(rng.normal(size=(d, 1)))
    return rng.normal(size=d), factor @ factor.T, factor


def by_sqrtm(mean_a, cov_a, mean_b, cov_b):
    gap = mean_a - mean_b
    return gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * np.trace(sqrtm(cov_a @ cov_b)).real


@pytest.mark.parametrize("d", [1, 2, 5, 64])
def test_equals_sqrtm(d):
    (m1, c1, _), (m2, c2, _) = gaussian(d, 0), gaussian(d, 1)
    expected = by_sqrtm(m1, c1, m2, c2)
    np.testing.assert_allclose(frechet_distance(m1, c1, m2, c2), expected, rtol=RTOL)
    root = matrix_root(c1)
    np.testing.assert_allclose(
        frechet_distance(m1, c1, m2, c2, root_real=root), expected, rtol=RTOL
    )


def test_one_dimension_in_closed_form():
    found = frechet_distance([1.0], [[4.0]], [-2.0], [[25.0]])
    np.testing.assert_allclose(found, 3.0**2 + (2.0 - 5.0) ** 2, rtol=RTOL)


def test_equal_covariances_leave_the_means():
    mean, cov, _ = gaussian(20, 0)
    shift = np.linspace(-1, 1, 20)
    # The traces cancel: the error is a rounding of them, not of the result.
    np.testing.assert_allclose(
        frechet_distance(mean, cov, mean + shift, cov), shift @ shift, **relative(1e-13, cov.sum())
    )


def test_diagonal_covariances_in_closed_form():
    a, b = np.array([4.0, 9.0, 1.0, 0.0]), np.array([1.0, 16.0, 1.0, 4.0])
    found = frechet_distance(np.zeros(4), np.diag(a), np.zeros(4), np.diag(b))
    np.testing.assert_allclose(found, np.sum((np.sqrt(a) - np.sqrt(b)) ** 2), rtol=RTOL)


def test_commuting_covariances_in_closed_form():
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    a, b = rng.uniform(0.1, 5, (2, 30))
    found = frechet_distance(
        np.zeros(30), (basis * a) @ basis.T, np.zeros(30), (basis * b) @ basis.T
    )
    np.testing.assert_allclose(found, np.sum((np.sqrt(a) - np.sqrt(b)) ** 2), rtol=RTOL)


@pytest.mark.parametrize(
    ("rank_a", "rank_b"), [(10, 10), (10, None), (None, 10), (3, 40), (40, 40)]
)
def test_singular_covariances(rank_a, rank_b):
    (m1, c1, f1), (m2, c2, f2) = gaussian(60, 0, rank_a), gaussian(60, 1, rank_b)
    # tr (C1 C2)^(1/2) is the sum of the singular values of F1^T F2: no root of a rounded zero.
    expected = (m1 - m2) @ (m1 - m2) + np.trace(c1) + np.trace(c2) - 2 * svdvals(f1.T @ f2).sum()
    # A zero eigenvalue is off by 1e-16 of the largest, its root by 1e-8. What the clipping leaves
    # of these is 2e-9 here; without it, the fourth case would be off by 5e-8.
    np.testing.assert_allclose(frechet_distance(m1, c1, m2, c2), expected, rtol=2e-8)


def test_zero_covariances():
    zero = np.zeros((3, 3))
    assert frechet_distance(np.zeros(3), zero, np.full(3, 2.0), zero) == 12.0
    assert frechet_distance(np.zeros(3), zero, np.zeros(3), np.eye(3)) == 3.0


@given(d=st.integers(1, 8), seed=st.integers(0, 50), scale=st.floats(0.01, 100.0))
def test_properties(d, seed, scale):
    (m1, c1, _), (m2, c2, _) = gaussian(d, seed), gaussian(d, seed + 1000)
    found = frechet_distance(m1, c1, m2, c2)
    size = np.trace(c1) + np.trace(c2)
    again = frechet_distance(m2, c2, m1, c1)
    np.testing.assert_allclose(again, found, **relative(1e-12, size))
    shifted = frechet_distance(m1 + 3.0, c1, m2 + 3.0, c2)
    np.testing.assert_allclose(shifted, found, **relative(1e-12, size))
    scaled = frechet_distance(scale * m1, scale**2 * c1, scale * m2, scale**2 * c2)
    np.testing.assert_allclose(scaled, scale**2 * found, **relative(1e-12, scale**2 * size))
    itself = frechet_distance(m1, c1, m1, c1)
    np.testing.assert_allclose(itself, 0.0, **relative(1e-12, size))
    assert itself >= 0.0


def test_root_squares_to_the_matrix():
    for rank in (None, 5):
        _, cov, _ = gaussian(20, 0, rank)
        root = matrix_root(cov)
        np.testing.assert_allclose(root @ root, cov, **relative(1e-13, cov))
        np.testing.assert_allclose(root, root.T, **relative(1e-14, root))


def test_from_moments_equals_numpy():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4)), rng.normal(size=(70, 4)) * 2 + 1
    real, fake = Moments(4), Moments(4)
    real.update(x)
    fake.update(y)
    for ddof in (0, 1):
        covs = (np.cov(side, rowvar=False, ddof=ddof) for side in (x, y))
        expected = by_sqrtm(x.mean(0), next(covs), y.mean(0), next(covs))
        found = frechet_from_moments(real, fake, ddof=ddof)
        np.testing.assert_allclose(found, expected, rtol=RTOL)


def test_too_few_samples_are_refused_or_warned_of():
    real, fake = Moments(4), Moments(4)
    real.update(np.eye(4)[[0, 1, 2, 3, 0]])
    fake.update(np.eye(4))
    with pytest.raises(TooFewSamples, match="`fake` .* width, 4,.* Received: 4 samples.*KID"):
        frechet_from_moments(real, fake)
    with pytest.raises(TooFewSamples, match="`real`"):
        frechet_from_moments(fake, real)
    with pytest.warns(RuntimeWarning, match="Received: 4 samples.*mostly bias"):
        found = frechet_from_moments(real, fake, allow_rank_deficient=True)
    expected = by_sqrtm(real.mean, real.covariance(), fake.mean, fake.covariance())
    # sqrtm loses half of the digits on a singular matrix.
    np.testing.assert_allclose(found, expected, atol=1e-7)
    assert issubclass(TooFewSamples, ValueError)
    check_sample_count("fake", 5, 4)


def test_matrices_that_are_no_covariances_are_named():
    good, bad = np.eye(2), np.diag([1.0, -0.5])
    zero = np.zeros(2)
    with pytest.raises(ValueError, match="`cov_real` must be positive semi-definite.*from -0.5"):
        frechet_distance(zero, bad, zero, good)
    with pytest.raises(ValueError, match="`cov_fake` must be positive semi-definite"):
        frechet_distance(zero, good, zero, bad)
    with pytest.raises(ValueError, match="`cov_fake` must be positive semi-definite"):
        frechet_distance(zero, good, zero, -good)
    with pytest.raises(ValueError, match="`cov_fake` must be finite and symmetric"):
        frechet_distance(zero, good, zero, [[1.0, 0.5], [0.0, 1.0]])
    with pytest.raises(ValueError, match="`cov_real` must be finite and symmetric"):
        frechet_distance(zero, [[np.nan, 0.0], [0.0, 1.0]], zero, good)
    # What float32 makes of a zero eigenvalue passes, and counts as zero.
    rounded = np.diag([1.0, -1e-7])
    np.testing.assert_allclose(frechet_distance(zero, rounded, zero, good), 1.0, atol=1e-6)


def test_shapes_are_checked():
    zero, eye = np.zeros(2), np.eye(2)
    with pytest.raises(ValueError, match=r"same shape. Received: \(2, 2\) and \(3, 3\)"):
        frechet_distance(zero, eye, np.zeros(3), np.eye(3))
    with pytest.raises(ValueError, match=r"`mean_fake` must be finite, of shape \(2,\)"):
        frechet_distance(zero, eye, np.zeros(3), eye)
    with pytest.raises(ValueError, match="`mean_real` must be finite"):
        frechet_distance([np.nan, 0.0], eye, zero, eye)
    with pytest.raises(ValueError, match=r"`root_real` must have the shape of `cov_real`"):
        frechet_distance(zero, eye, zero, eye, root_real=np.eye(3))
    with pytest.raises(ValueError, match=r"`covariance` must be a square matrix"):
        matrix_root(np.zeros((2, 3)))
