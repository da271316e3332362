"""Lipschitz GANs: any convex critic objective, any penalty on the critic's slopes."""

import math
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from keras_ot_gans import losses
from keras_ot_gans.losses.phi import Phi
from keras_ot_gans.models import conditions, lipschitz_checks, replicas
from keras_ot_gans.models.adversarial_model import AdversarialModel
from keras_ot_gans.models.features import couples_samples
from keras_ot_gans.models.slope_penalty import SlopePenalty, Slopes
from keras_ot_gans.networks.conditioning import with_labels
from keras_ot_gans.ops.lipschitz import effective_lipschitz
from keras_ot_gans.ops.numerics import Tensor


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class LipschitzGAN(AdversarialModel):
    """One model for a family: GAN, LSGAN, WGAN-GP, SNGAN, hinge, CT-GAN, MaxGP, by values.

    The critic minimises `E phi(f(y)) + E varphi(f(x))` plus penalties, `critic_steps` times per
    round; then the generator minimises `E psi(f(y))` on fresh latents.

    | method | `phi` | `penalty` | `generator_loss` |
    |---|---|---|---|
    | GAN | `phi.logistic` | None | `non_saturating_generator_loss` |
    | LSGAN | `phi.LeastSquares()` | None | `non_saturating_generator_loss` |
    | WGAN-GP | `phi.linear` | `penalties.gradient_penalty()` | `linear_generator_loss` |
    | SNGAN | `phi.hinge` | None; spectral norm in the critic | `linear_generator_loss` |
    | CT-GAN | as WGAN-GP | as WGAN-GP, and `consistency` | `linear_generator_loss` |
    | Lipschitz GAN | any `phi` | `penalties.max_gradient_penalty()` | `linear_generator_loss` |

    Args:
        generator: `keras.Model` `(B, latent_dim) -> (B, ...)`; of `[z, labels]` if conditional.
        critic: `keras.Model` `(B, ...) -> (B, 1)`, high for real samples; of `[x, labels]` if
            conditional. Without batch normalisation where slopes are penalised.
        phi: a value of `losses.phi`, or an increasing convex function of logits of your own,
            which `losses.check_phi` examines. None takes `phi.logistic`.
        penalty: `losses.Penalty` or None.
        consistency: `losses.Consistency` (CT-GAN) or None; the critic then needs dropout. Dropout
            of Keras draws other masks under XLA than without: equal in law, not in numbers.
        generator_loss: function `(fake_logits, phi) -> scalar`. None takes
            `losses.linear_generator_loss`.
        batch_size: int, real samples per critic update, of all replicas together. Needed by a
            penalty with a buffer only, whose size it decides: `fit` must bring such batches, the
            last of an epoch at least as large as the buffer.
        generator_batch: int or None, latents per generator update, of all replicas together. None
            takes as many as real samples; the paper 128 against 64.
        labels: `ops.Labels` for a conditional model, or None.
        effective_constants: bool, log `K_eff` and `k_eff` over all pairs of each generator batch;
            if conditional, of whatever classes, so that `K_eff` is not the slope of one class.
        **kwargs: `latent_dim`, `prior`, `generator_steps`, `critic_steps`, `ema_decay`, `seed`,
            `name` of `AdversarialModel`.

    Roles:
        `generator`, `critic`.

    Fit:
        Expects `x` `(B, ...)` shaped like a generated sample, images in [-1, 1], and integer `y`
        `(B,)` if conditional. `datasets.in_rounds(data, critic_steps)` gives each critic update a
        batch of its own. Logs `critic_loss` (without penalties), `generator_loss`, `penalty`,
        `consistency`, `largest_slope`, `K_eff`, `k_eff` as far as they exist.

    Raises:
        TypeError: if `phi`, `penalty`, `consistency`, `generator_loss` or `labels` are not such.
        ValueError: if `phi` is not increasing, or networks, penalty, batch sizes or labels do not
            fit each other.

    Example:
        >>> import numpy as np
        >>> from keras_ot_gans import losses, networks
        >>> gan = LipschitzGAN(networks.mlp(8, (16,), 2), networks.mlp(2, (16,), 1),
        ...                    phi=losses.phi.linear, penalty=losses.penalties.gradient_penalty(),
        ...                    critic_steps=2, seed=0)
        >>> gan.compile({role: keras.optimizers.Adam(2e-4) for role in gan.networks})
        >>> history = gan.fit(np.zeros((64, 2), "float32"), batch_size=32, verbose=0)
        >>> gan.step, sorted(history.history)
        (2, ['critic_loss', 'generator_loss', 'largest_slope', 'penalty'])

    Source: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
        Adversarial Nets", 2018, eqs. 1, 12 and 18; Tanaka, "Discriminator optimal transport",
        NeurIPS 2019, Fig. 2 (`K_eff`, `k_eff`).
    Differs: fakes of a conditional critic update carry the labels of its real batch, so that both
        ends of a blend have one class; generator updates draw labels of their own.
    """

    def __init__(
        self,
        generator: keras.Model,
        critic: keras.Model,
        *,
        phi: Phi | None = None,
        penalty: losses.Penalty | None = None,
        consistency: losses.Consistency | None = None,
        generator_loss: Callable[[Tensor, Phi], Tensor] | None = None,
        batch_size: int | None = None,
        generator_batch: int | None = None,
        effective_constants: bool = False,
        critic_steps: int = 1,
        **kwargs,
    ):
        super().__init__(generator, critic_steps=critic_steps, **kwargs)
        self.critic = critic
        self.phi = losses.phi.logistic if phi is None else phi
        self.penalty, self.consistency = penalty, consistency
        self.generator_loss = generator_loss or losses.linear_generator_loss
        self.batch_size, self.generator_batch = batch_size, generator_batch
        self.effective_constants = effective_constants
        lipschitz_checks.check_objectives(self.phi, penalty, consistency, self.generator_loss)
        lipschitz_checks.check_networks(generator, critic, self.labels, penalty)
        lipschitz_checks.check_sizes(penalty, batch_size, generator_batch, critic_steps)
        self.slope_penalty = None
        if penalty is not None:
            shape = tuple(generator.output_shape[1:])
            self.slope_penalty = SlopePenalty(penalty, shape, batch_size, self.labels is not None)
        self._two_passes = None
        if consistency is not None:
            self._two_passes = lipschitz_checks.with_last_features(critic)
        self.track(
            "critic_loss",
            "generator_loss",
            *(("penalty", "largest_slope") if penalty is not None else ()),
            *(("consistency",) if consistency is not None else ()),
            *(("K_eff", "k_eff") if effective_constants else ()),
        )

    @property
    def networks(self) -> dict[str, Sequence[keras.layers.Layer]]:
        """Trained layers by role."""
        return {"generator": [self.generator], "critic": [self.critic]}

    def _check_batches(self, x, batch_size: int | None) -> None:
        lipschitz_checks.check_batches(self.penalty, self.batch_size, x, batch_size)

    def train_step(self, data) -> dict:
        """Play one round: critic updates on their real batches, then the generator's.

        Args:
            data: `x`, `(x,)` or `(x, y)`, packed into rounds or not.

        Returns:
            Dict of the logged means.
        """
        for index, (x_real, roles) in enumerate(self.passes(data)):
            if "critic" in roles:
                self.critic_update(x_real, conditions.real_labels(data, self.labels, index))
        for _ in range(0 if "generator" in self.frozen else self.generator_steps):
            self.generator_update(tf.shape(x_real)[0])
        return self.logs()

    def critic_update(self, x_real: tf.Tensor, labels: tf.Tensor | None) -> None:
        """Take one step of the critic.

        Args:
            x_real: tensor `(B, ...)`, this replica's real batch.
            labels: int tensor `(B,)` if conditional.
        """
        x_fake = self._fakes(self.latents(tf.shape(x_real)[0]), labels, training=True)
        x_real = tf.cast(x_real, x_fake.dtype)
        with tf.GradientTape() as tape:
            loss = adversarial = self.critic_objective(x_real, x_fake, labels, training=True)
            slopes = self._slopes(x_real, x_fake, labels, training=True)
            if slopes is not None:
                loss += slopes.penalty
            disagreement = self._disagreement(x_real, labels)
            if disagreement is not None:
                loss += disagreement
        self.update(tape, loss, descend=["critic"])
        if slopes is not None:
            self.slope_penalty.remember(slopes)
        self._record_critic(adversarial, slopes, disagreement)

    def generator_update(self, n: tf.Tensor | int) -> None:
        """Take one step of the generator.

        Args:
            n: int or scalar tensor, latents per replica unless `generator_batch` says otherwise.
        """
        z = self.latents(replicas.share(self.generator_batch, "generator_batch") or n)
        labels = conditions.fake_labels(self.labels, tf.shape(z)[0], self.stream(True))
        with tf.GradientTape() as tape:
            x_fake = self._fakes(z, labels, training=True)
            logits = self._judge(x_fake, labels, training=True)
            loss = self.generator_loss(logits, self.phi)
        self.update(tape, loss, descend=["generator"])
        self._record_generator(loss, z, x_fake, logits)

    def test_step(self, data) -> dict:
        """Evaluate the same objectives in inference mode; no state of the training moves.

        Both halves see the same fakes, of the labels of the real batch; blends are fresh ones, the
        buffer takes no part. Without dropout the consistency term is 0.

        Args:
            data: as for `train_step`; of a packed round, the first batch.

        Returns:
            Dict of the logged means.
        """
        x_real, _ = next(self.passes(data))
        labels = conditions.real_labels(data, self.labels, 0)
        z = self.latents(tf.shape(x_real)[0], training=False)
        x_fake = self._fakes(z, labels, training=False)
        x_real = tf.cast(x_real, x_fake.dtype)
        adversarial = self.critic_objective(x_real, x_fake, labels, training=False)
        slopes = self._slopes(x_real, x_fake, labels, training=False)
        disagreement = None if self.consistency is None else tf.constant(0.0)  # no dropout here
        self._record_critic(adversarial, slopes, disagreement)
        logits = self._judge(x_fake, labels, training=False)
        self._record_generator(self.generator_loss(logits, self.phi), z, x_fake, logits)
        return self.logs()

    # The terms ---------------------------------------------------------------------------------

    def _fakes(self, z: tf.Tensor, labels: tf.Tensor | None, training: bool) -> tf.Tensor:
        running = self.runs_training("generator", training)
        return self.generator(with_labels(z, labels), training=running)

    def _judge(self, x: tf.Tensor, labels: tf.Tensor | None, training: bool) -> tf.Tensor:
        running = self.runs_training("critic", training)
        return self.critic(with_labels(x, labels), training=running)

    def critic_objective(
        self, x_real: tf.Tensor, x_fake: tf.Tensor, labels: tf.Tensor | None, training: bool
    ) -> tf.Tensor:
        """Compute eq. 1, `J_D`; one call of the critic sees both batches.

        With batch normalisation in training, each batch is normalised by itself.

        Args:
            x_real: tensor `(B, ...)`.
            x_fake: tensor `(B, ...)`, as many.
            labels: int tensor `(B,)`, of both, if conditional.
            training: bool, whether this is a training step.

        Returns:
            Scalar, without penalties.
        """
        if self.runs_training("critic", training) and couples_samples(self.critic):
            real, fake = (self._judge(x, labels, training) for x in (x_real, x_fake))
            return losses.critic_loss(real, fake, self.phi)
        both = None if labels is None else tf.concat([labels, labels], axis=0)
        values = self._judge(tf.concat([x_real, x_fake], axis=0), both, training)
        n = tf.shape(x_real)[0]
        return losses.critic_loss(values[:n], values[n:], self.phi)

    def _slopes(self, x_real, x_fake, labels, training: bool) -> Slopes | None:
        """Measure the critic's slopes, if they are penalised."""
        if self.slope_penalty is None:
            return None
        stream = self.stream(training)
        return self.slope_penalty.measure(
            lambda x, y: self._judge(x, y, training), x_real, x_fake, labels, stream, training
        )

    def _disagreement(self, x_real: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor | None:
        """Compare two dropout passes, if there is a consistency term."""
        if self.consistency is None:
            return None
        running = self.runs_training("critic", True)
        inputs = with_labels(x_real, labels)
        first, second = (self._two_passes(inputs, training=running) for _ in range(2))
        return self.consistency(first[0], second[0], first[1], second[1])

    # Logs and saving ---------------------------------------------------------------------------

    def _record_critic(self, adversarial, slopes, disagreement) -> None:
        self.record(critic_loss=adversarial)
        if slopes is not None:
            self.record(penalty=slopes.penalty, largest_slope=slopes.largest)
        if disagreement is not None:
            self.record(consistency=disagreement)

    def _record_generator(self, loss, z, x_fake, logits) -> None:
        """Log the loss and, if asked for, the effective Lipschitz constants."""
        self.record(generator_loss=loss)
        if self.effective_constants:
            flat = tf.reshape(x_fake, (-1, math.prod(x_fake.shape[1:])))
            flat, z, logits = (replicas.gather(v) for v in (flat, z, logits))
            self.record(K_eff=effective_lipschitz(flat, logits))
            self.record(k_eff=effective_lipschitz(z, logits))

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "critic": serialize(self.critic),
            "phi": serialize(self.phi),
            "penalty": serialize(self.penalty),
            "consistency": serialize(self.consistency),
            "generator_loss": serialize(self.generator_loss),
            "batch_size": self.batch_size,
            "generator_batch": self.generator_batch,
            "effective_constants": self.effective_constants,
        }
