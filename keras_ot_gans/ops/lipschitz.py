"""Lipschitz constants seen in samples."""

from keras import ops

from keras_ot_gans.ops.costs import squared_euclidean
from keras_ot_gans.ops.numerics import Tensor, as_float32, safe_norm
from keras_ot_gans.ops.shapes import check_rank


def effective_lipschitz(points: Tensor, values: Tensor) -> Tensor:
    """Largest slope between two samples, `max |v_i - v_j| / |x_i - x_j|`, over all pairs.

    With critic values of generated samples it is `K_eff`, with the latents of those samples as
    points `k_eff`. A lower bound of the true constant that grows with the number of samples:
    compare only numbers from as many points.

    Args:
        points: float tensor `(n, d)`.
        values: float tensor `(n,)` or `(n, 1)`.

    Returns:
        Scalar >= 0, in units of `values` per unit of `points`: the slope of one of the pairs, to
        float32 precision. Pairs of coincident points are left out; 0 where no pair is left. Above
        4 dimensions, where distances of pairs closer than a thousandth of the points' diameter
        drown in rounding, such a pair is taken only if it would win at that distance.

    Raises:
        ValueError: if `points` is not of rank 2, or there is not one value per point.

    Example:
        >>> float(effective_lipschitz([[0.0], [1.0], [3.0]], [0.0, 4.0, 5.0]))
        4.0

    Source: Tanaka, "Discriminator optimal transport", NeurIPS 2019, eqs. 20 and 21.
    Differs: all pairs of the samples, where the paper draws as many pairs as samples, which is
        `samplers.pair_lipschitz`.
    """
    check_rank("points", points, 2, "(n, d)")
    points, values = as_float32(points), ops.reshape(as_float32(values), (-1, 1))
    if None not in (points.shape[0], values.shape[0]) and points.shape[0] != values.shape[0]:
        raise ValueError(
            "`values` must hold one number per point. Received: "
            f"{values.shape[0]} values and {points.shape[0]} points. Flatten neither."
        )
    squared = squared_euclidean(points, points)
    # Rounding leaves a trace of the squared norms where the distance is 0: it chooses each point's
    # partner, but the slope to the partner is computed afresh.
    floor = 1e-6 * ops.max(squared) + 1e-30
    rises = ops.square(values - ops.transpose(values))
    partner = ops.argmax(rises / ops.maximum(squared, floor), axis=1)
    rise = ops.abs(values - ops.take(values, partner, axis=0))[:, 0]
    distance = safe_norm(points - ops.take(points, partner, axis=0), axis=1)
    apart = distance > 0.0
    return ops.max(ops.where(apart, rise / ops.where(apart, distance, 1.0), 0.0))
