"""A run with labels: its pictures, samples and scores."""

import json
import shutil

import keras
import numpy as np
import pytest
from ml_collections import ConfigDict
from PIL import Image

from apps import builders, checkpoints, evaluation, experiment, run_labels, sample, sampling
from apps.evaluation import Request
from apps.run_folder import RunFolder
from configs import lipschitz_mnist, ot_gan_mnist
from keras_ot_gans.callbacks import image_grid, read_json_lines
from keras_ot_gans.metrics import ImageScores, from_keras
from keras_ot_gans.ops import Labels
from tests.apps.labelled_digits import COUNTS, X, Y, digits, small


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A feature network that knows ten classes."""
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((28, 28, 1))
    x = keras.layers.Dense(3, activation="relu")(keras.layers.Flatten()(x))
    path = tmp_path_factory.mktemp("network") / "network.keras"
    keras.Model(inputs, [x, keras.layers.Dense(10)(x)]).save(path)
    return path


@pytest.fixture(scope="module")
def run(network, tmp_path_factory):
    """A finished run with pictures and scores of classes."""
    config = small(lipschitz_mnist.get_config("sngan"))
    config.watch.scores, config.watch.network = ("kid", "accuracy"), str(network)
    config.watch.num_scored = 40
    folder = tmp_path_factory.mktemp("runs") / "run"
    with digits(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(folder.parent / "keras"))
        experiment.train_and_evaluate(config, str(folder))
    return folder


def model_of(run):
    """The run's model, from its last checkpoint."""
    folder = RunFolder(run)
    config = ConfigDict(folder.read_config())
    model = builders.build_model(config, (28, 28, 1), Labels(10, COUNTS))
    model.load_weights(checkpoints.files(folder.checkpoints)[-1])
    return model


def test_the_folder_keeps_the_labels(run):
    kept = json.loads((run / "labels.json").read_text())
    assert kept == {"num_classes": 10, "frequencies": list(map(float, COUNTS))}
    # A run goes on with what it was begun with, also where the data are not at hand.
    config = small(lipschitz_mnist.get_config("sngan"))
    assert run_labels.of_run(config, RunFolder(run), None) == Labels(10, COUNTS)


def test_pictures_show_a_class_per_column(run):
    model = model_of(run)
    z = model.sample_latents(2, seed=0)
    images = model.generate(np.repeat(z, 10, axis=0), labels=np.tile(np.arange(10), 2))
    expected = image_grid(images, columns=10, magnify=2)
    shown = np.asarray(Image.open(run / "samples" / "step_000008.png"))
    # The same network, compiled twice: a pixel may round the other way.
    np.testing.assert_allclose(shown.astype(int), expected.astype(int), atol=1)


def test_scores_of_classes_reach_the_log(run):
    (line,) = [line for line in read_json_lines(run / "metrics.jsonl") if "accuracy" in line]
    assert line["epoch"] == 2 and 0 <= line["accuracy"] <= 1 and np.isfinite(line["kid"])


def test_samples_of_one_class_and_of_all(run, tmp_path):
    model, path = model_of(run), str(tmp_path / "a.npz")
    for label in (None, 3):
        sampling.sample_to_file(str(run), 9, 4, path, label)
        found = np.load(path)
        labels = model.sample_labels(9, seed=4) if label is None else np.full(9, label)
        np.testing.assert_array_equal(found["labels"], labels)
        images = model.sample(9, seed=4, labels=labels)
        # The same network, compiled twice: within float32 rounding.
        np.testing.assert_allclose(found["samples"], images, atol=1e-6)
    assert 9 not in run_labels.draw(Labels(10, COUNTS), 500, seed=0)  # never in the data


def test_samples_of_an_unfinished_run(run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    arrays = []
    for _ in range(2):
        text = sampling.sample_to_file(str(folder), 3, 0, str(tmp_path / "a.npz"), 8)
        arrays.append(np.load(tmp_path / "a.npz")["samples"])
        (folder / "generator.keras").unlink(missing_ok=True)
    assert "3 samples of class 8 of shape (28, 28, 1) from epoch_000002.weights.h5" in text
    np.testing.assert_allclose(arrays[0], arrays[1], atol=1e-6)
    (folder / "labels.json").write_text("[]")
    with pytest.raises(ValueError, match="`--workdir` must hold the labels of its run.*json"):
        sampling.sample_to_file(str(folder), 3, 0, str(tmp_path / "a.npz"))


@pytest.mark.parametrize("label", [-1, 10])
def test_labels_out_of_range_are_one_line(run, run_app, label):
    code, _, error = run_app(sample, f"--workdir={run}", f"--label={label}")
    part = f"`label` must be a class of the run, 0 to 9. Received: label={label}"
    assert code == 2 and part in error


def test_label_of_a_run_without_labels(swd_config, run_app, tmp_path):
    RunFolder(tmp_path).begin(swd_config)
    code, _, error = run_app(sample, f"--workdir={tmp_path}", "--label=3")
    part = "`label` must be left out for a run without labels. Received: label=3"
    assert code == 2 and part in error


def test_app_draws_a_class(run, run_app, tmp_path):
    arguments = ("--label=3", "--num=4", f"--out={tmp_path / 'a.png'}")
    code, printed, error = run_app(sample, f"--workdir={run}", *arguments)
    assert code == 0, error
    assert "4 samples of class 3" in printed and (tmp_path / "a.png").exists()


def test_evaluation_of_a_conditional_run(run, network, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    wanted = Request(
        workdir=str(run), network=str(network), num=120, seed=2,
        metrics=["fid", "accuracy", "intra_fid"],
    )  # fmt: skip
    with digits():
        fake, _, scores = evaluation.evaluate(wanted)
    assert fake.labelled and scores.card.sampler == "prior"
    model, features = model_of(run), from_keras(keras.saving.load_model(network), name="network")
    labels = model.sample_labels(120, seed=2)
    images = model.sample(120, seed=2, labels=labels)
    judge = ImageScores(
        features, (X, Y), ("fid", "accuracy", "intra_fid"), cache_dir=tmp_path / "c", verbose=0,
        seed=2,
    )  # fmt: skip
    expected = judge.evaluate((images, labels))
    assert scores.keys() == expected.keys() and scores.refused.keys() == expected.refused.keys()
    for name in scores:
        # Pixels may round the other way where the batch size changes the last bit.
        assert scores[name].value == pytest.approx(expected[name].value, rel=1e-2)
    assert "fid" in scores and "accuracy" in scores


def test_scores_that_lack_labels_are_named(run, network, tmp_path):
    np.savez(tmp_path / "real.npz", samples=X)
    base = {"network": str(network), "metrics": ["accuracy"], "num": 20}
    for fields, side in (
        ({"workdir": str(run), "real_npz": str(tmp_path / "real.npz")}, "real"),
        ({"npz": str(tmp_path / "real.npz"), "real_npz": str(tmp_path / "real.npz")}, "generated"),
    ):
        with pytest.raises(ValueError, match=f"`metrics` must be.*accuracy, for {side} images"):
            evaluation.evaluate(Request(**base, **fields))
    alone = {"generator": str(run / "generator.keras"), "real_npz": str(tmp_path / "real.npz")}
    with pytest.raises(ValueError, match="`generator` must make images.*scored by the --workdir"):
        evaluation.evaluate(Request(**base, **alone))


def test_matchings_of_a_conditional_ot_gan_are_drawn(tmp_path):
    config = small(ot_gan_mnist.get_config())
    config.train.updates_per_epoch, config.train.generator_updates = 3, 3  # one round
    config.train.steps_per_execution, config.watch.pictures = 1, ("plans",)
    with digits():
        experiment.train_and_evaluate(config, str(tmp_path / "run"))
    assert len(list((tmp_path / "run" / "plans").glob("*.png"))) == 1  # every second epoch, and 0
