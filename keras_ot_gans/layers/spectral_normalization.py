"""Spectral normalisation as a re-parametrisation: the kernel stays free, its use is normalised."""

import keras
from keras import layers, ops

from keras_ot_gans.layers.kernel_wrapper import KernelWrapper
from keras_ot_gans.ops.numerics import Tensor, as_float32, unit_vectors

_FIRST_STEPS = 20  # power iterations at build: the estimate starts within a few per cent
_TINY = 1e-12  # a kernel of zeros stays zero


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class SpectralNormalization(KernelWrapper):
    """Wrap a layer so that it computes with `kernel / sigma(kernel)`.

    `sigma` is the largest singular value of the kernel as a matrix of `(everything else, outputs)`;
    of an embedding, the kernel is its table `(inputs, outputs)`. It is estimated by power
    iteration, in float32 under any policy. The iteration's vector `left` moves only in
    `power_step`, which `AdversarialModel` calls once per update of the layer's role: all calls of
    one update use the same kernel, whatever their number. The estimate is never above the singular
    value, beyond rounding.

    Args:
        layer: `Dense`, `Conv1D`, `Conv2D`, `Conv3D`, a transposed convolution, or `Embedding`;
            without LoRA and not quantised.
        **kwargs: `keras.layers.Layer` arguments. The dtype is the wrapped layer's.

    Call arguments:
        inputs: what the layer takes.
        training: bool or None, handed to the layer if it takes it.

    Returns:
        What the layer returns. The gradient flows through `sigma`.

    Raises:
        ValueError: if the layer is of another kind, or not built when its kernel is asked for.

    Example:
        >>> layer = SpectralNormalization(layers.Dense(2, use_bias=False))
        >>> layer.build((None, 2))
        >>> _ = layer.layer.kernel.assign([[3.0, 0.0], [0.0, 1.0]])
        >>> for _ in range(20):
        ...     layer.power_step()
        >>> round(float(layer(ops.array([[1.0, 0.0]]))[0, 0]), 4)      # 3 / 3
        1.0

    Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018,
        Algorithm 1; the critic of the authors' ACT code.
    Differs: `keras.layers.SpectralNormalization` overwrites the kernel during the forward pass and
        drops the gradient of `sigma`.
    """

    def __init__(self, layer: layers.Layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.left = None

    def build(self, input_shape=None) -> None:
        """Build the layer and the power iteration's vector."""
        super().build(input_shape)
        self.left = self.add_weight(
            shape=(1, self._matrix_of(self.kernel).shape[-1]),
            initializer="random_normal",
            trainable=False,
            name="left",
            aggregation="only_first_replica",
        )
        for _ in range(_FIRST_STEPS):
            self.power_step()

    def _matrix_of(self, kernel: Tensor) -> Tensor:
        """Reshape a kernel to `(everything else, outputs)`."""
        kernel = as_float32(kernel)
        if self.output_axis == -2:
            kernel = ops.swapaxes(kernel, -1, -2)
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def _matrix(self) -> Tensor:
        if self.left is None:
            raise ValueError(
                "`layer` must be built before its kernel has a singular value. Received: "
                f"{self.layer.name!r}, not built. Call this layer, or its `build(input_shape)`."
            )
        return self._matrix_of(self.kernel)

    def _vectors(self, matrix: Tensor) -> tuple[Tensor, Tensor]:
        """Return the unit vectors `(right, left)` of one power iteration."""
        left = ops.cast(self.left, matrix.dtype)
        right = unit_vectors(ops.matmul(left, ops.transpose(matrix)))
        return right, unit_vectors(ops.matmul(right, matrix))

    def power_step(self) -> None:
        """Take one step of the power iteration; no gradient."""
        left = self._vectors(ops.stop_gradient(self._matrix()))[1]
        # A kernel of zeros has no direction: keep the old one, to go on when the kernel moves.
        self.left.assign(ops.where(ops.any(left != 0), left, ops.cast(self.left, left.dtype)))

    def sigma(self) -> Tensor:
        """Return the estimate of the largest singular value, a scalar with a gradient."""
        matrix = self._matrix()
        right, left = self._vectors(ops.stop_gradient(matrix))
        return ops.sum(ops.matmul(right, matrix) * left)

    def normalised_kernel(self) -> Tensor:
        """Return `kernel / sigma(kernel)`, float32, with its gradient."""
        return as_float32(self.kernel) / ops.maximum(self.sigma(), _TINY)
