"""AGE's networks for stacked MNIST, and for MNIST: 28x28 pixels, three doublings."""

import keras
from keras import layers

from keras_ot_gans.networks import conditioning
from keras_ot_gans.networks.transformations import (
    check_width,
    noise_injection,
    output_dim,
    with_noise,
)

_NORM = conditioning.batch_norm(None, None)


def _check(latent_dim: int, channels: int, width: int) -> None:
    check_width("latent_dim", latent_dim)
    check_width("channels", channels)
    check_width("width", width)


def age_stacked_mnist_generator(
    latent_dim: int = 8,
    channels: int = 3,
    *,
    width: int = 64,
    transformation: str = "implicit",
    name: str = "generator",
) -> keras.Model:
    """Generator of transposed convolutions with batch norm and ReLU.

    Dense to `4 x 4 x (4 width)`, transposed convolutions (5x5, stride 2) to `7 x 7 x (2 width)`,
    `14 x 14 x width` and the image, tanh. An implicit one adds noise before each batch norm.

    Args:
        latent_dim: int, width of `z`. 8: Table 8.
        channels: int, of the images: 3 for stacked MNIST, 1 for MNIST.
        width: int, channels of the last hidden layer, in proportion to which the others change.
            64: Table 8.
        transformation: `"implicit"` (Table 8) or `"deterministic"` (AGE-ALL(d) of Table 5).
        name: the model's name.

    Returns:
        `keras.Model` of `[z, noise1, noise2, noise3]`, `(B, latent_dim)` and `(B, h, h, 1)` with
        `h` 4, 7, 14, all standard normal, or of `z` if deterministic; `-> (B, 28, 28, channels)`,
        float32 in [-1, 1].

    Raises:
        ValueError: if a width is not positive, or the transformation is another.

    Example:
        >>> age_stacked_mnist_generator(width=4).input_shape
        [(None, 8), (None, 4, 4, 1), (None, 7, 7, 1), (None, 14, 14, 1)]

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, Table 8 and appendix C.
    Differs: no bias before a batch norm, where it has no effect. Table 8 adds noise to the
        convolutions; here, as in the authors' code and appendix C, also to the dense layer. The
        initial values and moving averages are Keras's, as in `age_mlp_generator`.
    """
    _check(latent_dim, channels, width)
    noise, inject = noise_injection(transformation)
    z = layers.Input((latent_dim,), name="z")
    x = layers.Dense(4 * 4 * 4 * width, use_bias=False, name="dense")(z)
    x = layers.Reshape((4, 4, 4 * width), name="reshape")(x)
    x = layers.ReLU(name="relu0")(_NORM(inject(x, "after0"), "norm0"))
    for k, (filters, padding) in enumerate(((2 * width, 0), (width, None)), start=1):
        # From 4 to 7 there is one pixel less than from 4 to 8.
        x = layers.Conv2DTranspose(
            filters, 5, 2, "same", output_padding=padding, use_bias=False, name=f"up{k}"
        )(x)
        x = layers.ReLU(name=f"relu{k}")(_NORM(inject(x, f"after{k}"), f"norm{k}"))
    x = layers.Conv2DTranspose(channels, 5, 2, "same", dtype="float32", name="image")(x)
    x = layers.Activation("tanh", dtype="float32", name="tanh")(x)
    return keras.Model(with_noise(z, noise), x, name=name)


def age_stacked_mnist_encoder(
    latent_dim: int = 8,
    channels: int = 3,
    *,
    width: int = 64,
    transformation: str = "gaussian",
    name: str = "encoder",
) -> keras.Model:
    """Encoder of convolutions with batch norm and ReLU.

    Convolutions (5x5, stride 2) to `14 x 14 x width`, `7 x 7 x (2 width)` and `4 x 4 x (4 width)`,
    and a dense layer.

    Args:
        latent_dim: int, width of `z`. 8: Table 9.
        channels: int, of the images.
        width: int, channels of the first layer. 64: Table 9.
        transformation: `"gaussian"` or `"deterministic"` (AGE-ALL(d) of Table 5).
        name: the model's name.

    Returns:
        `keras.Model` `(B, 28, 28, channels) -> (B, 2 latent_dim)`, means, then log-variances; or
        `-> (B, latent_dim)` if deterministic. float32.

    Raises:
        ValueError: if a width is not positive, or the transformation is another.

    Example:
        >>> age_stacked_mnist_encoder().output_shape
        (None, 16)

    Source: as `age_stacked_mnist_generator`, Table 9.
    Differs: no bias before a batch norm; initial values and moving averages, as there.
    """
    _check(latent_dim, channels, width)
    outputs = output_dim(transformation, latent_dim)
    images = x = layers.Input((28, 28, channels), name="images")
    for k in range(3):
        x = layers.Conv2D(width * 2**k, 5, 2, "same", use_bias=False, name=f"conv{k + 1}")(x)
        x = layers.ReLU(name=f"relu{k + 1}")(_NORM(x, f"norm{k + 1}"))
    x = layers.Dense(outputs, dtype="float32", name="dense")(layers.Flatten(name="flatten")(x))
    return keras.Model(images, x, name=name)


def age_stacked_mnist_discriminator(
    latent_dim: int = 8,
    channels: int = 3,
    *,
    width: int = 64,
    dense_width: int = 1024,
    negative_slope: float = 0.01,
    name: str = "discriminator",
) -> keras.Model:
    """Joint discriminator: convolutions of `x`, `z` appended, two dense layers; without norm.

    Args:
        latent_dim: int, width of `z`. 8: Table 8.
        channels: int, of the images.
        width: int, channels of the first convolution; the next have `2 width` and `4 width`. 64:
            Table 10.
        dense_width: int, of the hidden dense layer. 1024: Table 10; 256: the authors' script.
        negative_slope: float, slope of the leaky ReLU below 0. 0.01: the authors' code; the paper
            does not say.
        name: the model's name.

    Returns:
        `keras.Model` of `[x, z]`, `(B, 28, 28, channels)` and `(B, latent_dim)`, `-> (B, 1)`,
        float32.

    Raises:
        ValueError: if a width is not positive.

    Example:
        >>> age_stacked_mnist_discriminator(channels=1).input_shape
        [(None, 28, 28, 1), (None, 8)]

    Source: as `age_stacked_mnist_generator`, Table 10.
    Differs: the initial values, as there.
    """
    _check(latent_dim, channels, width)
    check_width("dense_width", dense_width)
    images = h = layers.Input((28, 28, channels), name="images")
    z = layers.Input((latent_dim,), name="z")
    for k in range(3):
        h = layers.Conv2D(width * 2**k, 5, 2, "same", name=f"conv{k + 1}")(h)
        h = layers.LeakyReLU(negative_slope, name=f"lrelu{k + 1}")(h)
    h = layers.Concatenate(name="features")([layers.Flatten(name="flatten")(h), z])
    h = layers.LeakyReLU(negative_slope, name="lrelu")(layers.Dense(dense_width, name="dense")(h))
    score = layers.Dense(1, dtype="float32", name="score")(h)
    return keras.Model([images, z], score, name=name)
