"""The variational autoencoder, whose objective has a closed form: the solution AGE is held to."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from keras_ot_gans.divergences.gaussian import (
    cycle_consistency,
    gaussian_kl_to_prior,
    gaussian_sample,
)
from keras_ot_gans.models import age_checks
from keras_ot_gans.models.adversarial_model import AdversarialModel
from keras_ot_gans.models.latent_views import LatentViews
from keras_ot_gans.networks.stochastic import gaussian_parameters


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class VAE(LatentViews, AdversarialModel):
    """A Gaussian encoder and a Gaussian generator that minimise the negative ELBO.

    It minimises `KL(p_e(x, z), p_g(x, z))`, up to a constant, by its analytic form: what AGE with
    the KL divergence estimates by a discriminator.

    Args:
        generator: what `networks.gaussian_generator` returns, of `[z (k), noise (d)]`.
        encoder: what `networks.gaussian_encoder` returns, of `[x, noise (k)]`.
        **kwargs: `latent_dim`, `ema_decay`, `seed`, `name` of `AdversarialModel`.

    Roles:
        `generator`, `encoder`.

    Fit:
        Expects `x` `(B, d)`. Logs `negative_elbo` (nats), `reconstruction` and `kl_to_prior`, whose
        sum it is.

    Raises:
        ValueError: if a network is not Gaussian, or they do not fit each other.

    Example:
        >>> import numpy as np
        >>> from keras_ot_gans.networks import gaussian_encoder, gaussian_generator, mlp
        >>> generator = gaussian_generator(mlp(2, (8,), 6))
        >>> vae = VAE(generator, gaussian_encoder(mlp(3, (8,), 4)), seed=0)
        >>> vae.compile({role: keras.optimizers.Adam(1e-3) for role in vae.networks})
        >>> history = vae.fit(np.zeros((64, 3), "float32"), batch_size=32, verbose=0)
        >>> sorted(history.history)
        ['kl_to_prior', 'negative_elbo', 'reconstruction']

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, eq. 7; Shen, Zhang and
        Chen, 2020, eq. 8.
    """

    def __init__(self, generator: keras.Model, encoder: keras.Model, **kwargs):
        super().__init__(generator, **kwargs)
        self.encoder = encoder
        age_checks.check_foreign(kwargs)
        for network in (generator, encoder):
            gaussian_parameters(network)  # or it is refused
        self.code_dim = age_checks.check_encoder(encoder, generator)
        self.noise_dim = age_checks.noise_dim(encoder)
        age_checks.check_noise(generator, self.prior)
        self.track("negative_elbo", "reconstruction", "kl_to_prior")

    @property
    def networks(self) -> dict[str, Sequence[keras.layers.Layer]]:
        """Trained layers by role."""
        return {"generator": [self.generator], "encoder": [self.encoder]}

    def train_step(self, data) -> dict:
        """Take one step of both networks on the negative ELBO of a batch, one draw per sample."""
        for x_real, roles in self.passes(data):
            noise = self.encoder_noise(tf.shape(x_real)[0], training=True)
            with tf.GradientTape() as tape:
                loss, parts = self.objective(x_real, noise, training=True)
            self.update(tape, loss, descend=roles)
            self.record(**parts)
        return self.logs()

    def test_step(self, data) -> dict:
        """Evaluate the objective in inference mode; no state of the training moves."""
        x_real, _ = next(self.passes(data))
        noise = self.encoder_noise(tf.shape(x_real)[0], training=False)
        _, parts = self.objective(x_real, noise, training=False)
        self.record(**parts)
        return self.logs()

    def objective(
        self, x_real: tf.Tensor, noise: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Compute the negative ELBO.

        Args:
            x_real: tensor `(B, d)`.
            noise: tensor `(B, k)`, of the encoder's draw.
            training: bool.

        Returns:
            Scalar in nats, and what `fit` logs.
        """
        x = tf.cast(x_real, tf.float32)
        running = {role: self.runs_training(role, training) for role in self.networks}
        of_z = gaussian_parameters(self.encoder)(x, training=running["encoder"])
        z = gaussian_sample(of_z, noise)
        of_x = gaussian_parameters(self.generator)(z, training=running["generator"])
        reconstruction = cycle_consistency(x, of_x)
        divergence = tf.reduce_mean(gaussian_kl_to_prior(of_z))
        loss = reconstruction + divergence
        parts = {"reconstruction": reconstruction, "kl_to_prior": divergence}
        return loss, {"negative_elbo": loss, **parts}
