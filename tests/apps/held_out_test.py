"""Real samples that a run was not trained on, of every kind of data."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from apps import held_out, sources
from configs import age_imbalanced_grid, lipschitz_mnist

SHADES = {"train": 10, "validation": 120, "test": 200}  # of the pictures of each split
SECRET = {"test": -1}  # classes that nobody tells


class SplitPictures(tfds.core.GeneratorBasedBuilder):
    """Ten pictures in each of three splits."""

    VERSION = tfds.core.Version("1.0.0")
    SPLITS, CLASSES = SHADES, {}

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(8, 8, 1)),
            "label": tfds.features.ClassLabel(num_classes=10),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in self.SPLITS}

    def _generate_examples(self, split):
        for index in range(10):
            image = np.full((8, 8, 1), SHADES[split] + index, "uint8")
            yield index, {"image": image, "label": self.CLASSES.get(split, index)}


class SecretPictures(SplitPictures):
    """The same, with a test split without classes."""

    CLASSES = SECRET


class TrainingPictures(SplitPictures):
    """Nothing but a training split."""

    SPLITS = ("train",)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("tfds"))
    for kind in (SplitPictures, SecretPictures, TrainingPictures):
        kind(data_dir=folder).download_and_prepare()
    return folder


def shades(reals):
    """First and last pixel value; images are pixels / 127.5 - 1."""
    pixels = np.unique(np.round((reals.samples + 1) * 127.5).astype(int))
    return pixels.min(), pixels.max()


def config_of(name, split="train", with_labels=False):
    config = lipschitz_mnist.get_config("gan")
    config.data.name, config.data.split, config.data.image_size = name, split, 8
    config.data.with_labels, config.data.flip, config.train.batch_size = with_labels, False, 4
    return config


@pytest.mark.parametrize(
    ("name", "split", "with_labels", "origin"),
    [
        ("split_pictures", "train", False, "test"),
        ("split_pictures", "train[:5]", True, "test"),
        ("split_pictures", None, False, "test"),
        ("split_pictures", "train+test", False, "validation"),
        ("secret_pictures", "train", True, "validation"),
        ("secret_pictures", "train", False, "test"),
        ("split_pictures", "test[:4]+train+validation", False, "training"),
        ("split_pictures", "all", False, "training"),
        ("training_pictures", "train", True, "training"),
    ],
)
def test_the_split_that_no_training_saw(data_dir, name, split, with_labels, origin):
    config = config_of(f"tfds/{name}", split, with_labels)
    found = held_out.read(config, 6, data_dir)
    assert found.origin == origin and found.samples.shape == (6, 8, 8, 1)
    if origin != "training":
        low, high = shades(found)
        assert SHADES[origin] <= low <= high < SHADES[origin] + 10
        assert len(held_out.read(config, 99, data_dir).samples) == 10  # no more are there
    if with_labels:
        first = SHADES[origin if origin in SHADES else "train"]
        values = np.round((found.samples[:, 0, 0, 0] + 1) * 127.5) - first
        np.testing.assert_array_equal(found.labels, values)
    else:
        assert found.labels is None


def test_a_set_that_is_not_there_is_missed(tmp_path):
    with pytest.raises(FileNotFoundError, match="`name` must be a prepared set"):
        held_out.read(config_of("mnist"), 5, str(tmp_path))


@pytest.mark.parametrize("name", sorted(sources.TOYS.keys() - {"imbalanced_grid"}))
def test_fresh_points_of_every_toy(act_config, name):
    act_config.data.name, act_config.data.seed = name, 3
    found, trained = held_out.read(act_config, 70), sources.build_source(act_config).real
    assert found.origin == "fresh" and found.labels is None
    assert found.samples.shape == (70, trained.shape[1])  # more than the 50 of the training
    assert not set(map(tuple, found.samples)) & set(map(tuple, trained))
    again = held_out.read(act_config, 70).samples
    np.testing.assert_array_equal(found.samples, again)


def test_fresh_points_of_a_toy_of_fixed_size():
    config = age_imbalanced_grid.get_config()
    config.data.majority, config.data.minority = 9, 2
    found = held_out.read(config, 120).samples  # three draws of 53 points
    assert found.shape == (120, 2) and len(np.unique(found, axis=0)) == 120


def test_own_pictures_are_training_data(tmp_path):
    for index in range(9):
        Image.new("L", (8, 8), 20 * index).save(tmp_path / f"{index}.png")
    found = held_out.read(config_of("folder", None), 5, str(tmp_path))
    assert found.origin == "training" and found.samples.shape == (5, 8, 8, 3)


@pytest.mark.parametrize(
    ("arrays", "key", "origin", "value"),
    [
        (("x_train", "x_test"), "x_train", "test", 1),
        (("x_train", "x_val"), "x_train", "validation", 1),
        (("x_train", "other"), "x_train", "training", 0),
        (("first", "second"), "first", "training", 0),
    ],
)
def test_arrays_named_alike_in_a_file(act_config, tmp_path, arrays, key, origin, value):
    points = {name: np.full((20, 2), i, "float32") for i, name in enumerate(arrays)}
    np.savez(tmp_path / "a.npz", **points)
    act_config.data.name = "npz"
    with act_config.unlocked():
        act_config.data.key = key
    found = held_out.read(act_config, 8, str(tmp_path / "a.npz"))
    assert found.origin == origin
    np.testing.assert_array_equal(found.samples, np.full((8, 2), value))


@pytest.mark.parametrize(
    ("label_key", "origin"), [("y_train", "test"), (None, "training"), ("labels", "training")]
)
def test_labels_of_a_file_come_with_their_arrays(tmp_path, label_key, origin):
    images = np.zeros((6, 8, 8), "uint8")
    arrays = {"x_train": images, "x_test": images[:4], "y_train": np.zeros(6, int)}
    arrays |= {"y_test": np.ones(4, int), "labels": np.zeros(6, int)}
    np.savez(tmp_path / "a.npz", **arrays)
    config = config_of("npz", with_labels=True)
    config.data.key = "x_train"
    with config.unlocked():
        config.data.image_size, config.data.label_key = None, label_key
    found = held_out.read(config, 6, str(tmp_path / "a.npz"))
    assert found.origin == origin
    assert set(found.labels) == {origin == "test"}
