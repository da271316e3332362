"""Files of arrays: images, points and labels, and every mistake."""

import numpy as np
import pytest
from PIL import Image

from keras_ot_gans.datasets import from_folder, from_npz
from keras_ot_gans.datasets.npz import read_labels

RNG = np.random.default_rng(0)


def bytes_(*shape):
    return RNG.integers(0, 256, shape).astype(np.uint8)


def save(tmp_path, **arrays):
    path = tmp_path / "mine.npz"
    np.savez_compressed(path, **arrays)
    return path


def whole(path, **arguments):
    (found,) = from_npz(path, 100, shuffle=False, drop_remainder=False, **arguments)
    return found.numpy() if not isinstance(found, tuple) else [part.numpy() for part in found]


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 1), (5, 6, 3)])
def test_bytes_come_scaled_in_order_with_their_labels(tmp_path, shape):
    x, classes = bytes_(7, *shape), np.arange(7, dtype=np.uint8)[:, None] % 3
    images, labels = whole(save(tmp_path, images=x, labels=classes), with_labels=True)
    np.testing.assert_allclose(images, x.reshape(7, 5, 6, -1) / 127.5 - 1, atol=2.5e-7)
    assert labels.dtype == np.int64 and labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert read_labels(tmp_path / "mine.npz").tolist() == labels.tolist()


def test_floats_and_points_stay_what_they_are(tmp_path):
    x = RNG.uniform(-1, 1, (4, 3, 3, 1))
    np.testing.assert_array_equal(whole(save(tmp_path, x=x)), x.astype(np.float32))
    points = RNG.normal(0, 9, (6, 2))
    np.testing.assert_array_equal(whole(save(tmp_path, p=points)), points.astype(np.float32))
    np.save(tmp_path / "p.npy", points)
    np.testing.assert_array_equal(whole(tmp_path / "p.npy"), points.astype(np.float32))


def test_key_chooses(tmp_path):
    path = save(tmp_path, x_train=bytes_(3, 2, 2), y_train=np.arange(3), x_test=bytes_(2, 2, 2))
    images, labels = whole(path, key="x_train", label_key="y_train", with_labels=True)
    assert len(images) == 3 and labels.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="`key` must name .* key=None, and x_train, y_train, x_te"):
        from_npz(path)
    with pytest.raises(ValueError, match="`key` must .* key='x', not among x_train, y_train, x_te"):
        from_npz(path, key="x")
    with pytest.raises(ValueError, match="`labels` must be an array .*x_train, y_train, x_test"):
        from_npz(path, key="x_train", with_labels=True)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("crop", ["square", None, 10, 0.5])
def test_pictures_are_those_of_a_folder_of_the_same(tmp_path, channels, mode, crop):
    # The folder's own tests say what is right.
    pixels = bytes_(3, 12, 20, len(mode)) if len(mode) > 1 else bytes_(3, 12, 20)
    for index, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / f"{index}.png")
    given = {"image_size": (6, 5), "channels": channels, "crop": crop}
    (want,) = from_folder(tmp_path, batch_size=3, shuffle=False, **given)
    np.testing.assert_array_equal(whole(save(tmp_path, x=pixels), **given), want)


def test_shrunk_floats_are_means_of_pixels(tmp_path):
    x = RNG.uniform(-1, 1, (2, 8, 8, 3))
    want = x.reshape(2, 4, 2, 4, 2, 3).mean((2, 4))
    # Half a level of 255 from each of two roundings.
    np.testing.assert_allclose(whole(save(tmp_path, x=x), image_size=4), want, atol=2 / 255)


def test_square_leaves_images_of_the_size_alone_and_opacity_goes(tmp_path):
    x = bytes_(2, 4, 6, 3)
    for size in (None, (4, 6)):
        images = whole(save(tmp_path, x=x), image_size=size)
        np.testing.assert_allclose(images, x / 127.5 - 1, atol=2.5e-7)
    clear = np.dstack([np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6, 1), np.uint8)])
    assert np.all(whole(save(tmp_path, x=clear[None])) == 1.0)  # white


def test_batches_are_shuffled_mirrored_and_counted(tmp_path):
    x = np.arange(10, dtype=np.uint8)[:, None, None] * np.array([1, 0], np.uint8)
    dataset = from_npz(save(tmp_path, x=x), 3, seed=1, flip=True)
    assert int(dataset.cardinality()) == 3 and dataset.num_samples == 10
    images = np.rint((np.concatenate(list(dataset)) + 1) * 127.5)[:, 0, :, 0]
    assert len(set(images.max(1))) == 9 and images.max(1).tolist() != sorted(images.max(1))
    assert {int(np.argmax(row)) for row in images if row.any()} == {0, 1}


IMAGES = bytes_(4, 6, 6)
CASES = {
    "no file": (None, {}, "`path` must be a .npz or .npy file"),
    "no arrays": ({}, {}, "`key` must name .* and no arrays"),
    "no samples": ({"x": IMAGES[:0]}, {}, "`x` must hold at least one sample"),
    "one number": ({"x": np.float32(3)}, {}, r"`x` must have rank 2.*shape \(\)"),
    "rank 5": ({"x": bytes_(2, 2, 2, 2, 2)}, {}, "`x` must have rank 2"),
    "integers": ({"x": IMAGES.astype(int)}, {}, "`x` must be uint8 or float.*dtype int64"),
    "text": ({"x": np.array([["a"]])}, {}, "`x` must be uint8 or float.*dtype <U1"),
    "complex": ({"x": np.ones((2, 2)) * 1j}, {}, "`x` must be uint8 or float"),
    "objects": ({"x": np.array([{}, 1])}, {}, "without Python objects.*x cannot be read"),
    "NaN": ({"x": np.full((3, 2), np.nan)}, {}, "`x` must be finite.*3 of 3 rows"),
    "infinite": ({"x": np.full((3, 4, 4), np.inf)}, {}, "`x` must be finite"),
    "[0, 255]": ({"x": IMAGES / 1.0}, {}, "`x` must be uint8 or .*looks like .0, 255"),
    "[0, 1]": ({"x": IMAGES / 255}, {}, r"as of \[0, 1\]. Store `2 \* x - 1`"),
    "[-9, 9]": ({"x": RNG.uniform(-9, 9, (2, 4, 4))}, {}, r"`x` must be uint8 or float .*-1, 1"),
    "two channels": ({"x": bytes_(2, 4, 4, 2)}, {}, r"1, 3 or 4 channels.*Keep 1 or 3 of them"),
    "NCHW": ({"x": bytes_(2, 3, 8, 8)}, {}, r"`x.transpose\(0, 2, 3, 1\)` puts the channels last"),
    "flat bytes": ({"x": bytes_(4, 36)}, {}, r"`x` must be floats .*`x.reshape\(n, height"),
    "points, size": ({"x": np.ones((4, 2))}, {"image_size": 8}, "`image_size`, .* for points"),
    "points, flip": ({"x": np.ones((4, 2))}, {"flip": True}, "`image_size`, .* for points"),
    "box": ({"x": IMAGES}, {"crop": "box", "image_size": 4}, "`crop` must .* never 'box'"),
    "crop alone": ({"x": IMAGES}, {"crop": 4}, "`crop` must be .* without `image_size`"),
    "large crop": (
        {"x": IMAGES},
        {"crop": 7, "image_size": 4},
        "`crop` must not exceed .*crop=7 for images of 6 x 6",
    ),
    "odd crop": ({"x": IMAGES}, {"crop": "mid"}, "`crop` must be None"),
    "4 channels": ({"x": IMAGES}, {"channels": 4}, "`channels` must be 1, 3 or None"),
    "size 0": ({"x": IMAGES}, {"image_size": 0}, "`image_size` must be an int > 0"),
    "memory": ({"x": IMAGES}, {"memory_limit": 9}, "`memory_limit` must hold the arrays"),
    "memory, enlarged": (
        {"x": IMAGES},
        {"memory_limit": 9000, "image_size": 99},
        "`memory_limit` must hold 4 images",
    ),
    "batch": ({"x": IMAGES}, {}, "`batch_size` must not exceed the number of samples, 4"),
}
LABELS = {
    "too few": (np.arange(3), "`labels` must be integers, one per sample.* for 4 samples"),
    "floats": (np.ones(4), "`labels` must be integers"),
    "one-hot": (np.eye(4, dtype=int), "Take `argmax"),
    "negative": (np.array([0, 1, -1, 0]), "`labels` must be classes counted from 0.*-1 to 1"),
    "names": (np.array(list("abcd")), "`labels` must be integers"),
    "years": (np.full(4, 1990), r"labels from 1990 to 1990.*`np.unique\(labels, return_inv"),
}


@pytest.mark.parametrize("case", CASES)
def test_mistakes_are_named(tmp_path, case):
    arrays, arguments, message = CASES[case]
    path = tmp_path / "none.npz" if arrays is None else save(tmp_path, **arrays)
    error = FileNotFoundError if arrays is None else (ValueError, TypeError)
    with pytest.raises(error, match=message) as found:
        from_npz(path, 5 if case == "batch" else 1, **arguments)
    assert str(found.value).startswith("`")


@pytest.mark.parametrize("case", LABELS)
def test_mistaken_labels_are_named(tmp_path, case):
    labels, message = LABELS[case]
    path = save(tmp_path, x=IMAGES, labels=labels)
    with pytest.raises(ValueError, match=message):
        from_npz(path, 1, with_labels=True)
    if case != "too few":  # known from the labels alone
        with pytest.raises(ValueError, match="`labels` must be"):
            read_labels(path)
    assert len(whole(path)) == 4  # they do not matter where nobody asks for them
