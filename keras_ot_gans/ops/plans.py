"""Conditional transport plans: where each point goes, given a distance to all others."""

from typing import NamedTuple

from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.shapes import check_rank


class ConditionalPlans(NamedTuple):
    """The two conditional plans between a real and a fake batch.

    Attributes:
        forward: float tensor `(n, m)`, `pi(y_j | x_i)`; every row sums to 1.
        backward: float tensor `(n, m)`, `pi(x_i | y_j)`; every column sums to 1.
    """

    forward: Tensor
    backward: Tensor


def _softmax(logits: Tensor, axis: int) -> Tensor:
    """Softmax along an axis of length one or more.

    `keras.ops.softmax` transposes for the first axis and warns where a batch has one point.
    """
    highest = ops.stop_gradient(ops.max(logits, axis=axis, keepdims=True))
    mass = ops.exp(logits - highest)
    return mass / ops.sum(mass, axis=axis, keepdims=True)


def forward_plan(distance: Tensor) -> Tensor:
    """Forward navigator `pi_M(y_j | x_i) = softmax_j(-d_ij)`.

    Args:
        distance: float tensor `(n, m)`, navigator distances; any offset per row is immaterial.

    Returns:
        Float tensor `(n, m)`, non-negative, every row sums to 1.

    Raises:
        ValueError: if `distance` is not of rank 2.

    Example:
        >>> plan = forward_plan([[0.0, 1.0]])
        >>> round(float(plan[0, 0]), 4)      # sigmoid(1)
        0.7311

    Source: Zheng and Zhou, "ACT", 2020, eq. 7.
    """
    check_rank("distance", distance, 2, "(n, m)")
    return _softmax(-as_float32(distance), axis=1)


def backward_plan(distance: Tensor) -> Tensor:
    """Backward navigator `pi_N(x_i | y_j) = softmax_i(-d_ij)`.

    Args:
        distance: float tensor `(n, m)`, navigator distances; any offset per column is immaterial.

    Returns:
        Float tensor `(n, m)`, non-negative, every column sums to 1.

    Raises:
        ValueError: if `distance` is not of rank 2.

    Example:
        >>> plan = backward_plan([[0.0], [1.0]])
        >>> round(float(plan[0, 0]), 4)      # sigmoid(1)
        0.7311

    Source: Zheng and Zhou, "ACT", 2020, eq. 9.
    """
    check_rank("distance", distance, 2, "(n, m)")
    return _softmax(-as_float32(distance), axis=0)


def conditional_plans(distance: Tensor) -> ConditionalPlans:
    """Both conditional plans of a matrix of navigator distances.

    Args:
        distance: float tensor `(n, m)`.

    Returns:
        `ConditionalPlans(forward, backward)`, each `(n, m)`.

    Raises:
        ValueError: if `distance` is not of rank 2.

    Example:
        >>> plans = conditional_plans([[0.0, 0.0], [0.0, 0.0]])
        >>> float(plans.forward[0, 1]), float(plans.backward[0, 1])
        (0.5, 0.5)

    Source: Zheng and Zhou, "ACT", 2020, eqs. 7 and 9.
    """
    return ConditionalPlans(forward_plan(distance), backward_plan(distance))
