"""What a watchdog has found, and the places where it says so."""

import logging
import os
import threading
from typing import Any, NamedTuple

from keras_ot_gans.callbacks.arguments import make_folder
from keras_ot_gans.callbacks.event_log import EventLog
from keras_ot_gans.callbacks.json_lines import append_json_line, read_json_lines


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
        jsonl: file, one line per event; `None` for none. Lines that are there already belong to
            the run that is continued: see `resume`.

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

    def resume(self, epochs: int) -> list[dict[str, Any]]:
        """Take over what a stopped run had said up to where this one goes on.

        What it said after that is not taken over: this run comes to it again.

        Args:
            epochs: int, finished epochs.

        Returns:
            List of the file's records up to there, oldest first.
        """
        if self.jsonl is None or not os.path.exists(self.jsonl):
            return []
        lines = [line for line in read_json_lines(self.jsonl) if {"kind", "epoch"} <= line.keys()]
        past = [line for line in lines if line["epoch"] <= epochs]
        self._said |= {line["kind"] for line in past}
        return past

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


def _record(event: Event) -> dict[str, Any]:
    """Return an event as a line: its details beside its other values."""
    record = event._asdict()
    return {**record.pop("details"), **record}
