"""The weight-normalised networks of OT-GAN, for square images."""

from typing import Any

import keras
from keras import layers

from keras_ot_gans.layers.gated import GLU, CReLU
from keras_ot_gans.layers.side_information import AppendSideInformation
from keras_ot_gans.layers.weight_normalization import WeightNormalization
from keras_ot_gans.networks import conditioning
from keras_ot_gans.networks.image_shapes import check_square, halved, refuse

_WIDEST = 8  # most channels at any size, in widths: those of the 32 x 32 pair at 4 x 4


def _base_and_channels(image_shape: tuple, width: int) -> tuple[int, list[int]]:
    """Return the smallest side, and the channels from it to the full side."""
    base, doublings = halved(check_square(image_shape))
    if not 4 <= base <= 7 or doublings < 1:
        raise refuse(
            image_shape,
            "a side of 4, 5, 6 or 7 times a power of two",
            "28, 32, 48, 64 or 128 pixels",
        )
    if width < 1:
        raise ValueError(
            f"`width` must be positive. Received: width={width}. 128 is OT-GAN's, 16 a small one."
        )
    return base, [width * min(2**k, _WIDEST) for k in reversed(range(doublings + 1))]


def _side_input(num_classes: int | None, side_dim: int | None) -> Any:
    """Return the input for labels or for vectors; None without side information."""
    if side_dim is None:
        return conditioning.label_input(num_classes)
    if num_classes is not None:
        raise ValueError(
            "`num_classes` and `side_dim` must not both be given: side information is a label or "
            f"a vector. Received: num_classes={num_classes}, side_dim={side_dim}. Append one-hot "
            "labels to the vectors, and leave `num_classes` out."
        )
    if side_dim < 1:
        raise ValueError(
            "`side_dim` must be positive, or None for a network without vectors. "
            f"Received: side_dim={side_dim}. It is the width of the vectors."
        )
    return layers.Input((side_dim,), name="side")


def _appended(x: Any, side: Any, num_classes: int | None) -> Any:
    return x if side is None else AppendSideInformation(num_classes, name="append")(x, side)


def _direction() -> keras.initializers.Initializer:
    """A new object per layer: one that is shared gives equal shapes equal values."""
    return keras.initializers.RandomNormal(stddev=0.05)


def _conv(channels: int, name: str, strides: int = 1, scale: float = 1.0, **kwargs) -> layers.Layer:
    conv = layers.Conv2D(
        channels, 5, strides, "same", kernel_initializer=_direction(), name=name, **kwargs
    )
    return WeightNormalization(conv, scale, name=name)


def ot_gan_generator(
    latent_dim: int = 100,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    *,
    width: int = 128,
    num_classes: int | None = None,
    side_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Generator of 5x5 convolutions with gated linear units, weight-normalised throughout.

    Dense to `4 x 4 x (8 width)`, gated; per doubling, nearest x2 and a convolution, gated, halving
    the channels down to `width`; a convolution to the image, tanh. Every layer has a bias.

    Run `layers.initialise_from_data(generator, latents)` before training: kernels start as
    N(0, 0.05^2) directions of length 1, which no layer's scale fits yet.

    Args:
        latent_dim: int, width of `z`. 100, uniform in [-1, 1]: the authors' code.
        image_shape: `(size, size, channels)`; the size is 4 to 7 times a power of two.
            (32, 32, 3): CIFAR-10; (28, 28, 1) starts from 7x7, 48 from 6x6.
        width: int, channels after the last gated unit, in proportion to which all others change.
            128: the authors' code, 37,761,926 parameters; 16 makes 0.96 million.
        num_classes: int, for labels as side information S, which enter as one-hot next to `z`;
            None without.
        side_dim: int, for vectors as S, next to `z` as they are; None without.
        name: the model's name.

    Returns:
        `keras.Model` `(B, latent_dim) -> (B, size, size, channels)`, float32 in [-1, 1]. With
        `num_classes` it takes `[z, labels]`, labels int32 `(B,)`: out of range, they raise a
        `ValueError` eagerly and make NaN in a graph. With `side_dim` it takes `[z, side]`, float
        `(B, side_dim)`; bring the vectors to about the scale of `z`.

    Raises:
        ValueError: if the network cannot make images of this shape, or a width or number of
            classes is not positive, or labels and vectors are asked for together.

    Example:
        >>> ot_gan_generator(image_shape=(28, 28, 1), width=8, num_classes=10).output_shape
        (None, 28, 28, 1)

    Source: Salimans, Zhang, Radford and Metaxas, "Improving GANs Using Optimal Transport", ICLR
        2018, section 5.2 and Algorithm 2; the authors' code.
    Differs: they published 32x32 only, in code. Other sizes are ours: as many doublings as the
        side has, at most `8 width` channels (128x128 has five doublings, 1024 channels up to
        16x16). How S enters is not published either.
    """
    base, (first, *others) = _base_and_channels(image_shape, width)
    side = _side_input(num_classes, side_dim)
    z = layers.Input((latent_dim,), name="z")
    x = _appended(z, side, num_classes)
    dense = layers.Dense(2 * base * base * first, kernel_initializer=_direction(), name="dense")
    x = GLU(name="glu")(WeightNormalization(dense, name="dense")(x))
    x = layers.Reshape((base, base, first), name="reshape")(x)
    for k, channels in enumerate(others, start=1):
        x = layers.UpSampling2D(2, name=f"up{k}")(x)
        x = GLU(name=f"glu{k}")(_conv(2 * channels, f"conv{k}")(x))
    x = _conv(image_shape[-1], "image", scale=0.1, dtype="float32")(x)
    x = layers.Activation("tanh", dtype="float32", name="tanh")(x)
    return keras.Model(conditioning.with_labels(z, side), x, name=name)


def ot_gan_critic(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    *,
    width: int = 128,
    num_classes: int | None = None,
    side_dim: int | None = None,
    name: str = "critic",
) -> keras.Model:
    """Feature network of 5x5 convolutions with concatenated ReLUs, weight-normalised throughout.

    A convolution to `width` channels, then per halving a concatenated ReLU and a convolution of
    stride 2, doubling the channels up to `8 width`; a last concatenated ReLU. Every layer has a
    bias. Run `layers.initialise_from_data(critic, images)` before training.

    Args:
        image_shape: `(size, size, channels)` of the images, as the generator's.
        width: int, channels of the first layer, in proportion to which all others change. 128: the
            authors' code, 34,419,840 parameters; 16 makes 0.54 million.
        num_classes: int, for labels as side information S: one more map per class next to the
            image's channels, 1 for the class of the sample; None without.
        side_dim: int, for vectors as S, each number a constant map; None without.
        name: the model's name.

    Returns:
        `keras.Model` `(B, size, size, channels) -> (B, d)`, float32, non-negative; `d` is 32,768
        at 32x32 and width 128. The features are not of unit length: `ops.cosine` divides by
        their norm, as OT-GAN's cost does. With `num_classes` or `side_dim` it takes
        `[x, labels]` or `[x, side]` (see `ot_gan_generator`): features of the pair (x, s), so
        that one matching compares images together with what they were asked for.

    Raises:
        ValueError: as `ot_gan_generator`.

    Example:
        >>> ot_gan_critic((28, 28, 1), width=8).output_shape      # 7 * 7 * 2 * 32
        (None, 3136)

    Source: as `ot_gan_generator`.
    Differs: as `ot_gan_generator`. The authors' critic ends with the division by the norm.
    """
    _, (*others, first) = _base_and_channels(image_shape, width)
    side = _side_input(num_classes, side_dim)
    images = layers.Input(image_shape, name="images")
    x = _conv(first, "conv1")(_appended(images, side, num_classes))
    for k, channels in enumerate(reversed(others), start=2):
        x = CReLU(name=f"crelu{k - 1}")(x)
        x = _conv(channels, f"conv{k}", strides=2)(x)
    x = CReLU(name=f"crelu{len(others) + 1}")(x)
    x = layers.Flatten(dtype="float32", name="flatten")(x)
    return keras.Model(conditioning.with_labels(images, side), x, name=name)
