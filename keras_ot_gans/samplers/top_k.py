"""The best of several candidates, by the critic."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.samplers.pair import Network
from keras_ot_gans.samplers.program import program
from keras_ot_gans.samplers.sampler import Sampler
from keras_ot_gans.samplers.step_seeds import StepSeeds, batch_key


class TopKSampler(Sampler):
    """Generates `1 / fraction` candidates for each sample and keeps the critic's favourite.

    Whatever the critic's scale, this is the top fraction of all candidates. Where there are
    labels, a sample's candidates share its label. The first candidate is the plain sample.

    Args:
        generator: as `Pair`.
        critic: as `Pair`.
        fraction: float, `1 / m` of a whole number `m` of candidates. 1 is the plain sampler.
        **kwargs: of `Sampler`.

    Raises:
        ValueError: if `fraction` is not one over a whole number, or as `Sampler`.

    Example:
        >>> sampler = TopKSampler(lambda z: z, lambda x: x[:, 0], latent_dim=1, fraction=0.25)
        >>> bool(sampler.sample(100).mean() > 0.7)       # the mean of the largest of 4 is 1.03
        True
        >>> sampler.describe()
        'top_k(fraction=0.25)'

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
        fraction: float = 0.5,
        **kwargs: Any,
    ):
        super().__init__(generator, critic, **kwargs)
        whole = 0 < fraction <= 1 and abs(round(1 / fraction) * fraction - 1) < 1e-6
        if not whole:
            raise ValueError(
                "`fraction` must be 1 over a whole number of candidates. "
                f"Received: fraction={fraction}. Try 0.5: the better of two."
            )
        self.fraction, self._candidates = float(fraction), round(1 / fraction)
        self._best = program(self._best_of_all)

    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        """Draw one batch, as `Sampler.draw`."""
        z = self.latents(stream)
        return self._best(z, batch_key(stream), labels).numpy()

    def settings(self) -> dict[str, Any]:
        """Return the fraction."""
        return {"fraction": round(self.fraction, 6)}

    def _best_of_all(self, z: tf.Tensor, key: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
        # Latents are kept rather than samples: they are small, and one more call makes them all.
        def compare(step, best, score):
            new = self.pair.prior.sample(best.shape, StepSeeds(key, step))
            new_score = self.pair.score_latents(new, labels)
            better = new_score > score
            best = tf.where(better[:, None], new, best)
            return step + 1, best, tf.where(better, new_score, score)

        start = (1, z, self.pair.score_latents(z, labels))
        _, best, _ = tf.while_loop(lambda step, *_: step < self._candidates, compare, start)
        return self.pair.generate(best, labels)
