"""Products of an entropic transport plan with values, without holding the plan."""

import functools
from collections.abc import Callable
from typing import NamedTuple

from keras import ops

from keras_ot_gans.ops import sinkhorn_checks as checks
from keras_ot_gans.ops.compiled import compiled
from keras_ot_gans.ops.cost_blocks import cost_blocks, cut, fill, fold, put
from keras_ot_gans.ops.numerics import Tensor
from keras_ot_gans.ops.sinkhorn import Potentials, point_weights
from keras_ot_gans.ops.sinkhorn_blocked import features, signature


class PlanProducts(NamedTuple):
    """What one pass through a plan `P` gives; constant.

    Attributes:
        to_real: `(n, k)`, `P @ values_fake`; None without them. Divided by the row sums, what each
            real point is matched with.
        to_fake: `(m, k)`, `transpose(P) @ values_real`; None without them.
        sharp_cost: scalar, `<P, cost>`.
    """

    to_real: Tensor | None
    to_fake: Tensor | None
    sharp_cost: Tensor


def apply_plan(
    x_real: Tensor,
    x_fake: Tensor,
    cost: Callable[[Tensor, Tensor], Tensor],
    potentials: Potentials,
    *,
    values_real: Tensor | None = None,
    values_fake: Tensor | None = None,
    real_weights: Tensor | None = None,
    fake_weights: Tensor | None = None,
    block_size: int = 1024,
) -> PlanProducts:
    """Multiply the plan of potentials with values of the points, block by block.

    The gradient of `<P, cosine>` in unit features, the plan constant, is `-P @ x_fake` for the real
    and `-transpose(P) @ x_real` for the fake ones. No gradient: the products are constant.

    Args:
        x_real: float tensor `(n, d)`, the features that were solved for.
        x_fake: float tensor `(m, d)`, likewise.
        cost: function of both, as in `sinkhorn_blocked`.
        potentials: result of `sinkhorn_blocked`, or of `sinkhorn` for `cost(x_real, x_fake)`.
        values_real: float tensor `(n, k)`, or None.
        values_fake: float tensor `(m, k)`, or None.
        real_weights: as in `sinkhorn_blocked`.
        fake_weights: as in `sinkhorn_blocked`.
        block_size: int > 0, as in `sinkhorn_blocked`.

    Returns:
        `PlanProducts`.

    Raises:
        TypeError: if `cost` is no hashable function.
        ValueError: if shapes do not fit, or a feature is not finite.

    Example:
        >>> from keras_ot_gans.ops import sinkhorn_blocked, squared_euclidean
        >>> x_real, x_fake = ops.array([[0.0], [3.0]]), ops.array([[3.0], [1.0]])
        >>> potentials = sinkhorn_blocked(x_real, x_fake, squared_euclidean, 0.1)
        >>> products = apply_plan(x_real, x_fake, squared_euclidean, potentials, values_fake=x_fake)
        >>> products.to_real.numpy().round(4).tolist()      # half of 1 and of 3
        [[0.5], [1.5]]
        >>> round(float(products.sharp_cost), 4)
        0.5
    """
    checks.check_blocks(cost, block_size)
    x_real, x_fake = features(x_real, x_fake)
    sizes, dtype = (x_real.shape[0], x_fake.shape[0]), x_real.dtype
    a, b = point_weights(real_weights, fake_weights, sizes, dtype)
    for name, x, size in zip(("f", "g"), potentials[:2], sizes, strict=True):
        if tuple(x.shape) != (size,):
            raise ValueError(
                f"`potentials` must be those of these features: `{name}` of shape ({size},). "
                f"Received: {tuple(x.shape)}. Solve by `sinkhorn_blocked(x_real, x_fake, ...)`."
            )
    values = []
    for name, x, size in zip(
        ("values_real", "values_fake"), (values_real, values_fake), sizes, strict=True
    ):
        x = ops.zeros((size, 0), dtype) if x is None else ops.convert_to_tensor(x)
        if len(x.shape) != 2 or x.shape[0] != size:
            raise ValueError(
                f"`{name}` must have axes (points, k), {size} points. Received: shape "
                f"{tuple(x.shape)}. Use `[:, None]` for one value per point."
            )
        values.append(ops.stop_gradient(ops.cast(x, dtype)))
    f, g, epsilon = (ops.cast(x, dtype) for x in potentials[:3])
    widths = tuple(x.shape[1] for x in values)
    run = _program(cost, block_size, widths, *signature(x_real, x_fake))
    to_real, to_fake, sharp_cost = run(x_real, x_fake, a, b, f, g, epsilon, *values)
    return PlanProducts(
        None if values_fake is None else to_real,
        None if values_real is None else to_fake,
        sharp_cost,
    )


@functools.lru_cache(maxsize=64)
def _program(
    cost: Callable, block_size: int, widths: tuple, real: tuple, fake: tuple, dtype: str
) -> Callable:
    """Return the compiled pass for features and values of some shapes."""
    del widths, fake, dtype  # they tell programs apart

    def run(
        x_real: Tensor,
        x_fake: Tensor,
        a: Tensor,
        b: Tensor,
        f: Tensor,
        g: Tensor,
        epsilon: Tensor,
        values_real: Tensor,
        values_fake: Tensor,
    ) -> tuple:
        blocks = cost_blocks(x_real, x_fake, a, b, cost, block_size)
        # The filling's rows have weight 0, and the last one's potential so that none overflows.
        f, values_real = fill(f, blocks.rows, copies=True), fill(values_real, blocks.rows)

        def step(first: Tensor, costs: Tensor, carry: tuple) -> tuple:
            to_real, to_fake, sharp_cost = carry
            rows = functools.partial(cut, first=first, rows=blocks.rows)
            exponent = (ops.expand_dims(rows(f), 1) + g - costs) / epsilon
            plan = ops.expand_dims(rows(blocks.a), 1) * b * ops.exp(exponent)
            back = ops.matmul(ops.transpose(plan), rows(values_real))
            to_real = put(to_real, first, ops.matmul(plan, values_fake))
            return to_real, to_fake + back, sharp_cost + ops.sum(plan * costs)

        shape = (blocks.a.shape[0], values_fake.shape[1])
        like = {"dtype": x_real.dtype}
        start = (
            ops.zeros(shape, **like),
            ops.zeros((x_fake.shape[0], values_real.shape[1]), **like),
            ops.zeros((), **like),
        )
        to_real, to_fake, sharp_cost = fold(blocks, step, start)
        return to_real[: real[0]], to_fake, sharp_cost

    return compiled(run)
