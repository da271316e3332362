"""Speed and memory of the scores at the size of FID: 2048 features, up to 50,000 samples.

    python -m benchmarks.metrics

Four tables: the Frechet distance with a cached reference against `scipy.linalg.sqrtm` in the same
run (and the eigenvalue routines it could use: NumPy's is taken since no driver of SciPy is
quicker, and `evr` is slower by far on two cores); then seconds and memory of the moments, of
precision and recall, and of KID. Memory is what a fresh process holds at its peak, beyond the
libraries and the features it is given.

    python -m benchmarks.metrics --tables=networks

adds images per second of the feature networks, on random weights where the true ones are not at
hand: the time is the same.
"""

import concurrent.futures
import functools
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import scipy.linalg
from absl import app, flags

from benchmarks.timing import interleaved, ratio
from keras_ot_gans.metrics.frechet import frechet_distance, matrix_root
from keras_ot_gans.metrics.grouped_moments import GroupedMoments
from keras_ot_gans.metrics.kernel_distance import kernel_distance
from keras_ot_gans.metrics.manifold import manifold_membership
from keras_ot_gans.metrics.moments import Moments

TABLES = ("frechet", "eigenvalues", "memory", "networks")

_TABLES = flags.DEFINE_list("tables", ["frechet", "eigenvalues", "memory"], f"Some of {TABLES}.")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Turns of the interleaved timing.", lower_bound=1)
_DIM = flags.DEFINE_integer("dim", 2048, "Width of a feature.", lower_bound=2)
_BATCH = flags.DEFINE_integer("batch", 100, "Images per call of a network.", lower_bound=1)
_GRAPH = flags.DEFINE_string("graph", None, "Path of classify_image_graph_def.pb.")


def features(rows: int, dim: int, seed: int) -> np.ndarray:
    """Return float32 features `(rows, dim)` like pooled ReLUs: positive, of very unequal spread.

    Args:
        rows: int.
        dim: int.
        seed: int.

    Returns:
        float32 array `(rows, dim)`.
    """
    scales = np.exp(np.random.default_rng(0).normal(size=dim, scale=0.7)).astype(np.float32)
    rng = np.random.default_rng(seed)
    made = np.empty((rows, dim), np.float32)
    for start in range(0, rows, 500):  # little beside the result: memory is measured later
        part = made[start : start + 500]
        hidden = rng.standard_normal(part.shape, np.float32)
        hidden[:, 1:] += 0.7 * hidden[:, :-1]
        np.maximum(hidden, 0, out=hidden)
        np.multiply(hidden, scales, out=part)
    return made


def _moments(dim: int, seed: int) -> Moments:
    moments = Moments(dim)
    moments.update(features(2 * dim, dim, seed))
    return moments


def _frechet(dim: int, rounds: int) -> None:
    """Print the table of Frechet distances."""
    real, fake = _moments(dim, 1), _moments(dim, 2)
    both = (real.mean, real.covariance(), fake.mean, fake.covariance())
    root = matrix_root(both[1])

    def by_sqrtm() -> float:
        gap = both[0] - both[2]
        trace = np.trace(scipy.linalg.sqrtm(both[1] @ both[3])).real
        return float(gap @ gap + np.trace(both[1]) + np.trace(both[3]) - 2.0 * trace)

    candidates = {
        "`scipy.linalg.sqrtm`": by_sqrtm,
        "`frechet_distance`": lambda: frechet_distance(*both),
        "`frechet_distance`, cached root": lambda: frechet_distance(*both, root_real=root),
    }
    values = {name: compute() for name, compute in candidates.items()}
    seconds = interleaved(candidates, rounds)
    first = next(iter(candidates))
    print(f"| Frechet distance, d = {dim} | value | median s | faster than `sqrtm` |")
    print("|---|---|---|---|")
    for name, times in seconds.items():
        gain = ratio(seconds, first, name)
        print(f"| {name} | {values[name]:.9f} | {statistics.median(times):.2f} | {gain:.1f} |")


def _eigenvalues(dim: int, rounds: int) -> None:
    """Print the table of the routines that find eigenvalues, or these and vectors."""
    cov = _moments(dim, 1).covariance()
    candidates = {"`numpy.linalg.eigvalsh`": lambda: np.linalg.eigvalsh(cov)}
    for driver in ("evd", "evr"):
        for name in ("eigvalsh", "eigh"):
            routine = functools.partial(getattr(scipy.linalg, name), cov, driver=driver)
            candidates[f"`scipy.linalg.{name}`, {driver}"] = routine
    candidates["`numpy.linalg.eigh`"] = lambda: np.linalg.eigh(cov)
    print(f"\n| eigenvalues, d = {dim} | median s |\n|---|---|")
    for name, times in sorted(interleaved(candidates, rounds).items()):
        print(f"| {name} | {statistics.median(times):.2f} |")


def _chunks(dim: int, rows: int) -> Iterator[np.ndarray]:
    """Yield float32 chunks of 100 rows, out of a few that are made beforehand."""
    pool = features(1000, dim, 1)
    for start in range(0, rows, 100):
        yield pool[start % 1000 : start % 1000 + 100]


def _stream(dim: int, moments: Moments | GroupedMoments) -> None:
    for chunk in _chunks(dim, 50_000):
        moments.update(chunk)


# What a fresh process prepares, and what it then does while it is watched.
_WATCHED: dict[str, tuple[Callable, Callable]] = {
    "moments of 50,000 samples, chunks of 100": (
        lambda dim: dim,
        lambda dim: _stream(dim, Moments(dim)),
    ),
    "the same in 10 groups": (
        lambda dim: dim,
        lambda dim: _stream(dim, GroupedMoments(dim, 10, 50_000)),
    ),
    "precision, recall, density, coverage, k = 3 and 5, 10,000 x 10,000": (
        lambda dim: (features(10_000, dim, 1), features(10_000, dim, 2)),
        lambda sides: manifold_membership(*sides),
    ),
    "KID, 100 subsets of 1,000 of 10,000": (
        lambda dim: (features(10_000, dim, 1), features(10_000, dim, 2)),
        lambda sides: kernel_distance(*sides),
    ),
}


def _resident() -> float:
    """Return MiB that the process holds now, or its peak where the system does not say."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return _peak()
    return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20


def _peak() -> float:
    """Return MiB that the process has held at its peak."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _watch(name: str, dim: int) -> tuple[float, float]:
    """Return seconds and MiB of one task; runs in a process of its own."""
    prepare, work = _WATCHED[name]
    prepared = prepare(dim)
    before = _resident()
    start = time.perf_counter()
    work(prepared)
    return time.perf_counter() - start, _peak() - before


def _memory(dim: int) -> None:
    """Print the table of seconds and memory; call it while this process is still small."""
    print(f"| d = {dim} | seconds | MiB at the peak |\n|---|---|---|")
    spawn = multiprocessing.get_context("spawn")
    for name in _WATCHED:
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as fresh:
            seconds, mib = fresh.submit(_watch, name, dim).result()
        print(f"| {name} | {seconds:.1f} | {mib:.0f} |", flush=True)
    print()


def _networks(batch: int, rounds: int, graph: str | None) -> None:
    """Print the table of images per second, 32 x 32 x 3 and resized by the network."""
    import tensorflow as tf

    from keras_ot_gans.metrics import feature_networks
    from keras_ot_gans.networks import fid_inception, small_classifier

    model = fid_inception.fid_inception()

    @tf.function
    def in_keras(images):
        return model(feature_networks.TORCH_BILINEAR(tf.cast(images, tf.float32)) / 127.5 - 1.0)

    candidates = {
        "FID's Inception in Keras": in_keras,
        "`keras.applications.InceptionV3`": feature_networks.keras_applications_inception(None),
        "small classifier, 32 x 32 as they are": feature_networks.from_keras(
            small_classifier((32, 32, 3))
        ),
    }
    if graph is not None:
        candidates["the graph of 2015-12-05"] = feature_networks.inception_from_graph(graph)
    images = np.random.default_rng(0).integers(0, 256, (batch, 32, 32, 3), np.uint8)
    calls = {name: functools.partial(network, images) for name, network in candidates.items()}
    print(f"\n| feature network, batches of {batch} | images / s |\n|---|---|")
    for name, times in interleaved(calls, rounds).items():
        print(f"| {name} | {batch / statistics.median(times):.0f} |", flush=True)


def main(argv: list[str]) -> None:
    """Time, and print Markdown tables."""
    del argv
    unknown = set(_TABLES.value) - set(TABLES)
    if unknown:
        raise app.UsageError(f"`--tables` takes some of {TABLES}. Received: {sorted(unknown)}.")
    if "memory" in _TABLES.value:
        _memory(_DIM.value)
    if "frechet" in _TABLES.value:
        _frechet(_DIM.value, _ROUNDS.value)
    if "eigenvalues" in _TABLES.value:
        _eigenvalues(_DIM.value, _ROUNDS.value)
    if "networks" in _TABLES.value:
        _networks(_BATCH.value, _ROUNDS.value, _GRAPH.value)


if __name__ == "__main__":
    app.run(main)
