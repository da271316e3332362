"""The base of every method: roles, optimizers, latents, updates, sampling, exact saving."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence

import keras
import tensorflow as tf

from keras_ot_gans.models import conditions, players, replicas
from keras_ot_gans.models.checked_fit import CheckedFit
from keras_ot_gans.models.exact_state import ExactState
from keras_ot_gans.models.logged_means import LoggedMeans
from keras_ot_gans.models.moving_average import MovingAverage
from keras_ot_gans.models.role_optimizers import RoleOptimizers
from keras_ot_gans.models.role_updates import RoleUpdates
from keras_ot_gans.models.sampling import Sampling
from keras_ot_gans.ops.priors import Normal


class AdversarialModel(
    RoleOptimizers,
    RoleUpdates,
    MovingAverage,
    LoggedMeans,
    CheckedFit,
    Sampling,
    ExactState,
    keras.Model,
):
    """What every generator's training needs, and nothing that one method needs. Abstract.

    A method adds its networks by role (`networks`), its hyper-parameters and a `train_step`. One
    step of `fit` is one ROUND of the game: `passes_per_round` passes, unrolled.
    A plain batch serves all passes of its round; `datasets.in_rounds` packs a fresh one for each
    along axis 1. `step` counts generator updates, whatever the packing.

    Args:
        generator: `keras.Model` `(B, latent_dim) -> (B, ...)`.
        latent_dim: int or None, width of `z`; None reads it from the generator.
        prior: `ops.Normal()` or `ops.Uniform()`; None is the normal.
        generator_steps: int >= 1, generator updates per round.
        critic_steps: int >= 0, critic updates per round.
        ema_decay: float in (0, 1) or None: keep an exponential moving average of the generator,
            updated after each of its updates, used by `sample`.
        seed: int or None, seed of the latents.
        labels: `ops.Labels` or `ops.SideVectors` that a conditional generator
            `[z, labels] -> (B, ...)` is asked for, or None.
        name: the model's name.

    Raises:
        TypeError: if the class lacks `networks` or `train_step`.
        ValueError: if an argument is out of range, or the generator takes no latents.
    """

    def __init__(
        self,
        generator: keras.Model,
        *,
        latent_dim: int | None = None,
        prior: Normal | None = None,
        generator_steps: int = 1,
        critic_steps: int = 0,
        ema_decay: float | None = None,
        seed: int | None = None,
        labels: conditions.Condition | None = None,
        name: str | None = None,
    ):
        _check_concrete(type(self))
        super().__init__(name=name)
        self.generator, self.labels = generator, conditions.checked(labels)
        self.latent_dim = players.latent_dim_of(generator, latent_dim, labels)
        self.prior = prior or Normal()
        if generator_steps < 1 or critic_steps < 0:
            raise ValueError(
                "`generator_steps` must be at least 1 and `critic_steps` at least 0. Received: "
                f"generator_steps={generator_steps}, critic_steps={critic_steps}. "
                "0 critic steps keep the critic fixed."
            )
        self.generator_steps, self.critic_steps = generator_steps, critic_steps
        self.seed = seed
        self._begin_average(ema_decay)
        self.seed_generator = keras.random.SeedGenerator(seed)
        # A stream of its own: looking at samples or evaluating must not change the training.
        self.sample_seed = keras.random.SeedGenerator(None if seed is None else seed + 1)
        self.generator_updates = self.add_weight(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            name="generator_updates",
            aggregation="only_first_replica",
        )
        self._frozen = ()
        self._generate = {}
        self.built = True  # its networks are; `fit` must not call it on the data

    # Roles -------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def networks(self) -> dict[str, Sequence[keras.layers.Layer]]:
        """Trained layers by role, `{"generator": [...], ...}`."""

    @property
    def turns(self) -> list[tuple[str, ...]]:
        """Roles that move in each pass of a round.

        Here the critic takes part in the first `critic_steps` passes, all others in the first
        `generator_steps`. A method whose roles take turns says so.
        """
        limits = {role: self.generator_steps for role in self.networks}
        if "critic" in limits:
            limits["critic"] = self.critic_steps
        passes = max(self.generator_steps, self.critic_steps)
        return [tuple(r for r in limits if index < limits[r]) for index in range(passes)]

    @property
    def passes_per_round(self) -> int:
        """Real batches of one round; `datasets.in_rounds` packs as many."""
        return len(self.turns)

    @property
    def updates_per_round(self) -> dict[str, int]:
        """Optimizer updates of each role in a round where none is frozen."""
        return {role: sum(role in turn for turn in self.turns) for role in self.networks}

    @property
    def frozen(self) -> tuple[str, ...]:
        """Roles that `freeze` has stopped."""
        return self._frozen

    def variables_of(self, role: str) -> list[keras.Variable]:
        """Return the trainable variables of a role, in the order its optimizer knows.

        Args:
            role: a key of `networks`.

        Returns:
            List of `keras.Variable`.
        """
        return [v for layer in self.networks[role] for v in layer.trainable_variables]

    def freeze(self, role: str) -> None:
        """Stop updating a role, at once, also while `fit` runs.

        The network then runs in inference mode, as Keras's frozen layers do. The state is saved
        with the model.

        Args:
            role: a key of `networks`.

        Raises:
            ValueError: if the model has no such role.
        """
        self._set_frozen((*self._frozen, self._known_role(role)))

    def unfreeze(self, role: str) -> None:
        """Update a frozen role again.

        Args:
            role: a key of `networks`.

        Raises:
            ValueError: if the model has no such role.
        """
        role = self._known_role(role)
        self._set_frozen(tuple(other for other in self._frozen if other != role))

    def _known_role(self, role: str) -> str:
        if role not in self.networks:
            roles = ", ".join(repr(known) for known in self.networks)
            raise ValueError(f"`role` must be one of {roles}. Received: {role!r}.")
        return role

    def _set_frozen(self, roles: tuple[str, ...]) -> None:
        self._frozen = tuple(sorted(set(roles)))
        self.train_function = None  # the compiled step knows who is frozen
        if self.compiled:
            self.make_train_function(force=True)

    # Pieces of a train step --------------------------------------------------------------------

    @abstractmethod
    def train_step(self, data) -> dict:
        """Play one round, by `passes`, `latents` and `update`, and return `logs()`."""

    def passes(self, data) -> Iterator[tuple[tf.Tensor, tuple[str, ...]]]:
        """Split a round into passes: a real batch, and the roles that it updates.

        Args:
            data: what `fit` hands to `train_step`: `x`, `(x,)` or `(x, y)`.

        Yields:
            `(x_real, roles)`, the roles of `turns` that are not frozen.
        """
        x = keras.utils.unpack_x_y_sample_weight(data)[0]
        packed = len(x.shape) > len(self.generator.output_shape)
        for index, turn in enumerate(self.turns):
            roles = tuple(role for role in turn if role not in self._frozen)
            yield (x[:, index] if packed else x), roles

    def stream(self, training: bool) -> keras.random.SeedGenerator:
        """Return the seeds to draw from: evaluation must not change the training.

        Args:
            training: bool, whether this is a training step.

        Returns:
            `keras.random.SeedGenerator`, the training's or that of `sample`.
        """
        return self.seed_generator if training else self.sample_seed

    def latents(self, n: tf.Tensor | int, training: bool = True) -> tf.Tensor:
        """Draw this replica's latents of a global draw.

        Args:
            n: int or scalar tensor, latents per replica.
            training: bool, whether this is a training step.

        Returns:
            float32 tensor `(n, latent_dim)`.
        """
        stream = self.stream(training)
        return replicas.own_part(lambda rows: self.prior.sample((rows, self.latent_dim), stream), n)

    def runs_training(self, role: str, training: bool) -> bool:
        """Return the `training` argument of a role's networks.

        Args:
            role: a key of `networks`, or a network that is never trained.
            training: bool, whether this is a training step.

        Returns:
            bool, False for frozen and fixed networks.
        """
        return training and role in self.networks and role not in self._frozen

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Generate from latents, `(B, latent_dim) -> (B, ...)`, or from `[z, labels]`."""
        return self.generator(inputs, training=training)

    # Saving ------------------------------------------------------------------------------------

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "latent_dim": self.latent_dim,
            "prior": keras.saving.serialize_keras_object(self.prior),
            "generator_steps": self.generator_steps,
            "critic_steps": self.critic_steps,
            "ema_decay": self.ema_decay,
            "seed": self.seed,
            "labels": keras.saving.serialize_keras_object(self.labels),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict) -> "AdversarialModel":
        """Build the model from `get_config`."""
        return cls(**{key: keras.saving.deserialize_keras_object(v) for key, v in config.items()})


def _check_concrete(cls: type) -> None:
    """Do what `abc.ABCMeta` does, which Keras's classes cannot have."""
    missing = [
        name
        for name in ("networks", "train_step")
        if getattr(getattr(cls, name), "__isabstractmethod__", False)
    ]
    if missing:
        raise TypeError(
            f"`{cls.__name__}` must define {' and '.join(missing)}. Received: an abstract class. "
            "Use a method such as `ACTGAN`, or write a subclass that defines them."
        )
