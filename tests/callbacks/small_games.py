"""A small real game that can be trained, poisoned and compared, for the tests of the watchdog."""

import threading

import keras
import numpy as np

from keras_ot_gans.models import LipschitzGAN
from keras_ot_gans.networks import mlp

X = np.random.default_rng(0).normal(size=(48, 2)).astype("float32")
BATCH, ROUNDS = 8, 6


def game(critic=0.01, generator=0.01, momentum=0.9, scheduled=False, **kwargs):
    """A Lipschitz GAN on points, with slots, and an average of the generator."""
    keras.utils.set_random_seed(1)
    model = LipschitzGAN(mlp(2, (4,), 2), mlp(2, (4,), 1), ema_decay=0.9, seed=0)
    if scheduled:
        generator = keras.optimizers.schedules.CosineDecay(generator, 100)
    model.compile(
        {
            "generator": keras.optimizers.SGD(generator, momentum=momentum),
            "critic": keras.optimizers.SGD(critic, momentum=momentum),
        },
        **kwargs,
    )
    return model


def train(model, *callbacks, epochs=1, x=X, **kwargs):
    return model.fit(
        x, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, callbacks=list(callbacks),
        **kwargs,
    )  # fmt: skip


class Poison(keras.callbacks.Callback):
    """Makes a role's first weight NaN at the end of given batches, counted over epochs."""

    def __init__(self, role, *batches):
        super().__init__()
        self.role, self.batches, self.count = role, batches, 0

    def on_train_batch_end(self, batch, logs=None):
        self.count += 1
        if self.count in self.batches:
            self.model.variables_of(self.role)[0].assign(
                self.model.variables_of(self.role)[0] * float("nan")
            )


def state(model):
    """All that decides the future, as arrays by name."""
    found = {f"weights {v.path}": v.numpy() for v in model.variables}
    for role in model.networks:
        for index, v in enumerate(model.optimizer_of(role).variables):
            found[f"{role} {index} {v.path}"] = v.numpy()
    return found


def threads():
    return [t for t in threading.enumerate() if t.name == "keras_ot_gans-watchdog"]


def kinds(watchdog):
    return [event.kind for event in watchdog.events]
