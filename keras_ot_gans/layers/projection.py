"""The part of a critic's value that depends on the class."""

import keras
from keras import layers, ops

from keras_ot_gans.layers.spectral_normalization import SpectralNormalization
from keras_ot_gans.ops.labels import one_hot
from keras_ot_gans.ops.numerics import Tensor
from keras_ot_gans.ops.shapes import check_rank


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class ClassProjection(layers.Layer):
    """Inner product of features and a learned vector of the class, `<embed(y), h>`.

    Added to a value that knows no class, it makes the projection critic
    `f(x, y) = psi(h(x)) + <embed(y), h(x)>`.

    Args:
        num_classes: int >= 1.
        spectral_norm: bool, divide the `(num_classes, d)` matrix of the vectors by its largest
            singular value.
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        features: float tensor `(B, d)`.
        labels: int tensor `(B,)`, `0` to `num_classes - 1`.

    Returns:
        float32 tensor `(B, 1)`. In a graph, where a value cannot raise, a label out of range
        gives NaN.

    Raises:
        ValueError: if there is no class, if the features are not of rank 2; eagerly, if a label
            is out of range.

    Example:
        >>> layer = ClassProjection(2)
        >>> features, labels = ops.array([[1.0, 10.0], [1.0, 10.0]]), ops.array([1, 0])
        >>> layer.build(features.shape, labels.shape)
        >>> _ = layer.embedding.kernel.assign([[1.0, 0.0], [2.0, 3.0]])
        >>> layer(features, labels).numpy().tolist()      # 2 + 30, 1
        [[32.0], [1.0]]

    Source: Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018, eq. 4.
    """

    def __init__(self, num_classes: int, spectral_norm: bool = False, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        if num_classes < 1:
            raise ValueError(
                "`num_classes` must be positive. "
                f"Received: num_classes={num_classes}. Count the classes of the data."
            )
        self.num_classes = num_classes
        self.spectral_norm = spectral_norm
        self.embedding = None

    def build(self, features_shape: tuple, labels_shape: tuple | None = None) -> None:
        """Build the vectors of the classes."""
        check_rank("features", keras.KerasTensor(features_shape), 2, "(B, d)")
        # On one-hot rows, a dense layer is an embedding, with a kernel to normalise.
        embedding = layers.Dense(features_shape[-1], use_bias=False, dtype="float32")
        self.embedding = SpectralNormalization(embedding) if self.spectral_norm else embedding
        self.embedding.build((None, self.num_classes))

    def call(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the inner products (see the class)."""
        rows = self.embedding(one_hot(labels, self.num_classes))
        return ops.sum(rows * ops.cast(features, "float32"), axis=-1, keepdims=True)

    def compute_output_shape(self, features_shape: tuple, labels_shape: tuple) -> tuple:
        """Return one number per row."""
        return (features_shape[0], 1)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "spectral_norm": self.spectral_norm,
        }
