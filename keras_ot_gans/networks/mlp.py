"""Multi-layer perceptrons, the networks of the toy experiments."""

from collections.abc import Sequence

import keras
from keras import layers

from keras_ot_gans.layers.spectral_normalization import SpectralNormalization


def mlp(
    input_dim: int,
    hidden: Sequence[int],
    output_dim: int,
    *,
    negative_slope: float = 0.1,
    batch_norm: bool = False,
    spectral_norm: bool = False,
    name: str = "mlp",
) -> keras.Model:
    """Fully connected network with leaky ReLU and a linear output.

    Args:
        input_dim: int, width of the input.
        hidden: widths of the hidden layers, `(100, 50)` in the paper's Table 3.
        output_dim: int, width of the output.
        negative_slope: float, slope of the leaky ReLU below 0. 0.1: appendix B.6; the authors'
            toy code has 0.01.
        batch_norm: bool, normalise before each activation. The authors' toy generator does, their
            Table 3 does not.
        spectral_norm: bool, divide each kernel by its largest singular value.
        name: the model's name.

    Returns:
        `keras.Model` `(B, input_dim) -> (B, output_dim)`, float32 output.

    Raises:
        ValueError: if a width is not positive.

    Example:
        >>> mlp(50, (100, 50), 2).count_params()      # 51*100 + 101*50 + 51*2
        10252

    Source: Zheng and Zhou, "ACT", 2020, Table 3.
    """
    for argument, width in (
        ("input_dim", input_dim),
        *(("hidden", h) for h in hidden),
        ("output_dim", output_dim),
    ):
        if width < 1:
            raise ValueError(f"`{argument}` must be positive. Received: {width}. Give a width.")

    def dense(units: int, **kwargs) -> layers.Layer:
        layer = layers.Dense(units, **kwargs)
        return SpectralNormalization(layer) if spectral_norm else layer

    inputs = x = layers.Input((input_dim,))
    for width in hidden:
        x = dense(width)(x)
        if batch_norm:
            x = layers.BatchNormalization(synchronized=True)(x)
        x = layers.LeakyReLU(negative_slope)(x)
    outputs = dense(output_dim, dtype="float32")(x)
    return keras.Model(inputs, outputs, name=name)
