"""Conditional transport: the expected cost of sending each point along a navigator's plan."""

from typing import NamedTuple

from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.plans import backward_plan, forward_plan
from keras_ot_gans.ops.shapes import check_same_shape


class ConditionalTransport(NamedTuple):
    """The conditional transport divergence and its two directions.

    Attributes:
        value: scalar, `forward_weight * forward + (1 - forward_weight) * backward`.
        forward: scalar, cost of sending every real point to the fake batch.
        backward: scalar, cost of sending every fake point to the real batch.
    """

    value: Tensor
    forward: Tensor
    backward: Tensor


def forward_transport(cost: Tensor, distance: Tensor) -> Tensor:
    """Cost of the forward plan, `mean_i sum_j c_ij pi(y_j | x_i)`.

    Args:
        cost: float tensor `(n, m)`, ground cost, any unit.
        distance: float tensor `(n, m)`, navigator distances.

    Returns:
        Scalar in the unit of `cost`, between the means of the row minima and row maxima.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> float(forward_transport([[0.0, 4.0]], [[0.0, 0.0]]))
        2.0

    Source: Zheng and Zhou, "ACT", 2020, eq. 8.
    """
    check_same_shape("cost", cost, "distance", distance)
    return ops.mean(ops.sum(as_float32(cost) * forward_plan(distance), axis=1))


def backward_transport(cost: Tensor, distance: Tensor) -> Tensor:
    """Cost of the backward plan, `mean_j sum_i c_ij pi(x_i | y_j)`.

    Args:
        cost: float tensor `(n, m)`, ground cost, any unit.
        distance: float tensor `(n, m)`, navigator distances.

    Returns:
        Scalar in the unit of `cost`, between the means of the column minima and column maxima.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> float(backward_transport([[0.0, 4.0]], [[0.0, 0.0]]))
        2.0

    Source: Zheng and Zhou, "ACT", 2020, eq. 10.
    """
    check_same_shape("cost", cost, "distance", distance)
    return ops.mean(ops.sum(as_float32(cost) * backward_plan(distance), axis=0))


def conditional_transport(
    cost: Tensor,
    distance: Tensor,
    forward_weight: float = 0.5,
    num_anchors: int | None = None,
) -> ConditionalTransport:
    """Conditional transport between two batches, from a cost and a navigator's distances.

    The gradient flows through the cost and through both plans: nothing is held constant. Both
    estimators are unbiased for the ACT divergence (`N`, `M` fixed), and so are their gradients.

    Args:
        cost: float tensor `(n, m)`, ground cost `c(x_i, y_j)`, any unit.
        distance: float tensor `(n, m)`, navigator distances `d(x_i, y_j)`.
        forward_weight: float in [0, 1], weight of the forward direction (gamma in the paper). 1
            covers modes, 0 seeks them. 0.5: eq. 12.
        num_anchors: None for the full-batch estimator (eq. 14), or the number of points of each
            batch that are sent; 1 is eq. 13. They are the first rows and columns, which is a
            random draw because the batches are.

    Returns:
        `ConditionalTransport(value, forward, backward)`, scalars in the unit of `cost`.

    Raises:
        ValueError: if the shapes differ or an argument is out of range.

    Example:
        >>> cost = [[0.0, 1.0], [1.0, 0.0]]
        >>> round(float(conditional_transport(cost, cost).value), 4)   # 1 - sigmoid(1)
        0.2689

    Source: Zheng and Zhou, "ACT: Asymptotic Conditional Transport", 2020, eqs. 12 to 14, Fig. 5.
    Differs: `num_anchors` between 1 and the batch size interpolates the paper's two estimators.
    """
    check_forward_weight(forward_weight)
    check_same_shape("cost", cost, "distance", distance)
    if num_anchors is None:
        forward, backward = forward_transport(cost, distance), backward_transport(cost, distance)
    else:
        check_num_anchors(num_anchors)
        cost, distance = as_float32(cost), as_float32(distance)
        forward = forward_transport(cost[:num_anchors], distance[:num_anchors])
        backward = backward_transport(cost[:, :num_anchors], distance[:, :num_anchors])
    value = forward_weight * forward + (1.0 - forward_weight) * backward
    return ConditionalTransport(value, forward, backward)


def check_forward_weight(forward_weight: float) -> None:
    """Check that a mixture weight lies in [0, 1].

    Args:
        forward_weight: the received value.

    Raises:
        ValueError: if it does not.
    """
    if not 0.0 <= forward_weight <= 1.0:
        raise ValueError(
            f"`forward_weight` must be in [0, 1]. Received: forward_weight={forward_weight}. "
            "1 covers modes, 0 seeks them, 0.5 is the paper's divergence."
        )


def check_num_anchors(num_anchors: int | None) -> None:
    """Check that a number of anchors is None or positive.

    Args:
        num_anchors: the received value.

    Raises:
        ValueError: if it is smaller than 1.
    """
    if num_anchors is not None and num_anchors < 1:
        raise ValueError(
            f"`num_anchors` must be None or at least 1. Received: num_anchors={num_anchors}. "
            "None uses the whole batch (eq. 14), 1 one point of each side (eq. 13)."
        )
