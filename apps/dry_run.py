"""A training tried out: what would run, in how much memory, for how long. Nothing is written."""

import json
import math
import statistics
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from apps import builders, gpu_memory, judging, memory_estimate, run_labels, sources, strategies
from apps.machine import free_memory, peak_of_process
from apps.schedule import Schedule, describe, plan
from apps.units import duration, readable
from keras_ot_gans.models import AdversarialModel

TIMED = 5  # rounds, after one that compiles and one that warms up


def try_steps(
    config: ConfigDict,
    data_dir: str | None,
    download: bool,
    strategy: tf.distribute.Strategy | None = None,
) -> dict[str, Any]:
    """Print config, networks, memory, and the time of a few rounds, which are forgotten.

    Args:
        config: the whole config, checked.
        data_dir: folder of the data; None for tensorflow-datasets' own.
        download: bool, prepare a missing set of tensorflow-datasets.
        strategy: whose replicas share the batch; None for one.

    Returns:
        dict: the logs of the rounds.

    Raises:
        ValueError: if the config or the data cannot be used, or memory is short.
        FileNotFoundError: if the data are not there.
    """
    print(json.dumps(config.to_dict(), indent=2))
    single = config.copy_and_resolve_references()
    single.train.steps_per_execution = 1  # calls of many rounds would need many
    keras.utils.set_random_seed(config.train.seed)
    source = sources.build_source(config, data_dir, download)
    labels = run_labels.of_run(config, None, data_dir, source)
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        model = builders.build_model(single, source.sample_shape, labels)
    schedule = plan(config, model)
    print(describe(config, model, source, schedule))
    lacking = judging.without_classes(config, data_dir)
    if lacking is not None:
        print(lacking)
    replicas = strategy.num_replicas_in_sync
    each = config.train.batch_size // replicas
    print(f"batch on each of {replicas} {'replica' if replicas == 1 else 'replicas'}: {each}")
    print("\n" + networks_table(model))
    dataset, _ = source.rounds(schedule.batches, first=0)
    with strategy.scope():
        spec = _of_one_replica(dataset.element_spec, replicas)
        here = 1 if strategies.has_workers(strategy) else replicas  # a CPU is one for a worker
        needed = _print_memory(config, model, source, spec, here)
    before = peak_of_process()
    try:
        logs, seconds = _time_rounds(model, dataset)
    except tf.errors.ResourceExhaustedError as error:
        raise ValueError(_too_large(config, model, needed, None)) from error
    _print_measured(before)
    scores = () if lacking else config.watch.get("scores", ())
    watched = [*config.watch.pictures, *config.watch.metrics, *scores]
    _print_time(config, schedule, model, seconds, watched)
    print(", ".join(f"{name} {value:.4g}" for name, value in logs.items()))
    print("Nothing was written.")
    return logs


def networks_table(model: AdversarialModel) -> str:
    """List the networks of a model, one a line.

    Args:
        model: compiled model.

    Returns:
        str: role, name, shapes in and out, layers, parameters and how many are not trained.
    """
    rows = [("role", "network", "in", "out", "layers", "parameters", "not trained")]
    for role, parts in model.networks.items():
        for part in parts:
            network = getattr(part, "network", part)  # of all pairs
            fixed = sum(math.prod(v.shape) for v in part.non_trainable_variables)
            layers = len(getattr(network, "layers", (network,)))
            shapes = [
                _shape(getattr(network, key, None)) for key in ("input_shape", "output_shape")
            ]
            rows.append(
                (role, part.name, *shapes, f"{layers}", f"{part.count_params():,}", f"{fixed:,}")
            )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index < 4 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _shape(shape: Any) -> str:
    """Write a shape without its batch axis; of several inputs, all."""
    if isinstance(shape, list):
        return " + ".join(_shape(inner) for inner in shape)
    return "" if shape is None else "x".join(map(str, shape[1:])) or "1"


def _of_one_replica(spec: Any, replicas: int) -> Any:
    """Return what one replica takes of a round."""
    return tf.nest.map_structure(
        lambda inner: tf.TensorSpec((inner.shape[0] // replicas, *inner.shape[1:]), inner.dtype),
        spec,
    )


def _print_memory(
    config: ConfigDict, model: AdversarialModel, source: sources.Source, spec: Any, replicas: int
) -> tuple[int, int, int]:
    """Print the estimate; return bytes of the state, a step and its gradients, if they fit.

    Parts of a CPU, unlike GPUs, take the memory of all `replicas` from one place.
    """
    state, step = memory_estimate.state_of(model), memory_estimate.step_of(model, spec)
    gradients, extra = memory_estimate.gradients_of(model), int(memory_estimate.OVERHEAD * step)
    rows = [
        ("weights", state.weights, ""),
        ("optimizers", state.slots, ""),
        ("average of the generator", state.average, ""),
        ("buffers and counters", state.other, ""),
        ("a round at its peak", step, ""),
        ("  of it gradients", gradients, ", at most"),
    ]
    pairs = memory_estimate.pairs_of(model, config.train.batch_size)
    if pairs is not None:
        rows.append(("  of it n x m", pairs.bytes, f": {pairs.text}; gradients beside them"))
    needed = (sum(state), step + extra, gradients)
    rows += [("kernels and gaps", extra, ", about"), ("together", sum(needed[:2]), "")]
    on_gpus = bool(tf.config.list_logical_devices("GPU"))
    if replicas > 1 and not on_gpus:
        needed = tuple(replicas * number for number in needed)
        rows.append((f"on all {replicas} replicas", sum(needed[:2]), ", which share this memory"))
    rows.append(("data on the host", _data_bytes(config, source), ", at most"))
    print("\nmemory, estimated, on each replica")
    for name, number, note in rows:
        print(f"  {name:<26}{readable(number):>8}{note}")
    free = free_memory()
    if free is not None and not on_gpus and sum(needed[:2]) > free:
        raise ValueError(_too_large(config, model, needed, free))
    return needed


def _data_bytes(config: ConfigDict, source: sources.Source) -> int:
    """Estimate what the data keep in memory: points as they are, images as bytes."""
    values = math.prod(source.sample_shape)
    if len(source.sample_shape) == 1:
        return source.real.nbytes
    images = int(source.batches.cardinality()) * config.train.batch_size
    return images * values


def _too_large(
    config: ConfigDict, model: AdversarialModel, needed: tuple[int, int, int], free: int | None
) -> str:
    """Say that a round does not fit, and what would."""
    state, step, gradients = needed
    batch, grows = config.train.batch_size, step - gradients
    room = (state + step / 2 if free is None else free) - state - gradients
    smaller = batch
    while smaller > 2 and grows * smaller / batch > room:
        smaller = smaller // 4 * 2  # halves, and even: two halves of a batch may be matched
    advice = []
    if grows * smaller / batch <= room:
        advice.append(f"train.batch_size={smaller}")
        if config.model.get("micro_batch", 0) != 0 and hasattr(model, "micro_batch"):
            advice.append(f"model.micro_batch={smaller}, the same update in parts")
    advice.append("narrower networks (width, hidden)")
    there = "" if free is None else f", and {readable(free)} are free"
    return (
        f"`train.batch_size` must leave a round that fits into memory. Received: {batch}, whose "
        f"round needs about {readable(step)} beside {readable(state)} of weights and "
        f"optimizers{there}. Try {', or '.join(advice)}."
    )


class _Clock(keras.callbacks.Callback):
    """Notes when rounds end."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.times.append(time.perf_counter())

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.times.append(time.perf_counter())


def _time_rounds(
    model: AdversarialModel, dataset: tf.data.Dataset
) -> tuple[dict[str, float], list[float]]:
    """Play a few rounds; return their logs and seconds, the first with its compilation."""
    clock = _Clock()
    fit = model.fit(dataset, steps_per_epoch=2 + TIMED, verbose=0, callbacks=[clock])
    logs = {name: values[-1] for name, values in fit.history.items()}
    return logs, np.diff(clock.times).tolist()


def _print_measured(before: int) -> None:
    peak = peak_of_process()
    print(
        f"  measured: {readable(peak)} at the process's peak, {readable(before)} of it before the "
        f"rounds (data, weights), {readable(peak - before)} by them, compilation included"
    )
    for name, held in gpu_memory.peaks().items():
        print(f"  measured: {readable(held)} at the peak of {name}")


def _print_time(
    config: ConfigDict,
    schedule: Schedule,
    model: AdversarialModel,
    seconds: list[float],
    watched: list[str],
) -> None:
    first, _, *timed = seconds
    each, rounds = statistics.median(timed), schedule.epochs * schedule.rounds
    print(
        f"\ntime: {each:.4g} s a round ({TIMED} after a warm-up: {min(timed):.4g} to "
        f"{max(timed):.4g}), {model.generator_steps / each:.3g} generator updates a second; the "
        f"first round took {first:.1f} s, with its compilation"
    )
    print(f"  {rounds:,} rounds: about {duration(first + each * rounds)}")
    per_call = config.train.steps_per_execution
    if per_call > 1:
        print(f"  less for small networks: a call from Python then plays {per_call} rounds, here 1")
    if watched:
        looks = schedule.epochs // config.watch.every
        print(f"  without {looks} looks at {', '.join(watched)}, which come on top")
