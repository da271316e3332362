"""The base of every method: roles, optimizers, latents, updates, sampling, exact saving."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import keras
import tensorflow as tf

from keras_ot_gans.models import players, real_data, replicas
from keras_ot_gans.models.exact_state import ExactState
from keras_ot_gans.models.sampling import Sampling
from keras_ot_gans.ops.priors import Normal


class AdversarialModel(Sampling, ExactState, keras.Model):
    """What every generator's training needs, and nothing that one method needs.

    A method adds its networks by role (`networks`), its hyper-parameters and a `train_step`. One
    step of `fit` is one ROUND of the game: `max(generator_steps, critic_steps)` passes, unrolled.
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
        name: the model's name.
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
        name: str | None = None,
    ):
        super().__init__(name=name)
        self.generator = generator
        self.latent_dim = players.latent_dim_of(generator, latent_dim)
        self.prior = prior or Normal()
        if generator_steps < 1 or critic_steps < 0:
            raise ValueError(
                "`generator_steps` must be at least 1 and `critic_steps` at least 0. Received: "
                f"generator_steps={generator_steps}, critic_steps={critic_steps}. "
                "0 critic steps keep the critic fixed."
            )
        if ema_decay is not None and not 0.0 < ema_decay < 1.0:
            raise ValueError(
                f"`ema_decay` must be None or in (0, 1). Received: ema_decay={ema_decay}. "
                "Try 0.999."
            )
        self.generator_steps, self.critic_steps = generator_steps, critic_steps
        self.ema_decay, self.seed = ema_decay, seed
        self.ema_generator = None
        if ema_decay is not None:
            self.ema_generator = keras.models.clone_model(generator)
            self.ema_generator.set_weights(generator.get_weights())
            self.ema_generator.trainable = False
        self.seed_generator = keras.random.SeedGenerator(seed)
        # A stream of its own: looking at samples must not change the training.
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
        self._trackers = []
        self._generate = {}
        self.built = True  # its networks are; `fit` must not call it on the data

    # Roles -------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def networks(self) -> dict[str, Sequence[keras.layers.Layer]]:
        """Trained layers by role, `{"generator": [...], ...}`."""

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

    # Compiling ---------------------------------------------------------------------------------

    def compile(self, optimizers: Mapping[str, keras.optimizers.Optimizer], **kwargs) -> None:
        """Give each role its optimizer, and build the optimizers' slots.

        Args:
            optimizers: `{role: keras.optimizers.Optimizer}`, one per role of `networks`. Under the
                `mixed_float16` policy each is wrapped for loss scaling.
            **kwargs: `jit_compile`, `run_eagerly`, `steps_per_execution`, as in Keras.

        Raises:
            ValueError: if a role is missing, unknown, or shares its optimizer with another.
        """
        made = players.checked_optimizers(optimizers, self.networks)
        super().compile(optimizer=None, loss=None, **kwargs)
        self._compile_arguments = kwargs
        for role, optimizer in made.items():
            optimizer = players.with_loss_scale(optimizer, self.networks[role])
            optimizer.build(self.variables_of(role))
            setattr(self, f"{role}_optimizer", optimizer)

    def optimizer_of(self, role: str) -> keras.optimizers.Optimizer:
        """Return the optimizer of a role.

        Args:
            role: a key of `networks`.

        Returns:
            `keras.optimizers.Optimizer`.
        """
        return getattr(self, f"{self._known_role(role)}_optimizer")

    def get_compile_config(self) -> dict:
        """Return the arguments of `compile`, for serialisation."""
        if not self.compiled:
            return {}
        return {
            "optimizers": {
                role: keras.saving.serialize_keras_object(self.optimizer_of(role))
                for role in self.networks
            },
            **self._compile_arguments,
        }

    def compile_from_config(self, config: dict) -> None:
        """Compile from `get_compile_config`.

        Args:
            config: dict.
        """
        optimizers = {
            role: keras.saving.deserialize_keras_object(optimizer)
            for role, optimizer in config.pop("optimizers").items()
        }
        self.compile(optimizers, **config)

    # Pieces of a train step --------------------------------------------------------------------

    def passes(self, data) -> Iterator[tuple[tf.Tensor, tuple[str, ...]]]:
        """Split a round into passes: a real batch, and the roles that it updates.

        Args:
            data: what `fit` hands to `train_step`: `x`, `(x,)` or `(x, y)`.

        Yields:
            `(x_real, roles)`. The critic takes part in the first `critic_steps` passes, all
            others in the first `generator_steps`; frozen roles in none.
        """
        x = keras.utils.unpack_x_y_sample_weight(data)[0]
        packed = len(x.shape) > len(self.generator.output_shape)
        for index in range(max(self.generator_steps, self.critic_steps)):
            limits = {role: self.generator_steps for role in self.networks}
            limits["critic"] = self.critic_steps
            roles = (r for r in self.networks if index < limits[r] and r not in self._frozen)
            yield (x[:, index] if packed else x), tuple(roles)

    def latents(self, n: tf.Tensor | int) -> tf.Tensor:
        """Draw this replica's latents of a global draw.

        Args:
            n: int or scalar tensor, latents per replica.

        Returns:
            float32 tensor `(n, latent_dim)`.
        """
        return replicas.own_part(
            lambda rows: self.prior.sample((rows, self.latent_dim), self.seed_generator), n
        )

    def runs_training(self, role: str, training: bool) -> bool:
        """Return the `training` argument of a role's networks.

        Args:
            role: a key of `networks`, or a network that is never trained.
            training: bool, whether this is a training step.

        Returns:
            bool, False for frozen and fixed networks.
        """
        return training and role in self.networks and role not in self._frozen

    def update(
        self,
        tape: tf.GradientTape,
        loss: tf.Tensor,
        *,
        descend: Sequence[str] = (),
        ascend: Sequence[str] = (),
    ) -> None:
        """Take one optimizer step of several roles on one loss, with one backward pass.

        Divides by the replica count, scales the loss under mixed precision, reduces gradients
        before clipping, and keeps the generator's EMA and the step counter.

        Args:
            tape: the `tf.GradientTape` that saw the loss.
            loss: scalar.
            descend: roles that minimise the loss.
            ascend: roles that maximise it.
        """
        roles = (*descend, *ascend)
        if not roles:
            return
        variables = {role: self.variables_of(role) for role in roles}
        scales = {role: players.loss_scale(self.optimizer_of(role)) for role in roles}
        shared = scales[roles[0]]
        gradients = tape.gradient(
            loss,
            variables,
            output_gradients=tf.cast(shared / replicas.count(), loss.dtype),
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        # Counters need no data: without this, a batch that fails to arrive would still move them.
        with tf.control_dependencies([loss]):
            for role in roles:
                factor = scales[role] / shared * (-1.0 if role in ascend else 1.0)
                own = [g * factor for g in gradients[role]]
                replicas.apply_gradients(self.optimizer_of(role), own, variables[role])
                players.take_power_steps(self.networks[role])
            if "generator" in roles:
                self.generator_updates.assign_add(1)
                self._update_ema()

    def _update_ema(self) -> None:
        if self.ema_generator is None:
            return
        averages, values = [], []
        trained = {id(v) for v in self.generator.trainable_variables}
        for mean, now in zip(self.ema_generator.weights, self.generator.weights, strict=True):
            # Moving statistics are averages already, and integers cannot be averaged.
            averaged = self.ema_decay * mean + (1.0 - self.ema_decay) * now
            averages.append(mean)
            values.append(averaged if id(now) in trained else now.value)
        replicas.assign(averages, values)

    # Metrics -----------------------------------------------------------------------------------

    def track(self, *names: str) -> None:
        """Declare the scalars that `logs` returns.

        Args:
            *names: names of the logged means.
        """
        self._trackers = [keras.metrics.Mean(name=name) for name in names]

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The tracked means; Keras resets them at each epoch."""
        return list(self._trackers)

    def record(self, **values: tf.Tensor) -> None:
        """Add scalars to the tracked means.

        Args:
            **values: scalar per declared name.
        """
        for tracker in self._trackers:
            if tracker.name in values:
                tracker.update_state(values[tracker.name])

    def logs(self) -> dict:
        """Return the tracked means, as `train_step` must."""
        return replicas.loggable({tracker.name: tracker.result() for tracker in self._trackers})

    # fit, evaluate, sample ---------------------------------------------------------------------

    def fit(self, x=None, y=None, *, steps_per_epoch=None, **kwargs) -> keras.callbacks.History:
        """Train on real data; as `keras.Model.fit`, after checking the data.

        Args:
            x: array `(n, ...)` or `tf.data.Dataset` of batches, float; images in [-1, 1].
            y: labels, or None.
            steps_per_epoch: int or None, rounds per epoch; needed for endless datasets.
            **kwargs: as in `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: if the data do not fit the generator, or the model is not compiled.
        """
        if not self.compiled:
            raise ValueError(
                f"`compile` must be called before `fit`, with the roles {list(self.networks)}. "
                "Received: a model without optimizers."
            )
        x = self._checked(x, "x", "steps_per_epoch", steps_per_epoch)
        if isinstance(kwargs.get("validation_data"), tf.data.Dataset):
            name, steps = "validation_data", "validation_steps"
            kwargs[name] = self._checked(kwargs[name], name, steps, kwargs.get(steps))
        if not hasattr(x, "shape"):
            kwargs.setdefault("shuffle", False)  # datasets shuffle themselves; Keras would warn
        with real_data.teaching_errors():
            return super().fit(x, y, steps_per_epoch=steps_per_epoch, **kwargs)

    def evaluate(self, x=None, y=None, **kwargs) -> dict | list:
        """Compute the training objective in inference mode; as `keras.Model.evaluate`.

        Args:
            x: array or `tf.data.Dataset`, as for `fit`.
            y: labels, or None.
            **kwargs: as in `keras.Model.evaluate`.

        Returns:
            List of the tracked means, or a dict with `return_dict=True`.

        Raises:
            ValueError: if the data do not fit the generator.
        """
        with real_data.teaching_errors():
            x = self._checked(x, "x", "steps", kwargs.get("steps"))
            return super().evaluate(x, y, **kwargs)

    def _checked(self, x, name: str, steps_name: str, steps: int | None):
        passes = max(self.generator_steps, self.critic_steps)
        x = real_data.checked(x, self.generator.output_shape[1:], passes, name)
        return real_data.with_known_length(x, steps, name, steps_name)

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Generate from latents, `(B, latent_dim) -> (B, ...)`."""
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
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict) -> "AdversarialModel":
        """Build the model from `get_config`."""
        return cls(**{key: keras.saving.deserialize_keras_object(v) for key, v in config.items()})
