"""Spectral normalisation as a re-parametrisation: the kernel stays free, its use is normalised."""

import keras
from keras import layers, ops

from keras_ot_gans.ops.numerics import Tensor, unit_vectors

_FIRST_STEPS = 20  # power iterations at build: the estimate starts within a few per cent


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class SpectralNormalization(layers.Wrapper):
    """Wrap a layer so that it computes with `kernel / sigma(kernel)`.

    `sigma` is the largest singular value of the kernel as a matrix of `(everything else, outputs)`,
    estimated by power iteration. The iteration's vectors move only in `power_step`, which
    `AdversarialModel` calls once per update of the layer's role: all calls of one update use the
    same kernel, whatever their number.

    Args:
        layer: `Dense`, `Conv1D`, `Conv2D`, `Conv3D` or `Conv2DTranspose`.
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        inputs: what the layer takes.

    Returns:
        What the layer returns. The gradient flows through `sigma`.

    Raises:
        ValueError: if the layer has no kernel.

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
        if getattr(self.layer, "kernel", None) is None:
            raise ValueError(
                "`layer` must have a kernel. Received: "
                f"{type(self.layer).__name__}. Wrap a dense or convolution layer."
            )
        outputs = self._matrix(self.layer.kernel).shape[-1]
        self.left = self.add_weight(
            shape=(1, outputs),
            initializer="random_normal",
            trainable=False,
            name="left",
            aggregation="only_first_replica",
        )
        for _ in range(_FIRST_STEPS):
            self.power_step()

    def _matrix(self, kernel: Tensor) -> Tensor:
        """Reshape a kernel to `(everything else, outputs)`."""
        kernel = ops.convert_to_tensor(kernel)
        if isinstance(self.layer, layers.Conv2DTranspose):
            kernel = ops.transpose(kernel, (0, 1, 3, 2))
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def _vectors(self, matrix: Tensor) -> tuple[Tensor, Tensor]:
        """Return the unit vectors `(right, left)` of one power iteration."""
        right = unit_vectors(ops.matmul(self.left, ops.transpose(matrix)))
        return right, unit_vectors(ops.matmul(right, matrix))

    def power_step(self) -> None:
        """Take one step of the power iteration; no gradient."""
        self.left.assign(self._vectors(ops.stop_gradient(self._matrix(self.layer.kernel)))[1])

    def sigma(self) -> Tensor:
        """Return the estimate of the largest singular value, a scalar with a gradient."""
        matrix = self._matrix(self.layer.kernel)
        right, left = self._vectors(ops.stop_gradient(matrix))
        return ops.sum(ops.matmul(right, matrix) * left)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Compute with the normalised kernel (see the class)."""
        kernel = self.layer.kernel
        normalised = ops.convert_to_tensor(kernel) / self.sigma()
        with keras.StatelessScope(state_mapping=[(kernel, normalised)]):
            return self.layer(inputs)
