"""`fit` and `evaluate` of a model that looks at its data first."""

import keras
import tensorflow as tf

from keras_ot_gans.models import real_data


class CheckedFit:
    """Methods of `AdversarialModel` that check the data, then do as Keras does."""

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
        if steps is not None and steps < 1:  # on endless data Keras would never stop
            raise ValueError(
                f"`{steps_name}` must be None or at least 1. Received: {steps_name}={steps}. "
                "It is the number of rounds of one epoch."
            )
        passes = max(self.generator_steps, self.critic_steps)
        x = real_data.checked(x, self.generator.output_shape[1:], passes, name)
        return real_data.with_known_length(x, steps, name, steps_name)
