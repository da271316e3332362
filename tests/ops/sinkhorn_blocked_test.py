import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from keras_ot_gans import ops

# The same sums in another order, float64; potentials are of order 1, a few hundred iterations.
SAME = {"rtol": 0.0, "atol": 1e-10}
N, M, WIDTH = 41, 30, 5


def batches(n=N, m=M, dtype="float64"):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, WIDTH)).astype(dtype), rng.normal(size=(m, WIDTH)).astype(dtype) + 1


def weights(size, total=1.0, seed=1):
    w = np.random.default_rng(seed).uniform(0.1, 1.0, size)
    w[size // 2] = 0.0
    return w * total / w.sum()


def logarithmic(cost, epsilon, a, b, iterations=20_000):
    """Plain Sinkhorn in the log domain; returns the plan."""
    f, g = np.zeros(len(a)), np.zeros(len(b))
    for _ in range(iterations):
        f = -scipy.special.logsumexp((g - cost) / epsilon, b=b, axis=1) * epsilon
        new = -scipy.special.logsumexp((f[:, None] - cost) / epsilon, b=a[:, None], axis=0)
        g, old = new * epsilon, g
        if np.abs(g - old).max() < 1e-14:
            break
    return a[:, None] * b * np.exp((f[:, None] + g - cost) / epsilon)


def plan_of(x_real, x_fake, cost, potentials, a=None, b=None):
    matrix = cost(x_real, x_fake)
    return ops.transport_plan(matrix, potentials, real_weights=a, fake_weights=b).numpy()


# 41 rows: one block; three of 14, with a row of filling; blocks of one row.
@pytest.mark.parametrize("block_size", [1024, 14, 1])
def test_equals_the_solver_of_a_matrix_step_by_step(block_size):
    x_real, x_fake = batches()
    settings = {"tolerance": 0.0, "max_iterations": 37}
    expected = ops.sinkhorn(ops.cosine(x_real, x_fake), 0.02, **settings)
    received = ops.sinkhorn_blocked(
        x_real, x_fake, ops.cosine, 0.02, block_size=block_size, **settings
    )
    assert received.f.shape == (N,) and received.g.shape == (M,)
    for name in ("f", "g", "epsilon", "marginal_error"):
        np.testing.assert_allclose(getattr(received, name), getattr(expected, name), **SAME)
    assert int(received.iterations) == int(expected.iterations) == 37


@pytest.mark.parametrize(
    ("cost", "settings"),
    [
        (ops.cosine, {"epsilon": 0.05, "relaxation": 1.0, "annealing": None}),
        (ops.squared_euclidean, {"epsilon": 0.05, "relative": True}),
        (ops.cosine, {"epsilon": 0.02, "penalties": (0.5, None)}),
    ],
)
def test_stops_where_the_solver_of_a_matrix_stops(cost, settings):
    x_real, x_fake = batches()
    settings = {"real_weights": weights(N), "fake_weights": weights(M, seed=2), **settings}
    expected = ops.sinkhorn(cost(x_real, x_fake), **settings)
    received = ops.sinkhorn_blocked(x_real, x_fake, cost, block_size=10, **settings)
    for name in ("f", "g", "epsilon", "marginal_error"):
        np.testing.assert_allclose(getattr(received, name), getattr(expected, name), **SAME)
    assert int(received.iterations) == int(expected.iterations)
    assert bool(received.converged)


def test_same_limit_where_the_solver_of_a_matrix_computes_its_kernel_anew():
    # Scalings above exp(20): that solver then takes an exact step, and the ways part.
    x_real, x_fake = batches()
    a, b = weights(N), weights(M, seed=2)
    settings = {"epsilon": 0.002, "penalties": (0.5, 2.0), "tolerance": 1e-12}
    settings |= {"real_weights": a, "fake_weights": b}
    expected = ops.sinkhorn(ops.cosine(x_real, x_fake), **settings)
    received = ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, block_size=10, **settings)
    plans = [plan_of(x_real, x_fake, ops.cosine, p, a, b) for p in (received, expected)]
    np.testing.assert_allclose(*plans, **SAME)


@pytest.mark.parametrize(("n", "m", "weighted"), [(N, M, False), (M, N, True), (1, 7, False)])
def test_equals_plain_iterations_in_the_log_domain(n, m, weighted):
    x_real, x_fake = batches(n, m)
    a = weights(n) if weighted else np.full(n, 1 / n)
    b = weights(m, seed=2) if weighted else np.full(m, 1 / m)
    settings = {"real_weights": a, "fake_weights": b, "tolerance": 1e-12, "block_size": 9}
    potentials = ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.05, **settings)
    expected = logarithmic(ops.cosine(x_real, x_fake).numpy(), 0.05, a, b)
    received = plan_of(x_real, x_fake, ops.cosine, potentials, a, b)
    np.testing.assert_allclose(received, expected, **SAME)


def test_marginals_with_penalties_are_those_of_the_potentials():
    x_real, x_fake = batches()
    a, b = weights(N), weights(M, total=2.0)
    settings = {"real_weights": a, "fake_weights": b, "penalties": (0.4, 3.0), "tolerance": 1e-11}
    potentials = ops.sinkhorn_blocked(
        x_real, x_fake, ops.squared_euclidean, 0.5, block_size=8, **settings
    )
    plan = plan_of(x_real, x_fake, ops.squared_euclidean, potentials, a, b)
    # Stationarity of rho KL(marginal | weights): log(marginal / weight) = -potential / rho.
    np.testing.assert_allclose(plan.sum(axis=1), a * np.exp(-potentials.f / 0.4), **SAME)
    np.testing.assert_allclose(plan.sum(axis=0), b * np.exp(-potentials.g / 3.0), **SAME)


@pytest.mark.parametrize("annealing", [None, 5.0])
def test_costs_of_a_thousand_epsilons_in_float32(annealing):
    # Three distant clusters of unequal shares: mass changes sides at a cost of 900 epsilons, where
    # exp underflows; without annealing, columns start out of reach.
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    x_real = centres[np.repeat([0, 1, 2], [10, 8, 6])] + 0.02 * rng.normal(size=(24, 2))
    x_fake = centres[np.repeat([0, 1, 2], [6, 8, 10])] + 0.02 * rng.normal(size=(24, 2))
    arguments = [x.astype("float32") for x in (x_real, x_fake)]
    epsilon = 1.0 / 900.0
    potentials = ops.sinkhorn_blocked(
        *arguments, ops.squared_euclidean, epsilon, annealing=annealing, block_size=7
    )
    assert bool(potentials.converged)
    plan = plan_of(*arguments, ops.squared_euclidean, potentials)
    even = np.full(24, 1 / 24)
    expected = logarithmic(ops.squared_euclidean(x_real, x_fake).numpy(), epsilon, even, even)
    # Within the tolerance of the marginals, 1e-3, times a few for what moves inside clusters.
    assert np.abs(plan - expected).sum() < 5e-3


@pytest.mark.parametrize("side", ["real_weights", "fake_weights"])
def test_points_without_weight_disturb_nothing(side):
    # The one without weight is where all of the others' costs vanish: it must not set their scale.
    x_real, x_fake = np.eye(9, 6, dtype="float32")[:, :5] + 3.0, batches(9, 9, "float32")[1]
    near, others = (x_real, x_fake) if side == "real_weights" else (x_fake, x_real)
    near[0] = others.mean(axis=0)
    near[1:] += 10.0
    w = np.r_[0.0, np.full(8, 1 / 8)]
    settings = {"tolerance": 1e-5, "annealing": None, "block_size": 4}
    with_it = ops.sinkhorn_blocked(
        x_real, x_fake, ops.squared_euclidean, 5.0, **{side: w}, **settings
    )
    x = {"real_weights": (x_real[1:], x_fake), "fake_weights": (x_real, x_fake[1:])}[side]
    without = ops.sinkhorn_blocked(*x, ops.squared_euclidean, 5.0, **settings)
    assert bool(with_it.converged) and bool(without.converged)
    weighted = {"a": w} if side == "real_weights" else {"b": w}
    plan = plan_of(x_real, x_fake, ops.squared_euclidean, with_it, **weighted)
    plan = plan[1:] if side == "real_weights" else plan[:, 1:]
    # Both within the tolerance of the optimum, in float32 costs of up to a thousand.
    assert np.abs(plan - plan_of(*x, ops.squared_euclidean, without)).sum() < 1e-4
    assert np.isfinite(with_it.f).all() and np.isfinite(with_it.g).all()


def test_products_of_a_plan():
    x_real, x_fake = batches()
    a, b = weights(N), weights(M)
    sides = {"real_weights": a, "fake_weights": b}
    potentials = ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.05, **sides)
    plan = plan_of(x_real, x_fake, ops.cosine, potentials, a, b)
    rng = np.random.default_rng(3)
    values_real, values_fake = rng.normal(size=(N, 2)), rng.normal(size=(M, 3))
    for block_size in (13, 1024):
        products = ops.apply_plan(
            x_real,
            x_fake,
            ops.cosine,
            potentials,
            values_real=values_real,
            values_fake=values_fake,
            block_size=block_size,
            **sides,
        )
        np.testing.assert_allclose(products.to_real, plan @ values_fake, **SAME)
        np.testing.assert_allclose(products.to_fake, plan.T @ values_real, **SAME)
        sharp = np.sum(plan * ops.cosine(x_real, x_fake))
        np.testing.assert_allclose(products.sharp_cost, sharp, **SAME)
    alone = ops.apply_plan(x_real, x_fake, ops.cosine, potentials, **sides)
    assert alone.to_real is None and alone.to_fake is None
    np.testing.assert_allclose(alone.sharp_cost, sharp, **SAME)


def test_products_are_the_gradient_of_a_constant_plans_cost():
    x_real, x_fake = (tf.constant(ops.unit_vectors(x)) for x in batches())
    potentials = ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.05)
    products = ops.apply_plan(
        x_real, x_fake, ops.cosine, potentials, values_real=x_real, values_fake=x_fake
    )
    plan = tf.constant(plan_of(x_real, x_fake, ops.cosine, potentials))
    with tf.GradientTape() as tape:
        tape.watch([x_real, x_fake])
        cost = tf.reduce_sum(plan * (1.0 - tf.matmul(x_real, x_fake, transpose_b=True)))
    to_real, to_fake = tape.gradient(cost, [x_real, x_fake])
    np.testing.assert_allclose(-products.to_real, to_real, **SAME)
    np.testing.assert_allclose(-products.to_fake, to_fake, **SAME)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_same_in_a_graph_and_constant(jit_compile):
    x_real, x_fake = (tf.constant(x) for x in batches(12, 9))

    @tf.function(jit_compile=jit_compile)
    def graph(x_real, x_fake):
        with tf.GradientTape() as tape:
            tape.watch(x_real)
            potentials = ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.05, block_size=5)
            products = ops.apply_plan(x_real, x_fake, ops.cosine, potentials, block_size=5)
            value = tf.reduce_sum(potentials.f) + products.sharp_cost
        assert tape.gradient(value, x_real) is None
        return potentials, products.sharp_cost

    potentials, sharp_cost = graph(x_real, x_fake)
    eager = ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.05, block_size=5)
    np.testing.assert_allclose(potentials.f, eager.f, **SAME)
    plan = plan_of(x_real, x_fake, ops.cosine, eager)
    np.testing.assert_allclose(sharp_cost, np.sum(plan * ops.cosine(x_real, x_fake)), **SAME)


def test_problem_that_a_graph_cannot_check_ends_not_converged():
    x_real, x_fake = batches(12, 9)
    x_real[3, 1] = np.nan

    @tf.function
    def graph(x_real, x_fake):
        return ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.05, block_size=5)

    potentials = graph(x_real, x_fake)
    assert not bool(potentials.converged) and int(potentials.iterations) <= 1


def test_compiles_once_per_cost_function():
    traces = []

    def cost(x_real, x_fake):
        traces.append(x_real.shape)
        return ops.cosine(x_real, x_fake)

    x_real, x_fake = batches(12, 9)
    first = ops.sinkhorn_blocked(x_real, x_fake, cost, 0.05, block_size=5)
    before = len(traces)
    again = ops.sinkhorn_blocked(x_real + 0.1, x_fake, cost, 0.1, block_size=5)
    assert len(traces) == before and set(map(tuple, traces)) == {(4, WIDTH)}
    assert not np.allclose(first.f, again.f)


def test_half_precision_features_are_widened():
    x_real, x_fake = batches(12, 9, "float16")
    potentials = ops.sinkhorn_blocked(
        x_real, x_fake.astype("float64"), ops.cosine, 0.05, block_size=5
    )
    assert potentials.f.dtype == potentials.marginal_error.dtype == "float64"
    potentials = ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.05)
    assert potentials.f.dtype == potentials.epsilon.dtype == "float32"


def test_memory_stays_below_one_matrix():
    points = 6000
    done = subprocess.run(
        [sys.executable, "-m", "tests.ops.blocked_memory_program", str(points)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # Blocks of 256 rows take 6 MB each, and compiling some 20: a matrix of all costs, 144 MB,
    # does not pass.
    assert int(done.stdout) < 4 * points**2


def test_warns_when_not_converged():
    with pytest.warns(RuntimeWarning, match="did not converge: 1 of 1 problems") as record:
        potentials = ops.sinkhorn_blocked(*batches(), ops.cosine, 0.01, max_iterations=2)
    assert record[0].filename == __file__
    assert not bool(potentials.converged)


class Unhashable:
    __hash__ = None

    def __call__(self, x_real, x_fake):
        return ops.cosine(x_real, x_fake)


def infinite(x_real, x_fake):
    return ops.cosine(x_real, x_fake) / 0.0


def summed(x_real, x_fake):
    return tf.reduce_sum(ops.cosine(x_real, x_fake), axis=1)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"cost": "cosine"}, TypeError, "`cost` must be a hashable function"),
        ({"cost": Unhashable()}, TypeError, "`cost` must be a hashable function"),
        ({"cost": summed}, ValueError, r"one cost per pair.*Received: \(41,\)"),
        ({"cost": infinite}, ValueError, "`cost` must return finite costs"),
        ({"block_size": 0}, ValueError, "`block_size` must be a positive whole number"),
        ({"block_size": 2.5}, ValueError, "`block_size` must be a positive whole number"),
        ({"epsilon": 0.0}, ValueError, "`epsilon` must be positive"),
        ({"epsilon": [0.1, 0.2]}, ValueError, "`epsilon` must be one number"),
        ({"relaxation": 2.0}, ValueError, r"`relaxation` must lie in \[1, 2\)"),
        ({"x_real": np.zeros((2, 3, 4))}, ValueError, "`x_real` must have rank 2"),
        ({"x_fake": np.zeros((4, 7))}, ValueError, "must have the same"),
        ({"x_fake": np.zeros((0, WIDTH))}, ValueError, "`x_fake` must have a known number"),
        ({"x_real": np.full((3, WIDTH), np.nan)}, ValueError, "`x_real` must be finite.*14 more"),
        ({"real_weights": np.ones(3)}, ValueError, "`real_weights` must have one weight"),
        ({"fake_weights": np.ones(M)}, ValueError, "must have the same total"),
    ],
)
def test_bad_input(change, error, message):
    x_real, x_fake = batches()
    arguments = {"x_real": x_real, "x_fake": x_fake, "cost": ops.cosine, "epsilon": 0.1, **change}
    with pytest.raises(error, match=message):
        ops.sinkhorn_blocked(**arguments)


def test_size_unknown_to_a_graph():
    x_real, x_fake = batches()

    @tf.function(input_signature=[tf.TensorSpec((None, WIDTH), "float64")])
    def graph(x_real):
        return ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.1)

    with pytest.raises(ValueError, match="`x_real` must have a known number of points"):
        graph(x_real)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values_real": np.ones(N)}, r"`values_real` must have axes \(points, k\), 41 points"),
        ({"values_fake": np.ones((N, 1))}, r"`values_fake` must have axes \(points, k\), 30"),
        ({"x_real": np.ones((N + 1, WIDTH))}, r"`potentials`.*`f` of shape \(42,\)"),
    ],
)
def test_bad_input_of_products(change, message):
    x_real, x_fake = batches()
    potentials = ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.1)
    arguments = {"x_real": x_real, "x_fake": x_fake, "cost": ops.cosine, **change}
    with pytest.raises(ValueError, match=message):
        ops.apply_plan(potentials=potentials, **arguments)
