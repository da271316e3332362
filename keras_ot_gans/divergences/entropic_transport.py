"""Entropic optimal transport as a loss: its two values, four gradients, and without its bias."""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.shapes import check_one_of
from keras_ot_gans.ops.sinkhorn import sinkhorn, transport_plan
from keras_ot_gans.ops.sinkhorn_gradients import implicit_plan, unrolled_plan

GRADIENTS = ("stop", "envelope", "implicit", "unroll")
_UNROLLED = 100  # iterations; 1e-3 marginal error from epsilon = 0.05 of the costs' range


class EntropicTransport(NamedTuple):
    """Value of an entropic transport problem.

    Attributes:
        value: float tensor `(...)` in the unit of the cost, with the gradient that was asked for.
        plan: float tensor `(..., n, m)`, without a gradient.
        marginal_error: float tensor `(...)`, of the plan.
    """

    value: Tensor
    plan: Tensor
    marginal_error: Tensor


def entropic_transport(
    cost: Tensor, epsilon: float | Tensor, *, gradient: str = "envelope", **solver: Any
) -> EntropicTransport:
    """Cost of entropic optimal transport, with a choice of gradients.

    | gradient | value | its gradient with respect to the cost |
    |---|---|---|
    | `stop` | sharp, `<P, cost>` | `P`: the plan held constant. That of the next row's value |
    | `envelope` | regularised, `<P, cost> + epsilon KL(P | a b)` | `P`, exact |
    | `implicit` | sharp | exact, by a linear system |
    | `unroll` | sharp, of 100 plain iterations (`max_iterations` of them) | through all of them |

    `stop` is OT-GAN's. It is not the gradient of its own value: the envelope theorem speaks of the
    regularised one. Both differ by the order of epsilon.

    Args:
        cost: float tensor `(..., n, m)`.
        epsilon: float > 0 or tensor `(...)`, in the unit of the cost.
        gradient: one of the table.
        **solver: `real_weights`, `fake_weights`, and what else `ops.sinkhorn` takes but
            `relative` and `penalties`; with `unroll` only weights and `max_iterations`.

    Returns:
        `EntropicTransport`.

    Raises:
        ValueError: if an argument is out of range.
        TypeError: if `unroll` gets an option of the solver that it does not use.

    Example:
        >>> cost = [[0.0, 1.0], [1.0, 0.0]]
        >>> round(float(entropic_transport(cost, 1.0, gradient="stop").value), 4)
        0.2689

    Source: Cuturi, "Sinkhorn Distances", NeurIPS 2013; Salimans et al., "Improving GANs Using
        Optimal Transport", ICLR 2018, section 4, for `stop`.
    """
    check_one_of("gradient", gradient, GRADIENTS)
    cost = as_float32(cost)
    for name in ("relative", "penalties"):
        if name in solver:
            raise TypeError(
                f"`{name}` must be left out here. Received: {name}={solver[name]}. "
                "`ops.sinkhorn` has it."
            )
    weights = {k: solver.pop(k, None) for k in ("real_weights", "fake_weights")}
    if gradient == "unroll":
        iterations = solver.pop("max_iterations", _UNROLLED)
        if solver:
            raise TypeError(
                f"`gradient='unroll'` must have no option but `max_iterations`. Received: "
                f"{sorted(solver)}. Its iterations are plain, and none is left out."
            )
        plan = unrolled_plan(cost, epsilon, iterations, **weights)
        value = ops.sum(plan * cost, axis=(-2, -1))
        plan = ops.stop_gradient(plan)
        return EntropicTransport(value, plan, _marginal_error(plan, **weights))
    found = sinkhorn(cost, epsilon, **weights, **solver)
    plan = ops.stop_gradient(transport_plan(cost, found, **weights))
    moving = plan if gradient != "implicit" else implicit_plan(cost, found, **weights)
    value = ops.sum(moving * cost, axis=(-2, -1))
    if gradient == "envelope":
        # On the plan, `epsilon log(P / a b) = f + g - cost`.
        surplus = found.f[..., :, None] + found.g[..., None, :] - ops.stop_gradient(cost)
        value += ops.sum(plan * surplus, axis=(-2, -1))
    return EntropicTransport(value, plan, found.marginal_error)


def _marginal_error(plan, real_weights, fake_weights) -> Tensor:
    """L1 distance of both marginals from the weights, over their mass."""
    error = 0.0
    for weights, axis in ((real_weights, -1), (fake_weights, -2)):
        marginal = ops.sum(plan, axis=axis)
        due = ops.ones_like(marginal) / ops.cast(ops.shape(marginal)[-1], plan.dtype)
        if weights is not None:
            due = ops.convert_to_tensor(weights, plan.dtype)
        error += ops.sum(ops.abs(marginal - due), axis=-1) / ops.sum(due, axis=-1)
    return error


def sinkhorn_divergence(
    x_real: Tensor,
    x_fake: Tensor,
    epsilon: float,
    *,
    cost: Callable[[Tensor, Tensor], Tensor],
    **solver: Any,
) -> Tensor:
    """Entropic transport without its bias: `OT(x, y) - OT(x, x) / 2 - OT(y, y) / 2`.

    Of regularised values: not negative for costs such as the squared Euclidean one, and 0 where
    both batches are equal. Between the transport cost (epsilon to 0) and half of the energy
    distance of the cost (epsilon to infinity).

    Args:
        x_real: float tensor `(n, d)`.
        x_fake: float tensor `(m, d)`.
        epsilon: float > 0, in the unit of the cost.
        cost: function `(n, d), (m, d) -> (n, m)`, symmetric.
        **solver: options of `ops.sinkhorn`, but no weights.

    Returns:
        Scalar in the unit of the cost, with its exact gradient (envelope theorem).

    Raises:
        TypeError: if weights are given.

    Example:
        >>> from keras_ot_gans.ops import squared_euclidean
        >>> x, y = [[0.0], [1.0]], [[5.0], [6.0]]
        >>> round(float(sinkhorn_divergence(x, y, 0.01, cost=squared_euclidean)), 2)
        25.0

    Source: Genevay, Peyre and Cuturi, "Learning Generative Models with Sinkhorn Divergences",
        AISTATS 2018; Feydy et al., "Interpolating between Optimal Transport and MMD using
        Sinkhorn Divergences", AISTATS 2019, eq. 3.
    """
    given = {"real_weights", "fake_weights", "gradient"} & set(solver)
    if given:
        raise TypeError(
            f"`solver` must not hold {sorted(given)}: points count alike, and the gradient is that "
            "of the envelope theorem. Use `entropic_transport` on three costs."
        )
    pairs = ((x_real, x_fake, 1.0), (x_real, x_real, -0.5), (x_fake, x_fake, -0.5))
    terms = [
        factor * entropic_transport(cost(x, y), epsilon, **solver).value for x, y, factor in pairs
    ]
    return sum(terms[1:], start=terms[0])
