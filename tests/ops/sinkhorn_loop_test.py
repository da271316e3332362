"""How the iterations get there: never downhill, few of them, and on every kind of problem."""

import numpy as np
import pytest

from keras_ot_gans import ops
from keras_ot_gans.ops.sinkhorn_loop import relaxed
from tests.ops.transport_problems import clustered, marginal_error, plan_of, problem


@pytest.mark.parametrize("relaxation", [1.0, 1.5, 1.9, 1.99])
def test_relaxed_never_lowers_the_dual_value(relaxation):
    # At a distance s past its optimum a coordinate contributes s - exp(s), times its weight.
    gap = np.concatenate([np.linspace(-30.0, 30.0, 2001), np.geomspace(1e-6, 1.0, 200)])
    past = relaxed(np.zeros_like(gap), gap, relaxation).numpy() - gap
    before, after = -gap - np.exp(-gap), past - np.exp(past)
    # Equality at relaxation 2 to second order: differences of 1 lose 16 digits.
    assert (after >= before - 1e-15).all()
    # Past the optimum, never short of it, and by no more than was asked for.
    assert (past * np.sign(gap) >= -1e-12).all()
    assert (np.abs(past) <= (relaxation - 1.0) * np.abs(gap) + 1e-12).all()


def test_relaxed_is_bounded():
    np.testing.assert_array_equal(relaxed(np.zeros(2), np.array([1e30, -1e30]), 1.9), [60.0, -60.0])


def test_dual_value_never_falls():
    cost, a, b = problem(12, 9)
    values = []
    for budget in (1, 2, 5, 30):
        potentials = ops.sinkhorn(
            cost,
            0.02,
            real_weights=a,
            fake_weights=b,
            annealing=None,
            tolerance=0.0,
            max_iterations=budget,
        )
        assert int(potentials.iterations) == budget
        mass = plan_of(cost, potentials, a, b).sum()
        values.append(a @ potentials.f.numpy() + b @ potentials.g.numpy() - 0.02 * (mass - 1.0))
    # Of values of about 0.1 in float64.
    assert (np.diff(values) >= -1e-15).all()


def test_fewer_iterations_than_plain_sinkhorn():
    cost = clustered(100, 100).astype("float32")
    ours = ops.sinkhorn(cost, 1.0 / 500.0)
    plain = ops.sinkhorn(cost, 1.0 / 500.0, relaxation=1.0, annealing=None)
    assert bool(ours.converged) and bool(plain.converged)
    # 124 against 3576 here; 5 to 29 times fewer over eight draws.
    assert 10 * int(ours.iterations) < int(plain.iterations)


SHAPES = [(1, 7), (2, 2), (5, 3), (20, 20), (13, 50), (60, 40)]


def drawn(seed):
    """A problem of some shape, kind of costs, scale, epsilon and weights."""
    rng = np.random.default_rng(seed)
    n, m = SHAPES[seed % len(SHAPES)]
    kind = rng.integers(4)
    if kind == 0:
        cost = rng.normal(size=(n, m))
    elif kind == 1:
        x, y = rng.normal(size=(n, 3)), rng.normal(size=(m, 3)) + rng.normal(size=3)
        cost = ((x[:, None] - y) ** 2).sum(-1)
    elif kind == 2:
        cost = clustered(n, m, seed, clusters=4, d=8)
    else:
        cost = rng.exponential(size=(n, m)) ** 3
    cost *= 10.0 ** rng.uniform(-4.0, 4.0)
    epsilon = np.ptp(cost) * 10.0 ** rng.uniform(-3.3, 1.0)

    def weights(size):
        drawn = rng.dirichlet(np.full(size, 0.5))
        if kind == 3:
            drawn[1:] *= rng.random(size - 1) > 0.3
        return drawn / drawn.sum()

    sides = (weights(n), weights(m)) if rng.random() < 0.7 else (None, None)
    return cost.astype("float32"), epsilon, *sides


@pytest.mark.parametrize("seed", range(30))
def test_converges_on_problems_of_every_kind(seed):
    cost, epsilon, a, b = drawn(seed)
    potentials = ops.sinkhorn(cost, epsilon, real_weights=a, fake_weights=b, max_iterations=2000)
    assert bool(potentials.converged)
    # Float32 rounds each of three terms of an exponent, of up to 5000, by up to 3e-4.
    error = marginal_error(cost, potentials, a, b)
    np.testing.assert_allclose(error, potentials.marginal_error, atol=1e-3)
