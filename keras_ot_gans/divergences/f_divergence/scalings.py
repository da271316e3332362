"""Scalings: all that adversarial gradient estimation needs to know of an f-divergence."""

import math
from typing import NamedTuple

from keras import ops

from keras_ot_gans.divergences.f_divergence.record import FDivergence, check_is_f_divergence
from keras_ot_gans.ops.numerics import Tensor, as_float32


class Scalings(NamedTuple):
    """Factors of the discriminator's gradient, both of the shape of `log_ratio`.

    Attributes:
        encoder: `s_phi = r f''(r)`.
        generator: `s_theta = r^2 f''(r)`, which is `r` times the other.
    """

    encoder: Tensor
    generator: Tensor


def scalings(log_ratio: Tensor, f_divergence: FDivergence, r0: float | None = None) -> Scalings:
    """Scalings by which an f-divergence's gradient differs from that of every other.

    `grad_phi D_f = E_{p_e}[s_phi grad_phi D]` through the encoder's output only, and
    `grad_theta D_f = -E_{p_g}[s_theta grad_theta D]` through the generator's, with `D = log r`.

    Args:
        log_ratio: float tensor of any shape, `D(x, z)`, an estimate of `log p_e / p_g`.
        f_divergence: a value of this folder, or one of your own.
        r0: float in (0, 1], or None. `r` is clamped to `[r0, 1 / r0]` first. 1 makes both scalings
            the constant `f''(1)`: 1 for both KLs, 1/2 for Jensen-Shannon and Hellinger.

    Returns:
        `Scalings(encoder, generator)`, float, without a gradient. In float32 finite for
        `|log_ratio| <= 80`, with or without `r0`.

    Raises:
        TypeError: if `f_divergence` is something else, such as a name.
        ValueError: if `r0` is outside (0, 1].

    Example:
        >>> from keras_ot_gans.divergences.f_divergence import all_divergences, squared_hellinger
        >>> [round(float(s), 4) for s in scalings(5.0, squared_hellinger, r0=0.5)]   # r = 2
        [0.3536, 0.7071]
        >>> [float(s) for s in scalings(5.0, all_divergences)]
        [1.0, 1.0]

    Source: Shen et al., 2020, theorem 1; `r0`: section 3.2. `tilde f''(1 / r) / r` of the paper is
        `r^2 f''(r)`, because `tilde f(r) = r f(1 / r)`.
    Differs: appendix D speaks of clipping the scalings. As section 3.2 and the authors' code do,
        the ratio is clipped. No clipping is None here, 0 in appendix D.
    """
    check_is_f_divergence(f_divergence)
    check_r0(r0)
    log_ratio = ops.stop_gradient(as_float32(log_ratio))
    if r0 is not None:
        bound = -math.log(r0)
        log_ratio = ops.clip(log_ratio, -bound, bound)
    if f_divergence.f is None:
        return Scalings(ops.ones_like(log_ratio), ops.ones_like(log_ratio))
    if f_divergence.log_f_second is not None:
        log_second = f_divergence.log_f_second(log_ratio)
    else:
        ratio = ops.exp(ops.cast(log_ratio, "float64"))
        log_second = ops.cast(ops.log(f_divergence.f_second(ratio)), log_ratio.dtype)
    return Scalings(ops.exp(log_ratio + log_second), ops.exp(2.0 * log_ratio + log_second))


def check_r0(r0: float | None) -> None:
    """Refuse a bound of the ratio outside (0, 1].

    Args:
        r0: the received value.

    Raises:
        ValueError: if it is neither None nor in (0, 1].
    """
    if r0 is not None and not 0.0 < r0 <= 1.0:
        raise ValueError(
            f"`r0` must be in (0, 1], or None for no clipping. Received: r0={r0}. "
            "The ratio is clamped to [r0, 1 / r0]; try 0.5, the paper's."
        )
