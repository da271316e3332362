import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from keras_ot_gans.ops.sinkhorn import sinkhorn, transport_plan
from keras_ot_gans.ops.sinkhorn_gradients import implicit_plan, unrolled_plan
from tests import oracles

RNG = np.random.default_rng(0)
COST, EPSILON = RNG.random((4, 5)), 0.3
A, B = np.array([0.3, 0.1, 0.2, 0.4]), np.array([0.2, 0.3, 0.1, 0.15, 0.25])
W = RNG.normal(size=(4, 5))  # what the gradients below are the gradients of: <W, plan>
WEIGHTS = [{}, {"real_weights": A, "fake_weights": B}]


def solve(cost, epsilon=EPSILON, **weights):
    return sinkhorn(cost, epsilon, tolerance=1e-12, **weights)


def implicit(cost, **weights):
    return implicit_plan(cost, solve(cost, **weights), **weights)


def along(function, cost=COST, w=W):
    """Gradient of `<w, function(cost)>` and its finite differences."""
    (slope,) = oracles.gradient(lambda c: tf.reduce_sum(w * function(c)), cost)
    expected = oracles.finite_differences(lambda c: np.sum(w * function(c)), cost, step=1e-5)
    return slope, expected


# --- implicit ---


@pytest.mark.parametrize("weights", WEIGHTS)
def test_implicit_gradient_equals_finite_differences(weights):
    slope, expected = along(lambda c: implicit(c, **weights))
    # The linear system is solved to 1e-6 of its right side.
    np.testing.assert_allclose(slope, expected, rtol=0, atol=2e-6)


def test_implicit_plan_is_the_plan():
    found = solve(COST)
    np.testing.assert_array_equal(implicit_plan(COST, found), transport_plan(COST, found))


@pytest.mark.parametrize("epsilon", [0.02, 0.3, 3.0])
def test_what_a_plan_does_not_see_has_no_gradient(epsilon):
    # A price of a point that is the same for all partners changes no plan.
    found = solve(COST, epsilon)
    (slope,) = oracles.gradient(lambda c: tf.reduce_sum(W * implicit_plan(c, found)), COST)
    scale = np.abs(slope).max()
    for axis in (0, 1):
        np.testing.assert_allclose(slope.sum(axis), 0.0, atol=2e-6 * scale)
    assert scale > 0.01


def test_implicit_gradient_of_a_batch():
    costs, epsilons = np.stack([COST, 2 * COST[::-1]]), np.array([0.3, 0.5])
    w = np.stack([W, W + 1])
    found = solve(costs, epsilons)
    (slope,) = oracles.gradient(lambda c: tf.reduce_sum(w * implicit_plan(c, found)), costs)
    for k in range(2):
        single = solve(costs[k], epsilons[k])
        (own,) = oracles.gradient(
            lambda c, k=k, s=single: tf.reduce_sum(w[k] * implicit_plan(c, s)), costs[k]
        )
        np.testing.assert_allclose(slope[k], own, rtol=0, atol=4e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_implicit_gradient_of_points_without_weight(dtype):
    a, b = A.copy(), B.copy()
    a[1], b[:2] = 0.0, 0.0
    a, b = a / a.sum(), b / b.sum()
    rows, columns = [0, 2, 3], [2, 3, 4]
    cost = COST.astype(dtype)

    def slope_at(cost, w, a, b):
        found = sinkhorn(cost, EPSILON, tolerance=1e-6, real_weights=a, fake_weights=b)

        def total(c):
            plan = implicit_plan(c, found, real_weights=a, fake_weights=b)
            return tf.reduce_sum(w.astype(dtype) * plan)

        return oracles.gradient(total, cost)[0]

    slope = slope_at(cost, W, a, b)
    inner = np.ix_(rows, columns)
    expected = np.zeros((4, 5))
    expected[inner] = slope_at(cost[inner], W[inner], a[rows], b[columns])
    # Plans of marginal error 1e-6, in float32 too.
    np.testing.assert_allclose(slope, expected, rtol=0, atol=2e-5)


def test_implicit_gradient_stays_finite_where_the_plan_is_nearly_a_permutation():
    cost = COST[:, :4].astype("float32")
    found = sinkhorn(cost, 1e-3)
    (slope,) = oracles.gradient(lambda c: tf.reduce_sum(W[:, :4] * implicit_plan(c, found)), cost)
    # Nothing near this cost changes the plan: what is left is its marginal error, over epsilon.
    assert np.isfinite(slope).all() and np.abs(slope).max() < 1.0


# --- unrolled ---


def by_scipy(cost, epsilon, iterations, a, b):
    log_a, log_b, g = np.log(a), np.log(b), np.zeros(cost.shape[1])
    for _ in range(iterations + 1):
        f = -scipy.special.logsumexp(-cost / epsilon + g + log_b, axis=1)
        last, g = g, -scipy.special.logsumexp((-cost / epsilon).T + f + log_a, axis=1)
    return np.exp(-cost / epsilon + (f + log_a)[:, None] + last + log_b)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("iterations", [1, 7])
def test_unrolled_plan_is_plain_sinkhorn(weights, iterations):
    a, b = weights.values() if weights else (np.full(4, 0.25), np.full(5, 0.2))
    plan = unrolled_plan(COST, EPSILON, iterations, **weights)
    np.testing.assert_allclose(plan, by_scipy(COST, EPSILON, iterations, a, b), rtol=1e-12)
    np.testing.assert_allclose(plan.numpy().sum(1), a, rtol=1e-12)


def test_unrolled_plan_converges_to_the_plan():
    expected = transport_plan(COST, solve(COST))
    np.testing.assert_allclose(unrolled_plan(COST, EPSILON, 200), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_unrolled_gradient_equals_finite_differences(weights):
    slope, expected = along(lambda c: unrolled_plan(c, EPSILON, 5, **weights))
    np.testing.assert_allclose(slope, expected, rtol=0, atol=1e-8)


def test_unrolled_gradient_knows_epsilon_and_weights():
    epsilon = np.array([0.3, 0.6])

    def total(epsilon, a):
        plan = unrolled_plan(np.stack([COST, COST]), epsilon, 5, real_weights=a, fake_weights=B)
        return tf.reduce_sum(W * plan)

    slopes = oracles.gradient(total, epsilon, A)
    expected = oracles.finite_differences(lambda e: total(e, A), epsilon)
    np.testing.assert_allclose(slopes[0], expected, rtol=0, atol=1e-8)
    # Along a change that keeps the total mass.
    d = np.array([1.0, -1.0, 0.5, -0.5])
    expected = (total(epsilon, A + 1e-6 * d) - total(epsilon, A - 1e-6 * d)) / 2e-6
    np.testing.assert_allclose(slopes[1] @ d, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("epsilon", [1e-3, 0.3])
def test_unrolled_gradient_of_points_without_weight_is_finite_in_float32(epsilon):
    a, b = np.array([0.0, 0.5, 0.0, 0.5], "float32"), np.array([0, 0, 0.5, 0.25, 0.25], "float32")

    def total(cost, a, b):
        plan = unrolled_plan(cost, epsilon, 20, real_weights=a, fake_weights=b)
        np.testing.assert_allclose(plan[::2], 0.0, atol=1e-30)
        np.testing.assert_allclose(plan[:, :2], 0.0, atol=1e-30)
        return tf.reduce_sum(W.astype("float32") * plan)

    for slope in oracles.gradient(total, COST.astype("float32"), a, b):
        assert np.isfinite(slope).all()


def test_unrolled_plan_refuses_what_the_solver_refuses():
    for arguments, weights, message in (
        ((COST, EPSILON, 0), {}, "`iterations` must be positive"),
        ((COST, -1.0, 5), {}, "`epsilon` must be positive"),
        ((COST * np.inf, 1.0, 5), {}, "`cost` must be finite"),
        ((COST, 1.0, 5), {"real_weights": B}, "`real_weights` must have one weight per point"),
        ((COST, 1.0, 5), {"real_weights": A, "fake_weights": 3 * B}, "must have the same total"),
    ):
        with pytest.raises(ValueError, match=message):
            unrolled_plan(*arguments, **weights)
