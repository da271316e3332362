"""The Sinkhorn iteration in one pass through blocks of the costs, which are made anew each time."""

from typing import NamedTuple

from keras import ops

from keras_ot_gans.ops.cost_blocks import CostBlocks, cut, fold, put
from keras_ot_gans.ops.numerics import Tensor
from keras_ot_gans.ops.sinkhorn_loop import (
    Settings,
    Solution,
    annealed,
    hopeless,
    marginal_gap,
    relaxed,
    scaling_target,
)

# Logarithms of what a row's column sums are made of: together they stay in float32.
_MOST_KERNEL = 25.0
_MOST_ROW = 60.0


class _Sweep(NamedTuple):
    """Where the loop of a stage is: potentials over epsilon, and the pair that follows them.

    Attributes:
        u: `(n,)`, real potential.
        v: `(m,)`, fake potential.
        next_u: `(n,)`, after the following iteration.
        next_v: `(m,)`, likewise.
        next_gap: scalar, error of the fake marginal of `next_u, next_v`.
        error: scalar, marginal error of `u, v`.
        iterations: int scalar.
    """

    u: Tensor
    v: Tensor
    next_u: Tensor
    next_v: Tensor
    next_gap: Tensor
    error: Tensor
    iterations: Tensor


def solve_blocked(
    blocks: CostBlocks, start: Tensor, epsilon: Tensor, settings: Settings
) -> Solution:
    """Iterate to the potentials of a transport problem that is given by blocks of its costs.

    The same updates and stages as `sinkhorn_loop.solve`. A pass updates the rows of a block and
    adds the updated rows to the column sums, so that costs are made once per iteration. The error
    of an iteration needs its row sums, which the next pass makes: each stage ends one pass late.

    No sum overflows, though no column's maximum is known before the pass is over. A row's entries
    are computed beside the row's maximum. After an exact update a row of the plan sums to `a_i`;
    over-relaxation multiplies that by at most `1 + gap` (see `relaxed`), if the row summed to
    `exp(-gap) a_i` before. So a column of the plan sums to at most the mass times that factor. What
    underflows is a column that no row reaches: its potential rises by the logarithm of the smallest
    number, by less than it should, so that the dual value rises too.

    Args:
        blocks: `CostBlocks`.
        start: scalar >= `epsilon`, epsilon of the first stage.
        epsilon: scalar > 0, in units of the cost.
        settings: `Settings`.

    Returns:
        `Solution`, with potentials of the filling's rows as well.
    """

    def stage(e: Tensor, enough: Tensor, state: Solution) -> Solution:
        return _stage(blocks, e, enough, settings, state)

    return annealed(stage, blocks.a, blocks.b, start, epsilon, settings)


def _stage(
    blocks: CostBlocks, e: Tensor, enough: Tensor, settings: Settings, state: Solution
) -> Solution:
    """Iterate at one epsilon until the error is small enough."""

    def iterate(*s: Tensor) -> _Sweep:
        s = _Sweep(*s)
        # The first real update is exact: the potential of another epsilon is no better start.
        relaxation = ops.where(
            ops.isfinite(s.next_gap), *(ops.full_like(e, x) for x in (settings.relaxation, 1.0))
        )
        row_gap, *following = _pass(blocks, s.next_u, s.next_v, e, settings, relaxation)
        return _Sweep(s.next_u, s.next_v, *following, row_gap + s.next_gap, s.iterations + 1)

    def goes_on(*s: Tensor) -> Tensor:
        s = _Sweep(*s)
        return ops.logical_not(ops.logical_or(hopeless(s, settings), s.error <= enough))

    u, v = state.f / e, state.g / e
    infinite = ops.full_like(e, float("inf"))
    # The pass before the first iteration is not counted, and its error is infinite.
    s = _Sweep(u, v, u, v, infinite, infinite, state.iterations - 1)
    s = _Sweep(*ops.while_loop(goes_on, iterate, tuple(s)))
    return Solution(e * s.u, e * s.v, e, s.error, s.iterations)


def _pass(
    blocks: CostBlocks, u: Tensor, v: Tensor, e: Tensor, settings: Settings, relaxation: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pass through all costs once.

    Args:
        blocks: `CostBlocks`.
        u: `(n,)`, real potential over epsilon.
        v: `(m,)`, fake potential over epsilon.
        e: scalar, epsilon.
        settings: `Settings`.
        relaxation: scalar, of the rows' update.

    Returns:
        Error of the real marginal of `u, v`; both potentials after an update of `u`, then of `v`;
        error of the fake marginal of those.
    """
    damp_u, damp_v = (1.0 if p is None else p / (p + e) for p in settings.penalties)
    # Columns without weight receive a potential, but must not set the scale of a row.
    silent = ops.where(blocks.b > 0, ops.zeros_like(v), ops.full_like(v, -float("inf")))

    def step(first: Tensor, costs: Tensor, carry: tuple) -> tuple:
        due, new, columns = carry
        exponent = v - costs / e
        highest = ops.max(exponent + silent, axis=1)
        kernel = ops.exp(ops.minimum(exponent - ops.expand_dims(highest, 1), _MOST_KERNEL))
        products = ops.matmul(kernel, ops.expand_dims(blocks.b, 1))[:, 0]
        due_rows = scaling_target(products, -highest, damp_u) - highest
        new_rows = _past(cut(u, first, blocks.rows), due_rows, relaxation)
        scale = ops.exp(ops.minimum(new_rows + highest, _MOST_ROW))
        rows = ops.expand_dims(cut(blocks.a, first, blocks.rows) * scale, 0)
        columns = columns + ops.matmul(rows, kernel)[0]
        return put(due, first, due_rows), put(new, first, new_rows), columns

    start = (ops.zeros_like(u), ops.zeros_like(u), ops.zeros_like(v))
    due_u, new_u, columns = fold(blocks, step, start)
    due_v = v + scaling_target(columns, v, damp_v)
    new_v = _past(v, due_v, settings.relaxation)
    real, fake = settings.penalties
    row_gap = marginal_gap(blocks.a, 0.0, u, due_u, e, real)
    column_gap = marginal_gap(blocks.b, 0.0, new_v, due_v, e, fake)
    return row_gap, new_u, new_v, column_gap


def _past(old: Tensor, due: Tensor, relaxation: float | Tensor) -> Tensor:
    """Go past the optimum; `relaxed` bounds by how far, since it counts from the optimum."""
    return due + relaxed(old - due, ops.zeros_like(due), relaxation)
