"""Ways to match two batches: by optimal transport, at random, or everybody with everybody."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import keras
from keras import ops

from keras_ot_gans.ops import sinkhorn_checks as checks
from keras_ot_gans.ops.numerics import Tensor
from keras_ot_gans.ops.sinkhorn import sinkhorn, transport_plan


class Matching(NamedTuple):
    """Constant plans between batches, and how well they were found.

    Attributes:
        plan: float tensor `(..., n, m)`, non-negative, total mass 1 per problem.
        marginal_error: float tensor `(...)`, L1 distance of the marginals from equal weights.
        iterations: int32 tensor `(...)`, that it took.
        converged: bool tensor `(...)`.
    """

    plan: Tensor
    marginal_error: Tensor
    iterations: Tensor
    converged: Tensor

    def entropy(self) -> Tensor:
        """Return the mean entropy of a point's partners in nats, `(...)`.

        0 where each point has one partner, `log(m)` where the plan has no preference.
        """
        logs = ops.log(ops.where(self.plan > 0, self.plan, 1.0))
        masses = ops.sum(self.plan, axis=-1)
        of_masses = ops.sum(masses * ops.log(ops.where(masses > 0, masses, 1.0)), axis=-1)
        return of_masses - ops.sum(self.plan * logs, axis=(-2, -1))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
@dataclass(frozen=True)
class EntropicMatching:
    """Matching by entropic optimal transport, `ops.sinkhorn`.

    Attributes:
        epsilon: float > 0, in the unit of the cost. 0.002: OT-GAN's code, lambda = 500.
        relative: bool, take `epsilon` in standard deviations of the costs instead.
        tolerance: float >= 0, L1 marginal error at which to stop.
        max_iterations: int > 0; a matching that needs more is used as it is, and counted.

    Example:
        >>> EntropicMatching(0.1)([[0.0, 1.0], [1.0, 0.0]]).plan.numpy().round(3).tolist()
        [[0.5, 0.0], [0.0, 0.5]]

    Source: Salimans et al., "Improving GANs Using Optimal Transport", ICLR 2018, section 4.
    Differs: iterates until the marginals fit; the authors' code takes 500 iterations, after which
        only the row sums do.
    """

    epsilon: float = 0.002
    relative: bool = False
    tolerance: float = 1e-3
    max_iterations: int = 5000

    def __post_init__(self):
        """Check the numbers."""
        checks.check_epsilon(self.epsilon)
        checks.check_iteration(self.tolerance, self.max_iterations, 1.0, None, (None, None))

    def __call__(self, cost: Tensor) -> Matching:
        """Match by the costs.

        Args:
            cost: float tensor `(..., n, m)`.

        Returns:
            `Matching`, without a gradient.
        """
        found = sinkhorn(cost, **asdict(self))
        plan = ops.stop_gradient(transport_plan(cost, found))
        return Matching(plan, found.marginal_error, found.iterations, found.converged)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return asdict(self)

    @classmethod
    def from_config(cls, config: dict) -> "EntropicMatching":
        """Build from `get_config`."""
        return cls(**config)


def _exact(plan: Tensor) -> Matching:
    """Return a matching whose marginals are exact by construction."""
    zeros = ops.zeros_like(plan[..., 0, 0])
    iterations = ops.cast(zeros, "int32")
    return Matching(plan, zeros, iterations, ops.equal(zeros, 0.0))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def random_matching(cost: Tensor) -> Matching:
    """Match the i-th point with the i-th: at random, because batches are.

    With it the minibatch energy distance is an unbiased estimate of the energy distance.

    Args:
        cost: float tensor `(..., n, n)`; only its shape matters.

    Returns:
        `Matching` with the plan `identity / n`.

    Raises:
        ValueError: if the batches differ in size.

    Example:
        >>> random_matching([[3.0, 1.0], [1.0, 3.0]]).plan.numpy().tolist()
        [[0.5, 0.0], [0.0, 0.5]]

    Source: Salimans et al., 2018, section 5.2: the ablation with Inception score 4.64 of 8.47.
    """
    cost = ops.convert_to_tensor(cost)
    n, m = cost.shape[-2:]
    if n != m and None not in (n, m):
        raise ValueError(
            "`cost` must be square to match one to one. Received: shape "
            f"{tuple(cost.shape)}. Draw as many fake as real points."
        )
    identity = ops.eye(ops.shape(cost)[-1], dtype=cost.dtype)
    return _exact(ops.zeros_like(cost) + identity / ops.cast(ops.shape(cost)[-1], cost.dtype))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def uniform_matching(cost: Tensor) -> Matching:
    """Match everybody with everybody: the limit of a large epsilon.

    With it the minibatch energy distance is the energy distance of the batches, which for a
    conditionally negative definite cost is a maximum mean discrepancy.

    Args:
        cost: float tensor `(..., n, m)`; only its shape matters.

    Returns:
        `Matching` with the plan `1 / (n m)`.

    Example:
        >>> uniform_matching([[3.0, 1.0], [1.0, 3.0]]).plan.numpy().tolist()
        [[0.25, 0.25], [0.25, 0.25]]

    Source: Sejdinovic et al., "Equivalence of Distance-Based and RKHS-Based Statistics in
        Hypothesis Testing", 2013.
    """
    cost = ops.convert_to_tensor(cost)
    n, m = ops.shape(cost)[-2:]
    return _exact(ops.ones_like(cost) / ops.cast(n * m, cost.dtype))
