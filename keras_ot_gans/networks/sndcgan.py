"""The convolutional networks of SNGAN, without residual blocks."""

import keras
from keras import layers

from keras_ot_gans.networks import conditioning
from keras_ot_gans.networks.image_shapes import check_square, refuse


def _doublings(image_shape: tuple) -> int:
    """Return 3 for a side that is a multiple of 8, 2 for one of 4."""
    side = check_square(image_shape)
    if side % 4 or side < 8:
        raise refuse(
            image_shape, "a side of at least 8 that is a multiple of 4", "28, 32 or 48 pixels"
        )
    return 2 if side % 8 else 3


def sndcgan_generator(
    latent_dim: int = 128,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    *,
    width: int = 64,
    num_classes: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Generator of transposed convolutions, with batch norm and ReLU.

    Dense to `size / 8 x size / 8 x (8 width)`, three transposed convolutions (4x4, stride 2) of
    `4 width`, `2 width` and `width` channels, a 3x3 convolution, tanh.

    Args:
        latent_dim: int, width of `z`. 128: section 4.
        image_shape: `(size, size, channels)`; the size is a multiple of 8, or of 4, which makes
            one transposed convolution less: (28, 28, 1) starts from 7x7.
        width: int, channels of the last hidden layer. 64: Table 3.
        num_classes: int, for a generator whose batch norms know the class; None without labels.
        name: the model's name.

    Returns:
        `keras.Model` `(B, latent_dim) -> (B, size, size, channels)`, float32 in [-1, 1]. With
        `num_classes` it takes `[z, labels]`, labels int32 `(B,)`: out of range, they raise a
        `ValueError` eagerly and make NaN in a graph.

    Raises:
        ValueError: if the network cannot make images of this shape, or there is no class.

    Example:
        >>> sndcgan_generator(image_shape=(28, 28, 1)).output_shape
        (None, 28, 28, 1)

    Source: Miyato et al., "Spectral Normalization for GANs", ICLR 2018, Table 3; Miyato and
        Koyama, "cGANs with Projection Discriminator", ICLR 2018, for labels.
    Differs: no bias before a batch norm, where it has no effect. Kernels start Glorot-uniform.
    """
    doublings = _doublings(image_shape)
    base, channels = image_shape[0] // 2**doublings, width * 2**doublings
    labels = conditioning.label_input(num_classes)
    norm = conditioning.batch_norm(labels, num_classes)
    z = layers.Input((latent_dim,), name="z")
    x = layers.Dense(base * base * channels, name="dense")(z)
    x = layers.Reshape((base, base, channels), name="reshape")(x)
    for k in range(1, doublings + 1):
        up = layers.Conv2DTranspose(
            channels // 2**k, 4, 2, padding="same", use_bias=False, name=f"up{k}"
        )
        x = layers.ReLU(name=f"relu{k}")(norm(up(x), f"norm{k}"))
    x = layers.Conv2D(image_shape[-1], 3, padding="same", dtype="float32", name="image")(x)
    x = layers.Activation("tanh", dtype="float32", name="tanh")(x)
    return keras.Model(conditioning.with_labels(z, labels), x, name=name)


def sndcgan_critic(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    feature_dim: int = 1,
    *,
    width: int = 64,
    negative_slope: float = 0.1,
    spectral_norm: bool = True,
    num_classes: int | None = None,
    name: str = "critic",
) -> keras.Model:
    """Critic, or feature network, of convolutions with leaky ReLU.

    Pairs of convolutions (3x3, then 4x4 with stride 2) of `width`, `2 width` and `4 width`
    channels, a 3x3 convolution of `8 width`, dense.

    Args:
        image_shape: `(size, size, channels)` of the images, as the generator's.
        feature_dim: int, width of the output: 1 for a value, more for features.
        width: int, channels of the first layer. 64: Table 3.
        negative_slope: float, slope of the leaky ReLU below 0. 0.1: Table 3.
        spectral_norm: bool, normalise every layer.
        num_classes: int, for a projection critic; None without labels.
        name: the model's name.

    Returns:
        `keras.Model` `(B, size, size, channels) -> (B, feature_dim)`, float32. With
        `num_classes` it takes `[x, labels]` (see `sndcgan_generator`).

    Raises:
        ValueError: if the network cannot take images of this shape, if there is no class, or
            features are asked for together with labels.

    Example:
        >>> sndcgan_critic().output_shape
        (None, 1)

    Source: as `sndcgan_generator`.
    Differs: without spectral norm it is `dcgan_critic`, with a value by default and with labels.
    """
    _doublings(image_shape)
    conditioning.check_head(feature_dim, num_classes)
    labels = conditioning.label_input(num_classes)
    wrap = conditioning.wrapper(spectral_norm)
    images = x = layers.Input(image_shape, name="images")
    stack = [(width * 2 ** (k // 2), 3 + k % 2, 1 + k % 2) for k in range(6)] + [(8 * width, 3, 1)]
    for k, (channels, kernel, strides) in enumerate(stack):
        x = wrap(layers.Conv2D(channels, kernel, strides, "same", name=f"conv{k + 1}"))(x)
        x = layers.LeakyReLU(negative_slope, name=f"lrelu{k + 1}")(x)
    h = layers.Flatten(name="flatten")(x)
    x = conditioning.critic_head(h, labels, feature_dim, num_classes, spectral_norm)
    return keras.Model(conditioning.with_labels(images, labels), x, name=name)
