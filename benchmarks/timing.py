"""Interleaved timing, so that a busy moment of the machine meets every candidate."""

import statistics
import time
from collections.abc import Callable, Mapping

import tensorflow as tf
from absl import flags


def define_modes(*names: str) -> flags.FlagHolder[list[str]]:
    """Define the flag `--modes`.

    Args:
        *names: the modes that there are; all are the default.

    Returns:
        The flag, a list of names; another name is refused.
    """
    modes = flags.DEFINE_list("modes", list(names), "Which modes to time.")
    flags.register_validator(
        modes, lambda given: set(given) <= set(names), f"must be some of {', '.join(names)}"
    )
    return modes


def set_threads(count: int) -> None:
    """Set TensorFlow's threads, before it starts.

    Args:
        count: int > 0, within an operation and of operations side by side.
    """
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def interleaved(
    candidates: Mapping[str, Callable[[], None]], rounds: int = 15, calls: int = 1
) -> dict[str, list[float]]:
    """Time candidates in turns.

    Args:
        candidates: functions without arguments, by name; each blocks until its work is done.
        rounds: int, turns.
        calls: int, calls per turn.

    Returns:
        Seconds per call of every turn, by name. Two calls of each warm up first, untimed.
    """
    for run in candidates.values():
        run()
        run()
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, run in candidates.items():
            start = time.perf_counter()
            for _ in range(calls):
                run()
            seconds[name].append((time.perf_counter() - start) / calls)
    return seconds


def ratio(seconds: Mapping[str, list[float]], name: str, to: str) -> float:
    """Return the median over the turns of one candidate's time over another's.

    Args:
        seconds: result of `interleaved`.
        name: the numerator.
        to: the denominator.

    Returns:
        float; neighbours in time are compared, so that slow drifts cancel.
    """
    return statistics.median(a / b for a, b in zip(seconds[name], seconds[to], strict=True))
