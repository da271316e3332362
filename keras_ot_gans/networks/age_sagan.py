"""AGE's networks for 64x64 photographs: SAGAN with noise inputs, and a joint discriminator."""

from typing import Any

import keras
from keras import layers, ops

from keras_ot_gans.layers.self_attention import SelfAttention
from keras_ot_gans.networks import conditioning, residual_blocks
from keras_ot_gans.networks.image_shapes import check_square, refuse
from keras_ot_gans.networks.residual_mlp import residual_mlp_block
from keras_ot_gans.networks.transformations import check_width, noise_injection, with_noise
from keras_ot_gans.ops.shapes import check_one_of

_WRAP = conditioning.wrapper(True)  # every layer with a kernel is spectrally normalised
_INITIALIZER = "glorot_uniform"  # by name: each layer makes its own
_UP = (16, 8, 4, 2)  # channels of the generator's blocks, in multiples of the width
_DOWN = (2, 4, 8, 16)  # of the discriminator's blocks that halve the side
_ATTENTION_SIDES = (8, 16, 32, 64, None)
_MLP_BLOCKS = 3


def _check(latent_dim: int, image_shape: tuple, width: int, attention_side: int | None) -> None:
    check_width("latent_dim", latent_dim)
    check_width("width", width)
    check_one_of("attention_side", attention_side, _ATTENTION_SIDES)
    if check_square(image_shape) != 64:
        raise refuse(image_shape, "a side of 64 pixels", "64 pixels")


def _attend(x: Any, attention_side: int | None) -> Any:
    """Add self-attention where the side is the one that was asked for."""
    return SelfAttention(name="attention")(x) if x.shape[1] == attention_side else x


def age_sagan_generator(
    latent_dim: int = 100,
    image_shape: tuple[int, int, int] = (64, 64, 3),
    *,
    width: int = 32,
    attention_side: int | None = 32,
    transformation: str = "implicit",
    name: str = "generator",
) -> keras.Model:
    """Generator of residual blocks with self-attention; noise after every convolution.

    Dense to `4 x 4 x (16 width)`, four blocks that double the side, of `16`, `8`, `4` and `2
    width` channels, batch norm, ReLU, 3x3 convolution, tanh. Every kernel is spectrally
    normalised.

    Args:
        latent_dim: int, width of `z`. 100: Table 11, CelebA; 140: ImageNet.
        image_shape: `(64, 64, channels)`.
        width: int, "ch" of Table 11. 32: CelebA; 64: ImageNet.
        attention_side: 8, 16, 32 or 64: the self-attention follows the block of this side; None
            for no attention.
        transformation: `"implicit"` (section 5.3) or `"deterministic"`.
        name: the model's name.

    Returns:
        `keras.Model` of `[z, noise1, ..., noise9]`, `(B, latent_dim)` and maps `(B, h, h, 1)`, all
        standard normal: one after the dense layer and two in each block; or of `z` if
        deterministic. `-> (B, 64, 64, channels)`, float32 in [-1, 1].

    Raises:
        ValueError: if a width is not positive, if the images are not of 64 pixels, or if the side
            of the attention or the transformation is another.

    Example:
        >>> generator = age_sagan_generator(width=1)
        >>> generator.output_shape, [shape[1] for shape in generator.input_shape[1:]]
        ((None, 64, 64, 3), [4, 8, 8, 16, 16, 32, 32, 64, 64])

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, Table 11 (a), Figure 8 (a) and appendix C.
    Differs: Table 11 labels the attention 64x64 but lists it where the side is 32, which is also
        its place in the authors' code. No bias before a batch norm, where it has no effect.
        Kernels start Glorot-uniform, as in SAGAN's code; AGE's are orthogonal, and the moving
        averages of its last batch norm hardly move.
    """
    _check(latent_dim, image_shape, width, attention_side)
    norm = conditioning.batch_norm(None, None)
    noise, inject = noise_injection(transformation)
    z = layers.Input((latent_dim,), name="z")
    x = _WRAP(layers.Dense(4 * 4 * 16 * width, name="dense"))(z)
    x = inject(layers.Reshape((4, 4, 16 * width), name="reshape")(x), "dense_after")
    for k, factor in enumerate(_UP, start=1):
        x = residual_blocks.up_block(
            x, factor * width, f"block{k}", norm, _INITIALIZER, _WRAP, inject
        )
        x = _attend(x, attention_side)
    x = residual_blocks.image_output(x, image_shape[-1], norm, _WRAP)
    return keras.Model(with_noise(z, noise), x, name=name)


def age_sagan_discriminator(
    latent_dim: int = 100,
    image_shape: tuple[int, int, int] = (64, 64, 3),
    *,
    width: int = 32,
    dense_width: int = 512,
    attention_side: int | None = 32,
    sum_pool: bool = False,
    name: str = "discriminator",
) -> keras.Model:
    """Joint discriminator of three modules: of `x`, of `z`, and of the features of both.

    `D(x, z) = (s_x + s_z + s_xz) / 3`, each sample by itself. The module of `x` is SAGAN's
    discriminator, those of `z` and of both are perceptrons of three residual blocks. Every kernel
    is spectrally normalised; there is no batch norm.

    Args:
        latent_dim: int, width of `z`, as the generator's.
        image_shape: `(64, 64, channels)`.
        width: int, "ch" of Table 11. 32: CelebA; 64: ImageNet.
        dense_width: int, of the perceptrons. 512: the authors' script for CelebA; 1024: ImageNet.
        attention_side: as the generator's.
        sum_pool: bool, take the sum over the pixels instead of the mean, as the authors' code
            does.
        name: the model's name.

    Returns:
        `keras.Model` of `[x, z]`, `(B, 64, 64, channels)` and `(B, latent_dim)`, `-> (B, 1)`,
        float32.

    Raises:
        ValueError: as `age_sagan_generator`.

    Example:
        >>> age_sagan_discriminator(width=1, dense_width=8).output_shape
        (None, 1)

    Source: Shen, Zhang and Chen, as above, Table 11 (b), Figures 7 and 8 (b).
    Differs: attention and initial kernels, as `age_sagan_generator`. Table 11 begins with a block
        of `ch` channels; a 1x1 convolution makes them of the image, as in the authors' code. That
        code averages scores of shapes (B,) and (B, 1), which mixes the samples of a batch.
    """
    _check(latent_dim, image_shape, width, attention_side)
    check_width("dense_width", dense_width)
    images = layers.Input(image_shape, name="images")
    z = layers.Input((latent_dim,), name="z")
    x = _attend(_WRAP(layers.Conv2D(width, 1, name="from_image"))(images), attention_side)
    for k, factor in enumerate((*_DOWN, _DOWN[-1]), start=1):
        channels, down = factor * width, k <= len(_DOWN)
        x = residual_blocks.critic_block(
            x, channels, f"block{k}", _WRAP, _INITIALIZER, down=down, hidden=channels
        )
        x = _attend(x, attention_side) if down else x
    # Half precision would lose digits of the sum, or overflow.
    x = ops.cast(layers.ReLU(name="relu")(x), "float32")
    f_x = (ops.sum if sum_pool else ops.mean)(x, axis=(1, 2))
    f_z = _perceptron(z, dense_width, "z")
    f_xz = _perceptron(layers.Concatenate(name="features")([f_x, f_z]), dense_width, "xz")
    scores = [
        _WRAP(layers.Dense(1, dtype="float32", name=f"{part}_score"))(features)
        for part, features in (("x", f_x), ("z", f_z), ("xz", f_xz))
    ]
    return keras.Model(
        [images, z], layers.Average(dtype="float32", name="score")(scores), name=name
    )


def _perceptron(x: Any, width: int, name: str) -> Any:
    """Return the features of a dense layer with ReLU and three residual blocks."""
    x = _WRAP(layers.Dense(width, name=f"{name}_dense"))(x)
    x = layers.ReLU(name=f"{name}_relu")(x)
    for k in range(1, _MLP_BLOCKS + 1):
        x = residual_mlp_block(x, f"{name}_block{k}", wrap=_WRAP)
    return x
