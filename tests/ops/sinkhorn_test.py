"""The solution of entropic transport problems, against solvers and formulas of others."""

import warnings

import numpy as np
import ot
import pytest
import scipy.optimize

from keras_ot_gans import ops
from tests.ops.transport_problems import clustered, marginal_error, plan_of, problem


def solved(cost, epsilon, **options):
    """Potentials to the last digits of float64."""
    options = {"tolerance": 1e-13, "max_iterations": 20_000} | options
    return ops.sinkhorn(np.asarray(cost, "float64"), epsilon, **options)


@pytest.mark.parametrize("epsilon", [1.0, 0.1, 0.02])
@pytest.mark.parametrize(("n", "m"), [(12, 9), (9, 12)])
def test_equals_pot(n, m, epsilon):
    cost, a, b = problem(n, m)
    expected = ot.sinkhorn(
        a, b, cost, epsilon, method="sinkhorn_log", stopThr=1e-14, numItermax=100_000
    )
    weights = {"real_weights": a, "fake_weights": b}
    potentials = solved(cost, epsilon, **weights)
    assert bool(potentials.converged)
    plan = ops.transport_plan(cost, potentials, **weights)
    assert plan.dtype == "float64"
    # Both stop at marginal errors of 1e-13; entries of the plan are below 1.
    np.testing.assert_allclose(plan, expected, rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(plan, plan_of(cost, potentials, a, b), rtol=1e-10)


def test_equal_weights_are_the_default():
    cost, *_ = problem(12, 9)
    expected = ot.sinkhorn([], [], cost, 0.1, method="sinkhorn_log", stopThr=1e-14)
    plan = ops.transport_plan(cost, solved(cost, 0.1))
    np.testing.assert_allclose(plan, expected, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("penalties", [(1.0, None), (None, 0.5), (0.1, 3.0)])
def test_penalties_equal_unbalanced_pot(penalties):
    cost, a, b = problem(12, 9)
    a, b = (a, 1.7 * b) if penalties[0] else (1.7 * a, b)
    reach = tuple(np.inf if p is None else p for p in penalties)
    expected = ot.unbalanced.sinkhorn_unbalanced(
        a, b, cost, 0.05, reach, reg_type="kl", stopThr=1e-15, numItermax=100_000
    )
    weights = {"real_weights": a, "fake_weights": b}
    potentials = solved(cost, 0.05, penalties=penalties, **weights)
    assert bool(potentials.converged)
    plan = ops.transport_plan(cost, potentials, **weights)
    np.testing.assert_allclose(plan, expected, rtol=0.0, atol=1e-11)
    for exact, weight, axis in zip(penalties, (a, b), (1, 0), strict=True):
        if exact is None:
            np.testing.assert_allclose(plan.numpy().sum(axis), weight, atol=1e-12)


def test_penalty_far_below_the_costs_lets_all_mass_vanish():
    cost = (1.0 + problem(12, 9)[0]).astype("float32")
    potentials = ops.sinkhorn(cost, 1e-3, penalties=(1e-3, 1e-3))
    assert bool(potentials.converged)
    # A pair at a cost of 1 keeps a share of exp(-1 / 3e-3), which float32 does not hold.
    np.testing.assert_allclose(ops.transport_plan(cost, potentials), 0.0, atol=1e-20)


@pytest.mark.parametrize("epsilon", [0.25, 1.0, 4.0])
def test_two_points_closed_form(epsilon):
    # Symmetric: (p, q; q, p) with p / q = exp(1 / epsilon) and p + q = 1/2.
    plan = ops.transport_plan(np.eye(2), solved(np.eye(2), epsilon)).numpy()
    off = 0.5 / (1.0 + np.exp(-1.0 / epsilon))
    np.testing.assert_allclose(plan, [[0.5 - off, off], [off, 0.5 - off]], rtol=1e-11)


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_normals_closed_form(epsilon):
    """N(0, A) to N(1, B) at cost (x - y)^2, by quadrature that is exact but for the tails.

    The plan is normal with some covariance k: `A + B + 1 - 2 k - epsilon / 2 log(1 - k^2 / (A B))`
    is least where `2 (A B - k^2) = epsilon k` (Janati et al. 2020, derived here in one dimension).
    """
    variances, means, masses, grids = (1.0, 0.49), (0.0, 1.0), [], []
    for variance, mean in zip(variances, means, strict=True):
        # The trapezoidal rule on a normal density converges like exp(-2 (pi sigma / step)^2).
        x = mean + np.sqrt(variance) * np.linspace(-7.0, 7.0, 60)
        mass = np.exp(-((x - mean) ** 2) / (2.0 * variance))
        grids.append(x)
        masses.append(mass / mass.sum())
    cost = (grids[0][:, None] - grids[1]) ** 2
    potentials = solved(cost, epsilon, real_weights=masses[0], fake_weights=masses[1])
    plan = plan_of(cost, potentials, *masses)
    product = variances[0] * variances[1]
    k = (-epsilon + np.sqrt(epsilon**2 + 16.0 * product)) / 4.0
    covariance = (grids[0] - means[0]) @ plan @ (grids[1] - means[1])
    # Tails beyond 7 standard deviations hold 1e-12 of the mass, and 49 times that of the variance.
    np.testing.assert_allclose(covariance, k, rtol=1e-9)
    value = sum(variances) + 1.0 - 2.0 * k - epsilon / 2.0 * np.log(1.0 - k**2 / product)
    dual = masses[0] @ potentials.f.numpy() + masses[1] @ potentials.g.numpy()
    np.testing.assert_allclose(dual, value, rtol=1e-9)


def test_large_epsilon_forgets_the_costs():
    cost, a, b = problem(12, 9)
    weights = {"real_weights": a, "fake_weights": b}
    plan = ops.transport_plan(cost, solved(cost, 1e6, **weights), **weights)
    # exp(cost / epsilon) - 1 is 1e-6 for costs up to 1.
    np.testing.assert_allclose(plan, a[:, None] * b, rtol=3e-6)


def test_small_epsilon_is_the_assignment():
    cost = np.random.default_rng(3).random((12, 12))
    rows, columns = scipy.optimize.linear_sum_assignment(cost)
    expected = np.zeros((12, 12))
    expected[rows, columns] = 1.0 / 12.0
    plan = ops.transport_plan(cost, solved(cost, 2e-4, tolerance=1e-6))
    # Half of the tolerance, since an L1 distance counts what moves twice, with some to spare.
    np.testing.assert_allclose(plan, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("budget", "dtype"),
    [(1, "float64"), (2, "float64"), (20, "float64"), (5, "float32"), (5000, "float32")],
)
def test_marginal_error_is_that_of_the_plan(budget, dtype):
    """Also where the iterations end early: at the epsilon that was asked for, not at a stage's."""
    cost, a, b = problem(12, 9)
    cost = cost.astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        potentials = ops.sinkhorn(
            cost, 0.002, real_weights=a, fake_weights=b, max_iterations=budget
        )
    expected = marginal_error(cost, potentials, a, b)
    # Float32 rounds exponents of 1 / 0.002 by 3e-5, in each entry of the plan, up to 20 in all.
    close = {"rtol": 1e-10} if dtype == "float64" else {"rtol": 1e-4, "atol": 3e-5}
    np.testing.assert_allclose(potentials.marginal_error, expected, **close)
    assert bool(potentials.converged) == (potentials.marginal_error <= 1e-3)
    assert int(potentials.iterations) <= budget
    assert bool(potentials.converged) == (budget == 5000)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_points_without_weight_change_nothing(dtype):
    # Nearer to each other than all others are, so that kernels scaled by them would be 0 elsewhere.
    cost, a, b = problem(12, 9)
    inside = np.array([3, 4, 5])
    a[inside], b[inside] = 0.0, 0.0
    a, b = a / a.sum(), b / b.sum()
    cost[np.ix_(inside, inside)] -= 9.0
    kept = np.ix_(np.setdiff1d(np.arange(12), inside), np.setdiff1d(np.arange(9), inside))
    expected = np.zeros((12, 9))
    expected[kept] = ot.sinkhorn(
        a[kept[0][:, 0]],
        b[kept[1][0]],
        cost[kept],
        0.01,
        method="sinkhorn_log",
        stopThr=1e-14,
        numItermax=100_000,
    )
    weights = {"real_weights": a, "fake_weights": b}
    solve, tolerance = (solved, 1e-12) if dtype == "float64" else (ops.sinkhorn, 1e-3)
    potentials = solve(cost.astype(dtype), 0.01, **weights)
    assert bool(potentials.converged)
    assert np.isfinite(potentials.f).all() and np.isfinite(potentials.g).all()
    plan = ops.transport_plan(cost.astype(dtype), potentials, **weights)
    # Within the marginal error: what an entry lacks, a row and a column lack as well.
    np.testing.assert_allclose(plan, expected, atol=tolerance)


@pytest.mark.parametrize("mass", [1e-20, 1e20])
def test_weights_of_any_total(mass):
    cost, a, b = problem(12, 9)
    weights = {"real_weights": mass * a, "fake_weights": mass * b}
    plan = ops.transport_plan(cost, solved(cost, 0.1, **weights), **weights)
    expected = ot.sinkhorn(a, b, cost, 0.1, method="sinkhorn_log", stopThr=1e-14)
    np.testing.assert_allclose(plan / mass, expected, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("epsilon", [1e-4, 1e-5])
def test_mass_stays_where_the_kernel_underflows(epsilon):
    cost = (0.5 + problem(12, 9)[0]).astype("float32")
    # exp(-0.5 / 1e-4) is 0 in any float: POT's kernel form has nothing left to scale.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        lost = ot.sinkhorn([], [], cost.astype("float64"), epsilon, method="sinkhorn")
    assert not np.nan_to_num(lost).any()
    potentials = ops.sinkhorn(cost, epsilon)
    plan = ops.transport_plan(cost, potentials).numpy()
    # Potentials are rounded by 2^-24 relative to costs of 1, that is by 6e-8 / epsilon in the plan.
    rounding = 1e-7 / epsilon
    np.testing.assert_allclose(plan.sum(), 1.0, atol=1e-3 + rounding)
    np.testing.assert_allclose(plan.sum(0), 1.0 / 9.0, atol=1e-3 + rounding / 9.0)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
def test_relative_epsilon_is_in_standard_deviations(scale):
    cost = scale * problem(12, 9)[0]
    relative = solved(cost, 0.1, relative=True)
    np.testing.assert_allclose(relative.epsilon, 0.1 * np.std(cost), rtol=1e-12)
    absolute = solved(cost, 0.1 * np.std(cost))
    np.testing.assert_allclose(
        plan_of(cost, relative), plan_of(cost, absolute), rtol=0.0, atol=1e-12
    )


@pytest.mark.parametrize("level", [0.0, 1.0, -3.0, 1e4, 1e9])
@pytest.mark.parametrize("relative", [False, True])
def test_equal_costs_spread_the_mass(level, relative):
    cost = np.full((12, 9), level, "float32")
    epsilon = 0.05 if relative else 0.05 * max(1.0, abs(level))
    plan = ops.transport_plan(cost, ops.sinkhorn(cost, epsilon, relative=relative))
    # A few roundings of exponents of up to 20.
    np.testing.assert_allclose(plan, 1.0 / 108.0, rtol=1e-5)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 9), (9, 1)])
def test_one_point_takes_all(n, m):
    cost = np.random.default_rng(0).normal(size=(n, m))
    plan = ops.transport_plan(cost, solved(cost, 0.01))
    np.testing.assert_allclose(plan, np.full((n, m), 1.0 / (n * m)), rtol=1e-11)


@pytest.mark.parametrize("factor", [2.0**-30, 3.0, 2.0**13, 1e8])
def test_scales_with_the_unit_of_the_cost(factor):
    cost = clustered(12, 9).astype("float32")
    one, other = ops.sinkhorn(cost, 0.01), ops.sinkhorn(factor * cost, factor * 0.01)
    # Powers of 2 are exact; the others' costs and epsilon are rounded, which 1 / 0.01 multiplies.
    exact = np.log2(factor) % 1.0 == 0.0
    close = {"rtol": 1e-6, "atol": 1e-7 * factor} if exact else {"atol": 1e-3 * 0.01 * factor}
    np.testing.assert_allclose(other.f, factor * one.f.numpy(), **close)
    np.testing.assert_allclose(other.g, factor * one.g.numpy(), **close)


def test_costs_of_ten_thousand():
    cost = 1e4 * problem(12, 9)[0]
    expected = ot.sinkhorn([], [], cost, 100.0, method="sinkhorn_log", stopThr=1e-14)
    plan = ops.transport_plan(cost, solved(cost, 100.0))
    np.testing.assert_allclose(plan, expected, rtol=0.0, atol=1e-12)
    narrow = cost.astype("float32")
    plan = ops.transport_plan(narrow, ops.sinkhorn(narrow, 100.0))
    np.testing.assert_allclose(plan, expected, rtol=0.0, atol=1e-3)  # the tolerance
