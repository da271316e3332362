"""Transitions of annealed importance sampling: HMC with a random step size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


class RandomStepHMC:
    """Hamiltonian Monte Carlo that leaves the density of THIS temperature invariant.

    Two things differ from `tfp.mcmc.HamiltonianMonteCarlo` in
    `tfp.mcmc.sample_annealed_importance_chain`, which knows this class by its methods.

    The density at the present state is computed anew at each step. TFP's kernel takes it
    from its last results, which belong to the temperature before: its acceptance is then
    off by `log p(x | z) / temperatures`, against states of low likelihood, and the
    estimate of the marginal is no longer unbiased. This costs one gradient more.

    The step size is drawn for each state and step, log-uniformly and independently of the
    state, which keeps the invariance of each step size. No single one suits both the wide
    prior and a posterior whose width differs from point to point.

    Args:
        target_log_prob: function of states `(..., k)` to log densities `(...,)`.
        step_size: pair of floats, the least and greatest step.
        leapfrog_steps: int > 0, leapfrog steps of one transition.

    Example:
        >>> kernel = RandomStepHMC(lambda z: -tf.reduce_sum(z**2, -1) / 2, (0.1, 0.5), 3)
        >>> state, results = tf.zeros([4, 2]), kernel.bootstrap_results(tf.zeros([4, 2]))
        >>> state, results = kernel.one_step(state, results, seed=tf.constant([0, 1]))
        >>> state.shape
        TensorShape([4, 2])

    Source: Neal, "Annealed Importance Sampling", Statistics and Computing 2001, section 2;
        random step sizes: Neal, "MCMC Using Hamiltonian Dynamics", 2011, section 4.2.
    Differs: none.
    """

    def __init__(
        self,
        target_log_prob: Callable[[tf.Tensor], tf.Tensor],
        step_size: tuple[float, float],
        leapfrog_steps: int,
    ) -> None:
        """Keep the arguments."""
        self._target_log_prob = target_log_prob
        self._step_size = step_size
        self._leapfrog_steps = leapfrog_steps

    def bootstrap_results(self, state: tf.Tensor) -> Any:
        """Return results of the structure that `one_step` returns.

        Args:
            state: float tensor `(..., k)`.

        Returns:
            Kernel results of tensorflow-probability.
        """
        return self._kernel(tf.ones_like(state[..., :1])).bootstrap_results(state)

    def one_step(
        self, state: tf.Tensor, previous_results: Any, seed: tf.Tensor
    ) -> tuple[tf.Tensor, Any]:
        """Move each state once.

        Args:
            state: float tensor `(..., k)`.
            previous_results: not used, see the class.
            seed: int tensor `(2,)`, as of `tf.random.stateless_uniform`.

        Returns:
            New state `(..., k)` and its kernel results.
        """
        step_seed, move_seed = tf.unstack(tf.random.split(seed, 2))
        low, high = (tf.math.log(tf.cast(edge, state.dtype)) for edge in self._step_size)
        shape = tf.concat([tf.shape(state)[:-1], [1]], axis=0)
        share = tf.random.stateless_uniform(shape, step_seed, dtype=state.dtype)
        kernel = self._kernel(tf.exp(low + (high - low) * share))
        return kernel.one_step(state, kernel.bootstrap_results(state), seed=move_seed)

    def _kernel(self, step_size: tf.Tensor) -> Any:
        # Imported here: it costs a second that no other score needs.
        import tensorflow_probability as tfp

        return tfp.mcmc.HamiltonianMonteCarlo(
            self._target_log_prob, step_size, self._leapfrog_steps
        )
