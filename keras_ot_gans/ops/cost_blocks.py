"""Blocks of rows of a cost matrix, made from features one after the other."""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from keras_ot_gans.ops.numerics import Tensor


class CostBlocks(NamedTuple):
    """What the blocks are made of. Rows are filled up by copies of the last, of weight 0.

    Attributes:
        x_real: float tensor `(blocks * rows, d)`.
        x_fake: float tensor `(m, d)`.
        a: `(blocks * rows,)`, real weights.
        b: `(m,)`, fake weights.
        cost: function `(n, d), (m, d) -> (n, m)`.
        rows: int, of a block.
    """

    x_real: Tensor
    x_fake: Tensor
    a: Tensor
    b: Tensor
    cost: Callable
    rows: int


def cost_blocks(
    x_real: Tensor, x_fake: Tensor, a: Tensor, b: Tensor, cost: Callable, block_size: int
) -> CostBlocks:
    """Divide rows into blocks of nearly equal size, so that the filling is short.

    Args:
        x_real: float tensor `(n, d)`.
        x_fake: float tensor `(m, d)`.
        a: `(n,)`, real weights.
        b: `(m,)`, fake weights.
        cost: function `(n, d), (m, d) -> (n, m)`.
        block_size: int > 0, most rows of a block.

    Returns:
        `CostBlocks`; 2,500 rows in blocks of at most 1,000 are three of 834, two of them filling.
    """
    n = x_real.shape[0]
    rows = -(-n // -(-n // block_size))
    # Copies of a real point: a cost function may have no value at a made-up one.
    x_real = fill(x_real, rows, copies=True)
    return CostBlocks(x_real, x_fake, fill(a, rows), b, cost, rows)


def fill(x: Tensor, rows: int, copies: bool = False) -> Tensor:
    """Append zeros, or copies of the last row, up to a multiple of `rows`."""
    n = x.shape[0]
    missing = -n % rows
    last = x[-1:] if copies else ops.zeros_like(x[-1:])
    return ops.concatenate([x, ops.repeat(last, missing, axis=0)]) if missing else x


def fold(blocks: CostBlocks, step: Callable, start: tuple) -> tuple:
    """Pass through all blocks once.

    Args:
        blocks: `CostBlocks`.
        step: function of a block's first row, its costs `(rows, m)`, and the carry so far, a tuple
            of tensors; returns the carry.
        start: first carry.

    Returns:
        Last carry.

    Raises:
        ValueError: if the cost function does not return one cost per pair.
    """
    shape = (blocks.rows, blocks.x_fake.shape[0])

    def body(i: Tensor, carry: tuple) -> tuple:
        first = i * blocks.rows
        costs = blocks.cost(cut(blocks.x_real, first, blocks.rows), blocks.x_fake)
        if tuple(costs.shape) != shape:
            raise ValueError(
                "`cost` must return one cost per pair, (n, m) for features (n, d) and (m, d). "
                f"Received: {tuple(costs.shape)} where {shape} is due. Try `ops.cosine`."
            )
        return step(first, ops.cast(costs, blocks.x_real.dtype), carry)

    return ops.fori_loop(0, blocks.x_real.shape[0] // blocks.rows, body, start)


def cut(x: Tensor, first: Tensor, rows: int) -> Tensor:
    """Return `rows` rows from the one with the number `first` on."""
    rest = tuple(x.shape)[1:]
    return ops.slice(x, [first] + [0] * len(rest), (rows, *rest))


def put(x: Tensor, first: Tensor, rows: Tensor) -> Tensor:
    """Return `x` with rows replaced, from the one with the number `first` on."""
    return ops.slice_update(x, [first] + [0] * (len(x.shape) - 1), rows)


def survey(blocks: CostBlocks, n: int) -> tuple[Any, Any, Any]:
    """Return the least, the greatest and the standard deviation of all costs.

    Args:
        blocks: `CostBlocks`.
        n: int, rows before the filling.

    Returns:
        Three scalars.
    """
    dtype = blocks.x_real.dtype
    # Sums around the mean of some rows: squares of large costs would cancel.
    shift = ops.mean(ops.cast(blocks.cost(blocks.x_real[: blocks.rows], blocks.x_fake), dtype))
    counted = fill(ops.ones((n,), dtype), blocks.rows)

    def step(first: Tensor, costs: Tensor, carry: tuple) -> tuple:
        low, high, mean, square = carry
        weights = cut(counted, first, blocks.rows)
        off = costs - shift
        return (
            ops.minimum(low, ops.min(costs)),
            ops.maximum(high, ops.max(costs)),
            mean + ops.sum(weights * ops.mean(off, axis=1)) / n,
            square + ops.sum(weights * ops.mean(ops.square(off), axis=1)) / n,
        )

    zero = ops.zeros((), dtype)
    start = (zero + float("inf"), zero - float("inf"), zero, zero)
    low, high, mean, square = fold(blocks, step, start)
    return low, high, ops.sqrt(ops.maximum(square - ops.square(mean), 0.0))
