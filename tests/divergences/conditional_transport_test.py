import functools

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis.extra import numpy as hnp

from keras_ot_gans import divergences, ops
from keras_ot_gans.divergences.conditional_transport import check_num_anchors
from tests import oracles

EXACT = {"rtol": 1e-12, "atol": 1e-12}  # float64 sums of at most a few hundred terms
SIZES = [(1, 1), (1, 6), (6, 1), (7, 4), (4, 7)]


def matrices(n, m, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.0, 4.0, (n, m)), rng.normal(size=(n, m)) * 2.0


def value(cost, distance, *arguments):
    return divergences.conditional_transport(cost, distance, *arguments).value


# --- closed forms and brute force ---


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("weight", [0.0, 0.3, 0.5, 1.0])
def test_equals_a_loop_over_the_points(n, m, weight):
    cost, distance = matrices(n, m)
    forward, backward = oracles.transport(cost, distance)
    result = divergences.conditional_transport(cost, distance, weight)
    np.testing.assert_allclose(result.forward, forward, **EXACT)
    np.testing.assert_allclose(result.backward, backward, **EXACT)
    np.testing.assert_allclose(result.value, weight * forward + (1 - weight) * backward, **EXACT)
    assert divergences.forward_transport(cost, distance) == result.forward
    assert divergences.backward_transport(cost, distance) == result.backward


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_constant_navigator_gives_the_mean_cost(n, m):
    cost, _ = matrices(n, m)
    for part in divergences.conditional_transport(cost, np.full((n, m), 3.0)):
        np.testing.assert_allclose(part, cost.mean(), **EXACT)


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_sharp_navigator_gives_the_mean_of_the_minima(n, m, weight):
    cost, _ = matrices(n, m)
    # The runner-up of every row and column is at least 1e-3 dearer: its mass is below exp(-100).
    result = divergences.conditional_transport(cost, 1e5 * cost, weight)
    rows, columns = cost.min(axis=1).mean(), cost.min(axis=0).mean()
    np.testing.assert_allclose(result.forward, rows, **EXACT)
    np.testing.assert_allclose(result.backward, columns, **EXACT)
    np.testing.assert_allclose(result.value, weight * rows + (1 - weight) * columns, **EXACT)


def test_of_one_pair_is_its_cost():
    for part in divergences.conditional_transport([[2.5]], [[1e4]]):
        assert float(part) == 2.5


@pytest.mark.parametrize("theta", [-0.7, 0.0, 0.7])
@pytest.mark.parametrize("phi", [-1.0, 1.5])
def test_closed_forms_of_two_normals(theta, phi):
    problem = oracles.UnivariateNormals(theta, phi)
    rng = np.random.default_rng(5)
    runs = []
    for _ in range(12):
        cost = ops.squared_euclidean(*problem.draw(1000, 1000, rng)).numpy()
        runs.append(divergences.conditional_transport(cost, problem.distance(cost)))
    runs = np.array([[run.forward, run.backward] for run in runs])
    errors = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    # Four standard errors, and 1 % for the bias of plans over 1000 points instead of all.
    np.testing.assert_array_less(
        np.abs(runs.mean(axis=0) - [problem.forward, problem.backward]),
        4.0 * errors + 0.01 * np.array([problem.forward, problem.backward]),
    )


# --- the one-sample estimator ---


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("weight", [0.5, 0.2])
def test_one_sample_estimator_is_unbiased(n, m, weight):
    cost, distance = matrices(n, m)
    estimates = []
    for i in range(n):
        for j in range(m):
            rows, columns = np.roll(range(n), -i), np.roll(range(m), -j)
            part = np.ix_(rows, columns)
            estimates.append(value(cost[part], distance[part], weight, 1))
    # All choices of x_i and y_j of eq. 13, each as likely as any other: their mean is eq. 14.
    np.testing.assert_allclose(np.mean(estimates), value(cost, distance, weight), **EXACT)


def test_one_sample_estimator_is_eq_13():
    cost, distance = matrices(5, 3)
    result = divergences.conditional_transport(cost, distance, 0.5, 1)
    forward = oracles.softmax(-distance[0], 0) @ cost[0]
    backward = oracles.softmax(-distance[:, 0], 0) @ cost[:, 0]
    np.testing.assert_allclose(result, ((forward + backward) / 2, forward, backward), **EXACT)


@pytest.mark.parametrize("anchors", [1, 2, 4])
def test_anchors_are_the_first_rows_and_columns(anchors):
    cost, distance = matrices(6, 4)
    result = divergences.conditional_transport(cost, distance, 0.5, anchors)
    forward, _ = oracles.transport(cost[:anchors], distance[:anchors])
    _, backward = oracles.transport(cost[:, :anchors], distance[:, :anchors])
    np.testing.assert_allclose(result[1:], (forward, backward), **EXACT)


def test_all_anchors_are_the_whole_batch():
    cost, distance = matrices(5, 5)
    np.testing.assert_allclose(value(cost, distance, 0.5, 5), value(cost, distance), **EXACT)


# --- gradients ---


@pytest.mark.parametrize("anchors", [None, 1])
@pytest.mark.parametrize("argument", ["cost", "distance"])
def test_gradient_flows_through_cost_and_plans(argument, anchors):
    cost, distance = matrices(4, 3)
    if argument == "cost":
        function, at = lambda c: value(c, distance, 0.3, anchors), cost
    else:
        function, at = lambda d: value(cost, d, 0.3, anchors), distance
    (slope,) = oracles.gradient(function, at)
    # Central differences at step 1e-6 in float64 are good to about 1e-9.
    np.testing.assert_allclose(slope, oracles.finite_differences(function, at), atol=1e-8)
    assert np.abs(slope).max() > 0.01


def test_gradient_with_respect_to_the_points():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, 2)), rng.normal(size=(5, 2))

    def total(x, y):
        cost = ops.squared_euclidean(x, y)
        return value(cost, ops.euclidean(x, y))

    slope_x, slope_y = oracles.gradient(total, x, y)
    np.testing.assert_allclose(
        slope_x, oracles.finite_differences(lambda a: total(a, y), x), atol=1e-8
    )
    np.testing.assert_allclose(
        slope_y, oracles.finite_differences(lambda b: total(x, b), y), atol=1e-8
    )


# --- invariances ---

numbers = st.floats(0, 50)


@hypothesis.given(
    cost=hnp.arrays("float64", (4, 3), elements=numbers),
    distance=hnp.arrays("float64", (4, 3), elements=numbers),
    rows=st.permutations(range(4)),
    columns=st.permutations(range(3)),
    unit=st.floats(0.01, 100),
)
@hypothesis.settings(max_examples=30)
def test_order_direction_and_unit(cost, distance, rows, columns, unit):
    close = {"rtol": 1e-9, "atol": 1e-12}
    forward_weight = 0.3
    part = np.ix_(rows, columns)
    result = value(cost, distance, forward_weight)
    np.testing.assert_allclose(value(cost[part], distance[part], forward_weight), result, **close)
    # Swapping real and fake swaps the directions, so that half and half is symmetric.
    np.testing.assert_allclose(value(cost.T, distance.T, 1 - forward_weight), result, **close)
    np.testing.assert_allclose(value(cost.T, distance.T), value(cost, distance), **close)
    np.testing.assert_allclose(value(unit * cost, distance, 0.3), unit * result, **close)
    assert cost.min() - 1e-9 <= result <= cost.max() + 1e-9


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_widened(dtype):
    halves = [tf.cast(np.round(a), dtype) for a in matrices(6, 4)]
    wide = [tf.cast(a, "float32") for a in halves]
    assert value(*halves).dtype == "float32"
    assert value(*halves, 0.5, 2) == value(*wide, 0.5, 2)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("anchors", [None, 2])
def test_compiled_with_unknown_sizes(jit, anchors):
    cost, distance = (a.astype("float32") for a in matrices(6, 4))
    spec = tf.TensorSpec((None, None), "float32")
    compile_ = functools.partial(tf.function, input_signature=[spec, spec], jit_compile=jit)
    compiled = compile_(lambda c, d: value(c, d, 0.3, anchors))
    # Float32 sums in another order.
    np.testing.assert_allclose(
        compiled(cost, distance), value(cost, distance, 0.3, anchors), rtol=1e-6
    )


# --- bad input ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((2, 3)), np.zeros((3, 2))), r"`cost` and `distance` must have the same shape"),
        ((np.zeros((2, 3)), np.zeros((2, 1))), r"Received: \(2, 3\) and \(2, 1\)"),
        ((np.zeros(3), np.zeros(3)), r"`distance` must have rank 2"),
        ((np.zeros((2, 3)), np.zeros((2, 3)), 1.1), r"`forward_weight` must be in \[0, 1\].*1\.1"),
        ((np.zeros((2, 3)), np.zeros((2, 3)), -0.1), r"forward_weight=-0\.1"),
        ((np.zeros((2, 3)), np.zeros((2, 3)), float("nan")), r"forward_weight=nan"),
        ((np.zeros((2, 3)), np.zeros((2, 3)), 0.5, 0), r"`num_anchors` must be None or at least 1"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        divergences.conditional_transport(*arguments)


def test_number_of_anchors_may_be_none():
    assert check_num_anchors(None) is None
