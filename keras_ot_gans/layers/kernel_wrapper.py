"""What wrappers that normalise a kernel have in common."""

import inspect

import keras
from keras import layers

from keras_ot_gans.ops.numerics import Tensor

_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
_CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D, *_TRANSPOSED)
_SUPPORTED = (layers.Dense, layers.Embedding, *_CONVOLUTIONS)


class KernelWrapper(layers.Wrapper):
    """Abstract wrapper whose layer computes with another kernel than the one that it holds.

    A subclass says which by `normalised_kernel()`. The layer's own kernel stays a free variable,
    and gradients reach it through the formula.

    Args:
        layer: `Dense`, `Conv1D`, `Conv2D`, `Conv3D`, a transposed convolution, or `Embedding`;
            without LoRA and not quantised.
        **kwargs: `keras.layers.Layer` arguments. The dtype is the wrapped layer's.

    Call arguments:
        inputs: what the layer takes.
        training: bool or None, handed to the layer if it takes it.

    Returns:
        What the layer returns.

    Raises:
        ValueError: if the layer is of another kind, or its kernel not a plain variable.
    """

    def __init__(self, layer: layers.Layer, **kwargs):
        if not isinstance(layer, _SUPPORTED):
            raise ValueError(
                "`layer` must be a dense, convolution or embedding layer with one kernel. "
                f"Received: {type(layer).__name__}. Wrap the layers inside it one by one."
            )
        if getattr(layer, "lora_rank", None) or getattr(layer, "quantization_mode", None):
            raise ValueError(
                "`layer` must have a plain kernel. Received: "
                f"{layer.name!r}, quantised or with LoRA. Make it without."
            )
        # Keras casts the variables of a half-precision layer when it is called, also for the
        # formula: this wrapper is not one, and leaves its inputs to the layer that is.
        super().__init__(layer, **{**kwargs, "dtype": layer.variable_dtype})
        self.autocast = False
        self.supports_masking = layer.supports_masking
        self._takes_training = "training" in inspect.signature(layer.call).parameters

    @property
    def kernel(self) -> keras.Variable:
        """The layer's own kernel, which an embedding calls by another name."""
        is_table = isinstance(self.layer, layers.Embedding)
        return self.layer.embeddings if is_table else self.layer.kernel

    @property
    def output_axis(self) -> int:
        """The kernel's axis of output channels, negative."""
        return -2 if isinstance(self.layer, _TRANSPOSED) else -1

    def normalised_kernel(self) -> Tensor:
        """Return the kernel that the layer computes with, float32."""
        raise NotImplementedError

    def call_with(
        self,
        inputs: Tensor,
        kernel: Tensor,
        bias: Tensor | None = None,
        training: bool | None = None,
    ) -> Tensor:
        """Call the layer with given values of its variables.

        Args:
            inputs: what the layer takes.
            kernel: float tensor of the shape of the layer's kernel.
            bias: float tensor of the shape of its bias; None for the bias that it holds.
            training: bool or None, handed to the layer if it takes it.

        Returns:
            What the layer returns.
        """
        given = {id(self.kernel): kernel}
        if bias is not None:
            given[id(self.layer.bias)] = bias
        # All variables: the scope hides what a scope around it says of the others.
        values = [(v, given.get(id(v), v)) for v in self.layer.variables]
        options = {"training": training} if self._takes_training else {}
        with keras.StatelessScope(state_mapping=values):
            return self.layer(inputs, **options)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Compute with the normalised kernel (see the class)."""
        return self.call_with(inputs, self.normalised_kernel(), training=training)

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor | None = None) -> Tensor | None:
        """Return the layer's mask, such as that of an embedding's padding."""
        return self.layer.compute_mask(inputs, previous_mask)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the layer's output shape."""
        return self.layer.compute_output_shape(input_shape)
