"""Turn what users hold into finite float64 point sets."""

from typing import Any

import numpy as np


def as_points(name: str, x: Any) -> np.ndarray:
    """Flatten a batch to one float64 row per sample.

    Args:
        name: the argument's name, for the messages.
        x: array `(n,)` or `(n, ...)`, any real dtype, such as images `(n, H, W, C)`.

    Returns:
        float64 array `(n, d)`; `d = 1` for `(n,)`.

    Raises:
        ValueError: if `x` is a scalar, is empty or holds a NaN or an infinity.
        TypeError: if `x` is not numeric.

    Example:
        >>> as_points("real", [[[1, 2], [3, 4]]]).tolist()
        [[1.0, 2.0, 3.0, 4.0]]
    """
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"`{name}` must hold real numbers. Received: dtype {array.dtype}. "
            "Pass a NumPy array or anything that converts to one."
        )
    if array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"`{name}` must hold at least one sample, axes (n, ...). "
            f"Received: shape {array.shape}. Put the samples along the first axis."
        )
    points = array.astype(np.float64).reshape(len(array), -1)
    bad = int(np.size(points) - np.count_nonzero(np.isfinite(points)))
    if bad:
        raise ValueError(
            f"`{name}` must be finite. Received: {bad} of {points.size} numbers are NaN or "
            "infinite. If they are generated, the training has diverged: lower the learning rate."
        )
    return points


def as_point_pair(name_a: str, a: Any, name_b: str, b: Any) -> tuple[np.ndarray, np.ndarray]:
    """Flatten two batches and check that they live in the same space.

    Args:
        name_a: name of the first argument.
        a: array `(n, ...)`.
        name_b: name of the second argument.
        b: array `(m, ...)` with the same number of values per sample.

    Returns:
        Two float64 arrays `(n, d)` and `(m, d)`.

    Raises:
        ValueError: as `as_points`, and if the samples differ in size.
        TypeError: as `as_points`.

    Example:
        >>> first, second = as_point_pair("real", [[0, 1]], "fake", [[2, 3], [4, 5]])
        >>> first.shape, second.shape
        ((1, 2), (2, 2))
    """
    points_a, points_b = as_points(name_a, a), as_points(name_b, b)
    if points_a.shape[1] != points_b.shape[1]:
        raise ValueError(
            f"`{name_a}` and `{name_b}` must hold samples of the same size. Received: shapes "
            f"{np.shape(a)} and {np.shape(b)}. Both must come from the same space."
        )
    return points_a, points_b
