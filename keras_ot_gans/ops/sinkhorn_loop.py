"""The Sinkhorn iteration: products with a kernel, annealed, over-relaxed, re-scaled when needed."""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from keras_ot_gans.ops.numerics import Tensor

_STAGE_ERROR = 0.1  # marginal error at which annealing goes on to a smaller epsilon
_ABSORB = 20.0  # logarithm of a scaling at which the kernel is computed anew
_MOST = 60.0  # largest logarithm of a scaling: products of two of them stay in float32
_TINY = 1e-37  # smallest kernel product that is told from 0


class Settings(NamedTuple):
    """Numbers that choose the iteration; hashable, so that each choice compiles once.

    Attributes:
        tolerance: float, marginal error at which to stop; 0 never stops.
        max_iterations: int > 0.
        relaxation: float in [1, 2), 1 is plain Sinkhorn.
        annealing: float > 1, factor between two stages of epsilon, or None for one stage.
        penalties: `(real, fake)`, weight of the KL penalty of each marginal; None keeps it exact.
    """

    tolerance: float
    max_iterations: int
    relaxation: float
    annealing: float | None
    penalties: tuple[float | None, float | None]


class Solution(NamedTuple):
    """Where the loop is, or ends.

    Attributes:
        f: `(n,)`, real potential in units of the cost.
        g: `(m,)`, fake potential.
        epsilon: scalar, of the current stage.
        error: scalar, marginal error of `f, g` at this stage's epsilon.
        iterations: int scalar, done so far.
    """

    f: Tensor
    g: Tensor
    epsilon: Tensor
    error: Tensor
    iterations: Tensor


class _Scalings(NamedTuple):
    """Logarithms of the scalings since the kernel was computed, and where each should be."""

    u: Tensor
    v: Tensor
    target_u: Tensor
    target_v: Tensor
    error: Tensor
    iterations: Tensor


def solve(cost: Tensor, a: Tensor, b: Tensor, epsilon: Tensor, settings: Settings) -> Solution:
    """Iterate to the potentials of one entropic transport problem.

    A stage ends at a marginal error of 0.1 (the last one at the tolerance), not after a number
    of iterations: mass that has to change sides does so while epsilon is large, where it is cheap.

    Args:
        cost: float tensor `(n, m)`.
        a: `(n,)`, real weights >= 0.
        b: `(m,)`, fake weights >= 0.
        epsilon: scalar > 0, in units of the cost.
        settings: `Settings`.

    Returns:
        `Solution`.

    Source: Schmitzer, "Stabilized Sparse Scaling Algorithms for Entropy Regularized Transport
        Problems", 2019 (absorption, annealing); Thibault et al., "Overrelaxed Sinkhorn-Knopp
        Algorithm for Regularized Optimal Transport", 2021 (over-relaxation).
    Differs: over-relaxation is bounded coordinate by coordinate (see `relaxed`), so that one factor
        is safe from the first iteration on; Thibault et al. choose one factor per iteration.
    """
    start = epsilon
    if settings.annealing is not None:
        start = ops.maximum(ops.max(cost) - ops.min(cost), epsilon)

    def stage(e: Tensor, enough: Tensor, state: Solution) -> Solution:
        return _stage(cost, a, b, e, enough, settings, state)

    return annealed(stage, a, b, start, epsilon, settings)


def annealed(
    stage: Callable, a: Tensor, b: Tensor, start: Tensor, epsilon: Tensor, settings: Settings
) -> Solution:
    """Run stages from an epsilon down to another until the last one's error is small enough.

    Args:
        stage: function of a stage's epsilon, the marginal error that is enough for it, and the
            `Solution` so far; returns a `Solution`, maybe before its error is small enough.
        a: `(n,)`, real weights.
        b: `(m,)`, fake weights.
        start: scalar >= `epsilon`.
        epsilon: scalar > 0.
        settings: `Settings`.
    """
    infinite = ops.convert_to_tensor(float("inf"), a.dtype)
    # What no check sees inside a graph: an error that is not a number ends the loop at once.
    valid = ops.logical_and(epsilon > 0, epsilon < infinite)
    start, epsilon = (ops.where(valid, e, infinite - infinite) for e in (start, epsilon))
    zero = ops.convert_to_tensor(0, "int32")
    first = Solution(ops.zeros_like(a), ops.zeros_like(b), start, infinite, zero)
    stage_error = max(_STAGE_ERROR, settings.tolerance)

    def goes_on(*state: Tensor) -> Tensor:
        state = Solution(*state)
        done = ops.logical_and(state.epsilon <= epsilon, state.error <= settings.tolerance)
        return ops.logical_not(ops.logical_or(done, hopeless(state, settings)))

    def next_stage(*state: Tensor) -> Solution:
        state = Solution(*state)
        e = state.epsilon
        if settings.annealing is not None:
            smaller = ops.maximum(epsilon, e / settings.annealing)
            e = ops.where(state.error <= stage_error, smaller, e)
            # At least the last iteration is at `epsilon`: the error that comes back is its own.
            e = ops.where(state.iterations + 1 >= settings.max_iterations, epsilon, e)
        spare = ops.cast(e > epsilon, "int32")
        enough = ops.where(
            e <= epsilon, *(ops.full_like(e, x) for x in (settings.tolerance, stage_error))
        )
        solution = stage(e, enough, state._replace(iterations=state.iterations + spare))
        return solution._replace(iterations=solution.iterations - spare)

    return Solution(*ops.while_loop(goes_on, next_stage, tuple(first)))


def _stage(
    cost: Tensor,
    a: Tensor,
    b: Tensor,
    e: Tensor,
    enough: Tensor,
    settings: Settings,
    state: Solution,
) -> Solution:
    """Compute the kernel and iterate until it is good enough or no longer fits."""
    # Rows are scaled to a maximum of 1, so that no row vanishes; columns follow in the iterations.
    exponent = (ops.expand_dims(state.g, 0) - cost) / e
    highest = ops.max(exponent, axis=1)
    kernel = ops.exp(exponent - ops.expand_dims(highest, 1))
    f0, g0 = -highest, state.g / e
    damp_u, damp_v = (1.0 if p is None else p / (p + e) for p in settings.penalties)

    def target_u(v: Tensor) -> Tensor:
        products = ops.matmul(kernel, ops.expand_dims(b * ops.exp(v), 1))
        return scaling_target(products[:, 0], f0, damp_u)

    def target_v(u: Tensor) -> Tensor:
        products = ops.matmul(ops.expand_dims(a * ops.exp(u), 0), kernel)
        return scaling_target(products[0], g0, damp_v)

    def iterate(*s: Tensor) -> _Scalings:
        s = _Scalings(*s)
        u = relaxed(s.u, s.target_u, settings.relaxation)
        due_v = target_v(u)
        v = relaxed(s.v, due_v, settings.relaxation)
        due_u = target_u(v)
        error = marginal_gap(a, f0, u, due_u, e, settings.penalties[0])
        error += marginal_gap(b, g0, v, due_v, e, settings.penalties[1])
        return _Scalings(u, v, due_u, due_v, error, s.iterations + 1)

    def goes_on(*s: Tensor) -> Tensor:
        s = _Scalings(*s)
        far = ops.maximum(_farthest(s.u, a), _farthest(s.v, b)) > _ABSORB
        stops = ops.logical_or(far, hopeless(s, settings))
        return ops.logical_not(ops.logical_or(stops, s.error <= enough))

    v = ops.zeros_like(b)
    due_u = target_u(v)
    # The first real update is exact: the potential of another epsilon is no better start.
    s = iterate(due_u, v, due_u, v, state.error, state.iterations)
    s = _Scalings(*ops.while_loop(goes_on, iterate, tuple(s)))
    return Solution(e * (f0 + s.u), e * (g0 + s.v), e, s.error, s.iterations)


def _farthest(scalings: Tensor, weights: Tensor) -> Tensor:
    """Largest logarithm of a scaling; points without weight move no mass, and are let go."""
    return ops.max(ops.where(weights > 0, ops.abs(scalings), ops.zeros_like(scalings)))


def hopeless(state: Any, settings: Settings) -> Tensor:
    """Tell whether the budget is spent, or an infinite cost has spoilt the numbers."""
    return ops.logical_or(state.iterations >= settings.max_iterations, ops.isnan(state.error))


def scaling_target(products: Tensor, absorbed: Tensor, damp: Any) -> Tensor:
    """Return the logarithm of the scaling that is optimal for the other one's products."""
    target = -damp * ops.log(ops.maximum(products, _TINY))
    return target if isinstance(damp, float) else target + (damp - 1.0) * absorbed


def relaxed(old: Tensor, target: Tensor, relaxation: float) -> Tensor:
    """Go past the optimum of each coordinate, but only where the dual value does not fall.

    At a distance `s` past its optimum a coordinate contributes `s - exp(s)`, times its weight, to
    the dual value. From a distance `-gap` before it, `s = (relaxation - 1) gap` never loses where
    `gap < 0`; where `gap > 0`, `s <= log(1 + gap)` does not.

    Args:
        old: logarithms of scalings.
        target: their optimum, the other side held.
        relaxation: float in [1, 2).

    Returns:
        Tensor of the same shape.

    Example:
        >>> old = ops.array([0.0, 0.0, 0.0])
        >>> [round(float(x), 4) for x in relaxed(old, ops.array([-1.0, 0.1, 9.0]), 1.9)]
        [-1.9, 0.19, 11.3026]
    """
    gap = target - old
    past = (relaxation - 1.0) * gap
    past = ops.where(gap > 0, ops.minimum(past, ops.log1p(ops.maximum(gap, 0.0))), past)
    return ops.clip(target + past, -_MOST, _MOST)


def marginal_gap(
    weights: Tensor, absorbed: Tensor, u: Tensor, target: Tensor, e: Tensor, penalty: float | None
) -> Tensor:
    """Return the L1 distance of a marginal from the one that its potential asks for."""
    # Bounds of logarithms: 0 times infinity would be NaN, of a point without weight or any other.
    gap = u - target
    if penalty is None:
        gap = ops.minimum(gap, _MOST)
        return ops.sum(weights * ops.abs(ops.expm1(gap))) / ops.sum(weights)
    due = weights * ops.exp(ops.minimum(-e / penalty * (absorbed + u), _MOST))
    gap = ops.minimum(gap * (1.0 + e / penalty), _MOST)
    # Where nearly all mass vanishes, the error is relative to a millionth of the weights.
    mass = ops.maximum(ops.sum(due), 1e-6 * ops.sum(weights))
    return ops.sum(due * ops.abs(ops.expm1(gap))) / mass
