"""Checks of user data with error messages that teach."""

from typing import Any

import numpy as np

# Rounding of `x / 127.5 - 1` in float32 or float16 may pass 1 by less than this.
_RANGE_TOLERANCE = 1e-3


def check_positive_int(name: str, value: Any) -> None:
    """Check that a value is a positive whole number.

    Args:
        name: the argument's name.
        value: the received value.

    Raises:
        ValueError: if it is not an int or not positive.

    Example:
        >>> check_positive_int("n", 3)
        >>> check_positive_int("n", 0)
        Traceback (most recent call last):
        ...
        ValueError: `n` must be a positive int. Received: n=0.
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ValueError(f"`{name}` must be a positive int. Received: {name}={value!r}.")


def check_samples(name: str, x: Any) -> np.ndarray:
    """Check samples for training and bring them to uint8 or float32.

    Args:
        name: the argument's name.
        x: array-like, points `(n, d)` or images `(n, height, width, channels)`;
            uint8, or finite floats. Float images must lie in [-1, 1].

    Returns:
        NumPy array of the same shape, uint8 or float32.

    Raises:
        TypeError: if the type is neither uint8 nor a float.
        ValueError: if the rank, the range or a value is wrong.

    Example:
        >>> check_samples("x", [[0.0, float("nan")]])
        Traceback (most recent call last):
        ...
        ValueError: `x` must be finite. Received: 1 of 1 rows with NaN or Inf, the first is \
row 0. Remove them, such as by `x[np.isfinite(x).all(axis=1)]`.
    """
    x = np.asarray(x)
    if x.dtype != np.uint8 and not np.issubdtype(x.dtype, np.floating):
        raise TypeError(
            f"`{name}` must be uint8 or float. Received: dtype {x.dtype}. "
            "Convert bytes by `x.astype('uint8')` and numbers by `x.astype('float32')`."
        )
    if x.ndim not in (2, 4):
        hint = "Points in one dimension: `x[:, None]`."
        if x.ndim == 3:
            hint = "Grey images need a channel axis: `x[..., None]`."
        raise ValueError(
            f"`{name}` must have rank 2, axes (n, d), or rank 4, axes (n, height, width, "
            f"channels). Received: shape {x.shape}. {hint}"
        )
    if x.size == 0:
        raise ValueError(
            f"`{name}` must hold at least one sample. Received: shape {x.shape}. "
            "Check the filter or the file that it came from."
        )
    if x.dtype == np.uint8:
        return x
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes Inf, refused below
        x = x.astype(np.float32, copy=False)
    _check_finite(name, x)
    if x.ndim == 4:
        _check_range(name, x)
    return x


def _check_finite(name: str, x: np.ndarray) -> None:
    finite = np.isfinite(x).reshape(len(x), -1).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"`{name}` must be finite. Received: {int((~finite).sum())} of {len(x)} rows with "
            f"NaN or Inf, the first is row {int(np.argmin(finite))}. "
            "Remove them, such as by `x[np.isfinite(x).all(axis=1)]`."
        )


def _check_range(name: str, x: np.ndarray) -> None:
    low, high = float(x.min()), float(x.max())
    if low < -1 - _RANGE_TOLERANCE or high > 1 + _RANGE_TOLERANCE:
        hint = "Scale it to [-1, 1]."
        if low >= 0 and high <= 255:
            hint = (
                f"It looks like [0, 255]: pass `{name}.astype('uint8')`, or `{name} / 127.5 - 1`."
            )
        raise ValueError(
            f"`{name}` must be uint8 or float images in [-1, 1]. "
            f"Received: values from {low:.6g} to {high:.6g}. {hint}"
        )


def check_labels(labels: Any, n: int) -> np.ndarray:
    """Check that there is one label per sample.

    Args:
        labels: array-like `(n, ...)`.
        n: int, the number of samples.

    Returns:
        NumPy array `(n, ...)`.

    Raises:
        ValueError: if the number of labels differs.
    """
    labels = np.asarray(labels)
    if labels.ndim == 0 or len(labels) != n:
        raise ValueError(
            f"`labels` must hold one label per sample. Received: shape {labels.shape} "
            f"for {n} samples."
        )
    return labels


def check_fills_a_batch(n: int, batch_size: int, drop_remainder: bool) -> None:
    """Check that there is at least one batch.

    Args:
        n: int, the number of samples.
        batch_size: int, samples in a batch.
        drop_remainder: bool, whether a last partial batch is dropped.

    Raises:
        ValueError: if every batch would be dropped.
    """
    check_positive_int("batch_size", batch_size)
    if drop_remainder and batch_size > n:
        raise ValueError(
            f"`batch_size` must not exceed the number of samples, {n}. Received: "
            f"batch_size={batch_size}. Use a smaller batch or `drop_remainder=False`."
        )
