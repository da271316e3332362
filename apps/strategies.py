"""Where a training runs: on one device, on several of this machine, or on several machines."""

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from ml_collections import ConfigDict

from apps import meeting, signals

STRATEGIES = ("one", "mirrored", "multi_worker")
# What an exchange raises where another worker is gone.
_GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
_FAREWELL = 2.0  # seconds: the first worker to leave would end the others' last exchange


def build(name: str = "one", replicas: int | None = None) -> tf.distribute.Strategy:
    """Build a strategy, before TensorFlow has done anything else.

    Args:
        name: "one", "mirrored" (all GPUs of this machine) or "multi_worker" (this process is the
            worker that TF_CONFIG says).
        replicas: int, GPUs of "mirrored", or parts of a CPU where there is none, which is for
            trying things out and makes nothing faster; None for all GPUs.

    Returns:
        `tf.distribute.Strategy`.

    Raises:
        ValueError: if there is no such strategy, there are too few devices, or TF_CONFIG is wrong.
    """
    if name not in STRATEGIES:
        raise ValueError(f"`--strategy` must be one of {', '.join(STRATEGIES)}. Received: {name}.")
    if replicas is not None and (name != "mirrored" or replicas < 1):
        raise ValueError(
            "`--replicas` must be positive, and come with --strategy=mirrored. "
            f"Received: --replicas={replicas}, --strategy={name}. Leave it out."
        )
    if name == "mirrored":
        return tf.distribute.MirroredStrategy(_devices(replicas))
    if name == "multi_worker":
        addresses, own = _workers()
        print(f"Waiting for {len(addresses)} workers, this one included.", flush=True)
        meeting.meet(addresses, own)
        signals.current().alone = False
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        signals.listen_again()  # TensorFlow has taken SIGTERM, to tell the others and go on
        return strategy
    return tf.distribute.get_strategy()


def adapted(config: ConfigDict, strategy: tf.distribute.Strategy) -> ConfigDict:
    """Return a config as several replicas can run it; the numbers that come out are the same.

    Args:
        config: the whole config.
        strategy: `tf.distribute.Strategy`.

    Returns:
        The config itself, or a copy with `train.steps_per_execution` 1 and without
        `train.jit_compile`, neither of which Keras can do for several replicas.

    Raises:
        ValueError: if the replicas cannot share a batch evenly.
    """
    replicas = strategy.num_replicas_in_sync
    if config.train.batch_size % replicas:
        raise ValueError(
            "`train.batch_size` must be a multiple of the number of replicas, which share the "
            f"batch. Received: {config.train.batch_size} for {replicas} replicas. Take "
            f"{config.train.batch_size // replicas * replicas or replicas}."
        )
    if replicas == 1:
        return config
    config = config.copy_and_resolve_references()
    config.train.steps_per_execution, config.train.jit_compile = 1, False
    return config


def has_workers(strategy: tf.distribute.Strategy) -> bool:
    """Whether other processes train with this one.

    Args:
        strategy: `tf.distribute.Strategy`.

    Returns:
        bool.
    """
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run folder: the only one, the chief, or worker 0.

    Args:
        strategy: `tf.distribute.Strategy`.

    Returns:
        bool.
    """
    resolver = strategy.cluster_resolver
    if resolver is None or not has_workers(strategy):
        return True
    if resolver.task_type == "chief":
        return True
    return resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs


@contextlib.contextmanager
def own_folder(strategy: tf.distribute.Strategy, workdir: str | Path) -> Iterator[str | Path]:
    """Give each process a folder to write to: the chief the run's, another one a copy to forget.

    So all of them do the same, in the same order, and only the chief leaves something behind. The
    run's folder must be where every worker can read it: a run is continued from its checkpoints.

    Args:
        strategy: `tf.distribute.Strategy`.
        workdir: folder of the run.

    Yields:
        The folder of this process.
    """
    if is_chief(strategy):
        yield workdir
        return
    with tempfile.TemporaryDirectory(prefix="worker_") as copy:
        if Path(workdir).expanduser().is_dir():
            left_out = shutil.ignore_patterns(".unfinished-*", ".lock", "logs", "*.png")
            shutil.copytree(Path(workdir).expanduser(), copy, ignore=left_out, dirs_exist_ok=True)
        yield copy


def any_worker(strategy: tf.distribute.Strategy, flag: bool) -> bool:
    """Ask all workers at once, each of which must call this.

    Args:
        strategy: `tf.distribute.Strategy`.
        flag: bool, this worker's answer.

    Returns:
        bool, whether any worker's answer is yes; `flag` itself where there are no workers.
    """
    if not has_workers(strategy):
        return flag
    return bool(_summed(strategy, tf.constant(float(flag))) > 0)


@contextlib.contextmanager
def together(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Let no worker leave before the others, and say it where one has gone.

    Args:
        strategy: `tf.distribute.Strategy`.

    Yields:
        None.

    Raises:
        SystemExit: with code 1, where another worker does not answer any more.
    """
    if not has_workers(strategy):
        yield
        return
    signals.current().alone = False
    try:
        try:
            yield
        finally:
            if not isinstance(sys.exception(), Exception):  # the end, or a stop on request
                _summed(strategy, tf.constant(0.0))
                time.sleep(_FAREWELL)
    except _GONE as error:
        print(
            f"error: another worker has gone ({str(error).splitlines()[0]}). Start all of them "
            "again by the same commands: the run goes on from its last checkpoint.",
            file=sys.stderr,
        )
        raise SystemExit(1) from error


def describe(config: ConfigDict, strategy: tf.distribute.Strategy) -> str:
    """Say how a batch is shared.

    Args:
        config: the whole config.
        strategy: `tf.distribute.Strategy`.

    Returns:
        str, a line to append; empty for one replica.
    """
    replicas, batch = strategy.num_replicas_in_sync, config.train.batch_size
    if replicas == 1:
        return ""
    whose = "" if is_chief(strategy) else "; this worker writes to a copy that it removes"
    return f"\n{replicas} replicas, {batch // replicas} of a batch on each{whose}"


def _summed(strategy: tf.distribute.Strategy, value: tf.Tensor) -> tf.Tensor:
    def add() -> tf.Tensor:
        return tf.distribute.get_replica_context().all_reduce("SUM", value)

    return strategy.experimental_local_results(strategy.run(add))[0]


def _devices(replicas: int | None) -> list[str]:
    """Name the devices of the replicas; split a CPU where there is nothing else."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        if replicas is not None and replicas > len(gpus):
            raise ValueError(
                f"`--replicas` must be at most the number of GPUs. Received: {replicas}, and "
                f"{len(gpus)} GPUs. Leave it out for all of them."
            )
        return [f"GPU:{k}" for k in range(replicas or len(gpus))]
    if replicas is None:
        raise ValueError(
            "`--strategy` must be one where there is no GPU. Received: mirrored. To see it at work "
            "on a CPU, in parts that make nothing faster, add --replicas=2."
        )
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * replicas
    tf.config.set_logical_device_configuration(cpu, parts)
    return [f"CPU:{k}" for k in range(replicas)]


def _workers() -> tuple[list[str], str]:
    """Read all addresses and this worker's of TF_CONFIG; refuse what hangs TensorFlow."""
    given = os.environ.get("TF_CONFIG")
    example = (
        '{"cluster": {"worker": ["host1:12345", "host2:12345"]}, '
        '"task": {"type": "worker", "index": 0}}'
    )
    try:
        config = json.loads(given or "")
        cluster, task = config["cluster"], config["task"]
        jobs = [cluster.get(name, []) for name in ("chief", "worker")]  # those that train
        addresses = [str(address) for job in jobs for address in job]
        fits = 0 <= int(task["index"]) < len(cluster[task["type"]])
        own = str(cluster[task["type"]][int(task["index"])])
        fits &= all(map(meeting.is_address, [*addresses, own]))
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        fits = False
    if not fits:
        raise ValueError(
            "`TF_CONFIG` must be in the environment for --strategy=multi_worker, say which worker "
            "this is, and name each by a host and a port from 1 to 65535. "
            f"Received: {given!r}. Set it on each machine, as in {example}."
        )
    return addresses, own
