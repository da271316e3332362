import keras
import numpy as np
import ot
import pytest
import scipy.stats
import tensorflow as tf

from keras_ot_gans import divergences
from tests import oracles


def problem(n, m, d=3, k=20, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 1.0, rng.normal(size=(k, d))


@pytest.mark.parametrize(("n", "m"), [(9, 9), (6, 9), (9, 4), (1, 5)])
def test_equals_pot_with_the_same_projections(n, m):
    x, y, directions = problem(n, m)
    result = divergences.sliced_wasserstein(x, y, directions)
    assert result.dtype == "float64"
    units = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    pot = ot.sliced_wasserstein_distance(x, y, projections=units.T, p=2)
    np.testing.assert_allclose(result, pot**2, rtol=1e-10)
    slices = [ot.emd2_1d(x @ u, y @ u, metric="sqeuclidean") for u in units]
    np.testing.assert_allclose(result, np.mean(slices), rtol=1e-10)


@pytest.mark.parametrize(("n", "m"), [(12, 12), (8, 12)])
def test_never_above_the_exact_distance(n, m):
    for seed in range(5):
        x, y, directions = problem(n, m, seed=seed)
        exact = ot.emd2([], [], ot.dist(x, y))
        assert float(divergences.sliced_wasserstein(x, y, directions)) <= exact * (1 + 1e-12)


def test_gradient_equals_finite_differences():
    x, y, directions = problem(5, 4, k=6)

    def total(y):
        return divergences.sliced_wasserstein(x, y, directions)

    # Central differences at step 1e-6 in float64 are good to about 1e-9.
    (slope,) = oracles.gradient(total, y)
    np.testing.assert_allclose(slope, oracles.finite_differences(total, y), atol=1e-8)


def test_length_and_sign_of_directions_and_order_of_points_do_not_matter():
    x, y, directions = problem(7, 5)
    result = divergences.sliced_wasserstein(x, y, directions)
    lengths = np.linspace(-3.0, 5.0, 20)[:, None]
    for other in (
        divergences.sliced_wasserstein(x, y, directions * lengths),
        divergences.sliced_wasserstein(x[::-1], y[[2, 0, 1, 4, 3]], directions),
        divergences.sliced_wasserstein(y, x, directions),
        divergences.sliced_wasserstein(x + 5.0, y + 5.0, directions),
    ):
        np.testing.assert_allclose(other, result, rtol=1e-10)
    assert divergences.sliced_wasserstein(x, x[::-1], directions) == 0.0


def test_fresh_directions_are_uniform_on_the_sphere():
    # Of one pair the slice is (u.y)^2; for |y| = 1 in the plane that is cos^2 of a uniform angle.
    sliced, seed = divergences.SlicedWasserstein(1), keras.random.SeedGenerator(0)
    y = np.array([[0.6, 0.8]], "float32")
    draws = [float(sliced(np.zeros((1, 2), "float32"), y, seed)) for _ in range(150)]
    arcsine = scipy.stats.arcsine()
    # A right sampler gives a smaller p-value once in a thousand seeds; this seed is fixed.
    assert scipy.stats.kstest(draws, arcsine.cdf).pvalue > 1e-3


@pytest.mark.parametrize("d", [1, 2, 5])
def test_mean_over_directions_of_one_pair(d):
    y = np.full((1, d), 2.0, "float32")
    seed = keras.random.SeedGenerator(1)
    result = divergences.SlicedWasserstein(20_000)(np.zeros((1, d), "float32"), y, seed)
    # E (u.y)^2 = |y|^2 / d = 4; the deviation of one direction is below 2 |y|^2 / d = 8.
    np.testing.assert_allclose(result, 4.0, atol=4 * 8 / np.sqrt(20_000))


def test_draws_directions_once_a_call():
    x, y, _ = problem(5, 5)
    sliced, seed = divergences.SlicedWasserstein(3), keras.random.SeedGenerator(0)
    first, second = sliced(x, y, seed), sliced(x, y, seed)
    assert first != second
    np.testing.assert_array_equal(seed.state, [0, 2])
    assert sliced(x, y, keras.random.SeedGenerator(0)) == first


@pytest.mark.parametrize("jit", [False, True])
def test_compiled_with_unknown_sizes(jit):
    x, y, directions = (a.astype("float32") for a in problem(6, 4))
    spec = tf.TensorSpec((None, 3), "float32")
    compiled = tf.function(
        divergences.sliced_wasserstein, input_signature=[spec] * 3, jit_compile=jit
    )
    # Float32 products in another order.
    np.testing.assert_allclose(
        compiled(x, y, directions), divergences.sliced_wasserstein(x, y, directions), rtol=1e-5
    )


def test_half_precision_is_widened():
    x, y, directions = (tf.cast(np.round(4 * a), "float16") for a in problem(6, 4))
    result = divergences.sliced_wasserstein(x, y, directions)
    assert result.dtype == "float32"
    wide = [tf.cast(a, "float32") for a in (x, y, directions)]
    np.testing.assert_allclose(result, divergences.sliced_wasserstein(*wide), rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "u", "message"),
    [
        ((3,), (3, 2), (4, 2), r"`x_real` must have rank 2"),
        ((3, 2), (3,), (4, 2), r"`x_fake` must have rank 2"),
        ((3, 2), (3, 2), (2,), r"`directions` must have rank 2"),
        ((3, 2), (3, 3), (4, 2), r"`x_real` and `x_fake` must have the same last"),
        ((3, 2), (3, 2), (4, 3), r"`x_real` and `directions` must have the same last"),
    ],
)
def test_wrong_shapes_are_refused(x, y, u, message):
    with pytest.raises(ValueError, match=message):
        divergences.sliced_wasserstein(np.zeros(x), np.zeros(y), np.ones(u))


def test_no_directions_are_refused():
    with pytest.raises(ValueError, match=r"`num_directions` must be at least 1.*=0"):
        divergences.SlicedWasserstein(0)


def test_serialisation_round_trip():
    sliced = divergences.SlicedWasserstein(7)
    config = keras.saving.serialize_keras_object(sliced)
    assert keras.saving.deserialize_keras_object(config) == sliced
