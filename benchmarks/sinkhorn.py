"""Time to one marginal error: our Sinkhorn iteration, that of OT-GAN's authors, and three peers.

    python -m benchmarks.sinkhorn

Cosine costs between K unit features and K others, epsilon = 1/500, equal weights, clustered (10
clusters in 64-d) and independent. The error is the sum of both marginals' L1 errors, measured by
one NumPy function in float64 on what each solver returns. For each, the smallest setting that
reaches the error is found first (numbers of iterations in steps of 10 to 50 for those that can go
on from where they stopped; else tolerances, or lengths of the schedule); then one run at that
setting is timed, from the start and without compilation. Who needs more than `--limit` seconds is
stopped, with the error that it had. The extra `bench` has the peers; a missing one is left out.

Two tables follow: how far ours is from reading the kernel twice per iteration at the speed of a
copy of its size; and six problems as one batch against six calls.
"""

import concurrent.futures
import contextlib
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from absl import app, flags

from benchmarks.timing import interleaved, ratio, set_threads
from benchmarks.transport_solvers import CONTESTANTS, Iterated, Tuned, marginal_error
from keras_ot_gans import ops

FEATURES = ("clustered", "independent")

_SIZES = flags.DEFINE_list("sizes", ["250", "500", "1000", "2000", "4000"], "Values of K.")
_FEATURES = flags.DEFINE_list("features", list(FEATURES), f"Some of {FEATURES}.")
_SOLVERS = flags.DEFINE_list("solvers", [], "Parts of their names; all if empty.")
_BATCHED = flags.DEFINE_list("batched", ["250", "500", "1000"], "Values of K, six problems each.")
_LIMIT = flags.DEFINE_float("limit", 120.0, "Seconds of a run.", lower_bound=0.0)
_ERROR = flags.DEFINE_float("error", 1e-3, "Marginal error to reach.", lower_bound=1e-6)
_EPSILON = flags.DEFINE_float("epsilon", 1.0 / 500.0, "In units of the cost.", lower_bound=1e-4)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Runs of those that take < 5 s.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of each framework.", lower_bound=1)


class Outcome(NamedTuple):
    """A setting, how to print it, the error it led to, and the seconds if that is enough."""

    setting: Any
    words: str
    error: float
    seconds: float | None


def costs(size: int, kind: str, seed: int = 0) -> np.ndarray:
    """Return float32 cosine costs `(size, size)` between two draws of unit features in 64-d.

    Args:
        size: int, points of each side.
        kind: `"clustered"`, standard normal centres of 10 clusters, and around each a normal
            distribution of 0.3 times that spread; or `"independent"`.
        seed: int.

    Returns:
        float32 array in [0, 2].
    """
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(10, 64))

    def side() -> np.ndarray:
        x = rng.normal(size=(size, 64))
        if kind == "clustered":
            x = centres[rng.integers(10, size=size)] + 0.3 * x
        return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)

    return 1.0 - side() @ side().T


def clock(run: Callable) -> tuple[float, object]:
    """Return the seconds of a call, and its result."""
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def compete(contestant: Iterated | Tuned) -> Outcome:
    """Find what reaches the error, then time it."""
    search = _iterated if isinstance(contestant, Iterated) else _tuned
    setting, words, error, run = search(contestant)
    if run is None:
        return Outcome(setting, words, error, None)
    seconds = [clock(run)[0]]
    while len(seconds) < _ROUNDS.value and seconds[0] < 5.0:
        seconds.append(clock(run)[0])
    return Outcome(setting, words, error, statistics.median(seconds))


def _iterated(contestant: Iterated) -> tuple[Any, str, float, Callable | None]:
    contestant.advance(None)  # compiles
    state, spent, done, error = None, 0.0, 0, np.inf
    while error > _ERROR.value and spent <= _LIMIT.value:
        seconds, state = clock(lambda: contestant.advance(state))  # noqa: B023
        spent, done = spent + seconds, done + contestant.chunk
        error = marginal_error(contestant.plan(state))
    run = contestant.prepare(done) if error <= _ERROR.value else None
    short = contestant.usual is not None and done > contestant.usual
    note = f" (the usual {contestant.usual} do not reach it)" if short else ""
    return done, f"{done} iterations{note}", error, run


def _tuned(contestant: Tuned) -> tuple[Any, str, float, Callable | None]:
    for setting in contestant.settings:
        seconds, state = clock(lambda: contestant.solve(setting))  # noqa: B023
        error = marginal_error(contestant.plan(state))
        if error <= _ERROR.value:
            run = lambda: contestant.solve(setting)  # noqa: B023, E731
            return setting, contestant.words.format(setting), error, run
        if seconds > _LIMIT.value:
            break
    return setting, contestant.words.format(setting), error, None


def _table(size: int, kind: str) -> Outcome | None:
    """Print how all contestants do on one problem; return our outcome."""
    cost = costs(size, kind)
    wanted = _SOLVERS.value
    first = None
    for name, make in CONTESTANTS.items():
        if wanted and not any(part in name for part in wanted):
            continue
        row = f"| {size} | {kind} | {name} |"
        try:
            contestant = make(cost, _EPSILON.value)
        except ModuleNotFoundError as missing:
            print(f"{row} not installed: {missing.name} | | | |", flush=True)
            continue
        outcome = compete(contestant)
        seconds = outcome.seconds
        if name == "ours" and seconds is not None:
            first = outcome
        reached = seconds if seconds is not None else _LIMIT.value
        over = "" if first is None else f"{reached / first.seconds:.1f}"
        if seconds is None:
            over, shown = over and f"> {over}", f"> {_LIMIT.value:.0f}"
        else:
            shown = f"{seconds:.3f}"
        print(f"{row} {outcome.words} | {outcome.error:.2e} | {shown} | {over} |", flush=True)
    return first


def bandwidth(size: int) -> float:
    """Return bytes per second, read and written, of copies of a float32 matrix of our size.

    Args:
        size: int, rows and columns.

    Returns:
        float, the best of several tries, each thread with its own rows.
    """
    source, target = (np.ones((size, size), np.float32) for _ in range(2))
    calls = max(3, int(2e8 // source.nbytes))
    parts = np.array_split(np.arange(size), _THREADS.value)

    def copy(rows: np.ndarray) -> None:
        for _ in range(calls):
            np.copyto(target[rows[0] : rows[-1] + 1], source[rows[0] : rows[-1] + 1])

    with concurrent.futures.ThreadPoolExecutor(_THREADS.value) as pool:
        tries = [clock(lambda: list(pool.map(copy, parts)))[0] for _ in range(5)]
    return 2 * source.nbytes * calls / min(tries)


def _floor(size: int, kind: str, outcome: Outcome) -> None:
    """Print how far we are from reading the kernel twice an iteration."""
    potentials = ops.sinkhorn(costs(size, kind), _EPSILON.value, tolerance=outcome.setting)
    iterations, seconds = int(potentials.iterations), outcome.seconds
    speed = bandwidth(size)
    floor = iterations * 2 * 4 * size**2 / speed
    print(
        f"| {size} | {kind} | {iterations} | {seconds:.3f} | {speed / 1e9:.1f} | {floor:.3f} | "
        f"{seconds / floor:.2f} |",
        flush=True,
    )


def _batched(size: int, kind: str) -> None:
    """Print six problems in one call over six calls."""
    cost = tf.stack([tf.constant(costs(size, kind, seed)) for seed in range(6)])
    solve = tf.function(lambda c: ops.sinkhorn(c, _EPSILON.value).f)
    seconds = interleaved(
        {
            "six": lambda: [solve(c).numpy() for c in tf.unstack(cost)],
            "batch": lambda: solve(cost).numpy(),
        },
        rounds=3,
    )
    six, batch = (statistics.median(seconds[k]) for k in ("six", "batch"))
    share = ratio(seconds, "batch", "six")
    print(f"| {size} | {kind} | {six:.3f} | {batch:.3f} | {share:.2f} |", flush=True)


def _prepare() -> None:
    """Give each framework its threads, and none another device."""
    set_threads(_THREADS.value)
    with contextlib.suppress(ModuleNotFoundError):
        import torch

        torch.set_num_threads(_THREADS.value)
    with contextlib.suppress(ModuleNotFoundError):
        import jax

        jax.config.update("jax_platforms", "cpu")


def main(argv: list[str]) -> None:
    """Print three Markdown tables."""
    del argv
    unknown = set(_FEATURES.value) - set(FEATURES)
    if unknown:
        raise app.UsageError(f"`--features` takes some of {FEATURES}. Received: {sorted(unknown)}.")
    _prepare()
    cases = [(int(size), kind) for kind in _FEATURES.value for size in _SIZES.value]
    print("| K | features | solver | setting | error | seconds | over ours |")
    print("|---|---|---|---|---|---|---|")
    outcomes = {case: _table(*case) for case in cases}
    print("\n| K | features | our iterations | seconds | copy, GB/s | floor, s | over the floor |")
    print("|---|---|---|---|---|---|---|")
    for case, ours in outcomes.items():
        if ours is not None:
            _floor(*case, ours)
    print("\n| K | features | six calls, s | one batch, s | batch over six |")
    print("|---|---|---|---|---|")
    for kind in _FEATURES.value:
        for size in _BATCHED.value:
            _batched(int(size), kind)


if __name__ == "__main__":
    app.run(main)
