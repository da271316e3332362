"""Diagonal Gaussians given by one tensor of parameters, and the VAE's objective.

`parameters` is `(..., 2 k)` everywhere: the `k` means first, then the `k` log-variances.
"""

import math

from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.shapes import same_where_known


def gaussian_sample(parameters: Tensor, noise: Tensor) -> Tensor:
    """Turn standard normal noise into a draw, `mean + exp(log_variance / 2) noise`.

    The gradient reaches the parameters through the draw.

    Args:
        parameters: float tensor `(..., 2 k)`: means, then log-variances.
        noise: float tensor `(..., k)`, standard normal.

    Returns:
        Float tensor `(..., k)`.

    Raises:
        ValueError: if the widths do not fit.

    Example:
        >>> gaussian_sample([[1.0, 0.0]], [[2.0]]).numpy().tolist()
        [[3.0]]

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, section 2.4.
    """
    mean, log_variance = _split(parameters, "noise", noise)
    return mean + ops.exp(0.5 * log_variance) * as_float32(noise)


def gaussian_log_density(x: Tensor, parameters: Tensor) -> Tensor:
    """Logarithm of a diagonal Gaussian's density, in nats.

    Args:
        x: float tensor `(..., k)`.
        parameters: float tensor `(..., 2 k)`: means, then log-variances, not clamped.

    Returns:
        Float tensor `(...)`: `(B,)` for batches of vectors.

    Raises:
        ValueError: if the widths do not fit.

    Example:
        >>> round(float(gaussian_log_density([[0.0]], [[0.0, 0.0]])[0]), 4)   # -log(2 pi) / 2
        -0.9189
    """
    mean, log_variance = _split(parameters, "x", x)
    squares = ops.square(as_float32(x) - mean) * ops.exp(-log_variance)
    return -0.5 * ops.sum(squares + log_variance + math.log(2.0 * math.pi), axis=-1)


def gaussian_kl_to_prior(parameters: Tensor) -> Tensor:
    """Kullback-Leibler divergence of a diagonal Gaussian from N(0, I), in nats.

    Args:
        parameters: float tensor `(..., 2 k)`: means, then log-variances.

    Returns:
        Float tensor `(...)` >= 0: `(B,)` for batches of vectors.

    Raises:
        ValueError: if the width is odd.

    Example:
        >>> gaussian_kl_to_prior([[1.0, 0.0]]).numpy().tolist()      # mean^2 / 2
        [0.5]

    Source: Kingma and Welling, 2014, appendix B.
    """
    mean, log_variance = _split(parameters)
    # expm1 keeps the digits that `exp(v) - 1 - v` loses near v = 0.
    return 0.5 * ops.sum(ops.square(mean) + (ops.expm1(log_variance) - log_variance), axis=-1)


def cycle_consistency(x: Tensor, x_parameters: Tensor) -> Tensor:
    """Negative log-likelihood of data under their own reconstructions, `-E log p_g(x | z)`.

    The smaller, the better; a density, hence also below 0. One draw of `z` for each row.

    Args:
        x: float tensor `(B, d)`, data.
        x_parameters: float tensor `(B, 2 d)`, the Gaussian generator's output at `z ~ p_e(z | x)`.

    Returns:
        Scalar, nats, mean over the batch.

    Raises:
        ValueError: if the widths do not fit.

    Example:
        >>> round(float(cycle_consistency([[0.0], [2.0]], [[0.0, 0.0], [0.0, 0.0]])), 4)
        1.9189

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, eq. 5, negated as in Table 3 (column CC).
    """
    return -ops.mean(gaussian_log_density(x, x_parameters))


def negative_elbo(x: Tensor, z_parameters: Tensor, x_parameters: Tensor) -> Tensor:
    """The VAE's objective, `E_x [-E_{p_e(z | x)} log p_g(x | z) + KL(p_e(z | x), N(0, I))]`.

    It is `KL(p_e(x, z), p_g(x, z))` plus the entropy of the data. The divergence is exact, the
    reconstruction from one draw of `z` for each row: unbiased, with the gradient through the draw.

    Args:
        x: float tensor `(B, d)`, data.
        z_parameters: float tensor `(B, 2 k)`, the encoder's output at `x`.
        x_parameters: float tensor `(B, 2 d)`, the generator's output at a draw of `z`.

    Returns:
        Scalar, nats, mean over the batch.

    Raises:
        ValueError: if the widths do not fit.

    Example:
        >>> round(float(negative_elbo([[0.0]], [[1.0, 0.0]], [[0.0, 0.0]])), 4)   # 0.9189 + 0.5
        1.4189

    Source: Shen et al., 2020, eq. 8; Kingma and Welling, 2014, eq. 3.
    """
    return cycle_consistency(x, x_parameters) + ops.mean(gaussian_kl_to_prior(z_parameters))


def _split(parameters: Tensor, name: str = "", x: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return means and log-variances, after a look at the shapes."""
    parameters = as_float32(parameters)
    shape = tuple(parameters.shape)
    width = shape[-1] if shape else None
    if width is None or width % 2:
        raise ValueError(
            "`parameters` must have an even last axis, (..., 2 k): k means, then k log-variances. "
            f"Received: shape {shape}. Give the network's last layer 2 k units."
        )
    if x is not None:
        found = tuple(ops.convert_to_tensor(x).shape)
        if not same_where_known(found, (*shape[:-1], width // 2)):
            raise ValueError(
                f"`{name}` must have half the width of `parameters`, and its other axes. Received: "
                f"shapes {found} and {shape}. `parameters` are k means, then k log-variances."
            )
    return parameters[..., : width // 2], parameters[..., width // 2 :]
