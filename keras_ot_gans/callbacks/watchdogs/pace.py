"""How long the steps of `fit` take, and whether they still come to an end."""

import collections
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

from keras_ot_gans.callbacks.watchdogs.watch_events import Finding

_ENOUGH = 20  # groups of steps that a median needs


class Pace:
    """Times groups of steps and finds the slow ones.

    With `steps_per_execution` Keras reports steps in groups. On TensorFlow a step fetches its own
    data, so that its time holds the wait for them; whether the input is what takes it can be told
    from `input_seconds`, the time of a batch without a step.

    Args:
        slow_factor: float > 1; a group is slow if it takes this many times the median of the last
            hundred, and `least_seconds`.
        least_seconds: float; hiccups of less are nobody's business.
        slowdown: float > 1; an epoch is slow if its median is this many times the best epoch's.
        input_share: float in (0, 1]; the input is slow if it takes this share of the steps,
        least_input: float, and so many seconds a round: Python alone takes one or two thousandths
            to draw a batch, when other processes are busy.
        between_share: float in (0, 1); so is what happens between steps if it takes this share.
        clock: function that returns seconds.

    Raises:
        ValueError: if `slow_factor` is not above 1.

    Example:
        >>> ticks = iter([0.0, 1.0, 1.1, 2.1])       # two steps of a second
        >>> pace = Pace(clock=lambda: next(ticks))
        >>> for _ in range(2):
        ...     pace.begin(), pace.end(rounds=1)
        (None, None)
        (None, None)
        >>> [finding.kind for finding in pace.end_epoch(input_seconds=0.75)]
        ['slow_input']
    """

    def __init__(
        self,
        slow_factor: float = 10.0,
        least_seconds: float = 1.0,
        slowdown: float = 3.0,
        input_share: float = 0.5,
        least_input: float = 0.005,
        between_share: float = 0.5,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Keep the thresholds."""
        if not slow_factor > 1:
            raise ValueError(f"`slow_factor` must exceed 1. Received: {slow_factor}. Try 10.")
        self.slow_factor, self.least_seconds, self.slowdown = slow_factor, least_seconds, slowdown
        self.input_share, self.least_input = input_share, least_input
        self.between_share, self.clock = between_share, clock
        self._last = collections.deque(maxlen=100)
        self._function, self._best = None, None
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Forget the sums of the epoch before."""
        self._durations, self._rounds, self._between = [], 0, 0.0
        self._began, self._ended, self._compiling = None, None, False

    def begin(self, function: Any = None) -> None:
        """Note that a group of steps begins.

        Args:
            function: the compiled step; the first group of a new one compiles it, which is not
                counted.
        """
        now = self.clock()
        if self._ended is not None:
            self._between += now - self._ended
        self._compiling = function is not self._function
        self._function, self._began = function, now

    def end(self, rounds: int) -> Finding | None:
        """Note that it has ended.

        Args:
            rounds: int, steps in the group.

        Returns:
            `Finding` if it was slow.
        """
        now = self._ended = self.clock()
        if self._began is None or self._compiling:
            return None
        seconds, found = now - self._began, None
        self._rounds += rounds
        self._durations.append(seconds)
        if seconds > self.least_seconds and len(self._last) >= _ENOUGH:  # a median takes its time
            usual = statistics.median(self._last)
            if seconds > self.slow_factor * usual:
                found = Finding(
                    "slow_step",
                    f"A group of {rounds} steps took {seconds:.2g} s, {seconds / usual:.0f} times "
                    f"the usual {usual:.2g} s.",
                    "The step waited for data (a slow disk, a full shuffle buffer at the start of "
                    "a pass), or another process took the machine.",
                    "If it recurs, put the data on a faster disk, or prefetch more of them.",
                    {"seconds": seconds, "usual_seconds": usual},
                )
        self._last.append(seconds)
        return found

    def end_epoch(self, input_seconds: float | None = None) -> list[Finding]:
        """Judge the epoch.

        Args:
            input_seconds: float, seconds in which the input makes the data of one round by
                itself, or None.

        Returns:
            List of `Finding`.
        """
        durations, found = self._durations, []
        inside = sum(durations)
        if not inside:
            return found
        each = inside / max(self._rounds, 1)
        if input_seconds is not None and input_seconds > max(
            self.input_share * each, self.least_input
        ):
            found.append(_slow_input(input_seconds, each))
        if self._between > self.between_share * (inside + self._between) and inside > 1.0:
            found.append(_slow_between(self._between, inside))
        if len(durations) < _ENOUGH:
            return found
        usual = statistics.median(durations)
        if self._best is not None and usual > self.slowdown * self._best:
            found.append(_slower(usual, self._best))
        self._best = usual if self._best is None else min(usual, self._best)
        return found


def time_input(dataset: Iterable, batches: int = 20, seconds: float = 2.0) -> float | None:
    """Time how fast an input makes its batches while nothing else runs.

    The first batch, which fills buffers, is not counted. A look at the data uses up an epoch of an
    `EpochShuffle`: do it before `set_epoch`.

    Args:
        dataset: `tf.data.Dataset`, or another iterable.
        batches: int > 0, at most so many are drawn after the first.
        seconds: float > 0, and no more after this time.

    Returns:
        float, seconds per batch; None if there is no second batch.

    Example:
        >>> time_input([1]) is None, time_input([1, 2, 3]) < 1.0
        (True, True)
    """
    count, began = 0, None
    for _ in dataset:
        if began is None:
            began = time.perf_counter()
            continue
        count += 1
        if count == batches or time.perf_counter() - began > seconds:
            break
    return (time.perf_counter() - began) / count if count else None


def _slow_input(seconds: float, each: float) -> Finding:
    return Finding(
        "slow_input",
        f"The data of a step take {seconds:.2g} s to make, a whole step takes {each:.2g} s.",
        "The step waits for its input, which decodes or transforms too slowly.",
        "Cache the decoded data, resize them once beforehand, or use more processor cores.",
        {"input_seconds": seconds, "step_seconds": each},
    )


def _slow_between(between: float, inside: float) -> Finding:
    return Finding(
        "slow_callbacks",
        f"Between the steps of an epoch {between:.2g} s passed, within them {inside:.2g} s.",
        "A callback works at every batch.",
        "Let it work every few batches, or raise `steps_per_execution`.",
        {"between_seconds": between, "step_seconds": inside},
    )


def _slower(usual: float, best: float) -> Finding:
    return Finding(
        "slower",
        f"A group of steps now takes {usual:.2g} s, in the best epoch it took {best:.2g} s.",
        "Another process uses the machine, it throttles, or the data come from a slower place.",
        "Look at what else runs; compare `updates_per_second` of the epochs.",
        {"usual_seconds": usual, "best_seconds": best},
    )
