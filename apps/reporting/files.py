"""Files of a run folder as plain values; what is damaged is named and left out.

Everything is data: JSON is parsed, text is text, and nothing is imported, unpickled or followed.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

_LARGEST = 64_000_000  # bytes of a file, or of a line of metrics.jsonl


def finite(value: Any) -> float | None:
    """Return a number as float, None if it is none.

    Args:
        value: anything.

    Returns:
        float or None.

    Example:
        >>> finite(3), finite("3"), finite(float("nan")), finite(True), finite(10**400)
        (3.0, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def read_json(path: Path, missing: list[str], needed: bool) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        path: the file.
        missing: gets a line if it cannot be read.
        needed: bool, whether it must be there.

    Returns:
        dict, empty if it cannot be read.
    """
    text = read_text(path, missing, needed)
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        missing.append(f"{path.name}: damaged ({error})")
        return {}
    if not isinstance(found, dict):
        missing.append(f"{path.name}: damaged (no JSON object)")
        return {}
    return found


def read_text(path: Path, missing: list[str], needed: bool = True) -> str | None:
    """Read a text file.

    Args:
        path: the file.
        missing: gets a line if it cannot be read.
        needed: bool, whether it must be there.

    Returns:
        str, None if it cannot be read; what is no UTF-8 is shown by a sign for it.
    """
    if not path.is_file():  # neither a folder nor a pipe, which would be waited for
        if needed:
            missing.append(f"{path.name}: not there")
        return None
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        missing.append(f"{path.name}: cannot be read ({error.strerror})")
        return None
    if len(content) > _LARGEST:
        missing.append(f"{path.name}: larger than {_LARGEST:,} bytes, left out")
        return None
    return content.decode(errors="replace")


def read_starts(path: Path, missing: list[str]) -> list[dict[str, str]]:
    """Read the blocks of environment.txt, one for each start of the run.

    Args:
        path: the file.
        missing: gets a line if it cannot be read.

    Returns:
        List of dict.
    """
    blocks = re.split(r"\n\s*\n", (read_text(path, missing) or "").strip())
    pairs = [[line.partition(":")[::2] for line in block.splitlines()] for block in blocks]
    found = [{key.strip(): value.strip() for key, value in block if key} for block in pairs]
    return [block for block in found if block]


def read_records(path: Path, missing: list[str]) -> list[dict[str, Any]]:
    """Read the lines of metrics.jsonl; of an epoch that was repeated, the later one.

    Args:
        path: the file.
        missing: gets a line if it cannot be read, or holds damaged lines.

    Returns:
        List of dict, by `epoch`. A `step` may be less than the one before: a watchdog went back.
    """
    if not path.is_file():
        missing.append(f"{path.name}: not there, so there are no curves")
        return []
    found: dict[int, dict[str, Any]] = {}
    damaged = []
    try:
        with open(path, "rb") as file:
            for place, line in enumerate(iter(lambda: file.readline(_LARGEST), b""), start=1):
                record = _record(line) if line.strip() else {}
                if record is None:
                    damaged.append(place)
                elif record:
                    found[record["epoch"]] = record
    except OSError as error:
        missing.append(f"{path.name}: cannot be read ({error.strerror})")
    if damaged:
        places = ", ".join(map(str, damaged[:5])) + (", ..." if len(damaged) > 5 else "")
        missing.append(
            f"{path.name}: {len(damaged)} damaged line(s) left out, number {places} (a run that "
            "is killed while it writes leaves one; the continued run repeats that epoch)"
        )
    if not found and not damaged:
        missing.append(f"{path.name}: empty, so there are no curves")
    return [found[epoch] for epoch in sorted(found)]


def _record(line: bytes) -> dict[str, Any] | None:
    """Return one epoch's values, None if the line does not hold them."""
    try:
        record = json.loads(line)
        return {**record, "epoch": _count(record["epoch"]), "step": _count(record["step"])}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _count(value: Any) -> int:
    """Return a number of epochs or updates."""
    found = finite(value)
    if found is None or not 0 <= found < 1e15:
        raise ValueError("no count")
    return int(found)
