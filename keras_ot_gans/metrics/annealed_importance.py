"""Marginal log-likelihood of a decoder with a density, by annealed importance sampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_ot_gans.metrics.annealing_kernel import RandomStepHMC


class LogLikelihood(NamedTuple):
    """What `annealed_log_likelihood` found, point by point.

    Attributes:
        log_likelihood: float64 array `(n,)`, estimates of `log p(x)` in nats. The mean over
            the points, negated, is what tables print as the negative log-likelihood.
        standard_error: float64 array `(n,)`, of each estimate, from the spread of its
            chains (delta method). Infinite for one chain; an understatement where the
            chains missed a mode of the posterior.
    """

    log_likelihood: np.ndarray
    standard_error: np.ndarray


def annealed_log_likelihood(
    x: Any,
    log_density_of_x_given_z: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    latent_dim: int,
    *,
    temperatures: int = 1000,
    chains: int = 30,
    step_size: tuple[float, float] = (0.02, 0.5),
    leapfrog_steps: int = 3,
    batch_size: int = 500,
    seed: int = 0,
    jit_compile: bool = False,
) -> LogLikelihood:
    """Estimate `log p(x) = log integral p(x | z) N(z; 0, I) dz` for each point.

    Chains start from the prior and move through the densities
    `N(z; 0, I) p(x | z)^(t / temperatures)`, one HMC transition at each; the mean of their
    weights is an unbiased estimate of `p(x)`. Its logarithm is too low on average, by about
    half the squared standard error, so that a negative log-likelihood errs to the high side.
    Computed in float32, which moves an estimate by far less than its standard error.

    Cost: `n * chains * temperatures * (leapfrog_steps + 2)` evaluations of the decoder,
    all but one in each temperature with a gradient: 1.5e9 for the paper's 10,000 points.

    Args:
        x: array `(n, ...)`, the points.
        log_density_of_x_given_z: function of `x (B, ...)` and `z (B, k)`, float32 tensors,
            to `log p(x | z)` `(B,)`, such as of `decoder_log_density`. Deterministic.
        latent_dim: int > 0, k.
        temperatures: int > 0, densities after the prior, evenly spaced. 1000: AGE 5.1.
        chains: int > 0, per point. 30: AGE 5.1.
        step_size: pair of floats > 0; the step of each transition is drawn log-uniformly
            between them, see `RandomStepHMC`. HMC is stable for steps below twice the
            width of the density in its narrowest direction: 2 at the prior. The default
            moves well through posteriors of widths 0.02 to 1.
        leapfrog_steps: int > 0, leapfrog steps of a transition. 3: moves about one width
            at the better half of the steps.
        batch_size: int > 0, points at a time; `batch_size * chains` rows reach the
            decoder. The random numbers depend on it.
        seed: int >= 0. Equal arguments give equal results.
        jit_compile: bool. True compiles with XLA, which draws other random numbers: slower to
            start, quicker on a GPU.

    Returns:
        `LogLikelihood(log_likelihood, standard_error)`.

    Raises:
        TypeError: if `x` is not numeric or the density is not callable.
        ValueError: if a number is out of range, `x` is empty or not finite, or the density
            has the wrong shape or is NaN.

    Example:
        >>> normal = lambda x, z: -((x - z) ** 2)[:, 0] / 2 - np.log(2 * np.pi) / 2
        >>> found = annealed_log_likelihood([[1.0]], normal, latent_dim=1, temperatures=100)
        >>> exact = -1 / 4 - np.log(4 * np.pi) / 2                          # N(1; 0, 2)
        >>> abs(float(found.log_likelihood[0] - exact)) < 0.05
        True

    Source: Neal, "Annealed Importance Sampling", Statistics and Computing 2001; for decoders
        Wu et al., "On the Quantitative Analysis of Decoder-Based Generative Models", ICLR
        2017; temperatures, chains and points: AGE 5.1, which does not state the transitions.
    Differs: Wu et al. space the temperatures by a sigmoid, adapt one step size and take 10
        leapfrog steps. Here the spacing is that of tensorflow-probability, even, and steps
        are drawn; both estimates are unbiased.
    """
    x = _checked_points(x)
    if not callable(log_density_of_x_given_z):
        raise TypeError(
            "`log_density_of_x_given_z` must be a function of (x, z). Received: "
            f"{type(log_density_of_x_given_z).__name__}. See `decoder_log_density`."
        )
    settings = {"latent_dim": latent_dim, "temperatures": temperatures, "chains": chains}
    settings |= {"leapfrog_steps": leapfrog_steps, "batch_size": batch_size}
    for name, value in settings.items():
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or value < 1:
            raise ValueError(f"`{name}` must be a positive int. Received: {name}={value!r}.")
    if np.shape(step_size) != (2,) or not 0 < step_size[0] <= step_size[1] < np.inf:
        raise ValueError(
            "`step_size` must be the least and the greatest step, both positive. "
            f"Received: step_size={step_size!r}. Try (0.02, 0.5), or (0.1, 0.1) for one size."
        )
    if seed < 0:
        raise ValueError(f"`seed` must be >= 0. Received: seed={seed}. Try 0.")
    batch_size = min(batch_size, len(x))

    @tf.function(
        input_signature=[
            tf.TensorSpec([batch_size, *x.shape[1:]], tf.float32),
            tf.TensorSpec([2], tf.int32),
        ],
        jit_compile=jit_compile,
    )
    def log_weights(points, batch_seed):
        return _log_weights(
            points,
            batch_seed,
            log_density_of_x_given_z,
            (chains, latent_dim),
            temperatures,
            lambda density: RandomStepHMC(density, step_size, leapfrog_steps),
        )

    # Compiled here, once; also no warning of TensorFlow's about functions made in a loop.
    log_weights = log_weights.get_concrete_function()
    weights = np.empty((chains, len(x)))
    for start in range(0, len(x), batch_size):
        part = x[start : start + batch_size]
        # The last batch is filled up, so that one compiled graph serves all.
        full = np.resize(part, (batch_size, *x.shape[1:]))
        key = tf.constant([seed, start // batch_size], tf.int32)
        weights[:, start : start + len(part)] = log_weights(full, key).numpy()[:, : len(part)]
    if np.isnan(weights).any():
        bad = np.isnan(weights).any(axis=0)
        raise ValueError(
            "`log_density_of_x_given_z` must be a number or -inf. Received: NaN for "
            f"{int(bad.sum())} of {len(x)} points, the first is row {int(np.argmax(bad))}. "
            "Bound the log-variance, or check the decoder's weights."
        )
    return _mean_of_weights(weights)


def _log_weights(
    points: tf.Tensor,
    seed: tf.Tensor,
    log_density: Callable,
    chains_and_width: tuple[int, int],
    temperatures: int,
    make_kernel: Callable,
) -> tf.Tensor:
    """Log weight of each chain of each point, `(chains, B)`."""
    import tensorflow_probability as tfp

    chains, latent_dim = chains_and_width
    batch = points.shape[0]
    # One row per chain and point: a decoder knows one batch axis only.
    rows = tf.tile(points, [chains] + [1] * (points.shape.rank - 1))

    def prior(z):
        return -0.5 * tf.reduce_sum(z**2 + np.log(2.0 * np.pi), axis=-1)

    def joint(z):
        found = tf.convert_to_tensor(log_density(rows, tf.reshape(z, [-1, latent_dim])))
        if found.shape != rows.shape[:1]:
            raise ValueError(
                "`log_density_of_x_given_z` must return one number per row, shape (B,) = "
                f"{tuple(rows.shape[:1])}. Received: shape {tuple(found.shape)}. Sum over the "
                "values of a point, or take `[:, 0]`."
            )
        return prior(z) + tf.reshape(tf.cast(found, z.dtype), [chains, batch])

    start_seed, chain_seed = tf.unstack(tf.random.split(seed, 2))
    start = tf.random.stateless_normal([chains, batch, latent_dim], start_seed)
    _, log_weights, _ = tfp.mcmc.sample_annealed_importance_chain(
        num_steps=temperatures,
        proposal_log_prob_fn=prior,
        target_log_prob_fn=joint,
        current_state=start,
        make_kernel_fn=make_kernel,
        seed=chain_seed,
    )
    return log_weights


def _mean_of_weights(log_weights: np.ndarray) -> LogLikelihood:
    """Log of the mean over the first axis, and its standard error."""
    chains = len(log_weights)
    top = log_weights.max(axis=0)
    weights = np.exp(log_weights - np.where(np.isfinite(top), top, 0.0))
    mean = weights.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # no weight at all: log 0 = -inf
        log_likelihood = top + np.log(mean)
        spread = weights.std(axis=0, ddof=1) if chains > 1 else np.full_like(mean, np.inf)
        error = np.where(mean > 0, spread / (np.sqrt(chains) * mean), np.inf)
    return LogLikelihood(log_likelihood, error)


def _checked_points(x: Any) -> np.ndarray:
    """Points as finite float32."""
    x = np.asarray(x)
    if x.dtype.kind not in "biuf":
        raise TypeError(f"`x` must hold real numbers. Received: dtype {x.dtype}. Pass an array.")
    if x.ndim < 2 or x.size == 0:
        raise ValueError(
            "`x` must have axes (n, ...) with at least one point. "
            f"Received: shape {x.shape}. Points in one dimension: `x[:, None]`."
        )
    x = x.astype(np.float32)
    if not np.isfinite(x).all():
        raise ValueError(
            "`x` must be finite. Received: NaN or infinite values. Remove those points."
        )
    return x
