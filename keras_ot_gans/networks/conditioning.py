"""What a network does differently when it is told the class."""

from collections.abc import Callable
from typing import Any

from keras import layers

from keras_ot_gans.layers.conditional_batch_norm import ConditionalBatchNormalization
from keras_ot_gans.layers.projection import ClassProjection
from keras_ot_gans.layers.spectral_normalization import SpectralNormalization

Wrap = Callable[[layers.Layer], layers.Layer]


def wrapper(spectral_norm: bool) -> Wrap:
    """Return the function that every layer of a critic goes through.

    Args:
        spectral_norm: bool, whether the layers are normalised.

    Returns:
        Function of a layer: `SpectralNormalization` under the layer's name, or the identity.

    Example:
        >>> wrapper(True)(layers.Dense(2, name="value")).name
        'value'
    """
    if spectral_norm:
        return lambda layer: SpectralNormalization(layer, name=layer.name)
    return lambda layer: layer


def label_input(num_classes: int | None) -> Any:
    """Return the input for labels.

    Args:
        num_classes: int >= 1, or None for a network that takes no labels.

    Returns:
        int32 `keras.Input` of shape `(B,)`, or None.

    Raises:
        ValueError: if there is no class.

    Example:
        >>> label_input(10).shape
        (None,)
    """
    if num_classes is None:
        return None
    if num_classes < 1:
        raise ValueError(
            "`num_classes` must be positive, or None for a network without labels. "
            f"Received: num_classes={num_classes}. Count the classes of the data."
        )
    return layers.Input((), dtype="int32", name="labels")


def batch_norm(labels: Any, num_classes: int | None) -> Callable[[Any, str], Any]:
    """Return the normalisation of a generator.

    Args:
        labels: what `label_input` returned.
        num_classes: int >= 1 or None.

    Returns:
        Function `(tensor, name) -> tensor`: batch norm over all replicas, with gain and bias of
        the class where there are labels.

    Example:
        >>> batch_norm(None, None)(layers.Input((4, 4, 2)), "norm").shape
        (None, 4, 4, 2)
    """
    if labels is None:
        return lambda x, name: layers.BatchNormalization(synchronized=True, name=name)(x)

    def norm(x: Any, name: str) -> Any:
        layer = ConditionalBatchNormalization(num_classes, synchronized=True, name=name)
        return layer(x, labels)

    return norm


def with_labels(inputs: Any, labels: Any) -> Any:
    """Return the inputs of a network: `inputs`, or `[inputs, labels]` where there are labels."""
    return inputs if labels is None else [inputs, labels]


def check_head(feature_dim: int, num_classes: int | None) -> None:
    """Check what a critic returns.

    Args:
        feature_dim: int >= 1.
        num_classes: int or None.

    Raises:
        ValueError: if `feature_dim` is not positive, or not 1 for a critic of labels.
    """
    if feature_dim < 1:
        raise ValueError(
            f"`feature_dim` must be positive. Received: feature_dim={feature_dim}. "
            "1 makes a value, more make features."
        )
    if num_classes is not None and feature_dim != 1:
        raise ValueError(
            "`feature_dim` must be 1 for a critic that takes labels: the projection on the class "
            f"is one number. Received: feature_dim={feature_dim}, num_classes={num_classes}. "
            "Leave `num_classes` out."
        )


def critic_head(
    h: Any, labels: Any, feature_dim: int, num_classes: int | None, spectral_norm: bool
) -> Any:
    """Map pooled features to a value or to `feature_dim` features.

    Args:
        h: symbolic tensor `(B, d)`.
        labels: what `label_input` returned.
        feature_dim: int, width of the output; 1 where there are labels.
        num_classes: int or None.
        spectral_norm: bool, normalise the dense layer and the vectors of the classes.

    Returns:
        Symbolic float32 tensor `(B, feature_dim)`: `psi(h)`, plus `<embed(y), h>` where there
        are labels.

    Source: Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018, Figure 1 (d).
    """
    wrap = wrapper(spectral_norm)
    outputs = wrap(layers.Dense(feature_dim, dtype="float32", name="dense"))(h)
    if labels is None:
        return outputs
    projection = ClassProjection(num_classes, spectral_norm, name="projection")(h, labels)
    return layers.Add(dtype="float32", name="value")([outputs, projection])
