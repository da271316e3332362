"""OT-GAN: a generator and a critic's features, trained by the minibatch energy distance."""

import math
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.divergences.matching import EntropicMatching
from keras_ot_gans.divergences.minibatch_energy import (
    Cost,
    Matcher,
    MinibatchEnergy,
    minibatch_energy_distance,
)
from keras_ot_gans.models import conditions, ot_checks, replicas
from keras_ot_gans.models.adversarial_model import AdversarialModel
from keras_ot_gans.models.data_start import DataStart
from keras_ot_gans.models.feature_tape import FeatureTape, check_compilation
from keras_ot_gans.networks.conditioning import with_labels
from keras_ot_gans.ops.costs import cosine

Distance = Callable[[tf.Tensor, tf.Tensor, Cost, Matcher], MinibatchEnergy]


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class OTGAN(DataStart, AdversarialModel):
    """Optimal transport GAN: entropic matchings of large batches, held constant.

    The critic maps samples to features, whose pairwise cost is transported between two independent
    halves of the real and two of the fake batch; it maximises the minibatch energy distance, which
    the generator minimises several times per critic update. Batches should be large: the distance
    is between distributions of batches.

    Args:
        generator: `keras.Model` `(B, latent_dim) -> (B, ...)`; with `labels`, of `[z, labels]`.
        critic: `keras.Model` `(B, ...) -> (B, d)`; with `labels`, of `[x, labels]`. None
            transports the data themselves, flattened, by a fixed cost.
        cost: function `(n, d), (m, d) -> (n, m)`. None takes `ops.cosine`, the paper's.
        matching: function of costs `-> divergences.Matching`; None takes
            `divergences.EntropicMatching()`, whose epsilon of 0.002 suits the cosine cost.
        distance: function `(real, fake, cost, matching) -> MinibatchEnergy`, of features; None
            takes `divergences.minibatch_energy_distance`.
        generator_steps: int >= 1, generator updates per round. 3: see below.
        critic_steps: int >= 0, critic updates per round, which come first; 0 keeps it fixed.
        micro_batch: int or None. With it, features of a batch of any size are computed this many
            at a time, matched once, and each micro-batch gets its part of the gradient in a second
            pass (`FeatureTape`): the same update, half again as slow, in the memory of one.
        labels: `ops.Labels`, or `ops.SideVectors` such as embeddings of a text, for conditional
            generation (Algorithm 2): fakes are asked for what the real batch holds, and pairs
            (sample, label) are matched jointly. The distribution of `Labels` serves `sample`.
        **kwargs: `latent_dim`, `prior`, `ema_decay`, `seed`, `name` of `AdversarialModel`.

    Roles:
        `generator`, and `critic` where `critic_steps > 0`.

    Fit:
        Expects `x` `(B, ...)`, `B` even, shaped like a generated sample, and `y` `(B,)`, or vectors
        `(B, dim)`, if conditional. `datasets.in_rounds(data, critic_steps + generator_steps)` gives
        each update a batch of its own, as Algorithm 1 has it; a plain batch serves the round.
        Networks with
        `layers.WeightNormalization` are initialised from the first batch. Logs `distance` (eq. 8),
        `cross`, `within_real`, `within_fake`, `marginal_error` (largest of a matching),
        `iterations`, `not_converged` (matchings per update), `plan_entropy` (nats per point).

    Raises:
        ValueError: if shapes, steps or batches do not fit each other.

    Example:
        >>> from keras_ot_gans.networks import mlp
        >>> gan = OTGAN(mlp(8, (16,), 2), mlp(2, (16,), 4), seed=0)
        >>> gan.compile({role: keras.optimizers.Adam(2e-4) for role in gan.networks})
        >>> x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
        >>> history = gan.fit(x, batch_size=32, verbose=0)
        >>> gan.sample(5, seed=0).shape, gan.step      # 2 rounds of 3 generator updates
        ((5, 2), 6)

    Source: Salimans, Zhang, Radford and Metaxas, "Improving GANs Using Optimal Transport", ICLR
        2018, Algorithms 1 and 2.
    Differs: the paper does not say how many generator updates; the authors' scripts have 3 and 5.
        The critic moves first, as in their code (Algorithm 1 has it last). Gradients are means over
        the batch, theirs sums: with Adam only its epsilon can tell, so take a small one (1e-8).
    """

    def __init__(
        self,
        generator: keras.Model,
        critic: keras.Model | None = None,
        *,
        cost: Cost | None = None,
        matching: Matcher | None = None,
        distance: Distance | None = None,
        generator_steps: int = 3,
        critic_steps: int | None = None,
        micro_batch: int | None = None,
        labels: conditions.Condition | None = None,
        **kwargs,
    ):
        if critic_steps is None:
            critic_steps = 0 if critic is None else 1
        ot_checks.check_networks(generator, critic, critic_steps, micro_batch, labels)
        super().__init__(
            generator,
            generator_steps=generator_steps,
            critic_steps=critic_steps,
            labels=labels,
            **kwargs,
        )
        self.critic = critic
        self.cost = cost or cosine
        self.matching = matching or EntropicMatching()
        self.distance = distance or minibatch_energy_distance
        self.micro_batch = micro_batch
        self._begin_start()
        self.track(
            "distance",
            "cross",
            "within_real",
            "within_fake",
            "marginal_error",
            "iterations",
            "not_converged",
            "plan_entropy",
        )

    @property
    def networks(self) -> dict[str, Sequence[keras.layers.Layer]]:
        """Trained layers by role."""
        roles = {"generator": [self.generator]}
        return {**roles, "critic": [self.critic]} if self.critic_steps else roles

    @property
    def turns(self) -> list[tuple[str, ...]]:
        """Roles that move in each pass of a round: one at a time, the critic first."""
        return [("critic",)] * self.critic_steps + [("generator",)] * self.generator_steps

    def _check_batches(self, x, batch_size: int | None) -> None:
        check_compilation(self.jit_compile, self.micro_batch)
        ot_checks.check_even(x, batch_size)

    def train_step(self, data) -> dict:
        """Play one round of Algorithm 1: critic updates, then the generator's."""
        for index, (x_real, roles) in enumerate(self.passes(data)):
            if not roles:
                continue
            labels = conditions.real_labels(data, self.labels, index)
            z = self.latents(tf.shape(x_real)[0])
            with FeatureTape(self.micro_batch) as tape:
                distance = self.objective(tape, x_real, z, labels, roles, training=True)
            descend, ascend = (roles, ()) if roles == ("generator",) else ((), roles)
            self.update(tape, distance.value, descend=descend, ascend=ascend)
            self._record_distance(distance)
        return self.logs()

    def test_step(self, data) -> dict:
        """Evaluate the distance in inference mode; no state of the training moves."""
        x_real, _ = next(self.passes(data))
        labels = conditions.real_labels(data, self.labels, 0)
        z = self.latents(tf.shape(x_real)[0], training=False)
        tape = FeatureTape(self.micro_batch)
        with tape:
            distance = self.objective(tape, x_real, z, labels, (), training=False)
        self._record_distance(distance)
        return self.logs()

    def objective(
        self,
        tape: FeatureTape,
        x_real: tf.Tensor,
        z: tf.Tensor,
        labels: tf.Tensor | None,
        roles: Sequence[str],
        training: bool,
    ) -> MinibatchEnergy:
        """Compute the distance between a real batch and one generated from latents.

        Args:
            tape: `FeatureTape` that records.
            x_real: tensor `(B, ...)`, this replica's real batch.
            z: tensor `(B, latent_dim)`, this replica's latents.
            labels: tensor `(B, ...)`, of both, if conditional.
            roles: roles whose gradient will be asked for.
            training: bool.

        Returns:
            `MinibatchEnergy` of the batch of all replicas.
        """
        given = () if labels is None else (labels,)
        moving = "generator" in roles

        def real_features(x, *labels):
            return self._features(x, *labels, training=training)

        def fake_features(z, *labels):
            running = self.runs_training("generator", training)
            x = self.generator(with_labels(z, *(labels or (None,))), training=running)
            return self._features(x if moving else tf.stop_gradient(x), *labels, training=training)

        # A generator's update needs no gradient of the real features.
        of_real = tape.features if "critic" in roles else tape.constants
        of_fake = tape.features if roles else tape.constants
        x_real = tf.cast(x_real, tf.float32)  # a dataset may hold float64, which nothing narrows
        real = replicas.gather(of_real(real_features, x_real, *given))
        fake = replicas.gather(of_fake(fake_features, z, *given))
        return self.distance(*ot_checks.halvable(real, fake), self.cost, self.matching)

    def _features(self, x, labels=None, *, training: bool) -> tf.Tensor:
        """Return flat float32 features of samples, those of the pair with their labels."""
        if self.critic is not None:
            running = self.runs_training("critic", training)
            x = self.critic(with_labels(x, labels), training=running)
        x = tf.cast(x, tf.float32)
        return tf.reshape(x, (tf.shape(x)[0], math.prod(x.shape[1:])))

    def plans(
        self, x_real: np.ndarray, x_fake: np.ndarray, labels: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the cost and the matching between two batches, for a look at them.

        Args:
            x_real: array `(n, ...)`.
            x_fake: array `(m, ...)`.
            labels: array `(n, ...)`, of both batches, if conditional.

        Returns:
            `(cost, forward, backward)`, float32 arrays `(n, m)`: the plan with rows, and with
            columns, scaled to sum to 1.
        """
        labels = None if labels is None else tf.constant(self.labels.checked(labels, "labels"))
        features = [
            self._features(tf.constant(x, tf.float32), labels, training=False)
            for x in (x_real, x_fake)
        ]
        cost = self.cost(*features)
        plan = self.matching(cost).plan.numpy()
        tiny = np.finfo(plan.dtype).tiny
        forward = plan / np.maximum(plan.sum(axis=1, keepdims=True), tiny)
        return cost.numpy(), forward, plan / np.maximum(plan.sum(axis=0, keepdims=True), tiny)

    def _record_distance(self, found: MinibatchEnergy) -> None:
        self.record(
            distance=found.value,
            cross=found.cross,
            within_real=found.within_real,
            within_fake=found.within_fake,
            marginal_error=found.marginal_error,
            iterations=found.iterations,
            not_converged=found.not_converged,
            plan_entropy=found.entropy,
        )

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "critic": serialize(self.critic),
            "cost": serialize(self.cost),
            "matching": serialize(self.matching),
            "distance": serialize(self.distance),
            "micro_batch": self.micro_batch,
        }
