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
            y: int array `(n,)`, labels of the rows of an array `x`, for a conditional model, or
                float `(n, dim)` for one of vectors; else None. A dataset holds its own.
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
        self._check_shares(x, kwargs.get("batch_size"))
        self._check_batches(x, kwargs.get("batch_size"))
        order = getattr(x, "epoch_shuffle", None)
        x = self._checked(x, "x", "steps_per_epoch", steps_per_epoch)
        y = self._checked_labels_of_data(y)
        if isinstance(kwargs.get("validation_data"), tf.data.Dataset):
            name, steps = "validation_data", "validation_steps"
            kwargs[name] = self._checked(kwargs[name], name, steps, kwargs.get(steps))
        if not hasattr(x, "shape"):
            kwargs.setdefault("shuffle", False)  # datasets shuffle themselves; Keras would warn
        with real_data.teaching_errors():
            self._prepare(x, y, kwargs.get("batch_size"), order)
            return super().fit(x, y, steps_per_epoch=steps_per_epoch, **kwargs)

    def evaluate(self, x=None, y=None, **kwargs) -> dict | list:
        """Compute the training objective in inference mode; as `keras.Model.evaluate`.

        Args:
            x: array or `tf.data.Dataset`, as for `fit`.
            y: labels, as for `fit`.
            **kwargs: as in `keras.Model.evaluate`.

        Returns:
            List of the tracked means, or a dict with `return_dict=True`.

        Raises:
            ValueError: if the data do not fit the generator.
        """
        with real_data.teaching_errors():
            x = self._checked(x, "x", "steps", kwargs.get("steps"))
            y = self._checked_labels_of_data(y)
            return super().evaluate(x, y, **kwargs)

    def _check_shares(self, x, batch_size: int | None) -> None:
        """Refuse batches that the replicas cannot share evenly, where their size is known.

        Each replica's mean counts alike, and its latents are a part of one draw.
        """
        count = self.distribute_strategy.num_replicas_in_sync
        uneven = [size for size in real_data.batch_sizes(x, batch_size) if size % count]
        if uneven:
            raise ValueError(
                "`x` must come in batches that the replicas can share evenly, the last one too: "
                f"multiples of {count}. Received: a batch of {uneven[0]}. Use such a `batch_size` "
                "that divides the data, or a dataset with `drop_remainder=True`."
            )

    def _check_batches(self, x, batch_size: int | None) -> None:
        """Refuse the size of the batches of `fit`: for methods that ask for one."""

    def _prepare(self, x, y, batch_size: int | None, order) -> None:
        """Do what must precede the first update of `fit`: for methods that look at data."""

    def _maybe_symbolic_build(self, iterator=None, data_batch=None) -> None:
        """Skip what Keras does under a strategy for models that may not be built; ours are.

        It would use up a batch, and fails on a batch of (x, y) where there are several workers.
        """

    def _checked_labels_of_data(self, y):
        if self.labels is None or y is None:
            return y
        return self.labels.checked(y, "y")

    def _checked(self, x, name: str, steps_name: str, steps: int | None):
        if steps is not None and steps < 1:  # on endless data Keras would never stop
            raise ValueError(
                f"`{steps_name}` must be None or at least 1. Received: {steps_name}={steps}. "
                "It is the number of rounds of one epoch."
            )
        shape, passes = self.generator.output_shape[1:], self.passes_per_round
        x = real_data.checked(x, shape, passes, name, self.labels)
        return real_data.with_known_length(x, steps, name, steps_name)
