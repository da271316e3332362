"""One tiny finished run of points and one of labelled images, made once for all cases."""

import contextlib
import io
import json

import h5py
import keras
import numpy as np

from apps import checkpoints, experiment, exporting
from configs import lipschitz_mnist, swd_8gaussians
from keras_ot_gans.metrics import ImageScores, from_keras
from tests.apps.malformed.data_cases import GREY, LABELS


def make_points(root):
    """Train on points: `run`, its config given by `points_config`."""
    with contextlib.redirect_stdout(io.StringIO()):
        experiment.train_and_evaluate(points_config(), str(root / "run"))


def points_config():
    """Two epochs of one update."""
    config = swd_8gaussians.get_config()
    config.data.n, config.model.generator.hidden = 20, (4,)
    config.model.divergence.num_directions, config.model.latent_dim = 4, 3
    config.train.generator_updates, config.train.updates_per_epoch = 2, 1
    config.train.steps_per_execution, config.train.batch_size = 1, 8
    config.watch.pictures, config.watch.metrics = (), ()
    return config


def images_config():
    """Two epochs of one update, on images of a file."""
    config = lipschitz_mnist.get_config("gan")
    config.model.generator.width = config.model.critic.width = 1
    config.model.latent_dim, config.model.effective_constants = 3, False
    config.train.generator_updates, config.train.updates_per_epoch = 2, 1
    config.train.steps_per_execution, config.train.batch_size = 1, 8
    config.watch.pictures, config.watch.scores = (), ()
    config.data.name, config.data.image_size = "npz", 8
    return config


def make_images(root):
    """Train on labelled images: `run`, `mine.npz`, exports, a feature network and statistics."""
    np.savez(root / "mine.npz", images=GREY, labels=LABELS)
    config = images_config()
    config.train.generator_updates, config.watch.num_pictured = 1, 4
    config.data.with_labels = True
    with contextlib.redirect_stdout(io.StringIO()):
        experiment.train_and_evaluate(config, str(root / "run"), str(root / "mine.npz"))
    for name in ("model.onnx", "model.keras", "folder"):
        exporting.export_run(str(root / "run"), str(root / name))
    inputs = keras.Input((8, 8, 1))
    outputs = keras.layers.Dense(3)(keras.layers.Flatten()(inputs))
    keras.Model(inputs, outputs).save(root / "network.keras")
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
    np.savez(root / "fake.npz", samples=images)
    network = from_keras(keras.saving.load_model(root / "network.keras"), name="network")
    judge = ImageScores(network, images, ("fid",), cache_dir=root / "cache", verbose=0)
    judge.prepare()
    (path,) = (root / "cache").iterdir()
    path.rename(root / "statistics.npz")
    (root / "cache").rmdir()


def newest(run):
    """The path of a run's newest checkpoint."""
    return sorted((run / "checkpoints").iterdir())[-1]


def rewrite(path, change):
    """Change a checkpoint and vouch for it by its digest, as an attacker would."""
    with h5py.File(path, "r+") as file:
        change(file)
        file.attrs["sha256"] = checkpoints._digest(file)


def edit_json(path, change):
    """Change a JSON file in place."""
    content = json.loads(path.read_text())
    path.write_text(json.dumps(change(content) or content))
