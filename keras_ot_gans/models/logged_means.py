"""The scalars that a model logs."""

import keras
import tensorflow as tf

from keras_ot_gans.models import replicas


class LoggedMeans:
    """Methods of `AdversarialModel` that average scalars over an epoch."""

    _trackers = ()

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
