"""The best of several candidates, by the critic."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.samplers.pair import Network
from keras_ot_gans.samplers.program import program
from keras_ot_gans.samplers.sampler import Sampler
from keras_ot_gans.samplers.step_seeds import StepSeeds, batch_key


class TopKSampler(Sampler):
    """Generates several candidates for each sample and keeps the critic's favourite.

    So one candidate in `candidates` is kept, whatever the critic's scale. Where there are labels, a
    sample's candidates share its label. The first candidate is the plain sample.

    Args:
        generator: as `Pair`.
        critic: as `Pair`.
        candidates: int > 0, for each sample. 1 is the plain sampler.
        **kwargs: of `Sampler`.

    Raises:
        ValueError: if `candidates` is not positive, or as `Sampler`; when drawing, if the critic's
            values are not finite.
        TypeError: if an argument is of another type.

    Example:
        >>> sampler = TopKSampler(lambda z: z, lambda x: x[:, 0], latent_dim=1, candidates=4)
        >>> bool(sampler.sample(100).mean() > 0.7)       # the mean of the largest of 4 is 1.03
        True
        >>> sampler.describe()
        'top_k(candidates=4)'

    Source: selection by the critic while training: Sinha et al., "Top-k Training of GANs", NeurIPS
        2020. As a sampler it is folklore.
    Differs: the best of `m` for each sample, not the best `k` of a pool of `m k` candidates: a
        sample does not depend on the others of its batch, nor on how many share its label.
    """

    name = "top_k"

    def __init__(
        self,
        generator: Network,
        critic: Network | None = None,
        *,
        candidates: int = 2,
        **kwargs: Any,
    ):
        super().__init__(generator, critic, **kwargs)
        self.candidates = check_int("candidates", candidates, 1, "Try 2: the better of two.")
        self._best = program(self._best_of_all)

    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        """Draw one batch, as `Sampler.draw`."""
        z = self.latents(stream)
        samples, finite = self._best(z, batch_key(stream), labels)
        if not finite:
            raise ValueError(
                "`critic` must give finite values. Received: NaN or infinity for candidates of the "
                "generator, which have no best. Check the weights of both."
            )
        return samples.numpy()

    def settings(self) -> dict[str, Any]:
        """Return the number of candidates."""
        return {"candidates": self.candidates}

    def _best_of_all(
        self, z: tf.Tensor, key: tf.Tensor, labels: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the samples of one batch, and whether all values were finite."""

        # Latents are kept rather than samples: they are small, and one more call makes them all.
        def compare(step, best, score, finite):
            new = self.pair.prior.sample(best.shape, StepSeeds(key, step))
            new_score = self.pair.score_latents(new, labels)
            better = new_score > score
            best = tf.where(better[:, None], new, best)
            score = tf.where(better, new_score, score)
            return step + 1, best, score, finite & tf.reduce_all(tf.math.is_finite(new_score))

        score = self.pair.score_latents(z, labels)
        start = (1, z, score, tf.reduce_all(tf.math.is_finite(score)))
        _, best, _, finite = tf.while_loop(lambda step, *_: step < self.candidates, compare, start)
        return self.pair.generate(best, labels), finite
