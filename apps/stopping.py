"""A training that stops when it is asked to: after the step, with everything saved.

How signals come here is told in `apps.signals`.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import keras

from apps import checkpoints, signals


class StopOnRequest(keras.callbacks.Callback):
    """Ends the process with code 0 after a first SIGINT or SIGTERM, once the step is finished.

    A checkpoint of the rounds so far is written, from which the same command goes on to the weights
    and logs of a run that was never stopped. Put the callback last: at the end of an epoch, all
    others do their work first.

    Args:
        folder: where checkpoints go.
        rounds: int, rounds of a whole epoch.
        ask: function of whether this process was asked to stop, which returns whether any of its
            fellow workers was; None for a process on its own.

    Attributes:
        done: int, rounds of the epoch under way that an earlier process finished.

    Raises:
        Stopped: in training, after a signal.
    """

    def __init__(
        self, folder: Path, rounds: int, ask: Callable[[bool], bool] | None = None
    ) -> None:
        """Keep the place."""
        super().__init__()
        self._any = ask or bool
        self.folder, self.rounds, self.done = folder, rounds, 0
        self._epoch, self._place = 0, signals.BEFORE

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Stop where a signal came before; from now on there is something to save."""
        self._stop_if_asked(self._place)
        signals.current().place = None

    def on_train_end(self, logs: dict | None = None) -> None:
        """Stop; from now on a signal may end the process, unless an error does."""
        if sys.exception() is None:
            self._place = _after(self._epoch)
            self._stop_if_asked(self._place)
            signals.current().place = self._place

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Know the place."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Save and stop, unless the epoch ends here."""
        done = self.done + batch + 1
        if done < self.rounds and self._any(signals.current().asked):
            checkpoints.save(self.model, self.folder, self._epoch, done)
            place = f"in epoch {self._epoch + 1}, after {done:,} of {self.rounds:,} rounds"
            raise signals.Stopped(f"{place}; {_SAVED}")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Stop; the epoch's own checkpoint is there."""
        self._stop_if_asked(_after(epoch))

    def _stop_if_asked(self, place: str) -> None:
        if self._any(signals.current().asked):
            raise signals.Stopped(place)


_SAVED = "all is saved. The same command goes on from here."


def _after(epoch: int) -> str:
    return f"after epoch {epoch + 1}; {_SAVED}"
