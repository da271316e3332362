"""Small configs made of the real ones, data that spoil a run, and apps called as by a shell."""

import importlib
import sys

import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from apps import command_line, sources
from configs import act_8gaussians, act_mnist, lipschitz_mnist, swd_8gaussians


def _short(config):
    config.data.n = 50
    config.model.generator.hidden = (8,)
    config.train.generator_updates, config.train.updates_per_epoch = 40, 10
    config.train.batch_size = 8  # 6 batches in a pass: epochs end in the middle of one
    config.train.steps_per_execution, config.train.jit_compile = 2, False
    config.watch.pictures, config.watch.metrics = (), ()
    return config


@pytest.fixture
def swd_config():
    """Four epochs of a sliced Wasserstein model on 50 points."""
    config = _short(swd_8gaussians.get_config())
    config.model.divergence.num_directions = 16
    return config


@pytest.fixture
def act_config():
    """Four epochs of ACT with a critic, an average, and fresh batches for each of two updates."""
    config = act_8gaussians.get_config()
    with config.unlocked():
        config.model.critic = {"name": "mlp", "hidden": (8,), "feature_dim": 4}
        config.model.generator_steps, config.model.critic_steps = 2, 1
        config.optimizers.critic = {"name": "adam", "learning_rate": 1e-3}
    config = _short(config)
    config.train.steps_per_execution = 1
    config.model.navigator.hidden = (8,)
    config.model.ema_decay = 0.9
    return config


@pytest.fixture
def image_config():
    """Two epochs of a narrow DCGAN on MNIST."""
    config = act_mnist.get_config()
    for part in (config.model.generator, config.model.navigator, config.model.critic):
        part.width = 2
    config.model.navigator.feature_dim = config.model.critic.feature_dim = 4
    config.model.generator_steps = 2  # each is a copy in the graph
    config.train.generator_updates, config.train.updates_per_epoch = 8, 4
    config.train.batch_size, config.watch.num_pictured = 4, 6
    config.train.steps_per_execution = 1
    config.watch.scores = ()
    return config


@pytest.fixture
def mock_images():
    """Random images of the registered sizes, no files."""
    with tfds.testing.mock_data(num_examples=24):
        yield


@pytest.fixture
def labelled_config(mock_images):
    """Four epochs of a conditional GAN, two critic updates in a round, on 24 random images."""
    config = lipschitz_mnist.get_config("gan")
    config.model.generator.width = config.model.critic.width = 1
    config.model.latent_dim, config.model.effective_constants = 4, False
    config.model.critic_steps = 2
    config.train.generator_updates, config.train.updates_per_epoch = 40, 10
    config.train.batch_size, config.train.steps_per_execution = 5, 1  # four in a pass
    config.watch.pictures, config.watch.scores, config.watch.num_pictured = (), (), 4
    config.data.with_labels = True
    return config


@pytest.fixture
def run_app(monkeypatch, capsys):
    """Call an app as a shell would: returns (exit code, standard output, standard error)."""

    def run(app, *arguments, **replaced):
        monkeypatch.setattr(sys, "argv", ["app", *map(str, arguments)])
        app = importlib.reload(app)  # a process parses its flags once, a test module often
        for name, value in replaced.items():
            monkeypatch.setattr(app, name, value)
        with pytest.raises(SystemExit) as end:
            command_line.run(app.main, app.FLAGS, app.__doc__)
        printed = capsys.readouterr()
        return end.value.code, printed.out, printed.err

    return run


@pytest.fixture
def poison(monkeypatch):
    """Make given rounds of every run extreme, whichever round it starts from."""
    of_class = sources.Source.rounds

    def poison(*indices):
        def rounds(self, updates, first):
            dataset, passes = of_class(self, updates, first)
            bad = tf.constant(indices, tf.int64)

            def spoil(index, x):
                return tf.where(tf.reduce_any(bad == index), tf.fill(tf.shape(x), 3e38), x)

            return dataset.enumerate(start=first).map(spoil), passes

        monkeypatch.setattr(sources.Source, "rounds", rounds)

    return poison
