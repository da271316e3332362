import numpy as np
import pytest

from keras_ot_gans.metrics.frechet import TooFewSamples, frechet_distance, matrix_root
from keras_ot_gans.metrics.grouped_frechet import grouped_frechet
from keras_ot_gans.metrics.grouped_moments import GroupedMoments
from keras_ot_gans.metrics.intervals import frechet_infinity, jackknife_interval
from keras_ot_gans.metrics.moments import Moments


def streams(n, d=3, groups=5, seed=0):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(200, d)), 1.5 * rng.normal(size=(n, d)) + 0.5
    real, fake = Moments(d), GroupedMoments(d, groups, n)
    real.update(x)
    fake.update(y)
    return x, y, real, fake


def direct(x, y):
    return frechet_distance(
        x.mean(axis=0), np.cov(x, rowvar=False), y.mean(axis=0), np.cov(y, rowvar=False)
    )


def test_equals_direct_distances():
    x, y, real, fake = streams(100)
    found = grouped_frechet(real, fake, root_real=matrix_root(real.covariance()))
    # rtol: moments merged in another order.
    np.testing.assert_allclose(found.value, direct(x, y), rtol=1e-11)
    expected = [direct(x, np.delete(y, slice(20 * g, 20 * g + 20), axis=0)) for g in range(5)]
    np.testing.assert_allclose(found.without, expected, rtol=1e-11)
    assert found.counts.tolist() == [60, 80, 100]
    expected = [direct(x, y[:n]) for n in (60, 80, 100)]
    np.testing.assert_allclose(found.distances, expected, rtol=1e-11)


def test_the_parts_fit_the_intervals():
    _, _, real, fake = streams(500, groups=10)
    found = grouped_frechet(real, fake)
    low, high = jackknife_interval(found.value, found.without)
    assert low < found.value < high
    result = frechet_infinity(found.counts, found.distances)
    np.testing.assert_allclose(
        np.polyfit(1 / found.counts, found.distances, 1), [result.slope, result.value], rtol=1e-9
    )


def test_sizes_no_larger_than_the_width_are_left_out():
    _, _, real, fake = streams(16, d=10, groups=4)
    assert grouped_frechet(real, fake).counts.tolist() == [12, 16]


def test_too_few_samples_are_named():
    _, _, real, fake = streams(10, d=8, groups=5)
    with pytest.raises(TooFewSamples, match="`fake` .* Received: 8 samples"):
        grouped_frechet(real, fake)
    short = Moments(8)
    short.update(np.eye(8))
    with pytest.raises(TooFewSamples, match="`real`"):
        grouped_frechet(short, fake)
    _, _, real, fake = streams(50, groups=1)
    with pytest.raises(ValueError, match="`fake` must have at least 2 groups. Received: 1"):
        grouped_frechet(real, fake)
