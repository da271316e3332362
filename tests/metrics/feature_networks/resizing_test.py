"""Resizes against weights that are written down from their definitions."""

import numpy as np
import pytest

from keras_ot_gans.metrics.feature_networks import CLEAN_BICUBIC, TF1_BILINEAR, TORCH_BILINEAR
from keras_ot_gans.metrics.feature_networks.resizing import (
    clean_bicubic,
    tf1_bilinear,
    torch_bilinear,
)

SIZES = pytest.mark.parametrize(
    ("old", "new"),
    [((5, 8), (11, 3)), ((32, 32), (299, 299)), ((300, 7), (299, 20)), ((1, 4), (3, 4))],
)


def hat(at, count):
    """Weights of linear interpolation at positions `at`, clipped to the image."""
    at = np.clip(at, 0, count - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(count)))


def tf1_weights(old, new):
    return hat(np.arange(new) * (old / new), old)


def torch_weights(old, new):
    return hat((np.arange(new) + 0.5) * (old / new) - 0.5, old)


def cubic_weights(old, new):
    """Keys' cubic with a = -1/2, stretched by the factor of a reduction, rows of sum 1."""
    stretch = max(old / new, 1.0)
    centre = (np.arange(new) + 0.5) * (old / new)
    t = np.abs((np.arange(old) + 0.5 - centre[:, None]) / stretch)
    a = -0.5
    near = (a + 2) * t**3 - (a + 3) * t**2 + 1
    far = a * (t**3 - 5 * t**2 + 8 * t - 4)
    weights = np.where(t < 1, near, np.where(t < 2, far, 0.0))
    # Pillow keeps the pixels whose centres, rounded, lie in the support.
    low = np.maximum((centre - 2 * stretch + 0.5).astype(int), 0)
    high = np.minimum((centre + 2 * stretch + 0.5).astype(int), old)
    pixel = np.arange(old)
    weights *= (pixel >= low[:, None]) & (pixel < high[:, None])
    return weights / weights.sum(axis=1, keepdims=True)


def images(size):
    return np.random.default_rng(0).integers(0, 256, (2, *size, 3)).astype("float32")


def oracle(x, rows, columns):
    return np.einsum("ih,bhwc,jw->bijc", rows, x.astype(float), columns)


@SIZES
@pytest.mark.parametrize(
    ("function", "weights"),
    [(tf1_bilinear, tf1_weights), (torch_bilinear, torch_weights), (clean_bicubic, cubic_weights)],
)
def test_against_its_definition(function, weights, old, new):
    x = images(old)
    expected = oracle(x, weights(old[0], new[0]), weights(old[1], new[1]))
    found = np.asarray(function(x, new))
    assert found.dtype == np.float32
    # float32 positions and sums of values up to 255
    np.testing.assert_allclose(found, np.clip(expected, 0, 255), atol=0.01)


def test_bicubic_overshoots_and_is_clipped():
    x = np.zeros((1, 8, 8, 1))
    x[:, :, 4:] = 255
    expected = oracle(x, cubic_weights(8, 16), cubic_weights(8, 16))
    assert expected.min() < -5 and expected.max() > 260
    found = clean_bicubic(x, (16, 16))
    assert (found.min(), found.max()) == (0, 255)


@pytest.mark.parametrize("resize", [TF1_BILINEAR, TORCH_BILINEAR, CLEAN_BICUBIC])
def test_an_image_of_the_size_stays_as_it_is(resize):
    x = images((299, 299))[:1]
    np.testing.assert_array_equal(resize(x), x)


@pytest.mark.parametrize("resize", [TF1_BILINEAR, TORCH_BILINEAR, CLEAN_BICUBIC])
def test_uint8_is_taken_and_not_rounded_back(resize):
    x = images((20, 20)).astype("uint8")
    found = np.asarray(resize(x))
    assert found.shape == (2, 299, 299, 3)
    assert np.any(found != np.round(found))
    np.testing.assert_array_equal(found, resize(x.astype("float32")))


def test_names_tell_them_apart():
    names = {resize.name for resize in (TF1_BILINEAR, TORCH_BILINEAR, CLEAN_BICUBIC)}
    assert len(names) == 3 and all("299 x 299" in name for name in names)
