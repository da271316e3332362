import functools
import itertools
import math

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import ot
import pytest
import tensorflow as tf
from hypothesis.extra import numpy as hnp

from keras_ot_gans import divergences
from keras_ot_gans.divergences.wasserstein_1d import quantile_pairs, sorted_squared_distance
from tests import oracles

SIZES = [(1, 1), (8, 8), (1, 5), (5, 1), (4, 6), (7, 5), (100, 64), (30, 90)]


def samples(n, m, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1)), rng.gamma(2.0, size=(m, 1))


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_equals_pot(n, m):
    x, y = samples(n, m)
    expected = ot.emd2_1d(x, y, metric="sqeuclidean")
    result = divergences.wasserstein_1d(x, y)
    assert result.dtype == "float64"
    np.testing.assert_allclose(result, expected, rtol=1e-12)
    # Float32: n + m roundings of squares that are summed with weights of total 1.
    result = divergences.wasserstein_1d(x.astype("float32"), y.astype("float32"))
    np.testing.assert_allclose(result, expected, rtol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_equals_the_best_of_all_permutations(n):
    x, y = samples(n, n)
    orders = itertools.permutations(range(n))
    best = min(((x - y[list(order)]) ** 2).mean() for order in orders)
    np.testing.assert_allclose(divergences.wasserstein_1d(x, y), best, rtol=1e-12)


def test_of_two_normals_is_the_distance_of_mean_and_deviation():
    # The n quantiles of N(0, 1) and the same numbers shifted and scaled: W2^2 = shift^2 + ...
    x = np.sort(np.random.default_rng(0).normal(size=(50, 1)), axis=0)
    y = 3.0 * x + 2.0
    expected = ((2.0 * x + 2.0) ** 2).mean()
    np.testing.assert_allclose(divergences.wasserstein_1d(x, y[::-1]), expected, rtol=1e-12)


@pytest.mark.parametrize(("n", "m"), [(6, 6), (4, 6), (5, 3)])
def test_gradient_equals_finite_differences(n, m):
    x, y = samples(n, m)
    slope_x, slope_y = oracles.gradient(divergences.wasserstein_1d, x, y)
    differences = oracles.finite_differences
    # Central differences at step 1e-6 in float64 are good to about 1e-9.
    np.testing.assert_allclose(
        slope_x, differences(lambda a: divergences.wasserstein_1d(a, y), x), atol=1e-8
    )
    np.testing.assert_allclose(
        slope_y, differences(lambda b: divergences.wasserstein_1d(x, b), y), atol=1e-8
    )


def test_gradient_is_that_of_the_sorted_matching():
    x, y = samples(6, 6)
    _, slope = oracles.gradient(divergences.wasserstein_1d, x, y)
    ranks = np.argsort(np.argsort(y[:, 0]))
    np.testing.assert_allclose(slope, 2.0 * (y - np.sort(x, axis=0)[ranks]) / 6, rtol=1e-12)


values = st.floats(-100, 100)


@hypothesis.given(
    x=hnp.arrays("float64", st.tuples(st.integers(1, 6), st.just(1)), elements=values),
    y=hnp.arrays("float64", st.tuples(st.integers(1, 6), st.just(1)), elements=values),
    shift=values,
)
@hypothesis.settings(max_examples=50)
def test_symmetric_zero_on_itself_and_shift_invariant(x, y, shift):
    result = divergences.wasserstein_1d(x, y)
    close = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(divergences.wasserstein_1d(y, x), result, **close)
    np.testing.assert_allclose(divergences.wasserstein_1d(x + shift, y + shift), result, **close)
    assert float(divergences.wasserstein_1d(x, x[::-1])) == 0.0
    # Duplicating every point changes neither law.
    np.testing.assert_allclose(divergences.wasserstein_1d(np.tile(x, (3, 1)), y), result, **close)


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_quantile_pairs_are_a_coupling(n, m):
    i, j, mass = quantile_pairs(n, m)
    assert len(i) == len(j) == len(mass) == n + m - math.gcd(n, m)
    assert mass.min() > 0
    # Marginals: every point of either sample sends or receives its whole mass.
    np.testing.assert_allclose(np.bincount(i, mass, n), np.full(n, 1 / n), rtol=1e-12)
    np.testing.assert_allclose(np.bincount(j, mass, m), np.full(m, 1 / m), rtol=1e-12)
    assert (np.diff(i) >= 0).all() and (np.diff(j) >= 0).all()


@pytest.mark.parametrize(("known_n", "known_m"), [(True, False), (False, True), (False, False)])
@pytest.mark.parametrize("jit", [False, True])
def test_sizes_known_only_when_run(known_n, known_m, jit):
    for n, m in [(7, 7), (1, 7), (4, 6)]:
        x, y = samples(n, m)
        specs = [
            tf.TensorSpec((size if known else None, 1), "float64")
            for size, known in ((n, known_n), (m, known_m))
        ]

        @functools.partial(tf.function, input_signature=specs, jit_compile=jit)
        def slope(x, y):
            with tf.GradientTape() as tape:
                tape.watch(y)
                distance = divergences.wasserstein_1d(x, y)
            return distance, tape.gradient(distance, y)

        distance, gradient = slope(x, y)
        expected = ot.emd2_1d(x, y, metric="sqeuclidean")
        np.testing.assert_allclose(distance, expected, rtol=1e-12)
        static = oracles.gradient(divergences.wasserstein_1d, x, y)[1]
        np.testing.assert_allclose(gradient, static, rtol=1e-9, atol=1e-12)


def test_rows_are_separate_problems():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(3, 5)), rng.normal(size=(3, 4))
    expected = [ot.emd2_1d(a, b, metric="sqeuclidean") for a, b in zip(real, fake, strict=True)]
    np.testing.assert_allclose(sorted_squared_distance(real, fake), expected, rtol=1e-12)


def test_half_precision_is_widened():
    x, y = (tf.cast(np.round(4 * a), "float16") for a in samples(5, 7))
    result = divergences.wasserstein_1d(x, y)
    assert result.dtype == "float32"
    assert result == divergences.wasserstein_1d(tf.cast(x, "float32"), tf.cast(y, "float32"))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((3, 2)), np.zeros((3, 1)), r"`x_real` must be one-dim.*\(3, 2\).*Sliced"),
        (np.zeros((3, 1)), np.zeros((3, 2)), r"`x_fake` must be one-dimensional"),
        (np.zeros(3), np.zeros((3, 1)), r"`x_real` must have rank 2"),
    ],
)
def test_wider_data_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        divergences.wasserstein_1d(x, y)


def test_serialises_by_name():
    config = keras.saving.serialize_keras_object(divergences.wasserstein_1d)
    assert keras.saving.deserialize_keras_object(config) is divergences.wasserstein_1d
