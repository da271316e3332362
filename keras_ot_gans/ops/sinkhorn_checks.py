"""What the arguments of a transport problem must satisfy, in messages that teach."""

from collections.abc import Hashable
from numbers import Integral
from typing import Any

import numpy as np

from keras_ot_gans.ops.numerics import Tensor
from keras_ot_gans.ops.shapes import check_rank, check_same_last_dim


def values_of(x: Any) -> np.ndarray | None:
    """Return the numbers of an eager tensor, array, list or number; None inside a graph.

    Args:
        x: anything.

    Returns:
        `np.ndarray` or None.

    Example:
        >>> values_of([1.0]).tolist()
        [1.0]
    """
    known = hasattr(x, "numpy") or isinstance(x, np.ndarray | np.generic | list | tuple | int)
    return np.asarray(x) if known or isinstance(x, float) else None


def check_epsilon(epsilon: Any) -> None:
    """Check that a strength of the entropy is positive, where its value is known.

    Args:
        epsilon: number or tensor.

    Raises:
        ValueError: if it is not.
    """
    values = values_of(epsilon)
    if values is not None and not (np.isfinite(values).all() and (values > 0).all()):
        raise ValueError(
            f"`epsilon` must be positive and finite. Received: epsilon={values.tolist()}. It has "
            "the unit of the cost (OT-GAN's 1/lambda is 0.002); try 0.05 times its mean."
        )


def check_cost(cost: Any) -> None:
    """Check that all costs are finite, where their values are known.

    Args:
        cost: tensor `(..., n, m)`.

    Raises:
        ValueError: if one is not.
    """
    values = values_of(cost)
    if values is not None and not np.isfinite(values).all():
        bad = np.argwhere(~np.isfinite(values))
        raise ValueError(
            f"`cost` must be finite. Received: {values[tuple(bad[0])]} at {bad[0].tolist()} and "
            f"{len(bad) - 1} more. Check the features that it is made of for NaN; use a large "
            "finite cost to forbid a pair."
        )


def check_iteration(
    tolerance: float,
    max_iterations: int,
    relaxation: float,
    annealing: float | None,
    penalties: tuple[float | None, float | None],
) -> None:
    """Check the numbers that choose an iteration.

    Args:
        tolerance: float >= 0.
        max_iterations: int > 0.
        relaxation: float in [1, 2).
        annealing: float > 1 or None.
        penalties: two floats > 0 or None.

    Raises:
        ValueError: if one is out of range.
    """
    if not 0.0 <= tolerance < 2.0:
        raise ValueError(
            "`tolerance` must lie in [0, 2): it is an L1 distance of marginals, relative to their "
            f"mass. Received: tolerance={tolerance}. Try 1e-3; 0 always takes all iterations."
        )
    if max_iterations < 1:
        raise ValueError(
            f"`max_iterations` must be positive. Received: max_iterations={max_iterations}. "
            "Try 2000."
        )
    if not 1.0 <= relaxation < 2.0:
        raise ValueError(
            f"`relaxation` must lie in [1, 2). Received: relaxation={relaxation}. 1 is plain "
            "Sinkhorn, from 2 on it does not converge; try 1.9."
        )
    if annealing is not None and not annealing > 1.0:
        raise ValueError(
            "`annealing` must be above 1, the factor between two stages of epsilon, or None. "
            f"Received: annealing={annealing}. Try 5."
        )
    pair = isinstance(penalties, tuple | list) and len(penalties) == 2
    if not pair or any(p is not None and not 0 < p < float("inf") for p in penalties):
        raise ValueError(
            "`penalties` must be two numbers, each positive, or None for an exact marginal. "
            f"Received: penalties={penalties}. Try (1.0, 1.0), in units of the cost."
        )


def check_weights(name: str, weights: Tensor, size: int | None) -> None:
    """Check weights of points, their values where they are known.

    Args:
        name: the argument's name.
        weights: tensor `(..., size)`.
        size: int, points; None if unknown.

    Raises:
        ValueError: if the size differs, a weight is negative or not finite, or all are 0.
    """
    shape = tuple(getattr(weights, "shape", np.shape(weights)))
    if not shape or (size is not None and shape[-1] is not None and shape[-1] != size):
        raise ValueError(
            f"`{name}` must have one weight per point, {size} of them along the last axis. "
            f"Received: shape {shape}."
        )
    values = values_of(weights)
    if values is None:
        return
    if not (np.isfinite(values).all() and (values >= 0).all() and (values.sum(-1) > 0).all()):
        raise ValueError(
            f"`{name}` must be finite, not negative, and not all 0. Received: from {values.min()} "
            f"to {values.max()}. Leave it out for equal weights."
        )


def check_masses(real_weights: Tensor | None, fake_weights: Tensor | None) -> None:
    """Check that both sides have the same total mass, where it is known.

    Args:
        real_weights: tensor `(..., n)`; None has mass 1.
        fake_weights: tensor `(..., m)`; None has mass 1.

    Raises:
        ValueError: if they differ by more than rounding.
    """
    real, fake = (values_of(1.0 if w is None else w) for w in (real_weights, fake_weights))
    if real is None or fake is None:
        return
    real, fake = real.sum(-1), fake.sum(-1)
    # Sums of float32 weights: a thousand roundings.
    if not np.allclose(real, fake, rtol=1e-4, atol=0.0):
        raise ValueError(
            "`real_weights` and `fake_weights` must have the same total. Received: "
            f"{np.asarray(real).tolist()} and {np.asarray(fake).tolist()}. Divide each by its sum, "
            "or use `penalties` to let mass appear and vanish."
        )


def check_features(x_real: Tensor, x_fake: Tensor) -> None:
    """Check two batches of features, their values where they are known.

    Args:
        x_real: tensor `(n, d)`.
        x_fake: tensor `(m, d)`.

    Raises:
        ValueError: if a rank is not 2, a size is unknown or 0, the widths differ, or a feature is
            not finite.
    """
    check_rank("x_real", x_real, 2, "(n, d)")
    check_rank("x_fake", x_fake, 2, "(m, d)")
    check_same_last_dim("x_real", x_real, "x_fake", x_fake)
    for name, x in (("x_real", x_real), ("x_fake", x_fake)):
        if not x.shape[0]:
            raise ValueError(
                f"`{name}` must have a known number of points, at least one, because blocks are "
                f"cut when the program is compiled. Received: shape {tuple(x.shape)}. Use "
                "`drop_remainder=True` in the dataset, or `tf.ensure_shape`."
            )
        values = values_of(x)
        if values is not None and not np.isfinite(values).all():
            bad = np.argwhere(~np.isfinite(values))
            raise ValueError(
                f"`{name}` must be finite. Received: {values[tuple(bad[0])]} at {bad[0].tolist()} "
                f"and {len(bad) - 1} more. Check the network that made the features."
            )


def check_blocks(cost: Any, block_size: int) -> None:
    """Check what blocks of costs are made by.

    Args:
        cost: function of features; a key of the compiled programs, so it must be hashable.
        block_size: int > 0.

    Raises:
        TypeError: if `cost` is no hashable function.
        ValueError: if `block_size` is not a positive whole number.
    """
    if not callable(cost) or not isinstance(cost, Hashable):
        raise TypeError(
            "`cost` must be a hashable function (n, d), (m, d) -> (n, m). Received: "
            f"{cost!r}. Try `ops.cosine`; for costs that exist already, use `ops.sinkhorn`."
        )
    if not isinstance(block_size, Integral) or block_size < 1:
        raise ValueError(
            "`block_size` must be a positive whole number, of rows. Received: "
            f"block_size={block_size}. Try 1024."
        )


def check_range(low: Tensor, high: Tensor) -> None:
    """Check that costs are finite, where their range is known.

    Args:
        low: scalar, least cost.
        high: scalar, greatest cost.

    Raises:
        ValueError: if they are not.
    """
    values = values_of(low), values_of(high)
    if not any(v is None for v in values) and not np.isfinite(values).all():
        raise ValueError(
            f"`cost` must return finite costs. Received: from {values[0]} to {values[1]}. Use a "
            "large finite cost to forbid a pair."
        )
