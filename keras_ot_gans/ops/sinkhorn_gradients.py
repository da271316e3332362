"""Transport plans with a derivative: by the implicit function theorem, or through iterations."""

from keras import ops

from keras_ot_gans.ops import sinkhorn_checks as checks
from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.sinkhorn import Potentials, transport_plan

_ENOUGH = 1e-6  # squared residual of the linear system over that of its start: float32's limit


def implicit_plan(
    cost: Tensor,
    potentials: Potentials,
    *,
    real_weights: Tensor | None = None,
    fake_weights: Tensor | None = None,
    max_iterations: int = 500,
) -> Tensor:
    """Transport plan that knows how it depends on the cost, by the implicit function theorem.

    The derivative solves one linear system of the plan's marginals by conjugate gradients. It is
    exact where the potentials have converged, at a cost that does not depend on how they were
    found, and small epsilons make the system ill-conditioned, as they make the plan sensitive.

    Args:
        cost: float tensor `(..., n, m)`.
        potentials: result of `sinkhorn` for that cost, with exact marginals (no `penalties`).
        real_weights: as in `sinkhorn`.
        fake_weights: as in `sinkhorn`.
        max_iterations: int > 0, of the conjugate gradients.

    Returns:
        Float tensor `(..., n, m)`, as `transport_plan`. First derivatives only.

    Example:
        >>> from keras_ot_gans.ops.sinkhorn import sinkhorn
        >>> cost = [[0.0, 1.0], [1.0, 0.0]]
        >>> round(float(implicit_plan(cost, sinkhorn(cost, epsilon=1.0))[0, 0]), 4)
        0.3655

    Source: Luise et al., "Differential Properties of Sinkhorn Approximation for Learning with
        Wasserstein Distance", NeurIPS 2018; Cuturi et al., "Supervised Quantile Normalization",
        ICML 2020, for the linear system.
    """

    @ops.custom_gradient
    def plan_of(cost: Tensor):
        plan = transport_plan(
            cost, potentials, real_weights=real_weights, fake_weights=fake_weights
        )

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            direct = upstream * plan / potentials.epsilon[..., None, None]
            f, g = _marginal_solution(
                plan, ops.sum(direct, -1), ops.sum(direct, -2), max_iterations
            )
            return plan * (f[..., :, None] + g[..., None, :]) - direct

        return plan, gradient

    return plan_of(as_float32(cost))


def _marginal_solution(plan: Tensor, left: Tensor, right: Tensor, steps: int):
    """Solve `[diag(r) P; P^T diag(c)] [f; g] = [left; right]`, `r` and `c` being P's marginals.

    `f` is eliminated; what is left for `g` is positive semi-definite, with the constants as its
    null space, to which the right side is orthogonal. Scaled by the square root of `c`.
    """
    tiny = 1e-30  # points without weight: their equations read 0 = 0
    r = ops.maximum(ops.sum(plan, -1), tiny)
    scale = ops.rsqrt(ops.maximum(ops.sum(plan, -2), tiny))

    def times(x: Tensor) -> Tensor:
        return ops.matmul(plan, x[..., None])[..., 0]

    def back(x: Tensor) -> Tensor:
        return ops.matmul(x[..., None, :], plan)[..., 0, :]

    def matrix(x: Tensor) -> Tensor:
        return x - scale * back(times(scale * x) / r)

    def dot(x: Tensor, y: Tensor) -> Tensor:
        return ops.sum(x * y, axis=-1, keepdims=True)

    b = scale * (right - back(left / r))
    start = dot(b, b)

    def goes_on(x, residual, direction, squared, i):
        return ops.any(squared > _ENOUGH**2 * start)

    def step(x, residual, direction, squared, i):
        product = matrix(direction)
        alpha = squared / ops.maximum(dot(direction, product), tiny)
        alpha = ops.where(squared > 0, alpha, 0.0 * alpha)
        x, residual = x + alpha * direction, residual - alpha * product
        renewed = dot(residual, residual)
        beta = renewed / ops.maximum(squared, tiny)
        return x, residual, residual + beta * direction, renewed, i + 1

    state = (ops.zeros_like(b), b, b, start, 0)
    x = ops.while_loop(goes_on, step, state, maximum_iterations=steps)[0]
    g = scale * x
    return (left - times(g)) / r, g


def unrolled_plan(
    cost: Tensor,
    epsilon: float | Tensor,
    iterations: int,
    *,
    real_weights: Tensor | None = None,
    fake_weights: Tensor | None = None,
) -> Tensor:
    """Transport plan of a fixed number of iterations, with the derivative through all of them.

    Plain Sinkhorn in the log domain: a static number of steps, so that it fits every graph. Rows
    follow from the columns by one more update: they are exact, columns in the limit.

    Args:
        cost: float tensor `(..., n, m)`.
        epsilon: float > 0 or tensor `(...)`, in the unit of the cost.
        iterations: int > 0.
        real_weights: as in `sinkhorn`.
        fake_weights: as in `sinkhorn`.

    Returns:
        Float tensor `(..., n, m)`. The gradient is that of the iterations, also with respect to
        `epsilon`; it needs memory for each of them.

    Raises:
        ValueError: if an argument is out of range, or the masses differ.

    Example:
        >>> round(float(unrolled_plan([[0.0, 1.0], [1.0, 0.0]], 1.0, 5)[0, 0]), 4)
        0.3655

    Source: Genevay, Peyre and Cuturi, "Learning Generative Models with Sinkhorn Divergences",
        AISTATS 2018.
    """
    if iterations < 1:
        raise ValueError(
            f"`iterations` must be positive. Received: iterations={iterations}. Try 50."
        )
    checks.check_epsilon(epsilon)
    checks.check_cost(cost)
    cost = as_float32(cost)
    n, m = ops.shape(cost)[-2:]
    log_a = _logs("real_weights", real_weights, n, cost.dtype)
    log_b = _logs("fake_weights", fake_weights, m, cost.dtype)
    checks.check_masses(real_weights, fake_weights)
    scaled = -cost / ops.convert_to_tensor(epsilon, cost.dtype)[..., None, None]
    g = ops.zeros_like(scaled[..., 0, :])
    for _ in range(iterations):
        f = -ops.logsumexp(scaled + (g + log_b)[..., None, :], axis=-1)
        g = -ops.logsumexp(scaled + (f + log_a)[..., :, None], axis=-2)
    f = -ops.logsumexp(scaled + (g + log_b)[..., None, :], axis=-1)
    return ops.exp(scaled + (f + log_a)[..., :, None] + (g + log_b)[..., None, :])


def _logs(name: str, weights: Tensor | None, size: Tensor | int, dtype: str) -> Tensor:
    if weights is None:
        return -ops.log(ops.cast(size, dtype))
    checks.check_weights(name, weights, size if isinstance(size, int) else None)
    weights = ops.convert_to_tensor(weights, dtype)
    # A finite stand-in for the logarithm of 0: its mass vanishes, its gradient stays finite.
    return ops.log(ops.where(weights > 0, weights, ops.ones_like(weights) * 1e-37))
