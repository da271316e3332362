"""Checks of what `DOTSampler` is given, before any work."""

from typing import Any

import numpy as np

from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.samplers.pair import Pair
from keras_ot_gans.samplers.tell_apart import digest


def checked_k_eff(k_eff: Any, pair: Pair) -> float | np.ndarray:
    """Check a Lipschitz constant, given or estimated.

    Args:
        k_eff: number, or one per label.
        pair: whose labels count.

    Returns:
        float, or float64 array `(num_classes,)`.

    Raises:
        ValueError: if a number is not positive and finite, or there are too many or too few.
    """
    values = np.asarray(k_eff, "float64")
    classes = None if pair.labels is None else pair.labels.num_classes
    if values.ndim and values.shape != (classes,):
        wanted = "a number" if classes is None else f"a number, or one for each of {classes} labels"
        raise ValueError(f"`k_eff` must be {wanted}. Received: shape {values.shape}.")
    as_used = values.astype("float32")
    if not (np.isfinite(values) & (as_used > 0)).all():
        raise ValueError(
            f"`k_eff` must be positive and finite. Received: k_eff={k_eff}. Try 1.0, or None to "
            "estimate it; an estimate of 0 comes from a critic that gives every sample one value, "
            "NaN or infinity from one whose weights diverged."
        )
    return values if values.ndim else float(values)


def describe_k_eff(k_eff: float | np.ndarray) -> str:
    """Return a Lipschitz constant for the protocol card.

    Args:
        k_eff: of `checked_k_eff`.

    Returns:
        str; of many labels, which would make a long card, the least and the greatest, and digits
        that tell any others apart.

    Example:
        >>> describe_k_eff(1 / 3), describe_k_eff(np.array([2.0, 1.0, 1.5]))
        ('0.3333', '1..2 of 3 labels #335738b0')
    """
    if np.ndim(k_eff) == 0:
        return f"{k_eff:.4g}"
    least, most = np.min(k_eff), np.max(k_eff)
    return f"{least:.4g}..{most:.4g} of {len(k_eff)} labels #{digest(k_eff)}"


def check_numbers(updates: int, delta: float, tolerance: float | None) -> None:
    """Check the numbers of the loop.

    Args:
        updates: as `DOTSampler`.
        delta: as `DOTSampler`.
        tolerance: as `DOTSampler`.

    Raises:
        ValueError: if one of them is negative or not finite.
        TypeError: if `updates` is no integer.
    """
    check_int("updates", updates, 0, "Try 20.")
    if not 0 <= delta < np.inf:
        raise ValueError(f"`delta` must be >= 0 and finite. Received: delta={delta}. Try 1e-3.")
    if tolerance is not None and not 0 <= tolerance < np.inf:
        raise ValueError(
            f"`tolerance` must be None or >= 0 and finite. Received: tolerance={tolerance}. "
            "Try 1e-4, or None to make all updates."
        )
