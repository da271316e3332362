"""Initialisation of weight-normalised networks by the first batch that `fit` sees."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.layers.data_initialisation import has_weight_normalization, initialise_from_data
from keras_ot_gans.models import conditions
from keras_ot_gans.networks.conditioning import with_labels

_ENOUGH = 625  # samples of the first batch: as many as the authors of OT-GAN take


class DataStart:
    """Methods of a model with `generator` and `critic` that initialise both by data, once."""

    def _begin_start(self) -> None:
        """Add the flag, which is saved with the model."""
        self.started = self.add_weight(
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            name="started",
            aggregation="only_first_replica",
        )

    def start_from(self, x_real: np.ndarray, labels: np.ndarray | None = None) -> None:
        """Initialise the weight normalisations of generator and critic by data.

        `fit` does so with its first batch, or 625 samples of it, where this has not been done.
        Latents are as many as real samples, drawn from the training's stream. Networks without
        `layers.WeightNormalization` stay as they are, and so do those that are not trained: a
        fixed critic and frozen roles.

        Args:
            x_real: array `(B, ...)`, `B >= 2`; the larger, the better.
            labels: int array `(B,)`, if conditional.

        Raises:
            ValueError: if the data are not finite or too few.
        """
        x_real = np.asarray(x_real, "float32")
        starting = self._starting()
        if "generator" in starting:
            z = self.latents(len(x_real)).numpy()
            initialise_from_data(self.generator, with_labels(z, labels))
            if self.ema_generator is not None:
                self.ema_generator.set_weights(self.generator.get_weights())
        if "critic" in starting:
            initialise_from_data(self.critic, with_labels(x_real, labels))
        self.started.assign(1)

    def _starting(self) -> list[str]:
        """Roles that are trained and have a weight normalisation."""
        return [
            role
            for role, (network,) in self.networks.items()
            if role not in self.frozen and has_weight_normalization(network)
        ]

    def _prepare(self, x: Any, y: Any, batch_size: int | None, order: Any) -> None:
        """Start from the first batch of `fit`, once."""
        if int(keras.ops.convert_to_numpy(self.started)) or not self._starting():
            return
        size = _ENOUGH
        if isinstance(x, tf.data.Dataset):
            epoch = None if order is None else order.epoch
            batch = next(iter(x))
            if order is not None:
                order.set_epoch(epoch)  # a look uses up an epoch
            x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        else:
            size = min(batch_size or 32, _ENOUGH)
        packed = len(x.shape) > len(self.generator.output_shape)
        x, y = (v if v is None else v[:size, 0] if packed else v[:size] for v in (x, y))
        labels = conditions.real_labels((x, y), self.labels, 0)
        self.start_from(np.asarray(x), None if labels is None else labels.numpy())
