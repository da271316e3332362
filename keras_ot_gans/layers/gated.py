"""The two activations of OT-GAN's networks, which change the number of channels."""

import keras
from keras import layers, ops

from keras_ot_gans.ops.numerics import Tensor


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class GLU(layers.Layer):
    """Gated linear unit: the first half of the channels times the sigmoid of the second half.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        inputs: float tensor `(..., 2 c)`.

    Returns:
        Float tensor `(..., c)`.

    Raises:
        ValueError: if the number of channels is odd.

    Example:
        >>> GLU()(ops.array([[8.0, -6.0, 0.0, 0.0]])).numpy().tolist()      # halves, by sigmoid(0)
        [[4.0, -3.0]]

    Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", ICML 2017;
        generator of the authors' code of OT-GAN.
    Differs: none. `layers.Activation("glu")` declares the shape of its inputs as its own.
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Return the gated half (see the class)."""
        self.compute_output_shape(inputs.shape)
        return ops.glu(inputs, axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the shape of the inputs with half the channels."""
        *others, channels = input_shape
        if channels is None or channels % 2:
            raise ValueError(
                "`inputs` must have an even number of channels, values and their gates. Received: "
                f"shape {tuple(input_shape)}. Give the layer before it twice the channels."
            )
        return (*others, channels // 2)


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class CReLU(layers.Layer):
    """Concatenated ReLU, `max([x, -x], 0)`: positive and negative part side by side.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        inputs: float tensor `(..., c)`.

    Returns:
        Float tensor `(..., 2 c)`, non-negative: the positive parts, then the negative ones. It has
        the length of its input; the gradient at 0 is 0.

    Example:
        >>> CReLU()(ops.array([[2.0, -3.0]])).numpy().tolist()
        [[2.0, 0.0, 0.0, 3.0]]

    Source: Shang et al., "Understanding and Improving Convolutional Neural Networks via
        Concatenated Rectified Linear Units", ICML 2016, definition 2.1; critic of the authors'
        code of OT-GAN.
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Return both parts (see the class)."""
        return ops.concatenate([ops.relu(inputs), ops.relu(-inputs)], axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the shape of the inputs with twice the channels."""
        *others, channels = input_shape
        return (*others, None if channels is None else 2 * channels)
