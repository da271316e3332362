import numpy as np
import ot
import pytest
import scipy.stats

from keras_ot_gans.metrics import sorted_w2
from keras_ot_gans.metrics.sorted_w2 import monotone_cost


def quantiles(n):
    return scipy.stats.norm.ppf((np.arange(n) + 0.5) / n)


@pytest.mark.parametrize(("mean", "scale"), [(0.0, 1.0), (2.0, 1.0), (0.0, 3.0), (-1.0, 0.25)])
def test_gaussians_in_closed_form(mean, scale):
    # W2(N(0, 1), N(m, s^2))^2 = m^2 + (1 - s)^2. Mid-point quantiles lose tail variance, less
    # than 1e-4 of it at n = 100,000.
    x = quantiles(100_000)
    expected = mean**2 + (1 - scale) ** 2
    np.testing.assert_allclose(sorted_w2(x, mean + scale * x), expected, rtol=2e-4, atol=1e-20)


def test_gaussian_samples_of_unequal_size():
    rng = np.random.default_rng(0)
    found = sorted_w2(rng.normal(size=50_000), 2 + 3 * rng.normal(size=30_000))
    # 4 + 4; the standard error of the mean gap is 3 / sqrt(30000) = 0.017, of its square 0.07.
    np.testing.assert_allclose(found, 8.0, atol=0.25)


@pytest.mark.parametrize(("n", "m"), [(7, 7), (3, 5), (12, 8), (1, 9), (40, 41)])
@pytest.mark.parametrize("power", [1, 2])
def test_equals_pot(n, m, power):
    rng = np.random.default_rng(n)
    real, fake = rng.normal(size=n), rng.normal(size=m) + 1
    cost = np.abs(real[:, None] - fake[None]) ** power
    expected = ot.emd2([], [], cost)
    np.testing.assert_allclose(monotone_cost(real, fake, power), expected, rtol=1e-12)


def test_copies_do_not_change_a_distribution():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=6), rng.normal(size=4)
    expected = sorted_w2(real, fake)
    copied = sorted_w2(np.repeat(real, 2), np.repeat(fake, 3))
    np.testing.assert_allclose(copied, expected, rtol=1e-12)  # sums in another order
    assert sorted_w2(real, np.repeat(real, 5)) == 0.0
    np.testing.assert_allclose(sorted_w2(fake[::-1], real), expected, rtol=1e-12)


def test_float32_input_is_computed_in_float64():
    # Differences of 1e-3 at 1e4: their squares would be lost in float32.
    real = np.full(1000, 10_000.0)
    assert sorted_w2(real, real + 2**-10) == 2**-20


def test_shapes():
    assert sorted_w2(np.zeros((3, 1)), np.ones((2, 1, 1, 1))) == 1.0
    with pytest.raises(ValueError, match="one number per sample. Received: 2"):
        sorted_w2(np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="same size"):
        sorted_w2(np.zeros((3, 2)), np.zeros(3))
