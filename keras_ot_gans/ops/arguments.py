"""Checks of numbers, made where an object is constructed, before hours of work."""

import operator
from typing import Any


def check_int(name: str, value: Any, least: int, advice: str) -> int:
    """Check an integer argument.

    Args:
        name: the argument's name.
        value: what the user passed; `True` and `1.0` are no integers here.
        least: int, the smallest valid value.
        advice: str, what to do.

    Returns:
        `value` as an `int`.

    Raises:
        ValueError: if it is smaller than `least`.
        TypeError: if it is no integer.

    Example:
        >>> check_int("every", 5, 1, "Try 1.")
        5
        >>> check_int("every", 0, 1, "Try 1.")
        Traceback (most recent call last):
        ...
        ValueError: `every` must be an integer of at least 1. Received: every=0. Try 1.
    """
    text = f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}. {advice}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(text)
    if operator.index(value) < least:
        raise ValueError(text)
    return operator.index(value)
