"""Weight normalisation: the direction and the length of every output's kernel are separate."""

import math

import keras
import numpy as np
from keras import layers, ops

from keras_ot_gans.layers.kernel_wrapper import KernelWrapper
from keras_ot_gans.ops.numerics import Tensor, as_float32

_TINY = 1e-12  # squared: directions shorter than 1e-6 are divided by 1e-6
_CONSTANT = 1e-10  # squared: a deviation below 1e-5 of the mean is mostly rounding


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class WeightNormalization(KernelWrapper):
    """Wrap a layer so that it computes with `gain * V / |V|`, `V` being the kernel it holds.

    The norm goes over all axes but the output channels, each of which has a gain of its own;
    all in float32 under any policy. `gain` starts at 1, the rest as the layer says. `initialise`,
    or `initialise_from_data` for a whole model, then sets gain and bias by a batch.

    Args:
        layer: `Dense`, `Conv1D`, `Conv2D`, `Conv3D`, a transposed convolution, or `Embedding`;
            without LoRA and not quantised. Only one with a bias can be initialised by data.
        scale: float > 0, standard deviation of the layer's pre-activations after `initialise`.
            OT-GAN has 1, and 0.1 for the generator's last layer.
        **kwargs: `keras.layers.Layer` arguments. The dtype is the wrapped layer's.

    Call arguments:
        inputs: what the layer takes.
        training: bool or None, handed to the layer if it takes it.

    Returns:
        What the layer returns. The gradient flows through the norm: at right angles to `V`. Where
        `V` is zero, so is the kernel, with a finite gradient.

    Raises:
        ValueError: if the layer is of another kind, its kernel not a plain variable, or the scale
            not positive.

    Example:
        >>> layer = WeightNormalization(layers.Dense(1))
        >>> layer.build((None, 2))
        >>> _ = layer.kernel.assign([[3.0], [4.0]])
        >>> _ = layer.gain.assign([10.0])
        >>> round(float(layer(ops.array([[1.0, 1.0]]))[0, 0]), 4)      # 10 (3 + 4) / 5
        14.0

    Source: Salimans and Kingma, "Weight Normalization: A Simple Reparameterization to Accelerate
        Training of Deep Neural Networks", NeurIPS 2016, eq. 2 and section 3; the authors' code of
        OT-GAN for `scale`.
    Differs: neither paper nor code guards the norm or the deviation against zero.
    """

    def __init__(self, layer: layers.Layer, scale: float = 1.0, **kwargs):
        super().__init__(layer, **kwargs)
        if not 0.0 < scale < math.inf:
            raise ValueError(
                f"`scale` must be positive. Received: scale={scale}. It is the deviation of the "
                "layer's outputs after initialisation by data; try 1.0."
            )
        self.scale = scale
        self.initialise_at_call = False
        self.gain = None

    def build(self, input_shape=None) -> None:
        """Build the layer and the gains."""
        super().build(input_shape)
        channels = self.kernel.shape[self.output_axis]
        self.gain = self.add_weight((channels,), "ones", name="gain")

    def _kernel_of_length(self, gain: Tensor) -> Tensor:
        """Return the kernel whose output channels have lengths `gain`."""
        kernel = as_float32(self.kernel)
        rank = len(kernel.shape)
        axes = [axis for axis in range(rank) if axis != rank + self.output_axis]
        squared = ops.sum(ops.square(kernel), axis=axes, keepdims=True)
        # One product with the kernel, the only large tensor here.
        return kernel * (ops.reshape(gain, squared.shape) * ops.rsqrt(ops.maximum(squared, _TINY)))

    def normalised_kernel(self) -> Tensor:
        """Return `gain * V / |V|`, float32, with its gradient.

        Raises:
            ValueError: if the layer is not built.
        """
        if self.gain is None:
            raise ValueError(
                "`layer` must be built before it has a kernel. Received: "
                f"{self.layer.name!r}, not built. Call this layer, or its `build(input_shape)`."
            )
        return self._kernel_of_length(as_float32(self.gain))

    def initialise(self, inputs: Tensor) -> None:
        """Set gain and bias by the layer's pre-activations for a batch.

        With a kernel of unit length and no bias, let `m` and `v` be mean and variance of a channel
        over the batch and all positions; then `gain = scale / sqrt(v)`, `bias = -m gain`: the same
        batch now gives mean 0 and deviation `scale`. A channel that is constant (deviation below
        1e-6, or 1e-5 of its mean) has no scale to divide by: `gain = scale`, `bias = -m gain`.
        What gain and bias were before does not enter. An activation of the layer is left out.

        Args:
            inputs: float tensor `(B, ...)` with values, as the layer takes it in inference.

        Raises:
            ValueError: if the layer has no bias, or the pre-activations are not finite.

        Example:
            >>> layer = WeightNormalization(layers.Dense(1))
            >>> x = ops.array([[1.0], [3.0]])
            >>> layer.initialise(x)
            >>> sorted(round(float(y), 4) for y in layer(x)[:, 0])      # x - 2, or 2 - x
            [-1.0, 1.0]
        """
        if not getattr(self.layer, "use_bias", False):
            raise ValueError(
                "`layer` must have a bias to be initialised by data: it centres the outputs. "
                f"Received: {self.layer.name!r} without. Give it one, or leave this out."
            )
        if not self.built:
            self.build(tuple(inputs.shape))
        outputs = as_float32(self._bare_outputs(inputs))
        first = getattr(self.layer, "data_format", None) == "channels_first"
        channel = 1 if first else len(outputs.shape) - 1
        axes = [axis for axis in range(len(outputs.shape)) if axis != channel]
        mean = ops.mean(outputs, axes, keepdims=True)
        variance = ops.mean(ops.square(outputs - mean), axes)
        mean = ops.reshape(mean, (-1,))
        if not np.isfinite(ops.convert_to_numpy(mean + variance)).all():
            raise ValueError(
                "`inputs` must give finite pre-activations. Received: NaN, inf or an overflow in "
                f"layer {self.layer.name!r}. Look at the layers before it, or set them first with "
                "`initialise_from_data(model, inputs)`."
            )
        varies = variance > ops.maximum(_TINY, _CONSTANT * ops.square(mean))
        gain = self.scale * ops.where(varies, ops.rsqrt(ops.where(varies, variance, 1.0)), 1.0)
        self.gain.assign(gain)
        self.layer.bias.assign(-mean * gain)

    def _bare_outputs(self, inputs: Tensor) -> Tensor:
        """Return the layer's outputs with unit kernels, without bias and activation."""
        kernel = self._kernel_of_length(ops.ones(self.gain.shape))
        activation, self.layer.activation = self.layer.activation, None
        try:
            return self.call_with(inputs, kernel, ops.zeros(self.layer.bias.shape), training=False)
        finally:
            self.layer.activation = activation

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Compute with the normalised kernel (see the class)."""
        if self.initialise_at_call:
            self.initialise_at_call = False
            self.initialise(inputs)
        return super().call(inputs, training=training)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {**super().get_config(), "scale": self.scale}
