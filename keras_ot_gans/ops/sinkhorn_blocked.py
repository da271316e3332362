"""Entropic optimal transport between batches so large that their costs do not fit in memory."""

import functools
from collections.abc import Callable

import keras
from keras import ops

from keras_ot_gans.ops import sinkhorn_checks as checks
from keras_ot_gans.ops.compiled import compiled
from keras_ot_gans.ops.cost_blocks import cost_blocks, survey
from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.sinkhorn import (
    Potentials,
    checked_settings,
    in_deviations,
    point_weights,
    warn_unconverged,
)
from keras_ot_gans.ops.sinkhorn_loop import Settings
from keras_ot_gans.ops.sinkhorn_passes import solve_blocked


def sinkhorn_blocked(
    x_real: Tensor,
    x_fake: Tensor,
    cost: Callable[[Tensor, Tensor], Tensor],
    epsilon: float | Tensor,
    *,
    real_weights: Tensor | None = None,
    fake_weights: Tensor | None = None,
    relative: bool = False,
    tolerance: float = 1e-3,
    max_iterations: int = 5000,
    relaxation: float = 1.9,
    annealing: float | None = 5.0,
    penalties: tuple[float | None, float | None] = (None, None),
    block_size: int = 1024,
) -> Potentials:
    """Solve entropic optimal transport between features, without a matrix of all costs.

    `sinkhorn(cost(x_real, x_fake), epsilon)`, with the same iterations, where at most `block_size`
    rows of the costs exist at a time. They are made anew in every iteration, which then takes as
    long as a matrix product of the features. Compiled by XLA, once per function `cost`, sizes and
    settings. No gradient: the potentials are constant.

    Args:
        x_real: float tensor `(n, d)`, finite; `n` is known.
        x_fake: float tensor `(m, d)`, finite; `m` is known.
        cost: pure function of features `(n, d), (m, d)` that returns costs `(n, m)`, and whose
            every row depends on one real point only: `ops.cosine`, `ops.squared_euclidean`. Pass
            the same object each time: a new lambda compiles anew.
        epsilon: float > 0 or scalar tensor, as in `sinkhorn`.
        real_weights: float tensor `(n,)`, as in `sinkhorn`.
        fake_weights: float tensor `(m,)`, as in `sinkhorn`.
        relative: bool, as in `sinkhorn`.
        tolerance: float >= 0, as in `sinkhorn`.
        max_iterations: int > 0, as in `sinkhorn`.
        relaxation: float in [1, 2), as in `sinkhorn`.
        annealing: float > 1 or None, as in `sinkhorn`.
        penalties: pair, as in `sinkhorn`.
        block_size: int > 0, most rows of a block. Blocks take about `12 block_size m` bytes.

    Returns:
        `Potentials`, `f` of shape `(n,)`. If they did not converge: the last ones, and eagerly a
        warning.

    Raises:
        TypeError: if `cost` is no hashable function.
        ValueError: if an argument is out of range, a feature or cost is not finite, or the masses
            differ (values are checked eagerly).

    Example:
        >>> from keras_ot_gans.ops import squared_euclidean
        >>> x_real, x_fake = ops.array([[0.0], [1.0]]), ops.array([[1.0], [0.0]])
        >>> potentials = sinkhorn_blocked(x_real, x_fake, squared_euclidean, 1.0, block_size=1)
        >>> round(float(potentials.f[0] + potentials.g[1]), 4)    # log(4 sigmoid(1) / 2)
        0.3799

    Source: see `sinkhorn`.
    """
    settings = checked_settings(tolerance, max_iterations, relaxation, annealing, penalties)
    checks.check_epsilon(epsilon)
    checks.check_blocks(cost, block_size)
    x_real, x_fake = features(x_real, x_fake)
    sizes = (x_real.shape[0], x_fake.shape[0])
    a, b = point_weights(real_weights, fake_weights, sizes, x_real.dtype)
    if settings.penalties == (None, None):
        checks.check_masses(real_weights, fake_weights)
    epsilon = ops.convert_to_tensor(epsilon, x_real.dtype)
    if len(epsilon.shape) != 0:
        raise ValueError(
            "`epsilon` must be one number, since the features make one problem. Received: shape "
            f"{tuple(epsilon.shape)}. Call once per epsilon."
        )
    look, solve = _programs(settings, cost, block_size, *signature(x_real, x_fake))
    low, high, deviation = look(x_real, x_fake, a, b)
    checks.check_range(low, high)
    if relative:
        epsilon = in_deviations(epsilon, deviation, ops.maximum(ops.abs(low), ops.abs(high)))
    start = epsilon if annealing is None else ops.maximum(high - low, epsilon)
    f, g, error, iterations = solve(x_real, x_fake, a, b, start, epsilon)
    potentials = Potentials(f, g, epsilon, error, iterations, error <= tolerance)
    if tolerance > 0:
        warn_unconverged(potentials, tolerance)
    return potentials


def features(x_real: Tensor, x_fake: Tensor) -> tuple[Tensor, Tensor]:
    """Return both batches as constants of one dtype, float32 or float64.

    Args:
        x_real: float tensor `(n, d)`.
        x_fake: float tensor `(m, d)`.

    Raises:
        ValueError: if they are no two finite batches of one width.
    """
    x_real, x_fake = as_float32(x_real), as_float32(x_fake)
    checks.check_features(x_real, x_fake)
    dtype = keras.backend.result_type(x_real.dtype, x_fake.dtype)
    return tuple(ops.stop_gradient(ops.cast(x, dtype)) for x in (x_real, x_fake))


def signature(x_real: Tensor, x_fake: Tensor) -> tuple:
    """Return what tells apart compiled programs of features: shapes and dtype."""
    dtype = keras.backend.standardize_dtype(x_real.dtype)
    return tuple(x_real.shape), tuple(x_fake.shape), dtype


@functools.lru_cache(maxsize=64)
def _programs(
    settings: Settings, cost: Callable, block_size: int, real: tuple, fake: tuple, dtype: str
) -> tuple[Callable, Callable]:
    """Return the compiled survey of the costs and the compiled solver, for features of a shape."""
    del fake, dtype  # they tell programs apart
    n = real[0]

    def look(x_real: Tensor, x_fake: Tensor, a: Tensor, b: Tensor) -> tuple:
        return survey(cost_blocks(x_real, x_fake, a, b, cost, block_size), n)

    def solve(
        x_real: Tensor, x_fake: Tensor, a: Tensor, b: Tensor, start: Tensor, epsilon: Tensor
    ) -> tuple:
        blocks = cost_blocks(x_real, x_fake, a, b, cost, block_size)
        solution = solve_blocked(blocks, start, epsilon, settings)
        return solution.f[:n], solution.g, solution.error, solution.iterations

    return compiled(look), compiled(solve)
