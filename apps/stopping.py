"""A training that stops when it is asked to: after the step, with everything saved."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import keras

from apps import checkpoints

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopOnRequest(keras.callbacks.Callback):
    """Ends the process with code 0 at the first SIGINT or SIGTERM, once the step is finished.

    A checkpoint of the rounds so far is written, from which the same command goes on to the weights
    and logs of a run that was never stopped. A second signal ends the process at once. Put the
    callback last: at the end of an epoch, all others do their work first. Signals reach the main
    thread only; in another one, nothing is watched.

    Args:
        folder: where checkpoints go.
        rounds: int, rounds of a whole epoch.
        ask: function of whether this process was asked to stop, which returns whether any of its
            fellow workers was; None for a process on its own.

    Attributes:
        done: int, rounds of the epoch under way that an earlier process finished.

    Raises:
        SystemExit: in training, after a signal.
    """

    def __init__(
        self, folder: Path, rounds: int, ask: Callable[[bool], bool] | None = None
    ) -> None:
        """Keep the place."""
        super().__init__()
        self._any = ask or bool
        self.folder, self.rounds, self.done = folder, rounds, 0
        self._asked: int | None = None
        self._before: dict[int, Any] = {}
        self._epoch = 0

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Listen."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}

    def on_train_end(self, logs: dict | None = None) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Know the place."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Save and stop, unless the epoch ends here."""
        done = self.done + batch + 1
        if done < self.rounds and self._any(self._asked is not None):
            checkpoints.save(self.model, self.folder, self._epoch, done)
            self._end(f"in epoch {self._epoch + 1}, after {done:,} of {self.rounds:,} rounds")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Stop; the epoch's own checkpoint is there."""
        if self._any(self._asked is not None):
            self._end(f"after epoch {epoch + 1}")

    def _ask(self, number: int, frame: FrameType | None) -> None:
        """Remember the first signal; obey the second."""
        name = signal.Signals(number).name
        if self._asked is not None:
            print(f"{name} again: ending at once.", file=sys.stderr, flush=True)
            os._exit(128 + number)
        self._asked = number
        print(
            f"{name}: finishing the step and saving; once more ends at once.",
            file=sys.stderr,
            flush=True,
        )

    def _end(self, place: str) -> None:
        print(f"Stopped {place}; all is saved. The same command goes on from here.", flush=True)
        raise SystemExit(0)
