"""A thread that notices when a step of `fit` does not end."""

import sys
import sysconfig
import threading
import time
import weakref
from collections.abc import Callable
from types import FrameType

from keras_ot_gans.callbacks.watchdogs.watch_events import Finding

_LOOK = 1.0  # seconds between two looks, at most
_NOT_THE_USERS = (sysconfig.get_path("stdlib"), "site-packages", "dist-packages")


class StuckTimer:
    """Reports, once, that a step has been running for too long.

    The thread is a daemon, holds no reference to who is told, and ends with `stop`, with its
    report, with its owner, or when it finds that `fit` was left by an error.

    Args:
        seconds: float > 0, patience; longer than the compilation of the first step.
        report: method that takes a `Finding`, called in the timer's thread.
        clock: function that returns seconds.

    Raises:
        ValueError: if `seconds` is not positive.
    """

    def __init__(
        self,
        seconds: float,
        report: Callable[[Finding], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Check and keep the numbers; `start` starts the thread."""
        if not seconds > 0:
            raise ValueError(
                f"`patience_seconds` must be positive. Received: {seconds}. Try 600, or more if "
                "the first step takes longer to compile."
            )
        self.seconds, self.clock = seconds, clock
        self._report = weakref.WeakMethod(report)
        self._since: float | None = None
        self._done, self._thread = threading.Event(), None

    def start(self) -> None:
        """Start to watch the thread that calls this."""
        self.stop()
        self._since, self._done = None, threading.Event()
        self._thread = threading.Thread(
            target=self._watch,
            args=(self._done, threading.get_ident()),
            name="keras_ot_gans-watchdog",
            daemon=True,
        )
        self._thread.start()

    def arm(self) -> None:
        """A step begins."""
        self._since = self.clock()

    def rest(self) -> None:
        """It has ended."""
        self._since = None

    def stop(self) -> None:
        """End the thread, and wait for that."""
        self._done.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def _watch(self, done: threading.Event, trainer: int) -> None:
        while not done.wait(min(self.seconds / 4, _LOOK)):
            since, report = self._since, self._report()
            if report is None or "fit" not in _names(sys._current_frames().get(trainer)):
                return  # Keras tells nobody that `fit` was left by an error
            if since is not None and self.clock() - since > self.seconds:
                report(_finding(self.clock() - since, trainer))
                return
            del report  # the owner may go while this waits


def _finding(seconds: float, trainer: int) -> Finding:
    """Say where the training waits, as far as Python can see."""
    frames = sys._current_frames()
    waiting = _place(frames.get(trainer))
    source = next((p for f in frames.values() if (p := _input_place(f))), None)
    what = f"No step has ended for {seconds:.0f} s; the training waits at {waiting}."
    if source is not None:
        return Finding(
            "stuck",
            what,
            f"The input: its Python function is at {source}.",
            "Look at what it waits for: a lock, a network drive, a queue that nobody fills.",
            {"seconds": seconds, "waiting_at": waiting, "input_at": source},
        )
    return Finding(
        "stuck",
        what,
        "The input does not deliver (a network drive, an endless filter), another worker of the "
        "same training has died, or the step is still being compiled.",
        "Draw a batch by hand, `next(iter(dataset))`; look at the other workers.",
        {"seconds": seconds, "waiting_at": waiting},
    )


def _names(frame: FrameType | None) -> list[str]:
    found = []
    while frame is not None:
        found.append(frame.f_code.co_name)
        frame = frame.f_back
    return found


def _place(frame: FrameType | None) -> str:
    if frame is None:
        return "an unknown place"
    return f"{frame.f_code.co_filename}:{frame.f_lineno} ({frame.f_code.co_name})"


def _input_place(frame: FrameType | None) -> str | None:
    """Return where the user's part of a function that TensorFlow's input calls is, if it is one."""
    users, innermost = None, frame
    while frame is not None:
        name = frame.f_code.co_filename
        if name.endswith("script_ops.py"):
            return _place(users or innermost)
        if users is None and not any(part in name for part in _NOT_THE_USERS):
            users = frame
        frame = frame.f_back
    return None
