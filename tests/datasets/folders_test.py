"""Folders of pictures: every mode, every mistake."""

import logging

import numpy as np
import pytest
from PIL import Image

from keras_ot_gans.datasets import EpochShuffle, from_folder
from keras_ot_gans.datasets.folders import readable_classes

RNG = np.random.default_rng(0)


def save(path, height=8, width=8, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, (height, width, 3)).astype(np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return pixels


def ordered(path, **arguments):
    dataset = from_folder(path, shuffle=False, drop_remainder=False, **arguments)
    return [np.asarray(batch) for batch in dataset]


def test_values_and_order_are_those_of_the_files(tmp_path):
    names = ["b/2.png", "a/10.png", "a/9.png", "c.png"]
    saved = {name: save(tmp_path / name) for name in names}
    (images,) = ordered(tmp_path, image_size=8, batch_size=10)
    want = np.stack([saved[name] for name in ["a/10.png", "a/9.png", "b/2.png", "c.png"]])
    np.testing.assert_allclose(images, want / 127.5 - 1, atol=2.5e-7)


def test_shuffled_batches_follow_the_epochs(tmp_path):
    for index in range(6):
        Image.new("L", (4, 4), 20 * index).save(tmp_path / f"{index}.png")
    order = EpochShuffle(seed=2)
    dataset = from_folder(tmp_path, 4, batch_size=2, channels=1, seed=order)
    assert int(dataset.cardinality()) == 3 and dataset.element_spec.shape == [2, 4, 4, 1]
    for epoch in range(2):
        grey = np.concatenate([b[:, 0, 0, 0] for b in dataset])
        index = np.round((grey + 1) * 127.5 / 20).astype(int)
        assert index.tolist() == order.permutation(6, epoch).tolist()


def test_labels_are_the_sorted_first_folders(tmp_path):
    for name in ["dog/1.png", "cat/x/2.png", "cat/1.png", "emu/1.png"]:
        save(tmp_path / name)
    ((_, labels),) = from_folder(tmp_path, 8, 4, with_labels=True, shuffle=False)
    assert labels.numpy().tolist() == [0, 0, 1, 2]
    save(tmp_path / "loose.png")
    with pytest.raises(ValueError, match="`with_labels` needs every .* loose.png directly in"):
        from_folder(tmp_path, 8, 4, with_labels=True)


def test_sizes_are_cropped_and_resized(tmp_path):
    # A bright central square in a dark wide picture: the crop leaves only the bright part.
    pixels = np.zeros((16, 40, 3), np.uint8)
    pixels[:, 12:28] = 200
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    (images,) = ordered(tmp_path, image_size=8, batch_size=1)
    np.testing.assert_allclose(images, 200 / 127.5 - 1, atol=2.5e-7)
    (images,) = ordered(tmp_path, image_size=(4, 10), batch_size=1, crop=None)
    assert images.shape == (1, 4, 10, 3)
    row = np.round((images[0, 0, :, 0] + 1) * 127.5)
    assert row.tolist() == [0, 0, 0, 200, 200, 200, 200, 0, 0, 0]


def test_pictures_below_the_crop_give_their_central_square(tmp_path, caplog):
    large, small = save(tmp_path / "1.png", 12, 10), save(tmp_path / "2.png", 6, 9)
    with caplog.at_level(logging.WARNING, logger="keras_ot_gans"):
        (images,) = ordered(tmp_path, image_size=6, batch_size=2, crop=8)
    assert "square of 1 of 2 pictures" in caplog.text and "crop=8" in caplog.text
    np.testing.assert_allclose(images[1], small[:, 1:7] / 127.5 - 1, atol=2.5e-7)
    caplog.clear()
    (images,) = ordered(tmp_path, image_size=6, batch_size=2, crop=6)
    assert not caplog.text
    np.testing.assert_allclose(images[0], large[3:9, 2:8] / 127.5 - 1, atol=2.5e-7)


def test_grey_from_colour_is_pillows_luma(tmp_path):
    Image.new("RGB", (4, 4), (10, 100, 200)).save(tmp_path / "1.png")
    (images,) = ordered(tmp_path, image_size=4, batch_size=1, channels=1)
    luma = 0.299 * 10 + 0.587 * 100 + 0.114 * 200  # ITU-R 601
    np.testing.assert_allclose((images + 1) * 127.5, luma, atol=1)


def test_broken_files_are_all_named_or_left_out(tmp_path, caplog):
    for index in range(4):
        save(tmp_path / f"good{index}.png", height=64, width=64)
    whole = (tmp_path / "good0.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(ValueError, match="3 unreadable pictures") as error:
        from_folder(tmp_path, 8, 2)
    for name in ("cut.png", "empty.jpg", "text.png", "skip_unreadable=True"):
        assert name in str(error.value)
    assert "good0.png" not in str(error.value)
    with caplog.at_level(logging.WARNING, logger="keras_ot_gans"):
        dataset = from_folder(tmp_path, 8, 2, skip_unreadable=True)
    assert int(dataset.cardinality()) == 2
    assert "cut.png" in caplog.text


def test_skipping_keeps_labels_with_their_pictures(tmp_path):
    for label in range(3):
        path = tmp_path / str(label) / "1.png"
        path.parent.mkdir()
        Image.new("L", (4, 4), 100 * label).save(path)
    (tmp_path / "0" / "0.png").write_text("broken")
    dataset = from_folder(tmp_path, 4, 3, channels=1, with_labels=True, skip_unreadable=True)
    ((images, labels),) = dataset
    np.testing.assert_allclose((images[:, 0, 0, 0] + 1) * 127.5, 100 * labels.numpy(), atol=1e-4)


def test_a_class_must_keep_a_picture(tmp_path):
    for name in ("a/1.png", "b/1.png", "c/1.png", "c/2.png"):
        save(tmp_path / name)
    (tmp_path / "c" / "2.png").write_text("broken")
    arguments = {"image_size": 8, "batch_size": 3, "skip_unreadable": True}
    ((_, labels),) = from_folder(tmp_path, with_labels=True, shuffle=False, **arguments)
    assert labels.numpy().tolist() == readable_classes(tmp_path).tolist() == [0, 1, 2]
    (tmp_path / "b" / "1.png").write_text("broken")
    for read in (
        lambda: from_folder(tmp_path, with_labels=True, **arguments),
        lambda: readable_classes(tmp_path),
    ):
        with pytest.raises(ValueError, match="of every class.* all pictures of b are unreadable"):
            read()
    arguments["batch_size"] = 2
    assert from_folder(tmp_path, **arguments).num_samples == 2  # without labels there is no class


def test_pictures_of_floats_are_named_and_left_out(tmp_path, caplog):
    save(tmp_path / "good.png")
    ramp = np.linspace(0, 1, 64, dtype="float32").reshape(8, 8)
    Image.fromarray(ramp).save(tmp_path / "ramp.tif")
    message = "(?s)1 unreadable.*ramp.tif: floats.*8 or 16 bits, or.*npz"
    with pytest.raises(ValueError, match=message):
        from_folder(tmp_path, 8, 1)
    assert from_folder(tmp_path, 8, 1, skip_unreadable=True).num_samples == 1
    assert "ramp.tif: floats" in caplog.text


def test_a_folder_of_only_broken_files_is_refused_even_when_skipping(tmp_path):
    (tmp_path / "1.png").write_text("broken")
    with pytest.raises(ValueError, match="1 unreadable pictures"):
        from_folder(tmp_path, 8, 1, skip_unreadable=True)


def test_bad_input_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must hold pictures .* with none"):
        from_folder(tmp_path, 8)
    with pytest.raises(FileNotFoundError, match="`path` must be a folder"):
        from_folder(tmp_path / "nowhere", 8)
    save(tmp_path / "small.png", height=5)
    for arguments, message in [
        ({"image_size": 0}, "`image_size` must be an int > 0"),
        ({"image_size": "8"}, "`image_size` must be an int > 0"),
        ({"crop": 6}, "`crop` must not exceed the sides of .*crop=6 .* more than 5 pixels"),
        ({"crop": "box"}, "`crop` 'box' needs boxes"),
        ({"channels": 4}, "`channels` must be 1 or 3"),
        ({"memory_limit": 10}, "`memory_limit` must hold 1 pictures"),
        ({"batch_size": 2}, "`batch_size` must not exceed the number of samples, 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            from_folder(tmp_path, **{"image_size": 8, "batch_size": 1} | arguments)


def test_a_hundred_broken_files_are_named_and_the_rest_counted(tmp_path):
    for index in range(103):
        (tmp_path / f"{index:03}.png").write_text("broken")
    with pytest.raises(ValueError, match="103 unreadable pictures") as error:
        from_folder(tmp_path, 8, 1)
    assert "099.png" in str(error.value) and "100.png" not in str(error.value)
    assert "and 3 more" in str(error.value)
