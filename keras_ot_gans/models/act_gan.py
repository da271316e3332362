"""ACT-GAN: a generator trained by asymptotic conditional transport."""

import math
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf
from keras import layers

from keras_ot_gans.divergences.conditional_transport import (
    ConditionalTransport,
    check_forward_weight,
    check_num_anchors,
    conditional_transport,
)
from keras_ot_gans.layers.pairwise import PairwiseDistance
from keras_ot_gans.models import act_checks, act_parts, replicas
from keras_ot_gans.models import features as feature_pairs
from keras_ot_gans.models.act_views import ACTViews
from keras_ot_gans.models.adversarial_model import AdversarialModel
from keras_ot_gans.models.feature_tape import FeatureTape, check_compilation, check_micro_batch
from keras_ot_gans.ops.costs import cosine, squared_euclidean
from keras_ot_gans.ops.numerics import Tensor

Cost = Callable[[Tensor, Tensor], Tensor]


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class ACTGAN(ACTViews, AdversarialModel):
    """Asymptotic conditional transport, with or without a critic.

    Generator and navigator minimise the cost of the navigator's conditional plans between the real
    and the generated batch; a critic, if there is one, inflates the cost by maximising the same
    value (eq. 16). Where all roles update in a pass, one forward and one backward pass serve them.

    Args:
        generator: `keras.Model` `(B, latent_dim) -> (B, ...)`.
        navigator: either a `keras.Model` of data `(B, ...) -> (B, h)`, compared by
            `navigator_distance`, or a `layers.PairwiseDistance` that compares what the cost
            compares (critic features, or raw data).
        critic: None for a cost on raw data (flattened), or a `keras.Model` `(B, ...) -> (B, m)`.
        cost: `(n, m') , (m, m') -> (n, m)`; None takes `ops.cosine` with a critic (eq. 15) and
            `ops.squared_euclidean` without.
        navigator_distance: the same kind of function on the navigator's features; None takes the
            same default as `cost`. Unused with a `PairwiseDistance`.
        forward_weight: float in [0, 1], the paper's gamma (Fig. 5): 1 covers modes, 0 seeks them.
        num_fake: int or None, generated samples per batch (the paper's M), of all replicas
            together; None takes as many as there are real ones.
        num_anchors: None for the full-batch estimator (eq. 14), k for k anchors of each side
            (eq. 13 with 1). A batch whose size is unknown when it is compiled, such as a partial
            last one, takes all its points where it has fewer.
        critic_steps: int, critic updates per round; 0 keeps the critic fixed, as a pre-trained
            feature network (Fig. 18). None takes 1 with a critic.
        generator_steps: int, generator and navigator updates per round. None takes 5 with a critic
            (SNGAN backbone, appendix B.6) and 1 without. The paper's DCGAN backbone has 1.
        critic_loss: None to maximise the transport cost, or a function of logits
            `(real, fake) -> scalar` that the critic minimises instead through a linear head, such
            as `losses.discriminator_cross_entropy` (Fig. 19).
        micro_batch: int or None. With it, features of a batch of any size are computed this many
            at a time, and each micro-batch gets its part of the plans' gradient in a second pass
            (`FeatureTape`): the same update in less memory. Not with batch normalisation.
        **kwargs: `latent_dim`, `prior`, `ema_decay`, `seed`, `name` of `AdversarialModel`.

    Roles:
        `generator`, `navigator`, and `critic` where `critic_steps > 0`.

    Fit:
        Expects `x` `(B, ...)` shaped like a generated sample, images in [-1, 1]. Logs
        `transport_cost`, `forward_cost`, `backward_cost`, and `critic_loss` if it has its own.
        Saves weights, optimizers, seeds, EMA, frozen roles and counters.

    Raises:
        ValueError: if shapes, steps, weights or anchors do not fit each other.

    Example:
        >>> import numpy as np
        >>> from keras_ot_gans.networks import mlp
        >>> gan = ACTGAN(mlp(8, (16,), 2), mlp(2, (16,), 10), seed=0)
        >>> gan.compile({role: keras.optimizers.Adam(2e-4) for role in gan.networks})
        >>> history = gan.fit(np.zeros((64, 2), "float32"), batch_size=32, verbose=0)
        >>> gan.sample(5, seed=0).shape, gan.step
        ((5, 2), 2)

    Source: Zheng and Zhou, "ACT: Asymptotic Conditional Transport", 2020, eqs. 13 to 16.
    Differs: the roles of one pass update simultaneously (the authors' code alternates) and, with a
        `PairwiseDistance` on critic features, the critic also feels the plan.
    """

    def __init__(
        self,
        generator: keras.Model,
        navigator: keras.Model | PairwiseDistance,
        critic: keras.Model | None = None,
        *,
        cost: Cost | None = None,
        navigator_distance: Cost | None = None,
        forward_weight: float = 0.5,
        num_fake: int | None = None,
        num_anchors: int | None = None,
        critic_steps: int | None = None,
        generator_steps: int | None = None,
        critic_loss: Callable[[Tensor, Tensor], Tensor] | None = None,
        micro_batch: int | None = None,
        **kwargs,
    ):
        trained = critic is not None and critic_steps != 0
        if critic is None and (critic_steps or critic_loss):
            raise ValueError(
                "`critic` must be given with `critic_steps` or `critic_loss`. Received: "
                f"critic=None, critic_steps={critic_steps}, critic_loss={critic_loss}."
            )
        if critic is not None and not trained and critic_loss is not None:
            raise ValueError(
                "`critic_loss` must be None with a fixed critic. Received: critic_steps=0 and "
                f"critic_loss={critic_loss}. Give the critic steps, or no loss."
            )
        check_forward_weight(forward_weight)
        check_num_anchors(num_anchors)
        if num_fake is not None and num_fake < 1:
            raise ValueError(f"`num_fake` must be None or at least 1. Received: {num_fake}.")
        act_checks.check_anchors(num_anchors, "num_fake", num_fake)
        if generator_steps is None:
            generator_steps = 5 if trained else 1
        super().__init__(
            generator,
            generator_steps=generator_steps,
            critic_steps=(critic_steps or 1) if trained else 0,
            **kwargs,
        )
        default = squared_euclidean if critic is None else cosine
        self.navigator, self.critic = navigator, critic
        self.cost = cost or default
        self.navigator_distance = navigator_distance or default
        self.forward_weight = forward_weight
        self.num_fake, self.num_anchors = num_fake, num_anchors
        self.critic_loss = critic_loss
        self.micro_batch = micro_batch
        act_checks.check_networks(generator, navigator, critic)
        check_micro_batch(
            micro_batch, {"generator": generator, "navigator": navigator, "critic": critic}
        )
        self.critic_head = None
        if critic_loss is not None:
            self.critic_head = layers.Dense(1, dtype="float32", name="critic_head")
            self.critic_head.build((None, math.prod(critic.output_shape[1:])))
        own_loss = () if critic_loss is None else ("critic_loss",)
        self.track("transport_cost", "forward_cost", "backward_cost", *own_loss)

    def _check_batches(self, x, batch_size: int | None) -> None:
        check_compilation(self.jit_compile, self.micro_batch)

    @property
    def networks(self) -> dict[str, Sequence[keras.layers.Layer]]:
        """Trained layers by role."""
        roles = {"generator": [self.generator], "navigator": [self.navigator]}
        if self.critic_steps:
            head = [] if self.critic_head is None else [self.critic_head]
            roles["critic"] = [self.critic, *head]
        return roles

    def train_step(self, data) -> dict:
        """Play one round: eq. 16 by simultaneous gradient descent and ascent."""
        for x_real, roles in self.passes(data):
            players = [role for role in roles if role != "critic"]
            critic = [role for role in roles if role == "critic"]
            with FeatureTape(self.micro_batch, persistent=self.critic_loss is not None) as tape:
                if self.micro_batch is None:
                    x_fake = self.fake_like(x_real, training=True)
                    transport, critic_loss = self.objective(x_real, x_fake, training=True)
                else:
                    z = self.latents(self._num_fake(x_real))
                    compared = act_parts.compared(self, tape, x_real, z)
                    transport, critic_loss = self._transported(*compared)
            if self.critic_loss is None:
                self.update(tape, transport.value, descend=players, ascend=critic)
            else:
                moves = self.gradients(tape, transport.value, descend=players)
                moves |= self.gradients(tape, critic_loss, descend=critic)
                self.apply(moves, transport.value, critic_loss)
            self.record_objective(transport, critic_loss)
        return self.logs()

    def test_step(self, data) -> dict:
        """Evaluate the same objective in inference mode; no state of the training moves."""
        x_real, _ = next(self.passes(data))
        x_fake = self.fake_like(x_real, training=False)
        self.record_objective(*self.objective(x_real, x_fake, training=False))
        return self.logs()

    def fake_like(self, x_real: tf.Tensor, training: bool) -> tf.Tensor:
        """Generate the batch that is compared with `x_real`.

        Args:
            x_real: tensor `(n, ...)`.
            training: bool.

        Returns:
            Tensor `(num_fake or n, ...)`, this replica's share.
        """
        z = self.latents(self._num_fake(x_real), training)
        return self.generator(z, training=self.runs_training("generator", training))

    def _num_fake(self, x_real: tf.Tensor) -> tf.Tensor | int:
        return replicas.share(self.num_fake, "num_fake") or tf.shape(x_real)[0]

    def objective(
        self, x_real: tf.Tensor, x_fake: tf.Tensor, training: bool
    ) -> tuple[ConditionalTransport, tf.Tensor | None]:
        """Compute the transport between two batches, and the critic's own loss if it has one.

        Args:
            x_real: tensor `(n, ...)`, this replica's real batch.
            x_fake: tensor `(m, ...)`, this replica's generated batch.
            training: bool.

        Returns:
            `(ConditionalTransport, scalar or None)`, of the batch of all replicas.
        """
        return self._transported(*self.compared(x_real, x_fake, training))

    def _transported(
        self, t_real: tf.Tensor, t_fake: tf.Tensor, cost: tf.Tensor, distance: tf.Tensor
    ) -> tuple[ConditionalTransport, tf.Tensor | None]:
        """Compute the objective from what `compared` returns."""
        for size in cost.shape:
            act_checks.check_anchors(self.num_anchors, "the batch", size)
        transport = conditional_transport(cost, distance, self.forward_weight, self.num_anchors)
        if self.critic_loss is None:
            return transport, None
        return transport, self.critic_loss(self.critic_head(t_real), self.critic_head(t_fake))

    def compared(
        self, x_real: tf.Tensor, x_fake: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Compare two batches by the critic's and by the navigator's features.

        Args:
            x_real: tensor `(n, ...)`, this replica's real batch.
            x_fake: tensor `(m, ...)`, this replica's generated batch.
            training: bool.

        Returns:
            `(t_real, t_fake, cost, distance)`, the critic's features (or the flat data) and
            float32 matrices `(n, m)`, of the batch of all replicas.
        """
        t_real, t_fake = self._features("critic", self.critic, x_real, x_fake, training)
        if isinstance(self.navigator, PairwiseDistance):
            running = self.runs_training("navigator", training)
            distance = self.navigator(t_real, t_fake, training=running)
        else:
            h = self._features("navigator", self.navigator, x_real, x_fake, training)
            distance = self.navigator_distance(*h)
        return t_real, t_fake, self.cost(t_real, t_fake), distance

    def _features(self, role, network, x_real, x_fake, training) -> tuple[tf.Tensor, tf.Tensor]:
        return feature_pairs.comparable(
            network, x_real, x_fake, training=self.runs_training(role, training)
        )

    def record_objective(
        self, transport: ConditionalTransport, critic_loss: tf.Tensor | None
    ) -> None:
        """Log the transport and its directions.

        Args:
            transport: `ConditionalTransport`.
            critic_loss: scalar or None.
        """
        self.record(
            transport_cost=transport.value,
            forward_cost=transport.forward,
            backward_cost=transport.backward,
            critic_loss=critic_loss,
        )

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "navigator": serialize(self.navigator),
            "critic": serialize(self.critic),
            "cost": serialize(self.cost),
            "navigator_distance": serialize(self.navigator_distance),
            "forward_weight": self.forward_weight,
            "num_fake": self.num_fake,
            "num_anchors": self.num_anchors,
            "critic_loss": serialize(self.critic_loss),
            "micro_batch": self.micro_batch,
        }
