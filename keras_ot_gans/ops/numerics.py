"""Numerics that stay finite, in value and in gradient, at zero."""

from typing import Any

import keras
from keras import ops

Tensor = Any

_TINY = 1e-12  # squared; norms below 1e-6 are treated as 1e-6 when they divide


def as_float32(x: Tensor) -> Tensor:
    """Widen half-precision tensors, so that sums over a batch keep their digits.

    Args:
        x: float tensor of any shape, or anything that converts to one.

    Returns:
        The tensor itself if its dtype is float32 or float64, else a float32 copy.

    Example:
        >>> as_float32([1, 2]).dtype.name
        'float32'
    """
    x = ops.convert_to_tensor(x)
    wide = keras.backend.standardize_dtype(x.dtype) in ("float32", "float64")
    return x if wide else ops.cast(x, "float32")


def safe_sqrt(x: Tensor) -> Tensor:
    """Square root whose gradient is 0, not infinite, at 0.

    Args:
        x: float tensor, non-negative. Values below 0 give 0.

    Returns:
        Float tensor of the same shape.

    Example:
        >>> [float(v) for v in safe_sqrt([0.0, 4.0])]
        [0.0, 2.0]
    """
    x = as_float32(x)
    positive = x > 0
    # The inner `where` keeps the untaken branch's derivative finite (0 * inf is NaN).
    root = ops.sqrt(ops.where(positive, x, ops.ones_like(x)))
    return ops.where(positive, root, ops.zeros_like(x))


def safe_norm(x: Tensor, axis: int = -1, keepdims: bool = False) -> Tensor:
    """Euclidean norm whose gradient is 0 at the zero vector.

    Args:
        x: float tensor.
        axis: int, the axis of the vector's components.
        keepdims: bool, keep `axis` with length 1.

    Returns:
        Float tensor without `axis`.

    Example:
        >>> round(float(safe_norm([3.0, 4.0])), 4)
        5.0

    Differs: `keras.ops.norm` has a NaN gradient at zero.
    """
    x = as_float32(x)
    return safe_sqrt(ops.sum(ops.square(x), axis=axis, keepdims=keepdims))


def unit_vectors(x: Tensor, axis: int = -1) -> Tensor:
    """Scale vectors to unit Euclidean length.

    Args:
        x: float tensor.
        axis: int, the axis of the vector's components.

    Returns:
        Float tensor of the same shape. Vectors shorter than 1e-6 are divided by 1e-6, so the
        zero vector stays zero and its gradient finite.

    Example:
        >>> [round(float(v), 4) for v in unit_vectors([3.0, 4.0])]
        [0.6, 0.8]
    """
    x = as_float32(x)
    squared = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(squared, _TINY))
