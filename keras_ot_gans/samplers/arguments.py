"""Checks of numbers that every sampler makes when it is constructed, before any work."""

import operator
from typing import Any

MOST_SEEDS = 2**31


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
        >>> check_int("batch_size", 5, 1, "Try 100.")
        5
        >>> check_int("batch_size", 5.0, 1, "Try 100.")
        Traceback (most recent call last):
        ...
        TypeError: `batch_size` must be an integer of at least 1. Received: batch_size=5.0. Try 100.
    """
    text = f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}. {advice}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(text)
    if operator.index(value) < least:
        raise ValueError(text)
    return operator.index(value)


def check_seed(seed: Any) -> int:
    """Check a seed.

    Args:
        seed: int in [0, 2**31): those beyond are kept for draws of the samplers' own.

    Returns:
        `seed` as an `int`.

    Raises:
        ValueError: if it is out of range.
        TypeError: if it is no integer.

    Example:
        >>> check_seed(None)
        Traceback (most recent call last):
        ...
        TypeError: `seed` must be an integer of at least 0. Received: seed=None. Try 0.
    """
    seed = check_int("seed", seed, 0, "Try 0.")
    if seed >= MOST_SEEDS:
        raise ValueError(f"`seed` must be below 2**31. Received: seed={seed}. Try 0.")
    return seed
