"""Discriminator rejection sampling."""

import functools
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.ops import random
from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.samplers.calibration import Calibration, checked_calibration
from keras_ot_gans.samplers.pair import Network
from keras_ot_gans.samplers.program import program
from keras_ot_gans.samplers.sampler import Sampler
from keras_ot_gans.samplers.step_seeds import StepSeeds, batch_key, reserved_stream


class BurnIn(NamedTuple):
    """What the first draws of the generator tell `RejectionSampler`.

    Attributes:
        maximum: float, the largest log ratio.
        gamma: float, what is subtracted before the sigmoid.
        acceptance: float in [0, 1], the mean probability of acceptance.
    """

    maximum: float
    gamma: float
    acceptance: float


class RejectionSampler(Sampler):
    """Generates until the critic accepts, with a probability that grows with its value.

    With log density ratios `l` and their largest value `M`, a sample is accepted with the
    probability `sigmoid(F)`, `F = l - M - log(1 - exp(l - M - epsilon)) - gamma`. Where `gamma` and
    `epsilon` are 0 this is `exp(l - M)`: exact rejection, samples of the data's density if the
    ratios are right. A larger `gamma` accepts less and prefers the best; a negative one accepts
    more and corrects less.

    Every proposal of a full batch goes to one of the samples still wanted, in turn, with its label.
    `M` and `gamma` are of all labels together.

    Args:
        generator: as `Pair`.
        critic: as `Pair`.
        percentile: float in [0, 100], `gamma` is this percentile of `F` over the burn-in. 80: the
            paper. None, without a `gamma`, for exact rejection.
        gamma: float, given instead of the percentile; or None.
        calibration: `Calibration` from critic values to log density ratios; None takes the values.
        burn_in: int > 0, generated samples whose largest ratio is `M`. 10,000: the paper.
        epsilon: float >= 0. 1e-14: the paper. Not used in exact rejection.
        max_rounds: int > 0, batches of proposals for one batch of samples, at most.
        **kwargs: of `Sampler`.

    Attributes:
        burned_in: `BurnIn`, measured when it is first asked for.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if an argument is out of range, or as `Sampler`; when drawing, if `max_rounds`
            are not enough.

    Example:
        >>> sampler = RejectionSampler(
        ...     lambda z: z, lambda x: -2.0 * x[:, 0] ** 2, latent_dim=1, percentile=None
        ... )
        >>> bool(abs(sampler.sample(1000).std() - 0.2**0.5) < 0.05)  # N(0, 1) exp(-2 x^2)
        True
        >>> abs(sampler.acceptance() - 0.2**0.5) < 0.02
        True

    Source: Azadi et al., "Discriminator Rejection Sampling", ICLR 2019, section 3.3, equation 8.
    Differs: a ratio above `M` raises it for that proposal, which makes its acceptance all but sure,
        and not for those after it: samples are independent of each other, and a seed repeats.
    """

    name = "rejection"

    def __init__(
        self,
        generator: Network,
        critic: Network | None = None,
        *,
        percentile: float | None = 80.0,
        gamma: float | None = None,
        calibration: Calibration | None = None,
        burn_in: int = 10_000,
        epsilon: float = 1e-14,
        max_rounds: int = 1000,
        **kwargs: Any,
    ):
        super().__init__(generator, critic, **kwargs)
        if gamma is None and percentile is not None and not 0 <= percentile <= 100:
            raise ValueError(
                f"`percentile` must be in [0, 100]. Received: percentile={percentile}. Try 80."
            )
        if gamma is not None and not np.isfinite(gamma):
            raise ValueError(
                f"`gamma` must be finite. Received: gamma={gamma}. Try 0, or a percentile."
            )
        if not 0 <= epsilon < np.inf:
            raise ValueError(
                f"`epsilon` must be finite and not negative. Received: epsilon={epsilon}. Try "
                "1e-14."
            )
        self.calibration = checked_calibration(calibration)
        self.percentile, self.gamma = (percentile if gamma is None else None), gamma
        self.burn_in = check_int("burn_in", burn_in, 1, "Try 10000.")
        self.max_rounds = check_int("max_rounds", max_rounds, 1, "Try 1000.")
        self.epsilon = 0.0 if self._exact else epsilon
        self._ratios = program(self._log_ratios)
        self._run = program(self._rounds)

    @functools.cached_property
    def burned_in(self) -> BurnIn:
        """Measure the largest ratio, gamma and the acceptance, on seeds of their own."""
        stream, found = reserved_stream("burn_in"), []
        of_labels = reserved_stream("burn_in_labels")
        for _ in range(0, self.burn_in, self.batch_size):
            z, labels = self.latents(stream), self._full(None, of_labels)
            found.append(self._ratios(z, labels).numpy())
        ratios = np.concatenate(found)[: self.burn_in]
        if not np.isfinite(ratios).all():
            raise ValueError(
                "`critic` must return finite values. Received: "
                f"{int(np.sum(~np.isfinite(ratios)))} of {len(ratios)} are not. Check its weights."
            )
        maximum, gamma = float(ratios.max()), self.gamma or 0.0
        if self.percentile is not None:
            shares = self._log_odds(ratios, maximum, 0.0).numpy()
            gamma = float(np.percentile(shares, self.percentile, method="lower"))
        odds = self._log_odds(ratios, maximum, gamma)
        return BurnIn(maximum, gamma, float(tf.reduce_mean(tf.sigmoid(odds))))

    def acceptance(self) -> float:
        """Return the mean probability of acceptance, measured in the burn-in."""
        return self.burned_in.acceptance

    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        """Draw one batch, as `Sampler.draw`."""
        found = self.burned_in
        z = self.latents(stream)
        maximum, gamma = tf.constant(found.maximum), tf.constant(found.gamma)
        samples, missing = self._run(z, batch_key(stream), labels, maximum, gamma)
        if missing:
            raise ValueError(
                f"`max_rounds` batches must be enough for a batch of accepted samples. Received: "
                f"max_rounds={self.max_rounds}, {int(missing)} of {self.batch_size} are missing, "
                f"acceptance {found.acceptance:.2g} in the burn-in. Calibrate the critic, lower "
                "`percentile` or `gamma`, raise `max_rounds`, or use `MetropolisHastingsSampler`."
            )
        return samples.numpy()

    def settings(self) -> dict[str, Any]:
        """Return all that the samples depend on besides the networks, also what is measured."""
        measured = {"measured_maximum": f"{self.burned_in.maximum:.4g}"}
        if self._exact:
            named = {"exact": True}
        elif self.gamma is not None:
            named = {"gamma": self.gamma, "epsilon": f"{self.epsilon:g}"}
        else:
            named = {"percentile": self.percentile, "epsilon": f"{self.epsilon:g}"}
            measured["measured_gamma"] = f"{self.burned_in.gamma:.4g}"
        rest = {"burn_in": self.burn_in, "calibration": str(self.calibration)}
        return named | rest | measured

    @property
    def _exact(self) -> bool:
        return self.percentile is None and self.gamma is None

    def _log_ratios(self, z: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
        return self.calibration(self.pair.score_latents(z, labels))

    def _log_odds(self, ratios: Any, maximum: Any, gamma: Any) -> tf.Tensor:
        """Return `F` of each proposal, infinite at the maximum where `epsilon` is 0."""
        below = ratios - tf.maximum(ratios, maximum)
        at = below - self.epsilon
        # log(1 - exp(at)) by the form that keeps its digits, near 0 and far below.
        rest = tf.where(at > -0.7, tf.math.log(-tf.math.expm1(at)), tf.math.log1p(-tf.exp(at)))
        return below - rest - gamma

    def _rounds(
        self,
        z: tf.Tensor,
        key: tf.Tensor,
        labels: tf.Tensor | None,
        maximum: tf.Tensor,
        gamma: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Propose until each sample has one accepted proposal; the samples, and how many lack."""
        size = z.shape[0]
        index = tf.range(size)

        def propose(step, wanted, kept, z):
            # Row j proposes for the wanted sample number j modulo their count.
            order = tf.argsort(tf.cast(wanted, tf.int32), direction="DESCENDING", stable=True)
            served = tf.gather(order, index % tf.reduce_sum(tf.cast(wanted, tf.int32)))
            given = None if labels is None else tf.gather(labels, served)
            odds = self._log_odds(self._log_ratios(z, given), maximum, gamma)
            seeds = StepSeeds(key, step)
            accepted = random.uniform((size,), seeds) < tf.sigmoid(odds)
            first = tf.math.unsorted_segment_min(tf.where(accepted, index, size), served, size)
            hit = first < size
            kept = tf.where(hit[:, None], tf.gather(z, tf.minimum(first, size - 1)), kept)
            return step + 1, wanted & ~hit, kept, self.pair.prior.sample(z.shape, seeds)

        _, wanted, kept, _ = tf.while_loop(
            lambda step, wanted, *_: (step < self.max_rounds) & tf.reduce_any(wanted),
            propose,
            (0, tf.ones((size,), tf.bool), z, z),
        )
        return self.pair.generate(kept, labels), tf.reduce_sum(tf.cast(wanted, tf.int32))
