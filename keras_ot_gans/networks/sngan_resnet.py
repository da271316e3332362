"""The residual networks of SNGAN, for six image sizes."""

from typing import NamedTuple

import keras
from keras import layers, ops

from keras_ot_gans.networks import conditioning, residual_blocks
from keras_ot_gans.networks.image_shapes import check_square, refuse

# Glorot's with a gain of sqrt(2), of the 3x3 kernels of the blocks; all others have a gain of 1.
# As a config, from which each layer makes its own: an object gives equal shapes equal values.
_INITIALIZER = keras.initializers.serialize(
    keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform")
)


class _Plan(NamedTuple):
    """One image size: channels are in multiples of a width, which the table sets."""

    base: int  # side that the generator starts from
    first: int  # its channels there
    up: tuple[int, ...]  # channels of the generator's blocks
    generator_width: int
    down: tuple[int, ...]  # channels of the critic's blocks that halve the side
    flat: tuple[int, ...]  # and of those that keep it
    critic_width: int


_PLANS = {
    28: _Plan(7, 1, (1, 1), 256, (1, 1), (1, 1), 128),
    32: _Plan(4, 1, (1, 1, 1), 256, (1, 1), (1, 1), 128),
    48: _Plan(6, 8, (4, 2, 1), 64, (1, 2, 4, 8), (16,), 64),
    64: _Plan(4, 16, (8, 4, 2, 1), 64, (1, 2, 4, 8), (), 128),
    128: _Plan(4, 16, (16, 8, 4, 2, 1), 64, (1, 2, 4, 8), (8,), 128),
    256: _Plan(4, 16, (16, 8, 8, 4, 2, 1), 64, (1, 2, 4, 4, 8), (8,), 128),
}


def _plan(image_shape: tuple) -> _Plan:
    """Return the channels for an image size, or say which sizes there are."""
    side = check_square(image_shape)
    if side not in _PLANS:
        sizes = ", ".join(map(str, _PLANS))
        raise refuse(image_shape, f"a side that is one of {sizes}", "the nearest of these")
    return _PLANS[side]


def sngan_resnet_generator(
    latent_dim: int = 128,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    *,
    width: int | None = None,
    num_classes: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Generator of residual blocks whose channels fall towards the image.

    Dense, one residual block per doubling, batch norm, ReLU, 3x3 convolution, tanh.

    Args:
        latent_dim: int, width of `z`. 128: Tables 6 to 9.
        image_shape: `(size, size, channels)`; the size is 32 (Table 6), 64 (Table 7), 128
            (Table 8), 256 (Table 9), 48 (Miyato et al., Table 5), or 28 (as 32, from 7x7 with
            two blocks).
        width: int, channels of the last block, in proportion to which all others change. None
            for the table's: 256 for 28 and 32, else 64. 128 for 32: the authors' code.
        num_classes: int, for a generator whose batch norms know the class; None without labels.
        name: the model's name.

    Returns:
        `keras.Model` `(B, latent_dim) -> (B, size, size, channels)`, float32 in [-1, 1]. With
        `num_classes` it takes `[z, labels]`, labels int32 `(B,)`: out of range, they raise a
        `ValueError` eagerly and make NaN in a graph.

    Raises:
        ValueError: if there is no table for the shape, or no class.

    Example:
        >>> sngan_resnet_generator(width=8, num_classes=10).output_shape
        (None, 32, 32, 3)

    Source: Zheng and Zhou, "ACT", 2020, Tables 6 to 9; Miyato et al., "Spectral Normalization for
        GANs", ICLR 2018, Table 5; Miyato and Koyama, "cGANs with Projection Discriminator", ICLR
        2018, for labels.
    Differs: no bias before a batch norm, where it has no effect. Kernels start as in Miyato's
        code; the ACT code has gain 1 in the branches and sqrt(2) in the shortcuts.
    """
    plan = _plan(image_shape)
    width = plan.generator_width if width is None else width
    channels = [factor * width for factor in (plan.first, *plan.up)]
    return residual_blocks.generator(
        latent_dim, image_shape, plan.base, channels, _INITIALIZER, num_classes, name
    )


def sngan_resnet_critic(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    feature_dim: int = 1,
    *,
    width: int | None = None,
    spectral_norm: bool = True,
    mean_pool: bool = False,
    num_classes: int | None = None,
    name: str = "critic",
) -> keras.Model:
    """Critic, or feature network, of residual blocks without norm.

    Blocks that halve the side, blocks that keep it, ReLU, sum over the pixels, dense.

    Args:
        image_shape: `(size, size, channels)` of the images, as the generator's.
        feature_dim: int, width of the output: 1 for a value, more for the features of ACT (2048
            in the paper, 256 in the authors' code).
        width: int, channels of the first block, in proportion to which all others change. None
            for the table's: 64 for 48, else 128.
        spectral_norm: bool, normalise every layer.
        mean_pool: bool, take the mean over the pixels instead of the sum, as the ACT code does.
        num_classes: int, for a projection critic; None without labels.
        name: the model's name.

    Returns:
        `keras.Model` `(B, size, size, channels) -> (B, feature_dim)`, float32. With
        `num_classes` it takes `[x, labels]` (see `sngan_resnet_generator`).

    Raises:
        ValueError: if there is no table for the shape, if there is no class, or features are
            asked for together with labels.

    Example:
        >>> sngan_resnet_critic((48, 48, 3), 256, width=8).output_shape
        (None, 256)

    Source: as `sngan_resnet_generator`.
    Differs: the dense layer has a bias, which Miyato's code leaves out. Their tables sum over the
        pixels; the ACT code takes the mean.
    """
    plan = _plan(image_shape)
    conditioning.check_head(feature_dim, num_classes)
    width = plan.critic_width if width is None else width
    labels = conditioning.label_input(num_classes)
    wrap = conditioning.wrapper(spectral_norm)
    images = layers.Input(image_shape, name="images")
    first, *others = [(f, True) for f in plan.down] + [(f, False) for f in plan.flat]
    x = residual_blocks.first_critic_block(images, first[0] * width, "block1", wrap, _INITIALIZER)
    for k, (factor, down) in enumerate(others):
        block = f"block{k + 2}"
        x = residual_blocks.critic_block(x, factor * width, block, wrap, _INITIALIZER, down=down)
    # Half precision would lose digits of the sum, or overflow.
    x = ops.cast(layers.ReLU(name="relu")(x), "float32")
    h = (ops.mean if mean_pool else ops.sum)(x, axis=(1, 2))
    x = conditioning.critic_head(h, labels, feature_dim, num_classes, spectral_norm)
    return keras.Model(conditioning.with_labels(images, labels), x, name=name)
