"""Numbers and values of any kind as short texts.

Example:
    >>> number(0.03308165), number(1234567.0), number(None), number(8.0)
    ('0.03308', '1.235e+06', 'not a number', '8')
"""

import json
import statistics
from collections.abc import Iterable
from typing import Any

_LONGEST = 2000
_DEEPEST = 12


def number(value: float | None) -> str:
    """Return a number with about four digits.

    Args:
        value: float, None where there is none.

    Returns:
        str.
    """
    if value is None:
        return "not a number"
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-4:
        return f"{value:.3e}"
    if size >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def tick(value: float) -> str:
    """Return a number for an axis, as short as can be.

    Args:
        value: float.

    Returns:
        str.

    Example:
        >>> tick(5000.0), tick(12500.0), tick(0.002), tick(1e-05), tick(0.000996), tick(2.5e6)
        ('5k', '12.5k', '0.002', '1e-5', '9.96e-4', '2.5M')
    """
    size = abs(value)
    if 1e3 <= size < 1e6:
        return f"{value / 1e3:.6g}k"
    if 1e6 <= size < 1e9:
        return f"{value / 1e6:.6g}M"
    if 1e-3 <= size < 1e9 or not size:
        return f"{value:.6g}"
    digits, _, power = f"{value:.4e}".partition("e")
    return f"{float(digits):g}e{int(power)}"


def duration(seconds: float) -> str:
    """Return a time in the two largest units that it has.

    Args:
        seconds: float >= 0.

    Returns:
        str.

    Example:
        >>> duration(0.25), duration(59.6), duration(3725), duration(200000)
        ('0.25 s', '59.6 s', '1 h 2 min', '2 d 7 h')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    for size, unit, smaller, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} {int(seconds % size // smaller)} {small}"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def size(count: int) -> str:
    """Return a number of bytes.

    Args:
        count: int >= 0.

    Returns:
        str.

    Example:
        >>> size(512), size(1277774)
        ('512 bytes', '1.3 MB')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


def value(found: Any) -> str:
    """Return a value of a config.

    Args:
        found: what JSON knows.

    Returns:
        str, cut where it is very long.

    Example:
        >>> value(None), value("adam"), value([100, 50]), value(True)
        ('none', 'adam', '[100, 50]', 'true')
    """
    if found is None:
        return "none"
    try:
        text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    except RecursionError:
        return "nested too deeply to be shown"
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]} ... ({len(text):,} characters)"


def flat(tree: Any, prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Return the leaves of nested dicts by their dotted names.

    Args:
        tree: dict.
        prefix: name of the dict, with a dot.
        depth: int, how deep it lies.

    Returns:
        dict; empty dicts and whatever lies very deep are leaves.

    Example:
        >>> flat({"model": {"hidden": [2], "critic": {}}, "n": 1})
        {'model.hidden': [2], 'model.critic': {}, 'n': 1}
    """
    found: dict[str, Any] = {}
    for key, leaf in tree.items():
        if isinstance(leaf, dict) and leaf and depth < _DEEPEST:
            found |= flat(leaf, f"{prefix}{key}.", depth + 1)
        else:
            found[f"{prefix}{key}"] = leaf
    return found


def evenly(count: int, most: int) -> list[int]:
    """Choose at most `most` of `count` places, evenly, the first and the last among them.

    Args:
        count: int >= 0.
        most: int >= 2.

    Returns:
        List of int.

    Example:
        >>> evenly(7, 4), evenly(2, 12), evenly(0, 3)
        ([0, 2, 4, 6], [0, 1], [])
    """
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]


def median(values: Iterable[float | None]) -> float | None:
    """Return the median of the numbers among values, None if there is none.

    Args:
        values: floats and None.

    Returns:
        float or None.

    Example:
        >>> median([3.0, None, 1.0]), median([])
        (2.0, None)
    """
    found = [each for each in values if each is not None]
    return statistics.median(found) if found else None
