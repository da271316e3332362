"""Batch normalisation whose gain and bias depend on the class."""

import keras
from keras import layers, ops

from keras_ot_gans.ops.labels import class_rows
from keras_ot_gans.ops.numerics import Tensor, as_float32


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class ConditionalBatchNormalization(layers.Layer):
    """Normalise over the batch, then scale and shift by numbers that each class learns.

    `gamma[y] * (x - mean) / sqrt(variance + epsilon) + beta[y]` per channel, the last axis. The
    statistics, of the batch in training and moving averages otherwise, are those of
    `keras.layers.BatchNormalization` and shared by all classes; gains start at 1, biases at 0.
    With one class it is that layer.

    Args:
        num_classes: int >= 1.
        momentum: float, of the moving averages.
        epsilon: float, added to the variance.
        synchronized: bool, take the statistics over the batches of all replicas.
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        inputs: float tensor `(B, ..., channels)`.
        labels: int tensor `(B,)`, `0` to `num_classes - 1`.
        training: bool or None, whether to use and record the statistics of the batch.
        inputs_mask: bool tensor `(B, ...)` or None, which positions count.

    Returns:
        Float tensor of the shape of `inputs`. In a graph, where a value cannot raise, a label out
        of range gives NaN.

    Raises:
        ValueError: if there is no class; eagerly, if a label is out of range.

    Example:
        >>> layer = ConditionalBatchNormalization(2, epsilon=0.0)
        >>> x, labels = ops.array([[0.0], [2.0]]), ops.array([0, 1])
        >>> layer.build(x.shape, labels.shape)
        >>> _ = layer.gamma.assign([[1.0], [5.0]])
        >>> layer(x, labels, training=True).numpy().tolist()      # (0 - 1) / 1, 5 (2 - 1) / 1
        [[-1.0], [5.0]]

    Source: Dumoulin, Shlens and Kudlur, "A Learned Representation for Artistic Style", ICLR 2017,
        section 2.2; Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018.
    """

    def __init__(
        self,
        num_classes: int,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        synchronized: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if num_classes < 1:
            raise ValueError(
                "`num_classes` must be positive. "
                f"Received: num_classes={num_classes}. Count the classes of the data."
            )
        self.num_classes = num_classes
        self.momentum = momentum
        self.epsilon = epsilon
        self.synchronized = synchronized
        self.supports_masking = True
        self.norm = layers.BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            synchronized=synchronized,
            dtype=self.dtype_policy,
            name="norm",
        )
        self.gamma = self.beta = None

    def build(self, inputs_shape: tuple, labels_shape: tuple | None = None) -> None:
        """Build the statistics and the rows of gains and biases."""
        self.norm.build(inputs_shape)
        shape = (self.num_classes, inputs_shape[-1])
        # As in Keras' layer, these are not rounded where the layer computes in half precision.
        self.gamma = self.add_weight(shape, "ones", name="gamma", autocast=False)
        self.beta = self.add_weight(shape, "zeros", name="beta", autocast=False)

    def call(
        self,
        inputs: Tensor,
        labels: Tensor,
        training: bool | None = None,
        inputs_mask: Tensor | None = None,
    ) -> Tensor:
        """Normalise, scale and shift (see the class)."""
        normalised = self.norm(inputs, training=training, mask=inputs_mask)
        between = (1,) * (len(inputs.shape) - 2)
        gamma, beta = (
            ops.reshape(class_rows(rows, labels), (-1, *between, inputs.shape[-1]))
            for rows in (self.gamma, self.beta)
        )
        outputs = as_float32(normalised) * as_float32(gamma) + as_float32(beta)
        return ops.cast(outputs, normalised.dtype)

    def compute_output_shape(self, inputs_shape: tuple, labels_shape: tuple) -> tuple:
        """Return the shape of the inputs."""
        return inputs_shape

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "synchronized": self.synchronized,
        }
