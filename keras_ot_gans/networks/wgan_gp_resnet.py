"""The residual networks of WGAN-GP, which the Lipschitz GAN paper uses."""

import keras
from keras import layers

from keras_ot_gans.networks import conditioning, residual_blocks
from keras_ot_gans.networks.image_shapes import check_square, halved, refuse

_INITIALIZER = "he_uniform"  # of the 3x3 kernels of the blocks; all others Glorot-uniform


def _base_and_doublings(image_shape: tuple) -> tuple[int, int]:
    """Return a base of 4 to 7 pixels and how often it doubles to the side of the image."""
    side = check_square(image_shape)
    base, doublings = halved(side)
    if side % 4 or not 4 <= base <= 7 or doublings < 1:
        raise refuse(
            image_shape,
            "a side that is a multiple of 4, and 4, 5, 6 or 7 times a power of two",
            "28, 32, 48, 64 or 128 pixels",
        )
    return base, doublings


def wgan_gp_resnet_generator(
    latent_dim: int = 128,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    *,
    width: int = 128,
    num_classes: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Generator of residual blocks, all of one width.

    Dense to `4 x 4 x width`, one residual block per doubling, batch norm, ReLU, 3x3 convolution,
    tanh.

    Args:
        latent_dim: int, width of `z`. 128: Table 3.
        image_shape: `(size, size, channels)`; the size is a multiple of 4, and 4 to 7 times a
            power of two. (32, 32, 3): Table 3; (28, 28, 1) starts from 7x7 with two blocks.
        width: int, channels everywhere. 128: Table 3.
        num_classes: int, for a generator whose batch norms know the class; None without labels.
        name: the model's name.

    Returns:
        `keras.Model` `(B, latent_dim) -> (B, size, size, channels)`, float32 in [-1, 1]. With
        `num_classes` it takes `[z, labels]`, labels int32 `(B,)`: out of range, they raise a
        `ValueError` eagerly and make NaN in a graph.

    Raises:
        ValueError: if the network cannot make images of this shape, or there is no class.

    Example:
        >>> wgan_gp_resnet_generator().output_shape
        (None, 32, 32, 3)

    Source: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in GANs", 2018,
        Table 3 and the authors' code, after Gulrajani et al., "Improved Training of Wasserstein
        GANs", NeurIPS 2017.
    Differs: no bias before a batch norm, where it has no effect. The conditional form is that of
        Miyato and Koyama, 2018; Gulrajani's also asks the critic for the class.
    """
    base, doublings = _base_and_doublings(image_shape)
    channels = [width] * (1 + doublings)
    return residual_blocks.generator(
        latent_dim, image_shape, base, channels, _INITIALIZER, num_classes, name
    )


def wgan_gp_resnet_critic(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    feature_dim: int = 1,
    *,
    width: int = 128,
    spectral_norm: bool = False,
    num_classes: int | None = None,
    name: str = "critic",
) -> keras.Model:
    """Critic of four residual blocks, all of one width, without norm.

    Two blocks that halve the side, two that keep it, ReLU, mean over the pixels, dense.

    Args:
        image_shape: `(size, size, channels)` of the images, as the generator's.
        feature_dim: int, width of the output: 1 for a value, more for features.
        width: int, channels everywhere. 128: Table 3.
        spectral_norm: bool, normalise every layer. Table 3 does not.
        num_classes: int, for a projection critic; None without labels.
        name: the model's name.

    Returns:
        `keras.Model` `(B, size, size, channels) -> (B, feature_dim)`, float32. With
        `num_classes` it takes `[x, labels]` (see `wgan_gp_resnet_generator`).

    Raises:
        ValueError: if the network cannot take images of this shape, if there is no class, or
            features are asked for together with labels.

    Example:
        >>> wgan_gp_resnet_critic((28, 28, 1), num_classes=10).output_shape
        (None, 1)

    Source: as `wgan_gp_resnet_generator`.
    """
    _base_and_doublings(image_shape)
    conditioning.check_head(feature_dim, num_classes)
    labels = conditioning.label_input(num_classes)
    wrap = conditioning.wrapper(spectral_norm)
    images = layers.Input(image_shape, name="images")
    x = residual_blocks.first_critic_block(images, width, "block1", wrap, _INITIALIZER)
    for k, down in enumerate((True, False, False)):
        block = f"block{k + 2}"
        x = residual_blocks.critic_block(x, width, block, wrap, _INITIALIZER, down=down)
    x = layers.ReLU(name="relu")(x)
    h = layers.GlobalAveragePooling2D(dtype="float32", name="mean")(x)
    x = conditioning.critic_head(h, labels, feature_dim, num_classes, spectral_norm)
    return keras.Model(conditioning.with_labels(images, labels), x, name=name)
