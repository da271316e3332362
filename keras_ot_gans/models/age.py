"""AGE: a generator and an encoder that minimise an f-divergence between their joint laws."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from keras_ot_gans.divergences import bidirectional, f_divergence
from keras_ot_gans.models import age_checks
from keras_ot_gans.models.adversarial_model import AdversarialModel
from keras_ot_gans.models.features import couples_samples
from keras_ot_gans.models.latent_views import LatentViews


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class AGE(LatentViews, AdversarialModel):
    """Adversarial gradient estimation, bidirectional or not, and the methods it is compared with.

    A discriminator `D(x, z)` learns the log ratio of the joint laws of real pairs `(x, E(x))` and
    fake pairs `(G(z), z)`; encoder and generator then follow the gradient of the divergence, which
    flows through the pairs only. Which divergence, and by which estimate, is a value:

    | method | `objective` |
    |---|---|
    | AGE with KL, reverse KL, JS, squared Hellinger | `bidirectional.age(f_divergence.kl)`, ... |
    | AGE-ALL | `bidirectional.age(f_divergence.all_divergences)` |
    | AGE-SC, ratios clipped to [r0, 1/r0] | `bidirectional.age(f_divergence.kl, r0=0.5)` |
    | bidirectional f-GAN | `bidirectional.f_gan(f_divergence.kl)` |
    | BiGAN, logD-BiGAN, BigBiGAN's hinge | `bidirectional.bigan`, `.log_d_bigan`, `.hinge` |

    Args:
        generator: `keras.Model` of latents `(B, latent_dim) -> (B, ...)`. Its first `k` latents are
            the code `z`; others are its noise, see `networks.gaussian_generator` and
            `networks.implicit_generator`. `k` is `networks.code_dim(generator)`: all of the
            latents, unless one of these made it or a `layers.LatentPart(0, (k,), name="code")` of
            your own says otherwise.
        encoder: `keras.Model` of `x`, or of `[x, noise (B, m)]`, `-> (B, k)`, with that very `k`.
            None trains the generator alone (the paper's appendix B).
        discriminator: `keras.Model` of `[x, z]`, `-> (B, 1)`; of `x` without an encoder.
        objective: `divergences.bidirectional.BidirectionalObjective`. None takes AGE-ALL, the
            paper's choice for images.
        discriminator_steps: int >= 1, discriminator updates per round, before the one of the
            others.
        **kwargs: `latent_dim`, `prior`, `ema_decay`, `seed`, `name` of `AdversarialModel`. The
            prior is normal where a generator has noise.

    Roles:
        `generator`, `discriminator`, and `encoder` if there is one.

    Fit:
        Expects `x` `(B, ...)` shaped like a generated sample, images in [-1, 1].
        `datasets.in_rounds(data, discriminator_steps + 1)` gives each update a batch of its own, as
        Algorithm 1 has it; a plain batch serves the round, as in the authors' code. Logs
        `discriminator_loss`, `generator_loss`, `encoder_loss`, and the mean scores `real_score`
        and `fake_score`: estimates of `KL(p_e, p_g)` and `-KL(p_g, p_e)`.

    Raises:
        TypeError: if `objective` is no objective, or `discriminator_steps` no integer.
        ValueError: if networks, latents or steps do not fit each other.

    Example:
        >>> import numpy as np
        >>> from keras_ot_gans.networks import mlp
        >>> x, z = keras.Input((2,)), keras.Input((3,))
        >>> pair = keras.layers.Concatenate()([x, z])
        >>> model = AGE(mlp(3, (8,), 2), mlp(2, (8,), 3),
        ...             keras.Model([x, z], mlp(5, (8,), 1)(pair)), seed=0)
        >>> model.compile({role: keras.optimizers.Adam(1e-4) for role in model.networks})
        >>> data = np.zeros((64, 2), "float32")
        >>> history = model.fit(data, batch_size=32, verbose=0)
        >>> model.step, model.encode(data).shape, model.reconstruct(data).shape
        (2, (64, 3), (64, 2))

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, Algorithm 1 and appendix B.
    Differs: the authors' code draws one batch for all updates of a round; here `in_rounds` decides.
    """

    def __init__(
        self,
        generator: keras.Model,
        encoder: keras.Model | None,
        discriminator: keras.Model,
        *,
        objective: bidirectional.BidirectionalObjective | None = None,
        discriminator_steps: int = 1,
        **kwargs,
    ):
        super().__init__(generator, **kwargs)
        self.encoder, self.discriminator = encoder, discriminator
        self.objective = objective or bidirectional.age(f_divergence.all_divergences)
        age_checks.check_objective(self.objective)
        self.discriminator_steps = age_checks.check_steps(discriminator_steps)
        age_checks.check_foreign(kwargs)
        self.code_dim = age_checks.code_dim(generator, encoder, discriminator)
        age_checks.check_noise(generator, self.prior)
        self.noise_dim = age_checks.noise_dim(encoder)
        self.track(
            "discriminator_loss",
            "generator_loss",
            *(() if encoder is None else ("encoder_loss",)),
            "real_score",
            "fake_score",
        )

    @property
    def networks(self) -> dict[str, Sequence[keras.layers.Layer]]:
        """Trained layers by role."""
        roles = {"generator": [self.generator], "discriminator": [self.discriminator]}
        return roles if self.encoder is None else {**roles, "encoder": [self.encoder]}

    @property
    def turns(self) -> list[tuple[str, ...]]:
        """Roles that move in each pass of a round: the discriminator first, then the others."""
        players = tuple(role for role in self.networks if role != "discriminator")
        return [("discriminator",)] * self.discriminator_steps + [players]

    def train_step(self, data) -> dict:
        """Play one round of Algorithm 1: discriminator updates, then the others' at once."""
        for x_real, roles in self.passes(data):
            if "discriminator" in roles:
                self.discriminator_update(x_real)
            elif roles:
                self.players_update(x_real, roles)
        return self.logs()

    def discriminator_update(self, x_real: tf.Tensor) -> None:
        """Take one step of the discriminator on fresh pairs (lines 3 to 6).

        Args:
            x_real: tensor `(B, ...)`, this replica's real batch.
        """
        pairs = self.pairs(*self._draws(x_real, training=True), training=True)
        with tf.GradientTape() as tape:
            loss = self.objective.discriminator_loss(*self.scores(*pairs, training=True))
        self.update(tape, loss, descend=["discriminator"])
        self.record(discriminator_loss=loss)

    def players_update(self, x_real: tf.Tensor, roles: Sequence[str]) -> None:
        """Take one step of generator and encoder, with one backward pass (lines 7 to 10).

        Args:
            x_real: tensor `(B, ...)`, this replica's real batch.
            roles: those of the two that move.
        """
        draws = self._draws(x_real, training=True)
        with tf.GradientTape() as tape:
            real, fake = self.scores(*self.pairs(*draws, training=True), training=True)
            losses = self.players_losses(real, fake)
            # Fake pairs do not know the encoder, real ones not the generator: the sum is both.
            loss = tf.add_n([losses[f"{role}_loss"] for role in roles])
        self.update(tape, loss, descend=roles)
        self.record(**losses)
        self._record_scores(real, fake)

    def test_step(self, data) -> dict:
        """Evaluate the same objectives in inference mode; no state of the training moves."""
        x_real, _ = next(self.passes(data))
        draws = self._draws(x_real, training=False)
        real, fake = self.scores(*self.pairs(*draws, training=False), training=False)
        self.record(discriminator_loss=self.objective.discriminator_loss(real, fake))
        self.record(**self.players_losses(real, fake))
        self._record_scores(real, fake)
        return self.logs()

    def _draws(self, x_real: tf.Tensor, training: bool) -> tuple:
        """Return a real batch, fresh latents, and noise for the encoder if it takes any."""
        n = tf.shape(x_real)[0]
        z = self.latents(n, training)
        noise = self.encoder_noise(n, training) if self.noise_dim else None
        return tf.cast(x_real, tf.float32), z, noise

    def pairs(
        self, x_real: tf.Tensor, z: tf.Tensor, noise: tf.Tensor | None, training: bool
    ) -> tuple[tuple, tuple]:
        """Complete data by codes and latents by samples.

        Args:
            x_real: tensor `(B, ...)`.
            z: tensor `(B, latent_dim)`.
            noise: tensor `(B, noise_dim)` of the encoder, or None.
            training: bool.

        Returns:
            `((x_real, E(x_real)), (G(z), code))`; without an encoder `((x_real,), (G(z),))`.
        """
        running = self.runs_training("generator", training)
        x_fake = tf.cast(self.generator(z, training=running), tf.float32)
        if self.encoder is None:
            return (x_real,), (x_fake,)
        inputs = x_real if noise is None else [x_real, noise]
        running = self.runs_training("encoder", training)
        code = tf.cast(self.encoder(inputs, training=running), tf.float32)
        return (x_real, code), (x_fake, z[:, : self.code_dim])

    def scores(self, real: tuple, fake: tuple, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Score both kinds of pairs, in one call where that gives the same result.

        Args:
            real: `(x, z)` or `(x,)`, tensors.
            fake: the same, as many rows.
            training: bool.

        Returns:
            `(real_scores, fake_scores)`, float32 tensors `(B, 1)`.
        """
        running = self.runs_training("discriminator", training)

        def score(pair):
            inputs = pair[0] if self.encoder is None else list(pair)
            return tf.cast(self.discriminator(inputs, training=running), tf.float32)

        if running and couples_samples(self.discriminator):
            return score(real), score(fake)
        both = score([tf.concat(parts, axis=0) for parts in zip(real, fake, strict=True)])
        n = tf.shape(real[0])[0]
        return both[:n], both[n:]

    def players_losses(self, real: tf.Tensor, fake: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the losses of the roles that the discriminator's scores move."""
        losses = {"generator_loss": self.objective.generator_loss(fake)}
        if self.encoder is not None:
            losses["encoder_loss"] = self.objective.encoder_loss(real)
        return losses

    def _record_scores(self, real: tf.Tensor, fake: tf.Tensor) -> None:
        self.record(real_score=tf.reduce_mean(real), fake_score=tf.reduce_mean(fake))

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "discriminator": serialize(self.discriminator),
            "objective": serialize(self.objective),
            "discriminator_steps": self.discriminator_steps,
        }
