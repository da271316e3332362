"""The classifier that is trained here: what it learns, what it caches, what it refuses."""

import errno
import importlib
import os
import warnings

import keras
import numpy as np
import pytest

from keras_ot_gans.metrics.feature_networks import trained_classifier
from keras_ot_gans.metrics.feature_networks.classifier_cache import load_classifier

# The package offers the function under the module's name.
MODULE = importlib.import_module("keras_ot_gans.metrics.feature_networks.trained_classifier")

rng = np.random.default_rng(0)
LABELS = rng.permutation(np.repeat([0, 1, 2], 30))
# The class is the bright third of the image.
IMAGES = rng.integers(0, 100, (90, 6, 6, 1), dtype="uint8")
for image, label in zip(IMAGES, LABELS, strict=True):
    image[2 * label : 2 * label + 2] += 150


def contents(path):
    with open(path, "rb") as file, np.load(file) as archive:
        return dict(archive)


def train(cache_dir=None, images=IMAGES, labels=LABELS, **settings):
    settings = {"epochs": 12, "batch_size": 8, "width": 4, "verbose": 0, **settings}
    return trained_classifier(images, labels, cache_dir, **settings)


@pytest.fixture(scope="module")
def network():
    return train()


def test_it_learns_the_classes(network):
    assert network.test_accuracy == 1.0
    found = network(IMAGES)
    assert (found.features.shape, found.logits.shape) == ((90, 64), (90, 3))
    # nine images were never seen
    np.testing.assert_array_equal(found.logits.argmax(axis=1), LABELS)
    assert network.name == "trained_classifier" and not network.comparable
    assert (network.channels, network.image_size, network.resize) == (1, (6, 6), "none")
    assert network.logit_bias.shape == (3,)


def test_accuracy_counts_the_images_kept_back():
    # Labels that say nothing: half of 40 images are kept, the share is a multiple of 1/20.
    labels = np.arange(40) % 2
    images = np.random.default_rng(1).integers(0, 256, (40, 4, 4, 1), dtype="uint8")
    accuracy = train(images=images, labels=labels, epochs=1, test_share=0.5).test_accuracy
    assert accuracy * 20 == round(accuracy * 20)
    assert accuracy < 1.0


def test_features_are_the_layer_before_the_logits(network, tmp_path):
    cached = train(tmp_path)
    (path,) = tmp_path.iterdir()
    weights = contents(path)
    kernel, bias = weights["weight_006"], weights["weight_007"]
    found = cached(IMAGES)
    np.testing.assert_array_equal(cached.logit_bias, bias)
    # float32 sums of 64 products
    np.testing.assert_allclose(found.logits, found.features @ kernel + bias, rtol=1e-4, atol=1e-4)
    assert (found.features >= 0).all()  # after the ReLU
    assert cached.weights_hash == network.weights_hash  # the cache changes nothing


def test_it_is_a_function_of_its_seed_and_of_no_other():
    hashes = []
    for global_seed, seed in ((1, 0), (2, 0), (2, 1)):
        keras.utils.set_random_seed(global_seed)
        hashes.append(train(epochs=1, seed=seed).weights_hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_floats_and_bytes_are_the_same_images(network):
    floats = train(images=(IMAGES / 127.5 - 1).astype("float32"), epochs=1)
    # The same float32 numbers, up to how they were rounded, for one epoch.
    bytes_ = train(epochs=1)
    np.testing.assert_allclose(
        floats(IMAGES).features, bytes_(IMAGES).features, rtol=1e-2, atol=1e-3
    )


def test_cache(tmp_path, monkeypatch):
    folder = tmp_path / "made" / "here"
    first = train(folder, epochs=1)
    (path,) = folder.iterdir()
    assert path.name.startswith("classifier-") and len(path.stem) == len("classifier-") + 32
    monkeypatch.setattr(keras.Model, "train_on_batch", None)  # training would now fail
    second = train(folder, epochs=1)
    assert second.weights_hash == first.weights_hash
    assert second.test_accuracy == first.test_accuracy
    np.testing.assert_array_equal(second(IMAGES).logits, first(IMAGES).logits)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"epochs": 2},
        {"width": 3},
        {"batch_size": 9},
        {"learning_rate": 0.01},
        {"test_share": 0.2},
        {"images": IMAGES + np.uint8(1)},
        {"labels": 2 - LABELS},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_setting_has_its_own_file(tmp_path, monkeypatch, change):
    monkeypatch.setattr(MODULE, "_train", lambda *_, **__: 0.5)  # no time for training
    train(tmp_path)
    train(tmp_path, **change)
    assert len(list(tmp_path.iterdir())) == 2


def damage_bytes(path):
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def tamper(path):
    arrays = contents(path)
    arrays["accuracy"] = np.float64(0.999)
    np.savez(path, **arrays)


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [damage_bytes, truncate, tamper, empty])
def test_a_damaged_cache_is_named_and_made_again(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(MODULE, "_train", lambda *_, **__: 0.5)
    train(tmp_path)
    (path,) = tmp_path.iterdir()
    shapes = [array.shape for array in contents(path).values() if array.ndim]
    damage(path)
    with pytest.raises(ValueError, match=f"{path.name}.*is damaged"):
        load_classifier(path, shapes)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        network = train(tmp_path)
    (warning,) = (found for found in caught if found.category is UserWarning)
    assert path.name in str(warning.message) and "trained again" in str(warning.message)
    assert warning.filename == __file__  # it points at the caller
    weights, accuracy = load_classifier(path, shapes)
    assert accuracy == network.test_accuracy == 0.5 and len(weights) == 8


def test_weights_of_another_network_are_damage(tmp_path):
    train(tmp_path, epochs=1)
    (path,) = tmp_path.iterdir()
    with pytest.raises(ValueError, match="its weights have other shapes"):
        load_classifier(path, [(1,)])


def test_a_full_disk(tmp_path, monkeypatch):
    def no_space(file, **arrays):
        file.write(b"part of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", no_space)
    with pytest.raises(OSError, match="could not be written .No space left.*Free some space"):
        train(tmp_path, epochs=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": IMAGES[..., 0]}, r"`images` must have axes .*\(90, 6, 6\).*\[..., None\]"),
        ({"images": IMAGES[:, :3]}, "sides of at least 4"),
        ({"images": np.repeat(IMAGES, 2, axis=3)}, "1 or 3 channels"),
        ({"images": IMAGES / 255 * 2}, r"in \[-1, 1\]. Received: float32 in"),
        ({"images": np.full(IMAGES.shape, np.nan)}, "finite floats"),
        ({"labels": LABELS[1:]}, r"one integer per image. Received: shape \(89,\)"),
        ({"labels": LABELS.astype(float)}, "dtype float64"),
        ({"labels": LABELS + 1}, r"classes 0 .. k-1.*\[1, 2, 3\]"),
        ({"labels": 0 * LABELS}, "at least two"),
        ({"epochs": 0}, "`epochs` must be positive. Received: epochs=0"),
        ({"learning_rate": -1.0}, "`learning_rate` must be positive"),
        ({"test_share": 1.0}, "`test_share` must lie in"),
    ],
)
def test_bad_arguments(change, message):
    with pytest.raises(ValueError, match=message):
        train(**change)


def test_progress_bar(capsys):
    train(epochs=1, verbose=1)
    assert "10/10" in capsys.readouterr().out  # 81 images in batches of 8
    train(epochs=1, verbose=0)
    assert capsys.readouterr().out == ""
