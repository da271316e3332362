"""Checks of numbers that every sampler makes when it is constructed, before any work."""

from typing import Any

from keras_ot_gans.ops.arguments import check_int

MOST_SEEDS = 2**31


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
