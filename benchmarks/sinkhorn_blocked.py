"""Entropic transport of 20,000 points without a cost matrix: time, speed and memory.

    python -m benchmarks.sinkhorn_blocked

Unit features of 10 clusters, cosine cost. An iteration makes all costs once, so its floor is the
time of a product of the features, which is measured in the same run, block by block, after
each solution. Memory is the growth of the process's peak over the solver's start, its compilation
included; a matrix of all costs alone would take 1.6 GB. A run that `--max_iterations` ends early
spreads compilation, the survey of the costs and each stage's extra pass over few iterations.
"""

import resource
import statistics
import sys
import time

import numpy as np
import tensorflow as tf
from absl import app, flags

from benchmarks.timing import set_threads
from keras_ot_gans import ops

CLUSTERS = 10

_POINTS = flags.DEFINE_integer("points", 20_000, "Points of each batch.", lower_bound=10)
_WIDTH = flags.DEFINE_integer("width", 256, "Width of the features.", lower_bound=2)
_EPSILONS = flags.DEFINE_list("epsilons", ["0.05", "0.002"], "Values of epsilon; OT-GAN: 0.002.")
_MAX = flags.DEFINE_integer("max_iterations", 5000, "Most iterations of each run.", lower_bound=1)
_BLOCK = flags.DEFINE_integer("block_size", 1024, "Rows of a block.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads.", lower_bound=1)


def _features(rng: np.random.Generator, centres: np.ndarray) -> tf.Tensor:
    """Return unit features around some of the centres, at half a centre's length from it."""
    noise = rng.normal(size=(_POINTS.value, _WIDTH.value)) / np.sqrt(_WIDTH.value)
    x = centres[rng.integers(CLUSTERS, size=_POINTS.value)] + 0.5 * noise
    return tf.constant(x / np.linalg.norm(x, axis=1, keepdims=True), tf.float32)


def _peak() -> float:
    """Return the peak memory of this process in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _product_speed(x_real: tf.Tensor, x_fake: tf.Tensor) -> float:
    """Return the GFLOP/s of products of a block's features with all of the other side's."""
    rows = x_real[: _BLOCK.value]

    @tf.function(jit_compile=True)
    def product(rows, columns):
        return tf.matmul(rows, columns, transpose_b=True)

    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        product(rows, x_fake)[0, 0].numpy()
        seconds.append(time.perf_counter() - start)
    flop = 2.0 * rows.shape[0] * x_fake.shape[0] * _WIDTH.value
    return flop / statistics.median(seconds[2:]) / 1e9


def main(argv: list[str]) -> None:
    """Solve for every epsilon, and print a Markdown table."""
    del argv
    set_threads(_THREADS.value)
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLUSTERS, _WIDTH.value))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    x_real, x_fake = _features(rng, centres), _features(rng, centres)
    # A small problem first, so that the growth below is not that of loading libraries.
    ops.sinkhorn_blocked(x_real[:100], x_fake[:100], ops.cosine, 0.5)
    flop = 2.0 * _POINTS.value**2 * _WIDTH.value
    print(f"{_POINTS.value} points, width {_WIDTH.value}, blocks of {_BLOCK.value} rows\n")
    print(
        "| epsilon | iterations | marginal error | seconds | s per iteration | GFLOP/s "
        "| product's GFLOP/s | peak growth, MiB |"
    )
    print("|---|---|---|---|---|---|---|---|")
    before = _peak()
    for epsilon in map(float, _EPSILONS.value):

        def solve(iterations: int, epsilon: float = epsilon) -> ops.Potentials:
            return ops.sinkhorn_blocked(
                x_real,
                x_fake,
                ops.cosine,
                epsilon,
                max_iterations=iterations,
                block_size=_BLOCK.value,
            )

        start = time.perf_counter()
        potentials = solve(_MAX.value)
        iterations = int(potentials.iterations)
        seconds = time.perf_counter() - start
        growth = _peak() - before
        product = _product_speed(x_real, x_fake)
        each = seconds / iterations
        print(
            f"| {epsilon:g} | {iterations} | {float(potentials.marginal_error):.2g} | "
            f"{seconds:.1f} | {each:.2f} | {flop / each / 1e9:.0f} | {product:.0f} | {growth:.0f} |"
        )


if __name__ == "__main__":
    app.run(main)
