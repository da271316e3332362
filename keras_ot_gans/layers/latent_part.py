"""A part of a flat latent, in the shape that a network wants it in."""

import math
from collections.abc import Sequence

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class LatentPart(keras.layers.Layer):
    """Take some of the entries of a latent and reshape them.

    Args:
        start: int >= 0, the first entry.
        shape: shape of the part.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        z: tensor `(B, n)`.

    Returns:
        Tensor `(B, *shape)`.

    Raises:
        ValueError: if `z` is too short.

    Example:
        >>> LatentPart(1, (2, 1))(ops.arange(4.0)[None]).numpy().tolist()
        [[[1.0], [2.0]]]
    """

    def __init__(self, start: int, shape: Sequence[int], **kwargs):
        super().__init__(**kwargs)
        if start < 0:
            raise ValueError(f"`start` must be at least 0. Received: start={start}.")
        self.start, self.shape = start, tuple(shape)

    def build(self, input_shape: tuple) -> None:
        """Check the width; there are no weights."""
        end = self.start + math.prod(self.shape)
        if input_shape[-1] < end:
            raise ValueError(
                f"`z` must have at least {end} entries for a part of shape {self.shape} from "
                f"{self.start} on. Received: {input_shape[-1]}."
            )

    def call(self, z):
        """Return the part."""
        part = z[:, self.start : self.start + math.prod(self.shape)]
        return ops.reshape(part, (-1, *self.shape))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the part's shape."""
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {**super().get_config(), "start": self.start, "shape": self.shape}
