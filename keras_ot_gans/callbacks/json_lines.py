"""A log of one JSON object per line that a killed run cannot spoil."""

import json
import math
import os
from typing import Any


def append_json_line(path: str | os.PathLike, record: dict[str, Any]) -> None:
    r"""Append one record and wait until the disk has it.

    One write of one line; if the file ends within a line (a run was killed there), the
    record starts a line of its own. A line for which the disk has no room is taken back.
    NaN and infinity become `null`, which JSON knows.

    Args:
        path: file name, made if missing; its folder must exist.
        record: dict of JSON values.

    Raises:
        OSError: if it cannot be written; the file is as it was.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "metrics.jsonl")
        >>> append_json_line(path, {"step": 10, "w1": 0.5, "kl": float("inf")})
        >>> path.read_text()
        '{"step": 10, "w1": 0.5, "kl": null}\n'
    """
    record = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in record.items()
    }
    line = json.dumps(record, allow_nan=False).encode() + b"\n"
    with open(path, "ab+", buffering=0) as file:  # a buffer would be written again on closing
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = b"\n" + line
        try:
            while line:  # the last room of a disk takes a part of it, and then raises
                line = line[file.write(line) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise


def read_json_lines(path: str | os.PathLike) -> list[dict[str, Any]]:
    r"""Read all whole records; lines torn by a killed run are left out.

    A continued run repeats the steps after its last checkpoint: the later record of a
    step is the valid one.

    Args:
        path: file name.

    Returns:
        list of dict, in the order of the file.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "metrics.jsonl")
        >>> _ = path.write_text('{"step": 1}\n{"ste')      # killed here
        >>> append_json_line(path, {"step": 2})
        >>> read_json_lines(path)
        [{'step': 1}, {'step': 2}]
    """
    records = []
    with open(path, "rb") as file:
        for line in file:
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue  # torn: its run wrote it again, or never came so far; or no text at all
            if isinstance(record, dict):
                records.append(record)
    return records
