"""Real images beside their nearest in latent space, cell by cell."""

import types

import numpy as np
import pytest

from keras_ot_gans import callbacks
from keras_ot_gans.callbacks import image_grid


def images(n):
    return np.random.default_rng(0).uniform(-1, 1, (n, 4, 4, 1)).astype("float32")


class Ruler:
    """A model whose codes are numbers that the test gives, image by image."""

    step = 7

    def __init__(self, x, codes):
        self.x, self.codes = x, np.asarray(codes, "float32")[:, None]

    def encode(self, x, seed=None, noise=True):
        assert not noise
        np.testing.assert_array_equal(x, self.x)
        return self.codes


def drawn(callback, model):
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_end(0)
    return callback.draw(7)


def framed(cells, columns):
    """A grid of 4 x 4 images, 16 times as large, its first column in red."""
    grid = image_grid(cells, columns, magnify=16)
    rows = len(cells) // columns
    for y in range(rows):
        top = y * 66
        frame = np.ones((68, 68), bool)
        frame[2:-2, 2:-2] = False
        grid[top : top + 68, :68][frame] = (198, 40, 40)
    return grid


def test_each_image_stands_before_those_with_the_nearest_codes(tmp_path):
    x = images(5)
    model = Ruler(x, [0.0, 10.0, 1.0, 8.0, 3.0])
    callback = callbacks.Neighbours(x, tmp_path, num=2, neighbours=3)
    cells = x[[0, 2, 4, 3, 1, 3, 4, 2]]
    np.testing.assert_array_equal(drawn(callback, model), framed(cells, 4))
    assert (tmp_path / "neighbours" / "step_000007.png").exists()


def test_duplicates_of_an_image_stay_in_its_row(tmp_path):
    # Image 3 is the fourth at one place: four nearest do not hold itself, ties going by row.
    x = images(6)
    model = Ruler(x, [5.0, 5.0, 5.0, 5.0, 6.0, 9.0])
    callback = callbacks.Neighbours(x, tmp_path, num=4, neighbours=2)
    cells = x[[0, 1, 2, 1, 0, 2, 2, 0, 1, 3, 0, 1]]
    np.testing.assert_array_equal(drawn(callback, model), framed(cells, 3))


def test_rows_end_where_there_are_no_other_images(tmp_path):
    x = images(3)
    callback = callbacks.Neighbours(x, tmp_path, num=8, neighbours=4)
    cells = x[[0, 1, 2, 1, 0, 2, 2, 1, 0]]
    np.testing.assert_array_equal(drawn(callback, Ruler(x, [0, 1, 3])), framed(cells, 3))


def test_drawn_every_few_epochs_and_to_tensorboard(tmp_path, events):
    x = images(3)
    callback = callbacks.Neighbours(x, tmp_path, every=2, log_dir=tmp_path / "logs")
    model = Ruler(x, [0, 1, 3])
    callback.set_model(model)
    callback.on_train_begin()
    for epoch in range(4):
        model.step = epoch + 1
        callback.on_epoch_end(epoch)
    callback.on_train_end()
    names = sorted(path.name for path in (tmp_path / "neighbours").iterdir())
    assert names == ["step_000002.png", "step_000004.png"]
    assert {step for tag, step in events(tmp_path / "logs") if tag == "neighbours"} == {2, 4}


def test_teaches(tmp_path):
    with pytest.raises(ValueError, match="`real` must hold at least two images.*use `Codes`"):
        callbacks.Neighbours(np.zeros((5, 2)), tmp_path)
    with pytest.raises(ValueError, match="`real` must hold at least two images"):
        callbacks.Neighbours(images(1), tmp_path)
    with pytest.raises(ValueError, match="`neighbours` must be an integer of at least 1"):
        callbacks.Neighbours(images(4), tmp_path, neighbours=0)
    with pytest.raises(ValueError, match="`Neighbours` needs a model that offers `encode`"):
        drawn(callbacks.Neighbours(images(4), tmp_path), types.SimpleNamespace(step=1))
