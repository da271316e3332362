"""AGE's fully connected networks, for mixtures of Gaussians."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_ot_gans.networks.mlp import mlp
from keras_ot_gans.networks.transformations import check_width, output_dim

_RELU = 0.0  # the slope that makes a leaky ReLU a ReLU


def _check(latent_dim: int, data_dim: int) -> None:
    check_width("latent_dim", latent_dim)
    check_width("data_dim", data_dim)


def age_mlp_generator(
    latent_dim: int = 2,
    data_dim: int = 2,
    hidden: Sequence[int] = (500, 500),
    *,
    transformation: str = "gaussian",
    name: str = "generator",
) -> keras.Model:
    """Generator of dense layers with batch norm and ReLU.

    Args:
        latent_dim: int, width of `z`. 2: the authors' code; the paper does not say.
        data_dim: int, width of `x`.
        hidden: widths of the hidden layers. (500, 500): appendix E.1.
        transformation: `"gaussian"` (section 5.1) or `"deterministic"` (section 5.2).
        name: the model's name.

    Returns:
        `keras.Model` `(B, latent_dim) -> (B, 2 data_dim)`, means, then log-variances, neither
        bounded; or `-> (B, data_dim)` if deterministic. float32.

    Raises:
        ValueError: if a width is not positive, or the transformation is another.

    Example:
        >>> age_mlp_generator().output_shape
        (None, 4)
        >>> age_mlp_generator(transformation="deterministic").output_shape
        (None, 2)

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, appendix E.1.
    Differs: kernels start Glorot-uniform and biases at 0; the code has PyTorch's defaults. Moving
        averages forget by Keras's 0.99, there by 0.9.
    """
    _check(latent_dim, data_dim)
    outputs = output_dim(transformation, data_dim)
    return mlp(latent_dim, hidden, outputs, negative_slope=_RELU, batch_norm=True, name=name)


def age_mlp_encoder(
    latent_dim: int = 2,
    data_dim: int = 2,
    hidden: Sequence[int] = (500, 500, 500),
    *,
    transformation: str = "gaussian",
    name: str = "encoder",
) -> keras.Model:
    """Encoder of dense layers with batch norm and ReLU.

    Args:
        latent_dim: int, width of `z`, as the generator's.
        data_dim: int, width of `x`.
        hidden: widths of the hidden layers. (500, 500, 500): appendix E.1.
        transformation: `"gaussian"` (section 5.1) or `"deterministic"` (section 5.2).
        name: the model's name.

    Returns:
        `keras.Model` `(B, data_dim) -> (B, 2 latent_dim)`, means, then log-variances, neither
        bounded; or `-> (B, latent_dim)` if deterministic. float32.

    Raises:
        ValueError: if a width is not positive, or the transformation is another.

    Example:
        >>> age_mlp_encoder(latent_dim=3).output_shape
        (None, 6)

    Source: as `age_mlp_generator`.
    Differs: as `age_mlp_generator`.
    """
    _check(latent_dim, data_dim)
    outputs = output_dim(transformation, latent_dim)
    return mlp(data_dim, hidden, outputs, negative_slope=_RELU, batch_norm=True, name=name)


def _dense(x: Any, units: int, name: str, **kwargs: Any) -> Any:
    """Apply a dense layer with PyTorch's initial values."""
    limit = x.shape[-1] ** -0.5
    # Two objects: one gives the same numbers to every weight of its shape.
    kernel, bias = (keras.initializers.RandomUniform(-limit, limit) for _ in range(2))
    return layers.Dense(
        units, kernel_initializer=kernel, bias_initializer=bias, name=name, **kwargs
    )(x)


def age_mlp_discriminator(
    latent_dim: int = 2,
    data_dim: int = 2,
    *,
    width: int = 400,
    negative_slope: float = 0.01,
    name: str = "discriminator",
) -> keras.Model:
    """Joint discriminator of three blocks: of `x`, of `z`, and of the features of both.

    A block is two dense layers with leaky ReLU and a linear score; `D(x, z) = (s_x + s_z +
    s_xz) / 3`.

    Args:
        latent_dim: int, width of `z`.
        data_dim: int, width of `x`.
        width: int, of every hidden layer. 400: appendix E.1.
        negative_slope: float, slope of the leaky ReLU below 0. 0.01: the authors' code; the paper
            does not say.
        name: the model's name.

    Returns:
        `keras.Model` of `[x, z]`, `(B, data_dim)` and `(B, latent_dim)`, `-> (B, 1)`, float32.

    Raises:
        ValueError: if a width is not positive.

    Example:
        >>> age_mlp_discriminator().input_shape
        [(None, 2), (None, 2)]

    Source: as `age_mlp_generator`. Kernels and biases start uniform within the inverse root of the
        number of inputs, as in the authors' code. Biases of 0 would send all kinks of the first
        layers through the origin: after 4,000 updates on the grid of 25, AGE-KL's reverse KL of
        modes was 0.45 then, and 0.37 so.
    """
    _check(latent_dim, data_dim)
    check_width("width", width)

    def block(x: Any, part: str) -> tuple[Any, Any]:
        for k in (1, 2):
            x = _dense(x, width, f"{part}_dense{k}")
            x = layers.LeakyReLU(negative_slope, name=f"{part}_lrelu{k}")(x)
        return x, _dense(x, 1, f"{part}_score", dtype="float32")

    x, z = layers.Input((data_dim,), name="x"), layers.Input((latent_dim,), name="z")
    (f_x, s_x), (f_z, s_z) = block(x, "x"), block(z, "z")
    _, s_xz = block(layers.Concatenate(name="features")([f_x, f_z]), "xz")
    score = layers.Average(dtype="float32", name="score")([s_x, s_z, s_xz])
    return keras.Model([x, z], score, name=name)
