"""DCGAN generator and critic (or navigator) for square images."""

import keras
from keras import layers

from keras_ot_gans.layers.spectral_normalization import SpectralNormalization
from keras_ot_gans.networks.image_shapes import halved, refuse


def _base_and_doublings(image_shape: tuple) -> tuple[int, int]:
    """Return a base of 4 to 7 pixels and how often it doubles to the side of the image."""
    if len(image_shape) != 3 or image_shape[0] != image_shape[1]:
        raise ValueError(
            "`image_shape` must be a square (height, width, channels). "
            f"Received: image_shape={tuple(image_shape)}. Crop the images."
        )
    base, doublings = halved(image_shape[0])
    if not 4 <= base <= 7 or doublings < 1:
        raise refuse(
            image_shape,
            "a side of 4, 5, 6 or 7 times a power of two",
            "28, 32, 48, 64 or 128 pixels",
        )
    return base, doublings


def dcgan_generator(
    latent_dim: int = 128,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    *,
    width: int = 64,
    name: str = "generator",
) -> keras.Model:
    """Generator of transposed convolutions, with batch norm and ReLU.

    Dense to `4 x 4 x (8 width)`, then one transposed convolution (4x4, stride 2) per doubling,
    halving the channels down to `width`, then a 3x3 convolution and tanh.

    Args:
        latent_dim: int, width of `z`. 128: Table 4.
        image_shape: `(size, size, channels)`; the size is 4 to 7 times a power of two. (32, 32, 3):
            Table 4, (28, 28, 1) starts from 7x7.
        width: int, channels of the last hidden layer. 64: Table 4.
        name: the model's name.

    Returns:
        `keras.Model` `(B, latent_dim) -> (B, size, size, channels)`, float32 in [-1, 1].

    Raises:
        ValueError: if the network cannot make images of this shape.

    Example:
        >>> dcgan_generator().output_shape
        (None, 32, 32, 3)

    Source: Zheng and Zhou, "ACT", 2020, Tables 4 and 5.
    Differs: no bias before a batch norm, where it has no effect.
    """
    base, doublings = _base_and_doublings(image_shape)
    channels = width * 2**doublings
    inputs = layers.Input((latent_dim,))
    x = layers.Dense(base * base * channels)(inputs)
    x = layers.Reshape((base, base, channels))(x)
    for _ in range(doublings):
        channels //= 2
        x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(synchronized=True)(x)
        x = layers.ReLU()(x)
    x = layers.Conv2D(image_shape[-1], 3, padding="same", dtype="float32")(x)
    outputs = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, outputs, name=name)


def dcgan_critic(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    feature_dim: int = 2048,
    *,
    width: int = 64,
    negative_slope: float = 0.1,
    spectral_norm: bool = False,
    name: str = "critic",
) -> keras.Model:
    """Feature network for a critic or a feature navigator.

    Pairs of convolutions (3x3, then 4x4 with stride 2), doubling the channels from `width` to
    `4 width`, a last 3x3 convolution of `8 width` channels, and a dense layer.

    Args:
        image_shape: `(size, size, channels)` of the images.
        feature_dim: int, width of the features. 2048: Table 4; 256 in the authors' later code.
        width: int, channels of the first layer. 64: Table 4.
        negative_slope: float, slope of the leaky ReLU below 0. 0.1: appendix B.6.
        spectral_norm: bool, normalise every layer. The authors' code does, Table 4 does not.
        name: the model's name.

    Returns:
        `keras.Model` `(B, size, size, channels) -> (B, feature_dim)`, float32, not normalised:
        `ops.cosine` does that.

    Raises:
        ValueError: if the network cannot take images of this shape.

    Example:
        >>> dcgan_critic(name="navigator").output_shape
        (None, 2048)

    Source: Zheng and Zhou, "ACT", 2020, Table 4.
    """
    _base_and_doublings(image_shape)
    norm = SpectralNormalization if spectral_norm else lambda layer: layer
    inputs = x = layers.Input(image_shape)
    for k in range(3):
        x = norm(layers.Conv2D(width * 2**k, 3, padding="same"))(x)
        x = layers.LeakyReLU(negative_slope)(x)
        x = norm(layers.Conv2D(width * 2**k, 4, strides=2, padding="same"))(x)
        x = layers.LeakyReLU(negative_slope)(x)
    x = norm(layers.Conv2D(width * 8, 3, padding="same"))(x)
    x = layers.LeakyReLU(negative_slope)(x)
    outputs = norm(layers.Dense(feature_dim, dtype="float32"))(layers.Flatten()(x))
    return keras.Model(inputs, outputs, name=name)
