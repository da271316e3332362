"""Every entry of the registry, and any set of tensorflow-datasets, without a network."""

import logging
import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from keras_ot_gans.datasets import IMAGE_SETS, load_image_set
from keras_ot_gans.datasets.pixels import check_crop

FROM_TFDS = [name for name, entry in IMAGE_SETS.items() if entry.tfds_name]
PIXELS = np.random.default_rng(0).integers(0, 256, (30, 8, 10, 3)).astype(np.uint8)


class ToyPictures(tfds.core.GeneratorBasedBuilder):
    """Thirty pictures of 8 x 10, written and read as any real set."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(num_classes=30),
        }
        return tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict(features), disable_shuffling=True
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for index, image in enumerate(PIXELS):
            yield index, {"image": image, "label": index}


class ToySounds(tfds.core.GeneratorBasedBuilder):
    """A set without pictures."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.FeaturesDict({"tone": tf.float32})
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, dl_manager):
        return {}

    def _generate_examples(self):
        yield 0, {"tone": 1.0}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("tfds"))
    ToyPictures(data_dir=folder).download_and_prepare()
    return folder


@pytest.mark.parametrize("name", FROM_TFDS)
def test_registered_sets_come_out_as_in_their_papers(name, tmp_path):
    entry = IMAGE_SETS[name]
    with tfds.testing.mock_data(num_examples=9):
        for size in (None, *entry.sizes[1:]):
            dataset = load_image_set(name, image_size=size, batch_size=4, data_dir=str(tmp_path))
            side = size or entry.sizes[0]
            assert int(dataset.cardinality()) == 2
            batches = list(dataset)
            assert len(batches) == 2
            for batch in batches:
                assert batch.shape == (4, side, side, entry.channels)
                assert batch.dtype == tf.float32
                assert -1 <= float(tf.reduce_min(batch)) < float(tf.reduce_max(batch)) <= 1
        if entry.classes:
            _, labels = next(iter(load_image_set(name, batch_size=4, with_labels=True)))
            assert labels.dtype == tf.int64 and 0 <= min(labels) <= max(labels) < entry.classes


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_registry_is_consistent(name):
    entry = IMAGE_SETS[name]
    check_crop(entry.crop)
    assert entry.sizes and entry.channels in (1, 3) and entry.source
    if entry.tfds_name:
        features = tfds.builder(entry.tfds_name).info.features
        assert features["image"].shape[2] == entry.channels
        if entry.classes:
            assert features["label"].num_classes == entry.classes
        if entry.crop == "box":
            assert "bbox" in features


def test_papers_choices():
    """Sizes and splits that the papers do state."""
    assert IMAGE_SETS["celeb_a"].split == "train+validation+test"  # ACT: about 203K images
    assert IMAGE_SETS["celeb_a_crop128"].crop == 128  # AGE E.3
    assert IMAGE_SETS["stl10"].split == "unlabelled"  # DOT: 100K
    assert IMAGE_SETS["celeb_a_hq"].sizes == (256,)  # ACT Figure 7
    assert IMAGE_SETS["lsun_bedroom"].sizes == (64, 128)  # ACT B.6 and Figure 7
    assert IMAGE_SETS["stanford_dogs"].sizes == (128,)  # OT-GAN 5.3


@pytest.mark.parametrize("memory_limit", [10, 2**30])  # streamed, held
def test_any_tfds_set_by_name(data_dir, memory_limit):
    dataset = load_image_set(
        "toy_pictures", batch_size=7, data_dir=data_dir, with_labels=True, image_size=(8, 10),
        crop=None, memory_limit=memory_limit,
    )  # fmt: skip
    assert int(dataset.cardinality()) == 4
    orders = []
    for _ in range(2):
        order = []
        for images, labels in dataset:
            np.testing.assert_allclose(images, PIXELS[labels] / 127.5 - 1, atol=2.5e-7)
            order += labels.numpy().tolist()
        assert len(set(order)) == 28
        orders.append(order)
    assert orders[0] != orders[1]
    dataset.epoch_shuffle.set_epoch(1)
    assert np.concatenate([labels for _, labels in dataset]).tolist() == orders[1]


def test_default_crop_outside_of_the_registry_is_the_central_square(data_dir):
    arguments = {"data_dir": data_dir, "batch_size": 30, "shuffle": False, "image_size": 8}
    (images,) = load_image_set("toy_pictures", **arguments)
    np.testing.assert_allclose(images, PIXELS[:, :, 1:9] / 127.5 - 1, atol=2.5e-7)
    (images,) = load_image_set("toy_pictures", "train[10:14]", **arguments | {"batch_size": 4})
    np.testing.assert_allclose(images, PIXELS[10:14, :, 1:9] / 127.5 - 1, atol=2.5e-7)


@pytest.mark.parametrize("memory_limit", [10, 2**30])  # streamed, held
def test_pictures_of_any_size_below_the_crop_end_no_training(data_dir, memory_limit):
    (images,) = load_image_set(
        "toy_pictures", batch_size=30, data_dir=data_dir, shuffle=False, image_size=8,
        crop=73, memory_limit=memory_limit,
    )  # fmt: skip
    np.testing.assert_allclose(images, PIXELS[:, :, 1:9] / 127.5 - 1, atol=2.5e-7)


def test_missing_set_fails_at_once_and_says_how_to_prepare_it(tmp_path):
    started = time.monotonic()
    with pytest.raises(FileNotFoundError, match="`name` must be a prepared set") as error:
        load_image_set("fashion_mnist", data_dir=str(tmp_path))
    assert time.monotonic() - started < 10  # waiting for a network takes minutes
    for part in ("'fashion_mnist'", str(tmp_path), "download=True", "tfds.load('fashion_mnist'"):
        assert part in str(error.value)
    with pytest.raises(FileNotFoundError, match="fetched by hand first"):
        load_image_set("celeb_a_hq", data_dir=str(tmp_path))


def test_download_prepares_and_says_so(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="keras_ot_gans"):
        dataset = load_image_set(
            "toy_pictures", image_size=8, batch_size=30, data_dir=str(tmp_path), download=True
        )
    assert "Preparing toy_pictures" in caplog.text
    assert next(iter(dataset)).shape == (30, 8, 8, 3)


@pytest.mark.parametrize("root", ["tiny-imagenet-200", "."])
def test_tiny_imagenet_is_read_from_its_folder(tmp_path, root):
    for number, word in enumerate(["n01443537", "n01629819"]):
        folder = tmp_path / root / "train" / word / "images"
        folder.mkdir(parents=True)
        (folder.parent / f"{word}_boxes.txt").write_text("not a picture")
        for index in range(3):
            color = (100 * number, 50, 50)
            Image.new("RGB", (64, 64), color).save(folder / f"{word}_{index}.JPEG", quality=95)
    dataset = load_image_set(
        "tiny_imagenet", batch_size=6, data_dir=str(tmp_path), with_labels=True
    )
    ((images, labels),) = dataset
    assert images.shape == (6, 64, 64, 3) and sorted(labels.numpy()) == [0, 0, 0, 1, 1, 1]
    # JPEG of a flat colour is exact to a few levels.
    red = (images[:, 0, 0, 0] + 1) * 127.5
    np.testing.assert_allclose(red, 100 * labels.numpy(), atol=4)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "toy_picture"}, ValueError, "`name` must be one of mnist, .*'toy_picture'"),
        ({"name": "toy_sounds"}, ValueError, r"the feature 'image'.*\['tone'\]"),
        ({"name": "toy_pictures"}, ValueError, "`image_size` is needed where images differ"),
        ({"image_size": 0}, ValueError, "`image_size` must be an int > 0"),
        ({"image_size": (8, 8, 3)}, ValueError, "`image_size` must be an int > 0"),
        ({"image_size": 8, "crop": "middle"}, ValueError, "`crop` must be None"),
        ({"image_size": 8, "crop": 1.5}, ValueError, "`crop` must be None"),
        ({"image_size": 8, "crop": "box"}, ValueError, "`crop` 'box' needs the feature 'bbox'"),
        ({"name": "mnist", "crop": 73}, ValueError, r"crop=73 for .*'mnist' .*\(28, 28, 1\)"),
        ({"name": "celeb_a", "crop": 200}, ValueError, r"`crop` must not exceed .*\(218, 178, 3"),
        ({"image_size": 8, "split": "tast"}, ValueError, "`split` must name splits.*'tast'"),
        ({"image_size": 8}, ValueError, "`batch_size` must not exceed the number of samples, 30"),
        ({"name": "celeb_a", "with_labels": True}, ValueError, "needs the feature 'label'"),
        ({"name": "tiny_imagenet"}, FileNotFoundError, "unpacked archive.*tiny-imagenet-200"),
        (
            {"name": "tiny_imagenet", "data_dir": None},
            FileNotFoundError,
            "Received: data_dir=None",
        ),
    ],
)
def test_bad_input_is_named(data_dir, arguments, error, message):
    arguments = {"name": "toy_pictures", "data_dir": data_dir} | arguments
    with pytest.raises(error, match=message):
        load_image_set(**arguments)
