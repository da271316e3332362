"""Entropic optimal transport between batches: potentials by Sinkhorn iterations, and their plan."""

import functools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_ot_gans.ops import sinkhorn_checks as checks
from keras_ot_gans.ops.compiled import compiled
from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.sinkhorn_loop import Settings, solve


class Potentials(NamedTuple):
    """Solution of one or several entropic transport problems; all of it constant.

    Attributes:
        f: float tensor `(..., n)`, potential of the real points in units of the cost.
        g: float tensor `(..., m)`, potential of the fake points.
        epsilon: float tensor `(...)`, strength of the entropy in units of the cost.
        marginal_error: float tensor `(...)`, L1 distance of both marginals of the plan from the
            weights, over the total mass. Above 4 is possible where iterations ended early.
        iterations: int32 tensor `(...)`, updates of both potentials, all stages together.
        converged: bool tensor `(...)`, whether `marginal_error <= tolerance`.
    """

    f: Tensor
    g: Tensor
    epsilon: Tensor
    marginal_error: Tensor
    iterations: Tensor
    converged: Tensor


def sinkhorn(
    cost: Tensor,
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
) -> Potentials:
    """Solve entropic optimal transport between weighted batches.

    The plan `P_ij = a_i b_j exp((f_i + g_j - c_ij) / epsilon)` minimises
    `<P, cost> + epsilon KL(P | a b)` over plans with marginals `a` and `b`. Products with a
    stabilised kernel, as exact as the log domain; epsilon falls in stages from the range of the
    cost; updates go past their optimum (over-relaxation) as far as the dual value cannot fall.
    Each problem of a batch stops by itself. Compiled by XLA, in float32 (float64 for float64)
    under any policy. No gradient: the potentials are constant; see `divergences.sinkhorn`.

    Args:
        cost: float tensor `(..., n, m)`, finite, of any sign. `n` and `m` may differ.
        epsilon: float > 0 or tensor `(...)`: in the unit of the cost, or with `relative` in
            standard deviations of each problem's costs. OT-GAN's `lambda` is `1 / epsilon`.
        real_weights: float tensor `(n,)` or `(..., n)`, `a >= 0`; None for `1/n`.
        fake_weights: float tensor `(m,)` or `(..., m)`, `b >= 0` of the same total; None for `1/m`.
        relative: bool, see `epsilon`.
        tolerance: float >= 0, marginal error at which to stop; 0 takes all iterations. Below
            about `1e-7 max |cost| / epsilon` float32 cannot follow.
        max_iterations: int > 0, of all stages together.
        relaxation: float in [1, 2); 1 is plain Sinkhorn.
        annealing: float > 1, factor between stages of epsilon; None for one stage.
        penalties: pair for the real and the fake marginal: None keeps it exact; a float `rho > 0`
            lets it differ at a price of `rho KL(marginal | weights)` (unbalanced transport).

    Returns:
        `Potentials`. If they did not converge: the last ones, and eagerly a warning.

    Raises:
        ValueError: if an argument is out of range, a cost is not finite, or the masses differ
            (values are checked eagerly; in a graph such a problem comes back not converged).

    Example:
        >>> potentials = sinkhorn([[0.0, 1.0], [1.0, 0.0]], epsilon=1.0)
        >>> plan = transport_plan([[0.0, 1.0], [1.0, 0.0]], potentials)
        >>> round(float(plan[0, 0]), 4)      # sigmoid(1) / 2
        0.3655

    Source: Cuturi, "Sinkhorn Distances", NeurIPS 2013; Salimans et al., "Improving GANs Using
        Optimal Transport", ICLR 2018, section 3; Chizat et al., "Scaling Algorithms for
        Unbalanced Optimal Transport Problems", 2018, for `penalties`.
    Differs: OT-GAN's code takes 500 iterations in the log domain without a test.
    """
    settings = checked_settings(tolerance, max_iterations, relaxation, annealing, penalties)
    checks.check_epsilon(epsilon)
    checks.check_cost(cost)
    cost = ops.stop_gradient(as_float32(cost))
    if len(cost.shape) < 2:
        raise ValueError(
            "`cost` must have rank 2 or more, axes (..., n, m). Received: shape "
            f"{tuple(cost.shape)}. Make it by `ops.cosine(x_real, x_fake)` or another cost."
        )
    lead = tuple(ops.shape(cost))[:-2]
    a, b = point_weights(real_weights, fake_weights, ops.shape(cost), cost.dtype)
    if settings.penalties == (None, None):
        checks.check_masses(real_weights, fake_weights)
    epsilon = ops.convert_to_tensor(epsilon, cost.dtype)
    if relative:
        largest = ops.max(ops.abs(cost), axis=(-2, -1))
        epsilon = in_deviations(epsilon, ops.std(cost, axis=(-2, -1)), largest)
    epsilon = ops.broadcast_to(epsilon, lead)
    run = _solver(settings, tuple(cost.shape), keras.backend.standardize_dtype(cost.dtype))
    f, g, error, iterations = (ops.stop_gradient(x) for x in run(cost, a, b, epsilon))
    potentials = Potentials(f, g, epsilon, error, iterations, error <= tolerance)
    if tolerance > 0:
        warn_unconverged(potentials, tolerance)
    return potentials


def transport_plan(
    cost: Tensor,
    potentials: Potentials,
    *,
    real_weights: Tensor | None = None,
    fake_weights: Tensor | None = None,
) -> Tensor:
    """Entropic transport plan of potentials.

    Args:
        cost: float tensor `(..., n, m)`, the one that was solved for.
        potentials: result of `sinkhorn`.
        real_weights: as in `sinkhorn`.
        fake_weights: as in `sinkhorn`.

    Returns:
        Float tensor `(..., n, m)`, non-negative, of the weights' total mass. Its gradient is that
        of the formula `a_i b_j exp((f_i + g_j - c_ij) / epsilon)` with constant potentials, which
        is not the derivative of the optimal plan: use `stop_gradient`, or `divergences.sinkhorn`.

    Raises:
        ValueError: if weights do not fit.

    Example:
        >>> cost = [[0.0, 9.0], [9.0, 0.0]]
        >>> transport_plan(cost, sinkhorn(cost, epsilon=0.1)).numpy().round(4).tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    cost = as_float32(cost)
    a, b = point_weights(real_weights, fake_weights, ops.shape(cost), cost.dtype)
    epsilon = potentials.epsilon[..., None, None]
    exponent = (potentials.f[..., :, None] + potentials.g[..., None, :] - cost) / epsilon
    weights = a[..., :, None] * b[..., None, :]
    if real_weights is not None and fake_weights is not None:
        # Potentials of points without weight may be anything; 0 times infinity would be NaN.
        exponent = ops.where(weights > 0, exponent, ops.zeros_like(exponent))
    return weights * ops.exp(exponent)


def checked_settings(
    tolerance: float,
    max_iterations: int,
    relaxation: float,
    annealing: float | None,
    penalties: tuple[float | None, float | None],
) -> Settings:
    """Check the numbers that choose an iteration, and return them in a hashable form.

    Args:
        tolerance: as in `sinkhorn`.
        max_iterations: as in `sinkhorn`.
        relaxation: as in `sinkhorn`.
        annealing: as in `sinkhorn`.
        penalties: as in `sinkhorn`.

    Returns:
        `Settings`.

    Raises:
        ValueError: if one is out of range.
    """
    checks.check_iteration(tolerance, max_iterations, relaxation, annealing, penalties)
    return Settings(
        float(tolerance), int(max_iterations), float(relaxation), annealing, tuple(penalties)
    )


def in_deviations(epsilon: Tensor, deviation: Tensor, largest: Tensor) -> Tensor:
    """Return an epsilon that was given in standard deviations of the costs.

    Args:
        epsilon: tensor that broadcasts to `(...)`.
        deviation: tensor `(...)`, of each problem's costs.
        largest: tensor `(...)`, largest absolute cost.

    Returns:
        Tensor `(...)` > 0: equal costs have no scale, and any epsilon gives their plan.
    """
    rounding = float(np.finfo(keras.backend.standardize_dtype(deviation.dtype)).eps)
    return epsilon * ops.maximum(deviation, ops.maximum(rounding * largest, 1e-25))


@functools.lru_cache(maxsize=64)
def _solver(settings: Settings, shape: tuple, dtype: str) -> Callable:
    """Return the compiled solver for costs of a shape; a batch's problems one after the other.

    One after the other, because a product with a kernel is bound by memory: problems gain nothing
    from running together, and would all wait for the slowest.
    """

    def one(problem: tuple) -> tuple:
        solution = solve(*problem, settings)
        return solution.f, solution.g, solution.error, solution.iterations

    def many(*problems: Tensor) -> tuple:
        lead = tuple(ops.shape(problems[0]))[:-2]
        ranks = (2, 1, 1, 0)
        flat = [_merge(x, rank) for x, rank in zip(problems, ranks, strict=True)]
        results = ops.map(one, tuple(flat))
        return tuple(ops.reshape(x, (*lead, *tuple(ops.shape(x))[1:])) for x in results)

    return compiled(many if len(shape) > 2 else lambda *problem: one(problem))


def _merge(x: Tensor, rank: int) -> Tensor:
    """Merge all but the last `rank` axes."""
    shape = tuple(ops.shape(x))
    return ops.reshape(x, (-1, *shape[len(shape) - rank :]))


def point_weights(real: Any, fake: Any, shape: tuple, dtype: Any) -> tuple[Tensor, Tensor]:
    """Return the weights of both sides, `(..., n)` and `(..., m)`; of mass 1 for None.

    Args:
        real: tensor `(n,)` or `(..., n)`, or None.
        fake: tensor `(m,)` or `(..., m)`, or None.
        shape: `(..., n, m)`, of the cost; sizes that a graph does not know are tensors.
        dtype: of the cost.

    Raises:
        ValueError: if weights do not fit.
    """
    *lead, n, m = shape

    def filled(name: str, weights: Any, size: int) -> Tensor:
        full = (*lead, size)
        if weights is None:
            return ops.full(full, 1.0, dtype) / ops.cast(size, dtype)
        checks.check_weights(name, weights, size if isinstance(size, int) else None)
        weights = ops.cast(ops.convert_to_tensor(weights), dtype)
        return ops.stop_gradient(ops.broadcast_to(weights, full))

    return filled("real_weights", real, n), filled("fake_weights", fake, m)


def warn_unconverged(potentials: Potentials, tolerance: float) -> None:
    """Warn the caller's caller of problems that are known not to have converged."""
    converged = checks.values_of(potentials.converged)
    if converged is None or converged.all():
        return
    error = checks.values_of(potentials.marginal_error).max()
    warnings.warn(
        f"Sinkhorn did not converge: {(~converged).sum()} of {converged.size} problems, marginal "
        f"error up to {error:.2g} where `tolerance` is {tolerance:g}. Use more `max_iterations`, a "
        "larger `epsilon` or `tolerance`, or float64 where epsilon is tiny beside the costs.",
        RuntimeWarning,
        stacklevel=3,
    )
