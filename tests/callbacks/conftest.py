"""Small games that offer what callbacks may rely on, and nothing else."""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf


class FakeGame:
    """The models' public interface over NumPy; counts what it is asked."""

    def __init__(self, sample_shape=(2,), step=0):
        self.sample_shape = sample_shape
        self.step = step
        self.frozen = ()
        self.generator = self.navigator = object()
        self.critic = None
        self.asked = []

    def sample_latents(self, n, seed=None):
        self.asked.append(("latents", n, seed))
        return np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)

    def generate(self, z, use_ema=True):
        self.asked.append(("generate", z.copy()))
        weights = np.random.default_rng(0).normal(size=(3, int(np.prod(self.sample_shape))))
        return np.tanh(z @ weights).astype(np.float32).reshape(len(z), *self.sample_shape)

    def sample(self, n, seed=None, batch_size=256, use_ema=True):
        return self.generate(self.sample_latents(n, seed))

    def plans(self, x_real, x_fake):
        self.asked.append(("plans", len(x_real), len(x_fake)))
        real, fake = (np.reshape(x, (len(x), -1)) for x in (x_real, x_fake))
        cost = ((real[:, None] - fake[None]) ** 2).sum(-1)
        weights = np.exp(-cost)
        return cost, weights / weights.sum(1, keepdims=True), weights / weights.sum(0)

    def navigator_logits(self, x):
        self.asked.append(("logits", len(x)))
        x = np.reshape(x, (len(x), -1))
        return (x - x.mean(0))[:, 0]  # as for a principal component: all points matter

    def freeze(self, role):
        self.asked.append(("freeze", role))
        self.frozen = (*self.frozen, role)


class FitGame(keras.Model):
    """A Keras model of two numbers whose every `fit` batch is one generator update."""

    def __init__(self):
        super().__init__()
        self.shift = self.add_weight(shape=(2,), initializer="zeros", name="shift")
        self.updates = self.add_weight(shape=(), dtype="int64", initializer="zeros", name="n")
        self.navigator, self.frozen = keras.layers.Dense(1), ()
        self.frozen_at = {}
        self.built = True
        self.compile(optimizer=None)

    @property
    def step(self):
        return int(self.updates.numpy())

    def train_step(self, data):
        self.shift.assign_add(tf.random.normal((2,)))  # the global generator, on purpose
        self.updates.assign_add(1)
        return {"generator_loss": tf.reduce_sum(self.shift)}

    def sample(self, n, seed=None):
        noise = np.random.default_rng(seed).normal(size=(n, 2))
        return (noise + self.shift.numpy()).astype(np.float32)

    def plans(self, x_real, x_fake):
        return FakeGame().plans(x_real, x_fake)

    def navigator_logits(self, x):
        return FakeGame().navigator_logits(x)

    def freeze(self, role):
        self.frozen = (*self.frozen, role)
        self.frozen_at[role] = self.step


@pytest.fixture
def fake_game():
    return FakeGame


@pytest.fixture
def fit_game():
    return FitGame


@pytest.fixture
def events():
    """Read all event files of a folder: `{(tag, step): tensor}`."""

    def read(folder):
        found = {}
        for name in sorted(os.listdir(folder)):
            if "tfevents" in name:
                for event in tf.compat.v1.train.summary_iterator(os.path.join(folder, name)):
                    for value in event.summary.value:
                        found[value.tag, event.step] = tf.make_ndarray(value.tensor)
        return found

    return read


@pytest.fixture
def epochs():
    """Play the part of `fit`: one call of each hook per epoch, `updates` a time."""

    def play(callback, model, number, updates=10, first=0):
        callback.set_model(model)
        callback.on_train_begin()
        seen = []
        for epoch in range(first, number):
            callback.on_epoch_begin(epoch)
            model.step += updates
            logs = {}
            callback.on_epoch_end(epoch, logs)
            seen.append(logs)
        callback.on_train_end()
        return seen

    return play


@pytest.fixture
def rng():
    return np.random.default_rng(0)
