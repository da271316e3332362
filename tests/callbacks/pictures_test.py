import os

import numpy as np
import pytest
from PIL import Image

from keras_ot_gans.callbacks import figure_to_array, image_grid, new_figure, write_png


def test_grid_places_every_pixel():
    images = np.linspace(-1, 1, 5 * 2 * 3 * 3).reshape(5, 2, 3, 3).astype(np.float32)
    grid = image_grid(images, columns=2, gap=1)
    assert grid.shape == (3 * 3 + 1, 2 * 4 + 1, 3) and grid.dtype == np.uint8
    for index in range(5):
        row, column = divmod(index, 2)
        cell = grid[1 + 3 * row : 3 + 3 * row, 1 + 4 * column : 4 + 4 * column]
        np.testing.assert_array_equal(cell, np.rint((images[index] + 1) * 127.5))
    assert (grid[0] == 230).all() and (grid[-3:, 5:] == 230).all()  # gap and the unfilled cell


def test_grid_values():
    values = np.array([-1.0, 0.0, 1.0, -1.2, 1.2], np.float32).reshape(5, 1, 1, 1)
    grid = image_grid(values, columns=5, gap=0)
    # 127.5 rounds to even; a little outside is clipped; one channel becomes grey.
    np.testing.assert_array_equal(grid[0], np.repeat([[0], [128], [255], [0], [255]], 3, axis=1))


def test_grid_magnifies_and_is_square():
    images = np.random.default_rng(0).uniform(-1, 1, (9, 2, 2, 1))
    grid, large = image_grid(images, gap=0), image_grid(images, gap=0, magnify=3)
    assert grid.shape == (6, 6, 3)
    np.testing.assert_array_equal(large, grid.repeat(3, axis=0).repeat(3, axis=1))


@pytest.mark.parametrize(
    ("images", "text"),
    [
        (np.zeros((2, 4, 4)), r"axes \(n, h, w, c\) with c = 1 or 3. Received: shape \(2, 4, 4\)"),
        (np.zeros((2, 4, 4, 2)), "c = 1 or 3"),
        (np.zeros((0, 4, 4, 1)), r"Received: shape \(0, 4, 4, 1\)"),
        (np.zeros((2, 4, 4, 1), np.uint8), r"floats in \[-1, 1\]. Received: dtype uint8"),
        (np.full((2, 4, 4, 1), 255.0), "range 255.0 to 255.0"),
        (np.full((2, 4, 4, 1), np.nan), "NaN means that the training has diverged"),
    ],
)
def test_grid_refuses(images, text):
    with pytest.raises(ValueError, match=text):
        image_grid(images)


@pytest.mark.parametrize("name", ["columns", "magnify"])
def test_grid_refuses_numbers(name):
    with pytest.raises(ValueError, match=f"`{name}` must be at least 1. Received: {name}=0"):
        image_grid(np.zeros((1, 2, 2, 1)), **{name: 0})


def test_png_is_read_back_and_replaces(tmp_path):
    path = tmp_path / "a.png"
    for seed in (0, 1):
        picture = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)
        write_png(path, picture)
        np.testing.assert_array_equal(np.asarray(Image.open(path)), picture)
    assert os.listdir(tmp_path) == ["a.png"]


def test_a_failed_write_leaves_the_old_picture(tmp_path, monkeypatch):
    path, old = tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8)
    write_png(path, old)

    def full_disk(descriptor):
        # The name under which a run finds what a kill has left.
        assert sorted(name[:12] for name in os.listdir(tmp_path)) == [".unfinished-", "a.png"]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_png(path, old + 1)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), old)
    assert os.listdir(tmp_path) == ["a.png"]


def test_png_refuses_floats(tmp_path):
    with pytest.raises(ValueError, match="uint8 array with axes"):
        write_png(tmp_path / "a.png", np.zeros((2, 2, 3)))
    assert os.listdir(tmp_path) == []


def test_figures_leave_pyplot_alone():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    figure = new_figure(2, 1, dpi=50)
    figure.subplots().fill_between([0, 1], [1, 1], color="#ff0000")
    picture = figure_to_array(figure)
    assert picture.shape == (50, 100, 3) and picture.dtype == np.uint8
    assert (picture == [255, 0, 0]).all(-1).mean() > 0.3
    assert plt.get_fignums() == before
