"""What an encoder sees: pictures checked cell by cell."""

import types

import numpy as np
import pytest

from keras_ot_gans import callbacks
from keras_ot_gans.callbacks import density_picture, image_grid


def images(n):
    return np.random.default_rng(0).uniform(-1, 1, (n, 4, 4, 1)).astype("float32")


class Mirror:
    """A model whose codes are the images themselves."""

    step = 7

    def reconstruct(self, x, seed=None):
        return -x

    def interpolate(self, x1, x2, steps):
        t = np.linspace(0, 1, steps)[:, None, None, None]
        return x1[:, None] * (1 - t) + x2[:, None] * t


def drawn(callback, model=None):
    callback.set_model(model or Mirror())
    callback.on_train_begin()
    callback.on_epoch_end(0)
    return callback.draw(7)


def test_each_image_stands_beside_its_reconstruction(tmp_path):
    callback = callbacks.Reconstructions(images(6), tmp_path, num=6, pairs=3)
    x = callback.real
    cells = [v for pair in zip(x, -x, strict=True) for v in pair]
    np.testing.assert_array_equal(drawn(callback), image_grid(np.stack(cells), 6, magnify=16))
    assert (tmp_path / "reconstructions" / "step_000007.png").exists()


def test_points_are_drawn_in_the_plane(tmp_path):
    points = np.random.default_rng(0).normal(size=(50, 2)).astype("float32")
    callback = callbacks.Reconstructions(points, tmp_path, num=50)
    title = "real and reconstructed, step 7"
    expected = density_picture(callback.real, -callback.real, title=title)
    np.testing.assert_array_equal(drawn(callback), expected)


def test_a_row_walks_from_one_image_to_another(tmp_path):
    callback = callbacks.Interpolations(images(5), tmp_path, num=4, steps=3)
    a, b = callback.ends
    assert len(a) == len(b) == 2
    assert not (a[:, None] == b[None]).all(axis=(2, 3, 4)).any()
    rows = [[p, p, (p + q) / 2, q, q] for p, q in zip(a, b, strict=True)]
    expected = image_grid(np.concatenate(rows), 5, magnify=16)
    np.testing.assert_array_equal(drawn(callback), expected)
    assert (tmp_path / "interpolations" / "step_000007.png").exists()


def test_teaches(tmp_path):
    with pytest.raises(ValueError, match="`real` must hold at least two images"):
        callbacks.Interpolations(np.zeros((5, 2)), tmp_path)
    with pytest.raises(ValueError, match="`steps` must be at least 2"):
        callbacks.Interpolations(images(4), tmp_path, steps=1)
    with pytest.raises(ValueError, match="`pairs` must be positive"):
        callbacks.Reconstructions(images(4), tmp_path, pairs=0)
    with pytest.raises(ValueError, match="reconstruct"):
        drawn(callbacks.Reconstructions(images(4), tmp_path), types.SimpleNamespace(step=1))
