"""Class labels: checking them, looking up what belongs to them, and drawing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_ot_gans.ops import random
from keras_ot_gans.ops.numerics import Tensor


def check_labels(labels: Any, num_classes: int, name: str = "labels") -> np.ndarray:
    """Check labels whose values are known.

    Args:
        labels: integers `(n,)`: an array, a list or an eager tensor.
        num_classes: int, labels are `0` to `num_classes - 1`.
        name: the argument's name, for the message.

    Returns:
        int32 array `(n,)`.

    Raises:
        ValueError: if the labels are not integers, not of rank 1, or out of range.

    Example:
        >>> check_labels([0, 10], 10)
        Traceback (most recent call last):
        ...
        ValueError: `labels` must lie in [0, 9] for 10 classes. Received: labels from 0 to 10. \
Count the classes from 0, or raise `num_classes`.
    """
    values = np.asarray(labels)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise ValueError(
            f"`{name}` must be integers of shape (n,). Received: shape {values.shape}, dtype "
            f"{values.dtype}. Take `argmax(axis=-1)` of one-hot labels."
        )
    if values.size and not 0 <= values.min() <= values.max() < num_classes:
        raise ValueError(
            f"`{name}` must lie in [0, {num_classes - 1}] for {num_classes} classes. Received: "
            f"labels from {values.min()} to {values.max()}. Count the classes from 0, or raise "
            "`num_classes`."
        )
    return values.astype("int32")


def class_rows(table: Tensor, labels: Tensor) -> Tensor:
    """Look up one row per label.

    Args:
        table: float tensor `(num_classes, d)`.
        labels: int tensor `(B,)`.

    Returns:
        Float tensor `(B, d)`, `table[labels]`. In a graph, where a value cannot raise, the row
        of a label out of range is NaN, on every device and under XLA: training stops being
        finite at once, instead of learning from a wrong row.

    Raises:
        ValueError: eagerly, if a label is out of range.

    Example:
        >>> class_rows([[1.0, 2.0], [3.0, 4.0]], ops.array([1, 1, 0])).numpy().tolist()
        [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]

    Differs: `keras.ops.take` counts negative labels from the end, and what it does beyond the
        end depends on the device. The gradient is dense.
    """
    table = ops.convert_to_tensor(table)
    num_classes = table.shape[0]
    if hasattr(labels, "numpy") or isinstance(labels, np.ndarray | list | tuple):
        labels = check_labels(labels, num_classes)
    labels = ops.cast(labels, "int32")
    known = ops.logical_and(labels >= 0, labels < num_classes)
    # A last row for the labels out of range. The gradient of padding is dense, whereas optimizers
    # and strategies meet the sparse one of a bare look-up in several ways.
    padded = ops.pad(table, [[0, 1], [0, 0]], constant_values=float("nan"))
    return ops.take(padded, ops.where(known, labels, num_classes), axis=0)


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """Encode labels as rows of the identity.

    Args:
        labels: int tensor `(B,)`.
        num_classes: int >= 1.

    Returns:
        float32 tensor `(B, num_classes)`. Out of range: see `class_rows`.

    Raises:
        ValueError: eagerly, if a label is out of range.

    Example:
        >>> one_hot(ops.array([2, 0]), 3).numpy().tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]

    Differs: `keras.ops.one_hot` gives a row of zeros to a label out of range.
    """
    return class_rows(ops.eye(num_classes, dtype="float32"), labels)


@keras.saving.register_keras_serializable(package="keras_ot_gans")
@dataclass(frozen=True)
class Labels:
    """Distribution of the labels that a conditional generator is asked for.

    Attributes:
        num_classes: int >= 1.
        frequencies: `num_classes` numbers >= 0 in proportion to which labels are drawn, such as
            their counts in the data; None for a uniform draw. A class of frequency 0 is never
            drawn.

    Example:
        >>> draw = Labels(3, (0.0, 1.0, 0.0)).sample((4,), keras.random.SeedGenerator(0))
        >>> draw.numpy().tolist()
        [1, 1, 1, 1]
    """

    num_classes: int
    frequencies: Sequence[float] | None = None

    shape = ()  # of what one sample is told
    dtype = "int32"

    def __post_init__(self):
        """Check the numbers."""
        if self.num_classes < 1:
            raise ValueError(
                "`num_classes` must be positive. "
                f"Received: num_classes={self.num_classes}. Count the classes of the data."
            )
        if self.frequencies is None:
            return
        values = np.asarray(self.frequencies, "float64")
        good = values.shape == (self.num_classes,) and np.isfinite(values).all()
        if not good or values.min() < 0 or values.sum() <= 0:
            raise ValueError(
                f"`frequencies` must be {self.num_classes} numbers >= 0, one per class, not all "
                f"0. Received: frequencies={self.frequencies}. Count the labels of the data with "
                "`Labels.of_data(labels, num_classes)`."
            )
        object.__setattr__(self, "frequencies", tuple(values.tolist()))

    @classmethod
    def of_data(cls, labels: Any, num_classes: int) -> "Labels":
        """Draw labels as often as they occur in the data.

        Args:
            labels: int array `(n,)`, the labels of the data.
            num_classes: int >= 1.

        Returns:
            `Labels` whose frequencies are the counts.

        Raises:
            ValueError: if a label is out of range, or there is none.

        Example:
            >>> Labels.of_data([0, 2, 2], 3).frequencies
            (1.0, 0.0, 2.0)
        """
        counts = np.bincount(check_labels(labels, num_classes), minlength=num_classes)
        return cls(num_classes, counts)

    def checked(self, values: Any, name: str = "y") -> np.ndarray:
        """Return labels whose values are known, or say what is wrong with them.

        Args:
            values: integers `(n,)`.
            name: the argument's name, for the message.

        Returns:
            int32 array `(n,)`.

        Raises:
            ValueError: as `check_labels`.
        """
        return check_labels(values, self.num_classes, name)

    def check_form(self, shape: tuple, dtype: str, packed: bool) -> None:
        """Check the form of a batch's labels.

        Args:
            shape: shape of the labels.
            dtype: name of their dtype.
            packed: bool, whether the batch is packed into rounds.

        Raises:
            ValueError: if the labels are not integers, or not one per sample.

        Example:
            >>> Labels(10).check_form((8, 10), "float32", packed=False)
            Traceback (most recent call last):
            ...
            ValueError: `y` must hold integer labels (B,), one per sample. Received: shape \
(8, 10), dtype float32. Take `argmax(axis=-1)` of one-hot labels, `y[:, 0]` of a column.
        """
        if "int" not in dtype or len(shape) != (2 if packed else 1):
            form = "(B, updates), as `x` is packed" if packed else "(B,), one per sample"
            raise ValueError(
                f"`y` must hold integer labels {form}. Received: shape {tuple(shape)}, dtype "
                f"{dtype}. Take `argmax(axis=-1)` of one-hot labels, `y[:, 0]` of a column."
            )

    def batch_check(self, y: Tensor) -> tuple[Tensor, str, list[Tensor]]:
        """Return a check of a batch's labels, for a graph.

        Args:
            y: int tensor of any shape.

        Returns:
            bool scalar, message with places for values, those values.
        """
        low, high = ops.min(y), ops.max(y)
        text = (
            f"`y` must lie in [0, {self.num_classes - 1}] for {self.num_classes} classes. "
            "Received: labels from {} to {}. Count the classes from 0, or give the model more "
            "labels."
        )
        return ops.logical_and(low >= 0, high < self.num_classes), text, [low, high]

    def sample(self, shape: tuple, seed: keras.random.SeedGenerator) -> Tensor:
        """Draw labels by inverting the distribution function.

        Args:
            shape: tuple, `(n,)`.
            seed: `keras.random.SeedGenerator`, advanced by one draw. Under replicas, draw for
                the global batch and slice, as for latents.

        Returns:
            int32 tensor of `shape`, the same eager, in a graph and under XLA. Probabilities are
            multiples of 2**-24.
        """
        weights = np.ones(self.num_classes) if self.frequencies is None else self.frequencies
        cumulative = np.cumsum(weights)
        # The last edge is 1, which no draw reaches.
        edges = ops.convert_to_tensor((cumulative / cumulative[-1])[:-1].astype("float32"))
        draws = random.uniform(shape, seed)
        return ops.sum(ops.cast(draws[..., None] >= edges, "int32"), axis=-1)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {"num_classes": self.num_classes, "frequencies": self.frequencies}

    @classmethod
    def from_config(cls, config: dict) -> "Labels":
        """Build from `get_config`."""
        return cls(**config)
