"""A run goes on with the data that it was begun with, or not at all, or says so."""

import hashlib
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from apps import checkpoints, experiment, run_data, sources
from apps.run_folder import RunFolder
from keras_ot_gans.datasets import from_stream
from tests.apps.malformed.harness import contents

RNG = np.random.default_rng(0)


@pytest.fixture
def config(swd_config):
    """Two epochs on points of a file."""
    swd_config.data.name = "npz"
    swd_config.train.generator_updates = 20
    return swd_config


@pytest.fixture
def files(tmp_path):
    """Two files of points, elsewhere and otherwise."""
    paths = [str(tmp_path / name) for name in ("a.npz", "b.npz")]
    np.savez(paths[0], points=RNG.normal(size=(60, 2)).astype("float32"))
    np.savez(paths[1], points=RNG.normal(size=(90, 2)).astype("float32") + 7)
    return paths


def go(config, run, data_dir, **kwargs):
    return experiment.train_and_evaluate(config, str(run), data_dir, **kwargs)


def stopped(run):
    """Make of a finished run one that was stopped after its first epoch."""
    (run / "generator.keras").unlink()
    checkpoints.files(run / "checkpoints")[-1].unlink()


def test_other_data_are_refused_and_accepted_by_override(config, files, tmp_path, capsys):
    run = tmp_path / "run"
    go(config, run, files[0])
    points = np.load(files[0])["points"]
    there = json.loads((run / "data.json").read_text())
    digest = hashlib.sha256(b"float32 [60, 2]" + points.tobytes()).hexdigest()
    assert there == {"samples": 60, "shape": [2], "sha256": digest}
    stopped(run)
    before = contents(run)
    with pytest.raises(ValueError, match="`--data_dir` must hold the data that") as refused:
        go(config, run, files[1])
    text = str(refused.value)
    assert "\n  data.samples: 60 there, 90 now\n" in text and f"data.sha256: '{digest}' th" in text
    assert "--override" in text and contents(run) == before
    np.savez_compressed(tmp_path / "moved.npz", points=points)  # the same data, elsewhere
    capsys.readouterr()
    go(config, run, str(tmp_path / "moved.npz"))
    assert "was missing" not in capsys.readouterr().out
    assert (run / "data.json").read_bytes() == before["data.json"]
    assert (run / "reals.png").read_bytes() == before["reals.png"]
    stopped(run)
    go(config, run, files[1], override=True)
    assert "Accepted by --override:\n  data.samples: 60 there, 90 now" in capsys.readouterr().out
    assert json.loads((run / "data.json").read_text())["samples"] == 90
    assert (run / "reals.png").read_bytes() != before["reals.png"]
    stopped(run)
    go(config, run, files[1])  # now it is a run of these


def test_the_picture_of_other_data_is_drawn_also_after_a_kill(config, files, tmp_path, monkeypatch):
    run, fresh = tmp_path / "run", tmp_path / "fresh"
    go(config, run, files[0])
    stopped(run)

    def killed(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(experiment.callbacks, "write_png", killed)
        with pytest.raises(KeyboardInterrupt):
            go(config, run, files[1], override=True)
    go(config, run, files[1])  # the folder knows them already
    go(config, fresh, files[1])
    assert (run / "reals.png").read_bytes() == (fresh / "reals.png").read_bytes()


def test_a_run_from_before_says_what_its_data_are_from_now_on(config, files, tmp_path, capsys):
    run = tmp_path / "run"
    go(config, run, files[0])
    assert "was missing" not in capsys.readouterr().out
    stopped(run)
    written = (run / "data.json").read_bytes()
    (run / "data.json").unlink()
    go(config, run, files[0])
    assert f"{run / 'data.json'} was missing" in capsys.readouterr().out
    assert (run / "data.json").read_bytes() == written


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "3", "[" * 100_000])
def test_spoilt_notes_are_refused(config, tmp_path, content):
    folder = RunFolder(tmp_path)
    folder.begin(config)
    folder.data.write_text(content)
    with pytest.raises(ValueError, match="`--workdir` must say what data its run has. Received"):
        run_data.check(folder, {"samples": 3})


def test_one_picture_more_other_labels_or_pixels_are_other_data(image_config, tmp_path):
    image_config.data.name, image_config.data.image_size = "folder", 8
    with image_config.unlocked():
        image_config.data.with_labels = True
    pixels = RNG.integers(0, 256, (8, 8, 8), dtype=np.uint8)
    for index, picture in enumerate(pixels):
        path = tmp_path / "pictures" / "ab"[index % 2] / f"{index}.bmp"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)

    def found():
        place = str(tmp_path / "pictures")
        source = sources.build_source(image_config, place)
        return run_data.describe(image_config, source, place)

    first = found()
    assert (first["samples"], first["classes"]) == (8, ["a", "b"]) and first == found()
    image_config.train.batch_size, image_config.train.seed = 2, 3  # the order is no part of it
    assert found() == first
    seen = [first["sha256"]]
    path.rename(tmp_path / "pictures/a/7.bmp")  # another class
    seen.append(found()["sha256"])
    Image.fromarray(255 - picture).save(tmp_path / "pictures/a/7.bmp")  # as many bytes
    seen.append(found()["sha256"])
    Image.fromarray(picture).save(tmp_path / "pictures/b/9.bmp")
    assert found()["samples"] == 9
    assert len({*seen, found()["sha256"]}) == 4
    (tmp_path / "pictures/b").rename(tmp_path / "pictures/c")
    assert found()["classes"] == ["a", "c"]


def test_named_sets_have_a_version_and_toys_a_config(image_config, swd_config, mock_images):
    source = sources.build_source(image_config)
    wanted = {"samples": 24, "shape": [28, 28, 1], "set": "mnist/3.0.1", "split": "train"}
    assert run_data.describe(image_config, source, None) == wanted
    source = sources.build_source(swd_config)
    assert run_data.describe(swd_config, source, None) == {"samples": 50, "shape": [2]}


def test_a_stream_knows_how_many_it_has():
    images = tf.data.Dataset.from_tensor_slices(np.zeros((10, 4, 4, 1), np.uint8))
    assert from_stream(images, batch_size=4).num_samples == 10


def test_large_arrays_are_hashed_part_by_part(monkeypatch):
    x = RNG.normal(size=(7, 3)).astype("float32")
    whole = run_data.hash_of((tf.constant(x), tf.range(7)))
    monkeypatch.setattr(run_data, "_PART", 6)
    assert run_data.hash_of((tf.constant(x), tf.range(7))) == whole
    assert run_data.hash_of((tf.constant(x[::-1].copy()), tf.range(7))) != whole
