"""One optimizer for each role."""

from collections.abc import Mapping

import keras

from keras_ot_gans.models import players


class RoleOptimizers:
    """Methods of `AdversarialModel` that give each role its optimizer, and save it."""

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
