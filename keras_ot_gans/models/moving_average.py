"""The average of the generator's weights."""

import keras

from keras_ot_gans.models import replicas


class MovingAverage:
    """Keeps `AdversarialModel.ema_generator`, the generator of averaged weights.

    It is a network that the model tracks, so that it is saved, and has the generator's own moving
    statistics. `keras.callbacks.SwapEMAWeights` fails, or averages the wrong network, with several
    optimizers.
    """

    def _begin_average(self, decay: float | None) -> None:
        """Copy the generator, or None to keep no average."""
        if decay is not None and not 0.0 < decay < 1.0:
            raise ValueError(
                f"`ema_decay` must be None or in (0, 1). Received: ema_decay={decay}. Try 0.999."
            )
        self.ema_decay, self.ema_generator = decay, None
        if decay is not None:
            self.ema_generator = keras.models.clone_model(self.generator)
            self.ema_generator.set_weights(self.generator.get_weights())
            self.ema_generator.trainable = False

    def _update_average(self) -> None:
        """Follow an update of the generator."""
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
