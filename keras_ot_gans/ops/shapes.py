"""Shape checks with error messages that teach."""

from collections.abc import Sequence
from typing import Any


def _shape(tensor: Any) -> tuple:
    """Return the static shape of a tensor, array or nested list."""
    shape = getattr(tensor, "shape", None)
    if shape is None:
        import numpy as np

        shape = np.shape(tensor)
    return tuple(shape)


def check_rank(name: str, tensor: Any, rank: int, axes: str = "") -> None:
    """Check the number of axes of a tensor.

    Args:
        name: the argument's name, for the message.
        tensor: anything with a static `shape`, or a nested list.
        rank: int, the expected number of axes.
        axes: the axes' names, such as `"(n, d)"`, for the message.

    Raises:
        ValueError: if the rank differs.

    Example:
        >>> check_rank("x", [[0.0, 1.0]], 2, "(n, d)")
        >>> check_rank("x", [0.0, 1.0], 2, "(n, d)")
        Traceback (most recent call last):
        ...
        ValueError: `x` must have rank 2, axes (n, d). Received: shape (2,). Reshape it, \
for images with `keras.ops.reshape(x, (n, -1))`.
    """
    shape = _shape(tensor)
    if len(shape) != rank:
        axes = f", axes {axes}" if axes else ""
        raise ValueError(
            f"`{name}` must have rank {rank}{axes}. Received: shape {shape}. "
            "Reshape it, for images with `keras.ops.reshape(x, (n, -1))`."
        )


def check_same_last_dim(name_a: str, a: Any, name_b: str, b: Any) -> None:
    """Check that two tensors have features of the same width.

    Args:
        name_a: name of the first argument.
        a: tensor `(..., d)`.
        name_b: name of the second argument.
        b: tensor `(..., d)`.

    Raises:
        ValueError: if both last axes are known and differ.

    Example:
        >>> check_same_last_dim("x", [[0.0, 1.0]], "y", [[2.0]])
        Traceback (most recent call last):
        ...
        ValueError: `x` and `y` must have the same last dimension. Received: shapes (1, 2) \
and (1, 1). Both batches must come from the same space or the same network.
    """
    shape_a, shape_b = _shape(a), _shape(b)
    widths = {shape[-1] for shape in (shape_a, shape_b) if shape} - {None}
    if len(widths) > 1:
        raise ValueError(
            f"`{name_a}` and `{name_b}` must have the same last dimension. "
            f"Received: shapes {shape_a} and {shape_b}. "
            "Both batches must come from the same space or the same network."
        )


def same_where_known(a: Sequence[int | None], b: Sequence[int | None]) -> bool:
    """Tell whether two static shapes can be the same.

    Args:
        a: shape; None stands for a dimension that is not known yet.
        b: shape.

    Returns:
        bool: as many axes, and no known dimension that differs.

    Example:
        >>> same_where_known((None, 2), (3, 2)), same_where_known((1, 2), (3, 2))
        (True, False)
    """
    return len(a) == len(b) and all(
        p is None or q is None or p == q for p, q in zip(a, b, strict=True)
    )


def check_same_shape(name_a: str, a: Any, name_b: str, b: Any) -> None:
    """Refuse two tensors that would only fit by broadcasting.

    Args:
        name_a: name of the first argument.
        a: tensor.
        name_b: name of the second argument.
        b: tensor of the same rank and, where known, the same dimensions.

    Raises:
        ValueError: if rank or a known dimension differs.

    Example:
        >>> check_same_shape("cost", [[0.0, 1.0]], "distance", [[1.0]])
        Traceback (most recent call last):
        ...
        ValueError: `cost` and `distance` must have the same shape. Received: (1, 2) and \
(1, 1). They are pairwise matrices of the same two batches.
    """
    shape_a, shape_b = _shape(a), _shape(b)
    if not same_where_known(shape_a, shape_b):
        raise ValueError(
            f"`{name_a}` and `{name_b}` must have the same shape. "
            f"Received: {shape_a} and {shape_b}. "
            "They are pairwise matrices of the same two batches."
        )


def check_one_of(name: str, value: Any, options: Sequence) -> None:
    """Check that a value is one of a list, and print the list if not.

    Args:
        name: the argument's name.
        value: the received value.
        options: the valid values.

    Raises:
        ValueError: if `value` is not among `options`.

    Example:
        >>> check_one_of("cost", "cosin", ("cosine", "euclidean"))
        Traceback (most recent call last):
        ...
        ValueError: `cost` must be one of 'cosine', 'euclidean'. Received: 'cosin'.
    """
    if value not in options:
        names = ", ".join(repr(option) for option in options)
        raise ValueError(f"`{name}` must be one of {names}. Received: {value!r}.")
