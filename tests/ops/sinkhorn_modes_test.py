"""One answer, however `sinkhorn` is called: in batches, in graphs, under XLA, on replicas."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import ops
from tests.ops.transport_problems import clustered, problem

ROOT = Path(__file__).resolve().parents[2]


def assert_same(potentials, expected, **close):
    assert potentials._fields == expected._fields
    for name, received, due in zip(potentials._fields, potentials, expected, strict=True):
        np.testing.assert_allclose(received, due, err_msg=name, **close)


# Float64 in another order of sums: 1e-16, times exponents of up to 100.
SAME = {"rtol": 1e-9, "atol": 1e-12}


@pytest.fixture(scope="module")
def batch():
    """Costs `(2, 3, 12, 9)`, epsilon `(2, 3)`, and weights of both sides."""
    rng = np.random.default_rng(0)
    a, b = (rng.dirichlet(np.ones(k), (2, 3)) for k in (12, 9))
    return rng.random((2, 3, 12, 9)), rng.uniform(0.01, 0.1, (2, 3)), a, b


def test_a_batch_is_its_problems_one_by_one(batch):
    cost, epsilon, a, b = batch
    potentials = ops.sinkhorn(cost, epsilon, real_weights=a, fake_weights=b)
    plans = ops.transport_plan(cost, potentials, real_weights=a, fake_weights=b)
    assert [tuple(x.shape) for x in potentials] == [(2, 3, 12), (2, 3, 9)] + [(2, 3)] * 4
    assert (potentials.iterations.dtype, potentials.converged.dtype) == ("int32", "bool")
    assert len(np.unique(potentials.iterations)) > 1  # each stops by itself
    for k in np.ndindex(2, 3):
        weights = {"real_weights": a[k], "fake_weights": b[k]}
        one = ops.sinkhorn(cost[k], epsilon[k], **weights)
        assert_same(ops.Potentials(*(x[k] for x in potentials)), one, **SAME)
        plan = ops.transport_plan(cost[k], one, **weights)
        np.testing.assert_allclose(plans[k], plan, **SAME)


def test_weights_and_epsilon_of_one_problem_serve_a_batch(batch):
    cost, _, a, _ = batch
    shared = ops.sinkhorn(cost, 0.05, real_weights=a[0, 0], relative=True)
    full = ops.sinkhorn(
        cost, 0.05 * cost.std((-2, -1)), real_weights=np.broadcast_to(a[0, 0], (2, 3, 12))
    )
    assert_same(shared, full, **SAME)


def test_a_spoilt_problem_spoils_no_other():
    cost = np.stack([problem(12, 9, seed)[0] for seed in range(3)]).astype("float32")
    graph = tf.function(lambda c: ops.sinkhorn(c, 0.02))
    whole = graph(tf.constant(cost))
    for bad in (np.nan, np.inf, -np.inf):
        cost[1, 5, 5] = bad
        potentials = graph(tf.constant(cost))
        assert potentials.converged.numpy().tolist() == [True, False, True]
        assert int(potentials.iterations[1]) == 1  # and stops at once
        for k in (0, 2):
            received, due = (ops.Potentials(*(x[k] for x in p)) for p in (potentials, whole))
            assert_same(received, due, rtol=0.0)


@pytest.mark.parametrize("epsilon", [0.0, -1.0, np.nan, np.inf])
def test_bad_epsilon_in_a_graph_does_not_converge(epsilon):
    graph = tf.function(lambda c, e: ops.sinkhorn(c, e))
    potentials = graph(tf.constant(problem(12, 9)[0], "float32"), tf.constant(epsilon, "float32"))
    assert not bool(potentials.converged) and int(potentials.iterations) == 1


def test_unequal_masses_in_a_graph_do_not_converge():
    graph = tf.function(lambda c, a: ops.sinkhorn(c, 0.1, real_weights=a, max_iterations=50))
    weights = tf.constant(np.full(12, 1.5 / 12.0), "float32")
    potentials = graph(tf.constant(problem(12, 9)[0], "float32"), weights)
    assert not bool(potentials.converged) and int(potentials.iterations) == 50


@pytest.mark.parametrize("jit", [False, True])
def test_graphs_agree_with_eager(jit):
    cost, a, b = problem(12, 9)

    def call(c, a, b):
        potentials = ops.sinkhorn(2.0 * c, 0.05, real_weights=a, fake_weights=b)
        plan = ops.transport_plan(2.0 * c, potentials, real_weights=a, fake_weights=b)
        return potentials, plan

    expected, plan = call(cost, a, b)
    received, graph_plan = tf.function(call, jit_compile=jit)(*map(tf.constant, (cost, a, b)))
    assert_same(received, expected, **SAME)
    np.testing.assert_allclose(graph_plan, plan, **SAME)


@pytest.mark.parametrize("rank", [2, 3])
def test_unknown_sizes_in_a_graph(rank):
    cost = np.stack([problem(12, 9, seed)[0] for seed in range(3)]).astype("float32")
    cost = cost if rank == 3 else cost[0]
    graph = tf.function(
        lambda c: ops.sinkhorn(c, 0.05),
        input_signature=[tf.TensorSpec((None,) * rank, "float32")],
    )
    # Float32 in another program: roundings times exponents of up to 20.
    assert_same(graph(cost), ops.sinkhorn(cost, 0.05), rtol=1e-5, atol=1e-6)


def test_potentials_are_constant():
    cost = tf.constant(problem(12, 9)[0], "float32")
    with tf.GradientTape() as tape:
        tape.watch(cost)
        potentials = ops.sinkhorn(cost, 0.05)
        total = keras.ops.sum(potentials.f) + keras.ops.sum(potentials.marginal_error)
    assert tape.gradient(total, cost) is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_widened(dtype):
    cost = np.round(16.0 * problem(12, 9)[0]) / 16.0  # exact in both half formats
    half = tf.cast(tf.constant(cost), dtype)
    potentials = ops.sinkhorn(half, 0.05)
    assert potentials.f.dtype == potentials.epsilon.dtype == "float32"
    assert_same(potentials, ops.sinkhorn(cost.astype("float32"), 0.05), rtol=0.0)
    assert ops.transport_plan(half, potentials).dtype == "float32"


def test_fixed_iterations_take_them_all():
    cost = clustered(12, 9).astype("float32")
    potentials = ops.sinkhorn(cost, 0.1, tolerance=0.0, max_iterations=50)
    assert int(potentials.iterations) == 50 and not bool(potentials.converged)


def test_inside_mirrored_replicas():
    done = subprocess.run(
        [sys.executable, "-m", "tests.ops.mirrored_sinkhorn_program"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    report = json.loads(done.stdout.splitlines()[-1])
    # The same program on the same numbers; the second call finds it compiled.
    assert report == {"first": 0.0, "second": 0.0, "gathered": 0.0, "problems": 2}
