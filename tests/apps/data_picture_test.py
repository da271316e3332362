"""The picture of the data: what it counts, and that every kind of data has one."""

import numpy as np
import pytest

from apps.data_picture import data_picture, pixel_counts
from apps.sources import build_source
from keras_ot_gans.callbacks import image_grid

RNG = np.random.default_rng(0)


def test_pixel_values_are_counted_by_channel():
    pixels = RNG.integers(0, 256, (3, 5, 4, 3), dtype=np.uint8)
    counts = pixel_counts((pixels / 127.5 - 1).astype("float32"))
    assert counts.shape == (3, 256) and np.all(counts.sum(axis=1) == 60)
    for channel in range(3):
        for value in (0, 17, 128, 255):
            assert counts[channel, value] == np.sum(pixels[..., channel] == value)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("classes", [None, 1, 10, 200])
def test_images_lie_beside_their_statistics(channels, classes):
    images = RNG.uniform(-1, 1, (70, 64, 64, channels)).astype("float32")
    labels = None if classes is None else RNG.integers(0, classes, 70)
    picture = data_picture(images, labels, 1000)
    grid = image_grid(images[:64])
    np.testing.assert_array_equal(picture[: len(grid), : grid.shape[1]], grid)
    statistics = picture[:, grid.shape[1] :]
    assert statistics.shape[1] == 480 and statistics.min() < 100  # something is drawn
    assert np.all(picture[len(grid) :, : grid.shape[1]] == 255)


def test_pictures_tell_what_they_are_of(monkeypatch):
    texts = []
    monkeypatch.setattr(
        "matplotlib.figure.Figure.suptitle", lambda self, text, **_: texts.append(text)
    )
    monkeypatch.setattr(
        "matplotlib.axes.Axes.set_title", lambda self, text, **_: texts.append(text)
    )
    data_picture(np.zeros((3, 8, 6, 1)), np.array([0, 2, 2]), 5000)
    assert texts[0] == "3 of 5,000 images, 8 x 6, grey" and "images of each of 3 classes" in texts
    texts.clear()
    data_picture(np.zeros((3, 8, 6, 3)))
    assert texts[0] == "3 images, 8 x 6, colour"
    texts.clear()
    data_picture(RNG.normal(size=(40, 2)), None, 50)
    data_picture(RNG.normal(size=(40, 9)))
    assert texts == ["40 of 50 points, in two halves", "40 points with 9 coordinates"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (30, 1), (30, 2), (30, 3), (3, 200)])
def test_points_in_any_number_of_dimensions(shape):
    picture = data_picture(RNG.normal(size=shape))
    assert picture.dtype == np.uint8 and picture.shape[2] == 3 and picture.min() < 100


def test_a_source_offers_enough_to_look_at(act_config, image_config, mock_images):
    points, labels, total = build_source(act_config).sample()
    assert points.shape == (50, 2) and labels is None and total == 50
    source = build_source(image_config)
    images, labels, total = source.sample()
    assert images.shape == (24, 28, 28, 1) and labels is None and total == 24
    assert len(source.real) == 6  # what pictures of the training show
    source.order.set_epoch(0)
    np.testing.assert_array_equal(np.concatenate(list(source.batches)), images)
