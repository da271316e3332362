"""How a network without batch norms is told the class, or a vector."""

import keras
from keras import layers, ops

from keras_ot_gans.ops.labels import one_hot
from keras_ot_gans.ops.numerics import Tensor
from keras_ot_gans.ops.shapes import check_rank


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class AppendSideInformation(layers.Layer):
    """Append side information to the channels: a label as one-hot, or a vector as it is.

    Every position of a sample, such as the pixels of an image, gets the same numbers.

    Args:
        num_classes: int >= 1 for labels, None for vectors.
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        inputs: float tensor `(B, ..., c)`: latents, or images.
        side: int tensor `(B,)` of labels, `0` to `num_classes - 1`; or float tensor `(B, d)`.

    Returns:
        Float tensor `(B, ..., c + d)`; `d` is `num_classes` for labels. In a graph, where a value
        cannot raise, a label out of range gives NaN.

    Raises:
        ValueError: if there is no class, if the batches differ or `side` has a wrong rank;
            eagerly, if a label is out of range.

    Example:
        >>> layer = AppendSideInformation(3)
        >>> layer(ops.array([[5.0], [6.0]]), ops.array([2, 0])).numpy().tolist()
        [[5.0, 0.0, 0.0, 1.0], [6.0, 1.0, 0.0, 0.0]]

    Source: the side information S of Salimans et al., "Improving GANs Using Optimal Transport",
        ICLR 2018, section 4 and Algorithm 2.
    Differs: the paper does not say how S enters its networks; this is the simplest way.
    """

    def __init__(self, num_classes: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if num_classes is not None and num_classes < 1:
            raise ValueError(
                "`num_classes` must be positive, or None for vectors. "
                f"Received: num_classes={num_classes}. Count the classes of the data."
            )
        self.num_classes = num_classes

    def _check(self, inputs_shape: tuple, side_shape: tuple) -> None:
        rank, axes = (2, "(B, d)") if self.num_classes is None else (1, "(B,)")
        check_rank("side", keras.KerasTensor(side_shape), rank, axes)
        if len({inputs_shape[0], side_shape[0]} - {None}) > 1:
            raise ValueError(
                "`side` must have one entry per sample. Received: shapes "
                f"{tuple(inputs_shape)} and {tuple(side_shape)}. Draw both together."
            )

    def build(self, inputs_shape: tuple, side_shape: tuple) -> None:
        """Check the shapes; there is nothing to build."""
        self._check(inputs_shape, side_shape)

    def call(self, inputs: Tensor, side: Tensor) -> Tensor:
        """Append the side information (see the class)."""
        self._check(inputs.shape, side.shape)
        if self.num_classes is not None:
            side = one_hot(side, self.num_classes)
        side = ops.cast(side, inputs.dtype)
        between = (1,) * (len(inputs.shape) - 2)
        side = ops.reshape(side, (-1, *between, side.shape[-1]))
        return ops.concatenate([inputs, ops.zeros_like(inputs[..., :1]) + side], axis=-1)

    def compute_output_shape(self, inputs_shape: tuple, side_shape: tuple) -> tuple:
        """Return the shape of the inputs with more channels."""
        self._check(inputs_shape, side_shape)
        more = side_shape[-1] if self.num_classes is None else self.num_classes
        return (*inputs_shape[:-1], inputs_shape[-1] + more)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {**super().get_config(), "num_classes": self.num_classes}
