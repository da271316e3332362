"""Vectors that a conditional generator is told, such as embeddings of a text."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_ot_gans.ops.numerics import Tensor


@keras.saving.register_keras_serializable(package="keras_ot_gans")
@dataclass(frozen=True)
class SideVectors:
    """Form of the vectors that a conditional generator is asked for, in place of `Labels`.

    They come with the data, one per sample; there is no distribution to draw others from, so
    `model.sample(n, labels=vectors)` needs them.

    Attributes:
        dim: int >= 1, their width.

    Example:
        >>> SideVectors(2).checked([[0.5, 1.0]]).shape
        (1, 2)

    Source: the side information S of Salimans et al., "Improving GANs Using Optimal Transport",
        ICLR 2018, Algorithm 2.
    """

    dim: int

    dtype = "float32"

    def __post_init__(self):
        """Check the width."""
        if self.dim < 1:
            raise ValueError(
                f"`dim` must be positive. Received: dim={self.dim}. It is the vectors' width."
            )

    @property
    def shape(self) -> tuple[int]:
        """Shape of what one sample is told."""
        return (self.dim,)

    def checked(self, values: Any, name: str = "y") -> np.ndarray:
        """Return vectors whose values are known, or say what is wrong with them.

        Args:
            values: floats `(n, dim)`.
            name: the argument's name, for the message.

        Returns:
            float32 array `(n, dim)`.

        Raises:
            ValueError: if the shape differs or a value is not finite.
        """
        values = np.asarray(values)
        if values.ndim != 2 or values.shape[1] != self.dim or values.dtype.kind != "f":
            raise ValueError(
                f"`{name}` must be vectors of shape (n, {self.dim}), floating point. Received: "
                f"shape {values.shape}, dtype {values.dtype}. Give one vector per sample."
            )
        if not np.isfinite(values).all():
            raise ValueError(
                f"`{name}` must be finite. Received: NaN or infinity, first in row "
                f"{int(np.argmin(np.isfinite(values).all(axis=1)))}. Repair such rows."
            )
        return values.astype("float32")

    def check_form(self, shape: tuple, dtype: str, packed: bool) -> None:
        """Check the form of a batch's vectors.

        Args:
            shape: shape of the vectors.
            dtype: name of their dtype.
            packed: bool, whether the batch is packed into rounds.

        Raises:
            ValueError: if they are not floating point, or not one per sample.

        Example:
            >>> SideVectors(3).check_form((8,), "int64", packed=False)
            Traceback (most recent call last):
            ...
            ValueError: `y` must hold vectors (B, 3), one per sample. Received: shape (8,), dtype \
int64. Give float vectors, or make the model with `labels=ops.Labels(...)`.
        """
        rank = 3 if packed else 2
        if "float" not in dtype or len(shape) != rank or shape[-1] not in (None, self.dim):
            form = f"(B, updates, {self.dim}), as `x` is packed"
            form = form if packed else f"(B, {self.dim}), one per sample"
            raise ValueError(
                f"`y` must hold vectors {form}. Received: shape {tuple(shape)}, dtype {dtype}. "
                "Give float vectors, or make the model with `labels=ops.Labels(...)`."
            )

    def batch_check(self, y: Tensor) -> tuple[Tensor, str, list[Tensor]]:
        """Return a check of a batch's vectors, for a graph.

        Args:
            y: float tensor of any shape.

        Returns:
            bool scalar, message, no values.
        """
        text = "`y` must be finite. Received: NaN or infinity. Remove or repair such vectors."
        return ops.all(ops.isfinite(y)), text, []

    def sample(self, shape: tuple, seed: keras.random.SeedGenerator) -> Tensor:
        """Refuse to draw.

        Args:
            shape: not used.
            seed: not used.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            f"`labels` must be given: {self.dim} numbers per sample, for which there is no "
            "distribution. Received: None. Pass vectors of the data, of shape "
            f"(n, {self.dim})."
        )

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {"dim": self.dim}

    @classmethod
    def from_config(cls, config: dict) -> "SideVectors":
        """Build from `get_config`."""
        return cls(**config)
