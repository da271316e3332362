import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist

from keras_ot_gans import ops
from tests.oracles import finite_differences, gradient

COSTS = {
    ops.squared_euclidean: "sqeuclidean",
    ops.euclidean: "euclidean",
    ops.cosine: "cosine",
}
EPS32 = 2.0**-23
# 2 and 4 take the direct differences, 5 and 40 the matrix product.
WIDTHS = [1, 2, 4, 5, 40]


def points(n, d, seed=0, dtype="float64"):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(dtype)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 9), (9, 7), (1, 6), (6, 1)])
@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("cost", COSTS, ids=lambda f: f.__name__)
def test_equals_scipy(cost, d, n, m):
    x, y = points(n, d, 0), points(m, d, 1)
    expected = cdist(x, y, COSTS[cost])
    # Float64 in, float64 out: some d roundings of the largest squared norm (here below 100).
    result = cost(x, y)
    assert result.dtype == "float64"
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)
    # The same in float32; the root of a cancelled square doubles its relative error at most here.
    result = cost(x.astype("float32"), y.astype("float32"))
    assert result.dtype == "float32"
    np.testing.assert_allclose(result, expected, rtol=40 * EPS32, atol=100 * EPS32)


@pytest.mark.parametrize("d", WIDTHS)
def test_squared_differences_sum_to_the_squared_cost(d):
    x, y = points(5, d, 0), points(3, d, 1)
    parts = ops.squared_differences(x, y)
    assert parts.shape == (5, 3, d)
    np.testing.assert_allclose(parts, (x[:, None] - y[None]) ** 2, rtol=1e-14)
    np.testing.assert_allclose(parts.numpy().sum(-1), cdist(x, y, "sqeuclidean"), rtol=1e-12)


@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("cost", [ops.squared_euclidean, ops.euclidean], ids=lambda f: f.__name__)
def test_large_offset_does_not_cancel(cost, d):
    # Eighths are exact in float32 beside 10,000, so the data are the same with and without offset.
    x, y = (np.round(8 * points(n, d, n)) / 8 for n in (6, 8))
    result = cost((x + 1e4).astype("float32"), (y + 1e4).astype("float32"))
    # Without centring the product form is off by 1e8 * d * 2^-24, more than the cost itself.
    np.testing.assert_allclose(result, cdist(x, y, COSTS[cost]), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("d", WIDTHS)
@pytest.mark.parametrize("cost", COSTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradient_is_finite_at_coincident_and_zero_points(cost, d, dtype):
    x = points(4, d, 0, dtype)
    x[2:] = 0.0
    for slopes in gradient(lambda a, b: keras.ops.sum(cost(a, b)), x, x.copy()):
        assert np.isfinite(slopes).all()
    if cost is not ops.cosine:
        # One pair at one place: the mid-point of all subgradients is 0.
        (slope,) = gradient(lambda a: keras.ops.sum(cost(a, a)), x[:1])
        np.testing.assert_allclose(slope, 0.0, atol=1e-6)


@pytest.mark.parametrize("d", [2, 6])
@pytest.mark.parametrize("cost", COSTS, ids=lambda f: f.__name__)
def test_gradient_equals_finite_differences(cost, d):
    x, y, weights = points(3, d, 0), points(4, d, 1), points(3, 4, 2)

    def total(a, b):
        return keras.ops.sum(cost(a, b) * weights)

    slope_x, slope_y = gradient(total, x, y)
    assert slope_x.dtype == "float64"
    # Central differences at step 1e-6 in float64 are good to about 1e-9.
    close = {"rtol": 1e-6, "atol": 1e-8}
    np.testing.assert_allclose(slope_x, finite_differences(lambda a: total(a, y), x), **close)
    np.testing.assert_allclose(slope_y, finite_differences(lambda b: total(x, b), y), **close)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("cost", [*COSTS, ops.squared_differences], ids=lambda f: f.__name__)
def test_half_precision_is_widened(cost, dtype):
    # Small integers are exact in both half formats, so only the arithmetic could lose digits.
    x, y = (np.round(4 * points(n, 6, n)) for n in (5, 7))
    halves = [tf.cast(tf.constant(a), dtype) for a in (x, y)]
    result = cost(*halves)
    assert result.dtype == "float32"
    np.testing.assert_array_equal(result, cost(x.astype("float32"), y.astype("float32")))


@pytest.mark.parametrize("cost", COSTS, ids=lambda f: f.__name__)
def test_unknown_sizes_in_a_graph(cost):
    x, y = points(5, 6, 0, "float32"), points(3, 6, 1, "float32")
    spec = tf.TensorSpec((None, 6), "float32")
    compiled = tf.function(cost, input_signature=[spec, spec])
    np.testing.assert_allclose(compiled(x, y), cost(x, y), rtol=1e-6, atol=1e-6)


coordinates = st.floats(-100, 100, width=32)


@hypothesis.given(
    x=hnp.arrays("float32", (4, 3), elements=coordinates),
    y=hnp.arrays("float32", (5, 3), elements=coordinates),
    order=st.permutations(range(4)),
)
@hypothesis.settings(max_examples=30)
@pytest.mark.parametrize("cost", COSTS, ids=lambda f: f.__name__)
def test_symmetric_non_negative_and_equivariant(cost, x, y, order):
    forth, back = cost(x, y).numpy(), cost(y, x).numpy()
    np.testing.assert_allclose(forth, back.T, rtol=1e-6, atol=1e-6)
    assert forth.min() >= (-1e-6 if cost is ops.cosine else 0.0)
    np.testing.assert_allclose(cost(x[list(order)], y), forth[list(order)], rtol=1e-6, atol=1e-6)


def test_cosine_of_a_zero_vector_is_one():
    np.testing.assert_array_equal(ops.cosine(np.zeros((1, 3)), np.eye(3)), np.ones((1, 3)))


@pytest.mark.parametrize("cost", [*COSTS, ops.squared_differences], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros(3), np.zeros((2, 3)), r"`x_real` must have rank 2, axes \(n, d\)\. Received"),
        (np.zeros((2, 3)), np.zeros((2, 3, 1)), r"`x_fake` must have rank 2.*\(2, 3, 1\)"),
        (np.zeros((2, 3)), np.zeros((2, 4)), r"`x_real` and `x_fake` .* \(2, 3\) and \(2, 4\)"),
    ],
)
def test_wrong_shapes_are_refused(cost, x, y, message):
    with pytest.raises(ValueError, match=message):
        cost(x, y)


@pytest.mark.parametrize("cost", COSTS, ids=lambda f: f.__name__)
def test_serialises_by_name(cost):
    config = keras.saving.serialize_keras_object(cost)
    assert keras.saving.deserialize_keras_object(config) is cost
