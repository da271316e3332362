"""A generator that minimises a divergence between batches, with no adversary."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from keras_ot_gans.models import features as feature_pairs
from keras_ot_gans.models import replicas
from keras_ot_gans.models.adversarial_model import AdversarialModel
from keras_ot_gans.ops.numerics import Tensor

Divergence = Callable[[Tensor, Tensor, keras.random.SeedGenerator], Tensor]


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class MinimumDistanceModel(AdversarialModel):
    """Generator trained by a batch divergence: the mini-max-free baselines of the ACT paper.

    Args:
        generator: `keras.Model` `(B, latent_dim) -> (B, ...)`.
        divergence: function `(x_real (n, d), x_fake (m, d), seed) -> scalar`, such as
            `divergences.SlicedWasserstein()` or `divergences.wasserstein_1d`.
        features: None to compare raw data (flattened), or a fixed `keras.Model` of them.
        num_fake: int or None, generated samples per batch (of all replicas together); None takes
            as many as real ones.
        **kwargs: `latent_dim`, `prior`, `generator_steps`, `ema_decay`, `seed`, `name` of
            `AdversarialModel`.

    Roles:
        `generator`.

    Fit:
        Expects `x` `(B, ...)` shaped like a generated sample. Logs `generator_loss`.

    Example:
        >>> import numpy as np
        >>> from keras_ot_gans import divergences, networks
        >>> keras.utils.set_random_seed(0)
        >>> model = MinimumDistanceModel(
        ...     networks.mlp(4, (8,), 1), divergences.wasserstein_1d, seed=0)
        >>> model.compile({"generator": keras.optimizers.Adam(1e-2)})
        >>> history = model.fit(np.zeros((64, 1), "float32"), epochs=10, verbose=0)
        >>> history.history["generator_loss"][-1] < history.history["generator_loss"][0]
        True

    Source: Zheng and Zhou, "ACT", 2020, Figs. 3, 4 and 10 (sample Wasserstein, sliced Wasserstein).
    """

    def __init__(
        self,
        generator: keras.Model,
        divergence: Divergence,
        *,
        features: keras.Model | None = None,
        num_fake: int | None = None,
        **kwargs,
    ):
        if num_fake is not None and num_fake < 1:
            raise ValueError(f"`num_fake` must be None or at least 1. Received: {num_fake}.")
        kwargs.pop("critic_steps", None)  # in every saved config; there is no critic
        super().__init__(generator, **kwargs)
        self.divergence, self.features, self.num_fake = divergence, features, num_fake
        self.track("generator_loss")

    @property
    def networks(self) -> dict[str, Sequence[keras.layers.Layer]]:
        """Trained layers by role."""
        return {"generator": [self.generator]}

    def train_step(self, data) -> dict:
        """Take one gradient step per pass on the divergence."""
        for x_real, roles in self.passes(data):
            with tf.GradientTape() as tape:
                loss = self.objective(x_real, training=True)
            self.update(tape, loss, descend=roles)
            self.record(generator_loss=loss)
        return self.logs()

    def test_step(self, data) -> dict:
        """Evaluate the divergence in inference mode."""
        x_real, _ = next(self.passes(data))
        self.record(generator_loss=self.objective(x_real, training=False))
        return self.logs()

    def objective(self, x_real: tf.Tensor, training: bool) -> tf.Tensor:
        """Compute the divergence between a real and a fresh generated batch.

        Args:
            x_real: tensor `(n, ...)`, this replica's real batch.
            training: bool.

        Returns:
            Scalar, of the batch of all replicas.
        """
        n = replicas.share(self.num_fake, "num_fake") or tf.shape(x_real)[0]
        z = self.latents(n, training)
        x_fake = self.generator(z, training=self.runs_training("generator", training))
        real, fake = feature_pairs.comparable(self.features, x_real, x_fake, training=False)
        return self.divergence(real, fake, self.stream(training))

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {
            **super().get_config(),
            "divergence": keras.saving.serialize_keras_object(self.divergence),
            "features": keras.saving.serialize_keras_object(self.features),
            "num_fake": self.num_fake,
        }
