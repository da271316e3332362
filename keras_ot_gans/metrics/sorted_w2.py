"""The exact Wasserstein distance on the line, by sorting."""

import math
from typing import Any

import numpy as np

from keras_ot_gans.metrics.points import as_point_pair


def monotone_cost(real: np.ndarray, fake: np.ndarray, power: int) -> float:
    """Mean of `|x - y|**power` under the increasing coupling of two samples.

    The increasing coupling is optimal for every convex cost of `x - y`. The two
    quantile functions are steps, so that the integral over `[0, 1]` is a finite sum;
    its break points are counted in integers, in units of `1 / lcm(n, m)`.

    Args:
        real: float64 array `(n,)`.
        fake: float64 array `(m,)`.
        power: int >= 1, the exponent.

    Returns:
        float >= 0, `W_p**p` for `p = power`.

    Example:
        >>> monotone_cost(np.array([0.0, 1.0]), np.array([2.0]), power=1)
        1.5
    """
    real, fake = np.sort(real), np.sort(fake)
    n, m = len(real), len(fake)
    if n == m:
        return float(np.mean(np.abs(real - fake) ** power))
    total = math.lcm(n, m)
    per_real, per_fake = total // n, total // m
    edges = np.union1d(per_real * np.arange(n + 1), per_fake * np.arange(m + 1))
    widths, left = np.diff(edges), edges[:-1]
    gaps = np.abs(real[left // per_real] - fake[left // per_fake])
    return float(np.sum(widths * gaps**power) / total)


def sorted_w2(real: Any, fake: Any) -> float:
    """Exact squared 2-Wasserstein distance between two samples of numbers.

    `W2^2 = integral_0^1 (F_real^-1(u) - F_fake^-1(u))^2 du`; for equal sizes this is
    the mean squared gap of the sorted samples. Costs `n log n`, needs no matrix.

    Args:
        real: array `(n,)`, `(n, 1)` or any shape with one number per sample.
        fake: array `(m,)` likewise; `m` may differ from `n`.

    Returns:
        float >= 0, in squared units of the data, computed in float64.

    Raises:
        ValueError: if a sample holds more than one number, or is not finite, or if
            there is no sample.

    Example:
        >>> sorted_w2([0.0, 1.0], [3.0, 2.0])
        4.0
        >>> sorted_w2([0.0, 1.0], [2.0])        # (2**2 + 1**2) / 2
        2.5

    Source: Peyre and Cuturi, "Computational Optimal Transport", 2019, remark 2.30.
    Differs: none.
    """
    real, fake = as_point_pair("real", real, "fake", fake)
    if real.shape[1] != 1:
        raise ValueError(
            "`real` and `fake` must hold one number per sample. Received: "
            f"{real.shape[1]} numbers per sample. Use `earth_mover` for more dimensions."
        )
    return monotone_cost(real[:, 0], fake[:, 0], power=2)
