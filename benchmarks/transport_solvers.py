"""Solvers of entropic transport, made alike: a state, a way to go on, and its plan in float64.

Each takes a float32 cost matrix with equal weights. Every contestant is made by a function of
`(cost, epsilon)` that imports its library, so that a missing one costs its own row only.
"""

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

State = Any


class Iterated(NamedTuple):
    """A solver that can go on from where it stopped.

    Attributes:
        chunk: int, iterations at a time while a sufficient number of them is looked for.
        advance: function of a state, or None for the start, that does `chunk` more iterations.
        prepare: function of a number of iterations that returns the whole run, compiled.
        plan: function of a state that returns the plan, float64 `(n, m)`.
        usual: int, iterations that its users take without a test, or None.
    """

    chunk: int
    advance: Callable[[State], State]
    prepare: Callable[[int], Callable[[], State]]
    plan: Callable[[State], np.ndarray]
    usual: int | None = None


class Tuned(NamedTuple):
    """A solver that starts anew for each setting.

    Attributes:
        settings: values in the order of rising effort.
        solve: function of a setting.
        plan: function of a state that returns the plan, float64 `(n, m)`.
        words: str, how to print a setting.
    """

    settings: Sequence
    solve: Callable[[Any], State]
    plan: Callable[[State], np.ndarray]
    words: str


def marginal_error(plan: np.ndarray) -> float:
    """Return the L1 distance of both marginals of a plan from equal weights.

    Args:
        plan: float64 array `(n, m)`.

    Returns:
        float.
    """
    n, m = plan.shape
    rows, columns = plan.sum(1), plan.sum(0)
    return float(np.abs(rows - 1.0 / n).sum() + np.abs(columns - 1.0 / m).sum())


def plan_of(cost: np.ndarray, epsilon: float, f: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Return the plan of potentials, in float64 whatever they were computed in.

    Args:
        cost: float array `(n, m)`.
        epsilon: float.
        f: float array `(n,)`.
        g: float array `(m,)`.

    Returns:
        float64 array `(n, m)`.
    """
    f, g = np.asarray(f, np.float64), np.asarray(g, np.float64)
    return np.exp((f[:, None] + g - cost) / epsilon) / cost.size


def ours(cost: np.ndarray, epsilon: float) -> Tuned:
    """`ops.sinkhorn` in a graph; its tolerance is tuned to what NumPy finds."""
    import tensorflow as tf

    from keras_ot_gans import ops

    @functools.cache
    def graph(tolerance: float) -> Callable:
        return tf.function(functools.partial(ops.sinkhorn, epsilon=epsilon, tolerance=tolerance))

    constant = tf.constant(cost)

    def solve(tolerance: float) -> State:
        potentials = graph(tolerance)(constant)
        potentials.f.numpy()  # waits
        return potentials

    return Tuned(
        (1e-3, 9.9e-4, 9.5e-4, 9e-4, 7e-4, 5e-4, 2.5e-4),
        solve,
        lambda p: plan_of(cost, epsilon, p.f, p.g),
        "tolerance {}",
    )


def authors_loop(cost: np.ndarray, epsilon: float, *, jit: bool) -> Iterated:
    """Log-domain loop of OT-GAN's code, restated: the matrix itself is scaled, without a test."""
    import tensorflow as tf

    @tf.function(jit_compile=jit, autograph=False)
    def loop(scaled: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        def body(i: tf.Tensor, x: tf.Tensor) -> tuple:
            x -= tf.reduce_logsumexp(x, axis=1, keepdims=True)
            return i + 1, x - tf.reduce_logsumexp(x, axis=0, keepdims=True)

        return tf.while_loop(lambda i, x: i < count, body, (0, scaled))[1]

    start = tf.constant(-cost / np.float32(epsilon))

    def run(state: State, count: int) -> State:
        # A product waits for the device without copying the matrix.
        result = loop(start if state is None else state, tf.constant(count))
        result[0, 0].numpy()
        return result

    def plan(state: State) -> np.ndarray:
        x = np.asarray(state, np.float64)
        x = np.exp(x - x.max(1, keepdims=True))
        return x / x.sum(1, keepdims=True) / len(x)  # ends in one more step of the rows

    return Iterated(50, lambda s: run(s, 50), lambda n: lambda: run(None, n), plan, usual=500)


def pot(cost: np.ndarray, epsilon: float, *, method: str) -> Iterated:
    """A solver of POT on NumPy; it tests its own error every 10 or 20 iterations."""
    import ot

    log = method == "sinkhorn_log"
    # The stabilised kernel form needs exponents to -700.
    cost = cost if log else cost.astype(np.float64)
    weights = [np.full(k, 1.0 / k, cost.dtype) for k in cost.shape]

    def run(state: State, count: int) -> State:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            plan, told = ot.sinkhorn(
                *weights,
                cost,
                epsilon,
                method=method,
                numItermax=count,
                stopThr=0.0,
                warmstart=None if state is None else state[1],
                log=True,
            )
        return plan, (told["log_u"], told["log_v"]) if log else told["warmstart"]

    chunk = 10 if log else 20
    return Iterated(
        chunk,
        lambda s: run(s, chunk),
        lambda n: lambda: run(None, n),
        lambda s: np.asarray(s[0], np.float64),
    )


def geomloss(cost: np.ndarray, epsilon: float) -> Tuned:
    """GeomLoss on PyTorch: epsilon falls over a fixed number of symmetric log-domain iterations.

    `geomloss.ot.solve` is `SamplesLoss("sinkhorn", backend="tensorized")` for a given cost matrix;
    the last iteration alone is at `epsilon`, and no tolerance is read (version 0.3.1).
    """
    import torch
    from geomloss import ot

    tensor = torch.tensor(cost)

    def solve(count: int) -> State:
        solution = ot.solve(tensor, reg=epsilon, max_iter=count)
        return solution.potential_a.numpy(), solution.potential_b.numpy()

    counts = tuple(int(100 * 2 ** (k / 2)) for k in range(25))
    return Tuned(counts, solve, lambda s: plan_of(cost, epsilon, *s), "{} iterations")


def ott(cost: np.ndarray, epsilon: float, *, momentum: float) -> Iterated:
    """OTT-JAX in the log domain, compiled; it tests its own error every 10 iterations."""
    import jax
    from ott.geometry.geometry import Geometry
    from ott.problems.linear.linear_problem import LinearProblem
    from ott.solvers.linear.acceleration import Momentum
    from ott.solvers.linear.sinkhorn import Sinkhorn

    matrix = jax.numpy.asarray(cost)
    zeros = tuple(jax.numpy.zeros(k) for k in cost.shape)

    @functools.cache
    def compiled(count: int) -> Callable:
        solver = Sinkhorn(
            lse_mode=True,
            threshold=0.0,
            inner_iterations=10,
            max_iterations=count,
            momentum=Momentum(value=momentum),
        )

        def run(matrix: jax.Array, f: jax.Array, g: jax.Array) -> tuple:
            problem = LinearProblem(Geometry(cost_matrix=matrix, epsilon=epsilon))
            solution = solver(problem, (f, g))
            return solution.f, solution.g

        return jax.jit(run).lower(matrix, *zeros).compile()

    def run(state: State, count: int) -> State:
        return jax.block_until_ready(compiled(count)(matrix, *(state or zeros)))

    def prepare(count: int) -> Callable[[], State]:
        compiled(count)
        return lambda: run(None, count)

    # Its potentials hold the weights.
    return Iterated(
        50, lambda s: run(s, 50), prepare, lambda s: cost.size * plan_of(cost, epsilon, *s)
    )


CONTESTANTS: dict[str, Callable[[np.ndarray, float], Iterated | Tuned]] = {
    "ours": ours,
    "authors' loop, graph": functools.partial(authors_loop, jit=False),
    "authors' loop, XLA": functools.partial(authors_loop, jit=True),
    "POT `sinkhorn_log`": functools.partial(pot, method="sinkhorn_log"),
    "POT `sinkhorn_stabilized`": functools.partial(pot, method="sinkhorn_stabilized"),
    "GeomLoss": geomloss,
    "OTT-JAX": functools.partial(ott, momentum=1.0),
    "OTT-JAX, momentum 1.5": functools.partial(ott, momentum=1.5),
}
