"""Check features without copying them: they may be gigabytes in float32."""

from collections.abc import Iterator
from typing import Any

import numpy as np

# Rows converted to float64 at a time: 16 MiB at width 2048, and enough for a fast product.
BLOCK_ROWS = 1024


def row_blocks(rows: int, block_size: int = BLOCK_ROWS) -> Iterator[slice]:
    """Cut `range(rows)` into slices of at most `block_size`.

    Args:
        rows: int >= 0.
        block_size: int > 0.

    Returns:
        Iterator of slices, in order.

    Raises:
        ValueError: if `block_size` is not positive.

    Example:
        >>> [(part.start, part.stop) for part in row_blocks(5, 2)]
        [(0, 2), (2, 4), (4, 5)]
    """
    if block_size < 1:
        raise ValueError(
            f"`block_size` must be positive. Received: block_size={block_size}. Try {BLOCK_ROWS}."
        )
    return (
        slice(start, min(start + block_size, rows)) for start in range(0, int(rows), block_size)
    )


def as_features(name: str, x: Any, dim: int | None = None, first_row: int = 0) -> np.ndarray:
    """Check that `x` holds one finite row of numbers per sample; its dtype stays.

    Args:
        name: the argument's name, for the messages.
        x: array `(n, d)`, any real dtype; `n` may be 0.
        dim: int, the width asked for; `None` for any.
        first_row: int, what to add to a row's number where `x` is a part of a stream.

    Returns:
        Array `(n, d)`, `x` itself where it is an array.

    Raises:
        TypeError: if `x` is not numeric.
        ValueError: if `x` is not `(n, d)`, or a row is not finite: the first one is named.

    Example:
        >>> as_features("features", [[1, 2], [3, 4]]).shape
        (2, 2)
    """
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"`{name}` must hold real numbers. Received: dtype {array.dtype}. "
            "Pass a NumPy array or anything that converts to one."
        )
    width = "d" if dim is None else dim
    if array.ndim != 2 or not array.shape[1] or (dim is not None and array.shape[1] != dim):
        raise ValueError(
            f"`{name}` must have shape (n, {width}). Received: shape {array.shape}. "
            "Pass one row per sample, all from the same feature network."
        )
    if array.dtype.kind == "f":
        for part in row_blocks(len(array)):
            finite = np.isfinite(array[part]).all(axis=1)
            if not finite.all():
                row = part.start + int(np.argmin(finite)) + first_row
                raise ValueError(
                    f"`{name}` must be finite. Received: a NaN or an infinity in row {row}. If "
                    "the rows are generated, the training has diverged: lower the learning rate."
                )
    return array


def as_feature_pair(real: Any, fake: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check real and fake features, and that they have the same width.

    Args:
        real: array `(n, d)`.
        fake: array `(m, d)`.

    Returns:
        Two arrays `(n, d)` and `(m, d)`; dtypes stay.

    Raises:
        TypeError: as `as_features`.
        ValueError: as `as_features`, and if the widths differ.

    Example:
        >>> real, fake = as_feature_pair([[0, 1]], [[2, 3], [4, 5]])
        >>> real.shape, fake.shape
        ((1, 2), (2, 2))
    """
    real, fake = as_features("real", real), as_features("fake", fake)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            "`real` and `fake` must have the same width. Received: shapes "
            f"{real.shape} and {fake.shape}. Both must come from the same feature network."
        )
    return real, fake
