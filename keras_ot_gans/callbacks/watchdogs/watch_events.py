"""What a watchdog has found, and the places where it says so."""

import logging
import os
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

from keras_ot_gans.callbacks.arguments import make_folder
from keras_ot_gans.callbacks.event_log import EventLog
from keras_ot_gans.callbacks.json_lines import append_json_line


class Finding(NamedTuple):
    """Something that a rule has noticed.

    Attributes:
        kind: str, one word; each kind is said once.
        what: str, a sentence: what was seen.
        cause: str, a sentence: the likely cause.
        advice: str, a sentence: what to do.
        details: dict of JSON values, or None.
    """

    kind: str
    what: str
    cause: str
    advice: str
    details: dict[str, Any] | None = None


class Event(NamedTuple):
    """A finding with its place in the training.

    Attributes:
        kind: str, as in `Finding`.
        step: int, generator updates when it was found.
        epoch: int, the epoch that was running, counted from 1.
        what: str, as in `Finding`.
        cause: str, as in `Finding`.
        advice: str, as in `Finding`.
        details: dict of JSON values.
    """

    kind: str
    step: int
    epoch: int
    what: str
    cause: str
    advice: str
    details: dict[str, Any]

    @property
    def message(self) -> str:
        """All of it in one line."""
        return f"Step {self.step:,}: {self.what} Likely cause: {self.cause} {self.advice}"


class Reporter:
    """Says each kind of finding once: Python's `logging`, TensorBoard's text, a file, a list.

    May be used by several threads.

    Args:
        log_dir: folder for TensorBoard, tag `watchdog/<kind>`; `None` for no event file.
        jsonl: file to which one line per event is appended; `None` for none.

    Attributes:
        events: list of `Event`, in the order in which they were found.

    Example:
        >>> reporter, slow = Reporter(), Finding("slow", "It is slow.", "Age.", "Wait.")
        >>> reporter.report(slow, step=10, epoch=1).message
        'Step 10: It is slow. Likely cause: Age. Wait.'
        >>> reporter.report(slow, step=20, epoch=2) is None
        True
    """

    def __init__(
        self, log_dir: str | os.PathLike | None = None, jsonl: str | os.PathLike | None = None
    ) -> None:
        """Make the folders."""
        self.events: list[Event] = []
        self.jsonl = None if jsonl is None else os.path.abspath(jsonl)
        if self.jsonl is not None:
            make_folder("jsonl", os.path.dirname(self.jsonl))
        self._event_log = EventLog(log_dir)
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def get_state(self) -> dict[str, Any]:
        """Return the kinds that have been said, and the size of the file.

        Returns:
            dict of JSON values, `said` and `written`.
        """
        with self._lock:
            written = 0 if self.jsonl is None else _size(self.jsonl)
            return {"said": sorted(self._said), "written": written}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; lines of a later one go, as the run comes to them again.

        Args:
            state: what `get_state` returned; empty for a run that begins.
        """
        with self._lock:
            self._said = set(state.get("said", ()))
            written = state.get("written", 0)
            if self.jsonl is not None and _size(self.jsonl) > written:
                os.truncate(self.jsonl, written)

    def report(self, finding: Finding, step: int, epoch: int, again: bool = False) -> Event | None:
        """Say it, unless its kind has been said.

        Args:
            finding: `Finding`.
            step: int, generator updates.
            epoch: int, the running epoch, counted from 1.
            again: bool, say it also if its kind has been said.

        Returns:
            `Event`, or None if it had been said.
        """
        with self._lock:
            if finding.kind in self._said and not again:
                return None
            self._said.add(finding.kind)
            event = Event(
                finding.kind,
                step,
                epoch,
                finding.what,
                finding.cause,
                finding.advice,
                finding.details or {},
            )
            self.events.append(event)
            logging.getLogger(__name__).warning("%s", event.message)
            if self.jsonl is not None:
                append_json_line(self.jsonl, _record(event))
            self._event_log.text(f"watchdog/{event.kind}", event.message, step)
            return event

    def close(self) -> None:
        """Close the event file."""
        with self._lock:
            self._event_log.close()


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def _record(event: Event) -> dict[str, Any]:
    """Return an event as a line: its details beside its other values."""
    record = event._asdict()
    return {**record.pop("details"), **record}
