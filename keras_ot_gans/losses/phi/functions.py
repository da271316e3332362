"""The functions of the `phi` family, each of one formula."""

from collections.abc import Callable

import keras
from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32

Phi = Callable[[Tensor], Tensor]


def varphi(phi: Phi, logits: Tensor) -> Tensor:
    """What a real logit pays: `phi(-x)`, or `phi.varphi(x)` where `phi` has one.

    Args:
        phi: element-wise function of fake logits.
        logits: float tensor of any shape, of real samples.

    Returns:
        Float tensor of the same shape, float32 for half precision.

    Example:
        >>> round(float(varphi(exponential, -1.0)), 4)      # exp(1)
        2.7183

    Source: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
        Adversarial Nets", 2018, eq. 1 and section 3.1.
    """
    own = getattr(phi, "varphi", None)
    logits = as_float32(logits)
    return phi(-logits) if own is None else own(logits)


@keras.saving.register_keras_serializable(package="keras_ot_gans>phi")
def linear(logits: Tensor) -> Tensor:
    """`x`: the Wasserstein distance. The critic's offset is free.

    Args:
        logits: float tensor of any shape.

    Returns:
        Float tensor of the same shape.

    Example:
        >>> float(linear(-2.0))
        -2.0

    Source: Zhou et al., 2018, section 5.1 (a).
    """
    return as_float32(logits)


@keras.saving.register_keras_serializable(package="keras_ot_gans>phi")
def logistic(logits: Tensor) -> Tensor:
    """`-log sigmoid(-x) = log(1 + e^x)`: the original GAN. Slope in (0, 1).

    Args:
        logits: float tensor of any shape.

    Returns:
        Float tensor > 0 of the same shape, without overflow.

    Example:
        >>> round(float(logistic(0.0)), 4)      # log 2
        0.6931

    Source: Zhou et al., 2018, section 5.1 (b).
    """
    return ops.softplus(as_float32(logits))


@keras.saving.register_keras_serializable(package="keras_ot_gans>phi")
def square_root(logits: Tensor) -> Tensor:
    """`x + sqrt(x^2 + 1)`, slope in (0, 2).

    Args:
        logits: float tensor of any shape, `|x| < 1e18` in float32.

    Returns:
        Float tensor > 0 of the same shape, with full relative precision for negative logits.

    Example:
        >>> float(square_root(0.0)), round(float(square_root(-1e4)), 8)      # 1, about 1 / 2e4
        (1.0, 5e-05)

    Source: Zhou et al., 2018, section 5.1 (c).
    Differs: below 0 computed as `1 / (sqrt(x^2 + 1) - x)`, the same number without cancellation.
    """
    x = as_float32(logits)
    above = x >= 0
    # One magnitude serves both branches, so that the untaken one stays finite too.
    total = ops.where(above, x, -x) + ops.sqrt(ops.square(x) + 1.0)
    return ops.where(above, total, 1.0 / total)


@keras.saving.register_keras_serializable(package="keras_ot_gans>phi")
def exponential(logits: Tensor) -> Tensor:
    """`e^x`. Its slope is unbounded: the paper's authors lower the learning rate for it.

    Args:
        logits: float tensor of any shape, below 88 in float32, where it overflows.

    Returns:
        Float tensor > 0 of the same shape.

    Example:
        >>> float(exponential(0.0))
        1.0

    Source: Zhou et al., 2018, section 5.1 (d).
    """
    return ops.exp(as_float32(logits))


@keras.saving.register_keras_serializable(package="keras_ot_gans>phi")
def hinge(logits: Tensor) -> Tensor:
    """`max(0, 1 + x)`: flat below -1, hence outside the family of eq. 12.

    Args:
        logits: float tensor of any shape.

    Returns:
        Float tensor >= 0 of the same shape. The gradient at -1 is 0.

    Example:
        >>> float(hinge(0.5)), float(hinge(-3.0))
        (1.5, 0.0)

    Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018,
        eqs. 16 and 17; Zhou et al., 2018, Table 2.
    """
    return ops.relu(1.0 + as_float32(logits))
