"""Metropolis-Hastings on the samples of a generator."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.ops import random
from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.samplers.calibration import Calibration, checked_calibration
from keras_ot_gans.samplers.pair import Network
from keras_ot_gans.samplers.program import program
from keras_ot_gans.samplers.sampler import Sampler
from keras_ot_gans.samplers.step_seeds import StepSeeds, batch_key
from keras_ot_gans.samplers.tell_apart import digest


class MetropolisHastingsSampler(Sampler):
    """Returns the ends of independent Markov chains whose proposals are the generator's samples.

    A chain at a sample of log density ratio `l` moves to a fresh sample of log ratio `l'` with the
    probability `min(1, exp(l' - l))`. As it grows longer, its law becomes the data's if the ratios
    are right. Each sample of a batch is the end of a chain of its own.

    Args:
        generator: as `Pair`.
        critic: as `Pair`.
        length: int > 0, proposals to each chain. 640: the paper.
        calibration: `Calibration` from critic values to log density ratios; None takes the values.
        real_scores: float array `(n,)`, critic values of real samples, which chains start from, as
            the paper advises; see `critic_scores`. None starts at generated samples. A chain that
            never left its real sample starts again at a generated one: no real sample is returned.
        real_labels: int array `(n,)` of those samples, where there are labels: a chain starts at a
            real sample of its own label.
        **kwargs: of `Sampler`.

    Attributes:
        acceptance_rate: float, the share of proposals accepted so far; NaN before any.

    Raises:
        ValueError: if an argument is out of range, or as `Sampler`.
        TypeError: if an argument is of another type.

    Example:
        >>> sampler = MetropolisHastingsSampler(
        ...     lambda z: z, lambda x: -2.0 * x[:, 0] ** 2, latent_dim=1, length=50
        ... )
        >>> bool(abs(sampler.sample(1000).std() - 0.2**0.5) < 0.05)  # N(0, 1) exp(-2 x^2)
        True
        >>> sampler.describe()
        'metropolis_hastings(length=50, initial=generated, calibration=none)'

    Source: Turner et al., "Metropolis-Hastings Generative Adversarial Networks", ICML 2019,
        Algorithm 1, with `exp(l' - l) = (1 / D - 1) / (1 / D' - 1)`.
    Differs: none; a restart has `length` proposals, which the paper leaves open.
    """

    name = "metropolis_hastings"

    def __init__(
        self,
        generator: Network,
        critic: Network | None = None,
        *,
        length: int = 640,
        calibration: Calibration | None = None,
        real_scores: Any = None,
        real_labels: Any = None,
        **kwargs: Any,
    ):
        super().__init__(generator, critic, **kwargs)
        self.length = check_int("length", length, 1, "Try 640.")
        self.calibration = checked_calibration(calibration)
        self._starts = self._checked_starts(real_scores, real_labels)
        self._accepted = self._proposed = 0
        self._run = program(self._ends)

    @property
    def acceptance_rate(self) -> float:
        """Return the share of proposals accepted so far."""
        return self._accepted / self._proposed if self._proposed else float("nan")

    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        """Draw one batch, as `Sampler.draw`."""
        z = self.latents(stream)
        key = batch_key(stream)
        starts = None if self._starts is None else self._real_starts(key, labels)
        samples, accepted, proposed, finite = self._run(z, key, starts, labels)
        if not finite:
            raise ValueError(
                "`critic` must give finite values. Received: NaN or infinity for proposals of the "
                "generator, which no chain could ever leave or reach. Check the weights of both."
            )
        self._accepted += int(accepted)
        self._proposed += int(proposed)
        return samples.numpy()

    def settings(self) -> dict[str, Any]:
        """Return the length, the start and the calibration."""
        initial = "generated" if self._starts is None else f"real #{digest(*self._starts)}"
        return {"length": self.length, "initial": initial, "calibration": str(self.calibration)}

    def _checked_starts(self, scores: Any, labels: Any) -> list[np.ndarray] | None:
        """Return the log ratios of the real samples, of each label where there are any."""
        if scores is None:
            return None
        scores = np.asarray(scores, "float32")
        if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
            raise ValueError(
                "`real_scores` must be finite numbers (n,), at least one. "
                f"Received: shape {scores.shape}. See `critic_scores`."
            )
        ratios = self.calibration(scores).numpy()
        if (labels is None) != (self.pair.labels is None):
            raise ValueError(
                f"`real_labels` must be {'None' if self.pair.labels is None else 'given'} for this "
                f"generator. Received: real_labels={labels}."
            )
        if labels is None:
            return [ratios]
        labels = self.pair.labels.checked(labels, "real_labels")
        if len(labels) != len(scores):
            raise ValueError(
                f"`real_labels` must hold one label per score, {len(scores)}. "
                f"Received: {len(labels)}."
            )
        return [ratios[labels == y] for y in range(self.pair.labels.num_classes)]

    def _real_starts(self, key: tf.Tensor, labels: np.ndarray | None) -> tf.Tensor:
        """Draw one of the real samples' log ratios for each chain."""
        shares = random.uniform((self.batch_size,), StepSeeds(key, -1)).numpy().tolist()
        classes = np.zeros(self.batch_size, int) if labels is None else labels
        missing = [int(y) for y in np.unique(classes) if not len(self._starts[y])]
        if missing:
            raise ValueError(
                "`real_scores` must hold a sample of each label that is drawn. "
                f"Received: none of {missing}. Add some, or leave `real_scores` out."
            )
        groups = [self._starts[y] for y in classes]
        found = [group[int(u * len(group))] for u, group in zip(shares, groups, strict=True)]
        return tf.constant(np.array(found, "float32"))

    def _ends(
        self, z: tf.Tensor, key: tf.Tensor, starts: tf.Tensor | None, labels: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Run the chains of one batch; the samples, accepted, proposed, and if all was finite."""
        everyone = tf.ones((z.shape[0],), tf.bool)
        if starts is None:
            at = self._log_ratios(z, labels)
            z, moves, finite = self._chains(z, at, key, (0, self.length), everyone, labels)
            proposed = z.shape[0] * self.length
            return self.pair.generate(z, labels), tf.reduce_sum(moves), proposed, finite
        # Latents of a chain that never moved are the plain ones: its restart.
        z, moves, finite = self._chains(z, starts, key, (0, self.length), everyone, labels)
        stuck = moves == 0
        last = tf.where(tf.reduce_any(stuck), 2 * self.length, self.length)
        at = self._log_ratios(z, labels)
        z, more, still = self._chains(z, at, key, (self.length, last), stuck, labels)
        chains = tf.size(moves) + tf.reduce_sum(tf.cast(stuck, tf.int32))
        accepted = tf.reduce_sum(moves) + tf.reduce_sum(more)
        return self.pair.generate(z, labels), accepted, chains * self.length, finite & still

    def _chains(
        self,
        z: tf.Tensor,
        ratios: tf.Tensor,
        key: tf.Tensor,
        steps: tuple[int, int | tf.Tensor],
        active: tf.Tensor,
        labels: tf.Tensor | None,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Run chains from latents and log ratios; where they are, and how often each moved."""

        def move(step, z, ratios, moves, finite):
            seeds = StepSeeds(key, step)
            new = self.pair.prior.sample(z.shape, seeds)
            new_ratios = self._log_ratios(new, labels)
            chance = tf.exp(tf.minimum(new_ratios - ratios, 0.0))
            accept = (random.uniform(ratios.shape, seeds) < chance) & active
            z, ratios = tf.where(accept[:, None], new, z), tf.where(accept, new_ratios, ratios)
            finite &= tf.reduce_all(tf.math.is_finite(new_ratios))
            return step + 1, z, ratios, moves + tf.cast(accept, tf.int32), finite

        none, (first, last) = tf.zeros(ratios.shape, tf.int32), steps
        finite = tf.reduce_all(tf.math.is_finite(ratios))
        _, z, _, moves, finite = tf.while_loop(
            lambda step, *_: step < last, move, (first, z, ratios, none, finite)
        )
        return z, moves, finite

    def _log_ratios(self, z: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
        return self.calibration(self.pair.score_latents(z, labels))
