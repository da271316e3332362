"""`apps.evaluate`: every source of images, the table, the file, and mistakes."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from apps import evaluate, evaluation, experiment
from apps.evaluation import Request
from keras_ot_gans.metrics import ImageScores, ProtocolCard, from_keras
from tests.metrics.cards import uint8_images

ROOT = Path(__file__).resolve().parents[2]
REAL, FAKE = uint8_images(60, (8, 8, 3)), uint8_images(50, (8, 8, 3), seed=1, low=60)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A feature network, both sides as arrays and as folders, and a generator."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((8, 8, 3))
    x = keras.layers.Dense(5, activation="relu")(keras.layers.Flatten()(x))
    network = keras.Model(inputs, [x, keras.layers.Dense(4)(x)])
    network.save(tmp_path / "network.keras")
    for name, images in (("real", REAL), ("fake", FAKE)):
        np.savez(tmp_path / f"{name}.npz", samples=images)
        (tmp_path / name).mkdir()
        for index, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / name / f"{index:03d}.png")
    latents = keras.Input((3,))
    images = keras.layers.Dense(8 * 8 * 3, activation="tanh")(latents)
    keras.Model(latents, keras.layers.Reshape((8, 8, 3))(images)).save(tmp_path / "g.keras")
    return tmp_path


@pytest.fixture
def mock_set():
    def dataset(self, *args, **kwargs):
        return tf.data.Dataset.from_tensor_slices({"image": REAL, "label": np.arange(60) % 10})

    with tfds.testing.mock_data(num_examples=60, as_dataset_fn=dataset):
        yield


def request(files, **fields):
    return Request(**{"network": str(files / "network.keras"), **fields})


def expected(files, fake, scores=("is", "fid", "kid")):
    """The scores of arrays by the library itself."""
    network = from_keras(keras.saving.load_model(files / "network.keras"), name="network")
    judge = ImageScores(network, REAL, scores, cache_dir=files / "other", verbose=0)
    return judge.evaluate(fake)


def fid(scores):
    return scores["fid"].value


def test_every_source_gives_the_same_distance(files, mock_set):
    alone = fid(expected(files, FAKE))
    found = {}
    for generated in ({"npz": str(files / "fake.npz")}, {"images": str(files / "fake")}):
        for real in (
            {"real_npz": str(files / "real.npz")},
            {"real_folder": str(files / "real")},
            {"data": "cifar10", "split": "train"},
        ):
            fake, side, scores = evaluation.evaluate(request(files, **generated, **real))
            found[str(generated), str(real)] = fid(scores)
            # The same 60 images as arrays, pictures and a set: one hash.
            assert scores.card.data_hash == expected(files, FAKE).card.data_hash
            assert scores.card.generator_weights == "unknown" and scores.card.sampler == "files"
    # Sums in other orders; features are float32 of other batches.
    assert list(found.values()) == pytest.approx([alone] * 6, rel=1e-5)
    assert side.name == "cifar10" and fake.num == 50


def test_cached_statistics_and_part_of_the_files(files):
    base = {"npz": str(files / "fake.npz"), "num": 40, "metrics": ["fid"], "seed": 3}
    _, _, first = evaluation.evaluate(request(files, real_npz=str(files / "real.npz"), **base))
    (path,) = (files / "keras/keras_ot_gans/statistics").iterdir()
    _, real, again = evaluation.evaluate(request(files, statistics=str(path), **base))
    assert again == first and again.card == first.card and again.card.n_fake == 40
    assert real.split == "statistics"


def test_generator_file_by_latents_of_a_seed(files):
    base = {"generator": str(files / "g.keras"), "real_npz": str(files / "real.npz"), "num": 130}
    _, _, scores = evaluation.evaluate(request(files, **base, seed=2))
    from keras_ot_gans.ops import Normal

    z = Normal().sample((130, 3), keras.random.SeedGenerator(2)).numpy()
    images = keras.saving.load_model(files / "g.keras").predict(z, verbose=0)
    # Pixels may round the other way where the batch size changes the last bit.
    assert fid(scores) == pytest.approx(fid(expected(files, images)), rel=1e-3)
    assert scores.card.sampler == "prior" and scores.card.n_fake == 130
    with pytest.raises(ValueError, match="`prior` must be one of normal, uniform"):
        evaluation.evaluate(request(files, **base, prior="gauss"))


def test_a_run_against_its_own_data(image_config, tmp_path, monkeypatch, run_app):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))

    def dataset(self, *args, **kwargs):
        images = np.random.default_rng(0).integers(0, 256, (100, 28, 28, 1)).astype(np.uint8)
        return tf.data.Dataset.from_tensor_slices({"image": images, "label": np.arange(100) % 10})

    out = tmp_path / "scores.json"
    image_config.model.generator_steps = 1  # half as much to compile
    image_config.train.generator_updates = 4
    with tfds.testing.mock_data(num_examples=100, as_dataset_fn=dataset):
        experiment.train_and_evaluate(image_config, str(tmp_path / "run"))
        code, printed, error = run_app(
            evaluate, f"--workdir={tmp_path / 'run'}", "--network=classifier", "--num=80",
            "--metrics=fid,kid,prdc", f"--out={out}",
        )  # fmt: skip
    assert code == 0, error
    record = json.loads(out.read_text())
    card = ProtocolCard.from_dict(record["card"])
    assert card.hash == record["card_hash"] and card.short in printed
    assert (card.real, card.split, card.n_real, card.n_fake) == ("mnist", "train", 100, 80)
    assert (card.generator_weights, card.sampler) == ("ema", "prior")
    assert record["generated"] == "run/generator.keras"
    assert list(record["scores"]) == ["fid", "kid", "precision", "recall", "density", "coverage"]
    assert f"fid{record['scores']['fid']['value']:>22.5g}" in printed
    assert f"80 generated images from {record['generated']} against 100 of mnist" in printed


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({}, "`workdir` or one other of --workdir, --generator, --images, --npz"),
        ({"npz": "fake.npz", "images": "fake"}, "Received: images and npz. Give one"),
        ({"npz": "fake.npz"}, "`data` or one other of --data, --real_folder"),
        ({"npz": "gone.npz", "real_npz": "real.npz"}, "`--npz` must be a .npz file"),
        ({"npz": "real/000.png", "real_npz": "real.npz"}, "`--npz` must be a .npz file"),
        ({"images": "gone", "real_npz": "real.npz"}, "`--images` must be a folder of pictures"),
        ({"images": "fake", "real_folder": "keras"}, "`--real_folder` must be a folder"),
        (
            {"generator": "real.npz", "real_npz": "real.npz"},
            "`--generator` must hold a generator that can be read",
        ),
        ({"generator": "network.keras", "real_npz": "real.npz"}, "`generator` must make images"),
        ({"npz": "fake.npz", "real_npz": "real.npz", "preset": "tturr"}, "Did you mean 'ttur'"),
        ({"npz": "fake.npz", "real_npz": "real.npz", "metrics": ["fdi"]}, "mean 'fid'"),
        ({"npz": "fake.npz", "real_npz": "real.npz", "metrics": ["accuracy"]}, "without labels"),
        ({"npz": "fake.npz", "real_npz": "real.npz", "num": 51}, "num=51 images. Received: 50"),
        ({"npz": "fake.npz", "real_npz": "real.npz", "num": 1}, "`num` must be at least 2"),
        ({"npz": "fake.npz", "real_npz": "real.npz", "network": "inception"}, "`network` must be"),
        ({"npz": "fake.npz", "real_npz": "real.npz", "network": "classifier"}, "no labels"),
    ],
)
def test_mistakes_are_named(files, fields, part):
    names = ("npz", "images", "generator", "real_npz", "real_folder")
    fields = {k: str(files / v) if k in names else v for k, v in fields.items()}
    (files / "keras").mkdir(exist_ok=True)
    with pytest.raises(ValueError, match=part.replace("(", r"\(")):
        evaluation.evaluate(request(files, **fields))


def test_wrong_pictures_and_arrays_are_named(files):
    base = {"real_npz": str(files / "real.npz")}
    Image.new("RGB", (9, 8)).save(files / "fake" / "odd.png")
    with pytest.raises(ValueError, match="pictures of one size. Received: .*png"):
        evaluation.evaluate(request(files, images=str(files / "fake"), **base))
    (files / "fake" / "odd.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="readable pictures. Received: .*odd.png"):
        evaluation.evaluate(request(files, images=str(files / "fake"), **base))
    np.savez(files / "two.npz", a=FAKE, b=FAKE)
    with pytest.raises(ValueError, match="as `samples`, `images` or its only array"):
        evaluation.evaluate(request(files, npz=str(files / "two.npz"), **base))
    np.save(files / "one.npy", FAKE)
    _, _, scores = evaluation.evaluate(request(files, npz=str(files / "one.npy"), **base))
    assert fid(scores) == pytest.approx(fid(expected(files, FAKE)), rel=1e-5)


def test_missing_weights_and_wrong_places_are_one_line(files, run_app):
    from apps import judging

    sides = [f"--npz={files / 'fake.npz'}", f"--real_npz={files / 'real.npz'}"]
    code, _, error = run_app(evaluate, *sides, f"--weights={files / 'gone.pb'}")
    assert code == 2 and "gone.pb" in error and error.startswith("error: `")
    code, _, error = run_app(evaluate, *sides, "--out=nowhere/scores.json")
    assert code == 2 and "`out` must be a file name that ends with .json" in error
    assert judging.NETWORKS


def test_weights_that_cannot_be_fetched_are_explained(files, monkeypatch):
    from apps import judging
    from keras_ot_gans.metrics import WeightsMissing

    def missing(weights):
        raise WeightsMissing("Get this file there.")

    monkeypatch.setitem(judging.NETWORKS, "inception_graph", missing)
    fields = {"npz": str(files / "fake.npz"), "real_npz": str(files / "real.npz")}
    with pytest.raises(ValueError, match="`--weights` must be given.*Get this file there"):
        evaluation.evaluate(Request(**fields))


def test_replicas_share_the_images(files):
    # A process of its own: a CPU is split before TensorFlow does anything.
    found = []
    for flags in ([], ["--strategy=mirrored", "--replicas=2"]):
        out = files / f"{len(flags)}.json"
        command = [
            sys.executable, "-m", "apps.evaluate", f"--generator={files / 'g.keras'}",
            f"--real_npz={files / 'real.npz'}", f"--network={files / 'network.keras'}",
            "--num=130", f"--out={out}", f"--cache_dir={files / str(len(flags))}",
        ]  # fmt: skip
        done = subprocess.run([*command, *flags], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found.append(json.loads(out.read_text()))
    one, two = ([score["value"] for score in f["scores"].values()] for f in found)
    np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-5)  # features to seven digits
    assert found[0]["card"] == found[1]["card"]
