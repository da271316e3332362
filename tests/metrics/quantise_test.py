import numpy as np
import pytest

from keras_ot_gans.datasets import to_unit_range
from keras_ot_gans.metrics import to_pixels

ALL = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


def test_pixels_survive_the_way_to_unit_range_and_back():
    there = to_unit_range(ALL).numpy()
    np.testing.assert_array_equal(to_pixels(there), ALL)
    np.testing.assert_array_equal(to_pixels(ALL), ALL)
    # Not rounded: within float32 of the pixel, 255 * 2^-23.
    np.testing.assert_allclose(to_pixels(there, "none"), ALL, atol=255 * 2**-22)
    assert to_pixels(there).dtype == to_pixels(ALL).dtype == np.float32


def test_rounding_truncation_and_none_differ_where_they_should():
    values = np.array([10.2, 10.6, 10.8, 11.4]).reshape(1, 2, 2, 1)
    images = values / 127.5 - 1.0
    assert to_pixels(images, "uint8").ravel().tolist() == [10.0, 11.0, 11.0, 11.0]
    assert to_pixels(images, "uint8_floor").ravel().tolist()[:3] == [10.0, 10.0, 10.0]
    np.testing.assert_allclose(to_pixels(images, "none"), values, atol=1e-4)  # float32
    edge = np.full((1, 1, 1, 1), 1.0 + 5e-4, np.float32)  # rounding of a resize, say
    assert to_pixels(edge).item() == 255.0


@pytest.mark.parametrize(
    ("images", "error", "text"),
    [
        (np.full((2, 4, 4, 3), np.nan), ValueError, "finite.*2 of 2 images.*index 0"),
        (np.full((1, 4, 4, 3), np.inf), ValueError, "`fake, batch 7` must be finite"),
        (np.full((1, 4, 4, 3), 200.0), ValueError, r"uint8, or floats in \[-1, 1\].*200.*uint8"),
        (np.full((1, 4, 4, 3), -1.5), ValueError, r"floats from -1.5 to -1.5"),
        (np.zeros((1, 4, 4, 3), np.int64), TypeError, "Received: int64"),
        (np.zeros((4, 4, 3), np.uint8), ValueError, r"axes \(batch.*shape \(4, 4, 3\)"),
        (np.zeros((0, 4, 4, 3), np.uint8), ValueError, "axes"),
        (np.zeros((1, 4, 4, 4), np.uint8), ValueError, "3 channels.*alpha"),
        (np.zeros((1, 4, 4, 1), np.uint8), ValueError, "3 channels"),
    ],
)
def test_wrong_images_are_named(images, error, text):
    with pytest.raises(error, match=text):
        to_pixels(images, name="fake, batch 7", channels=3)


def test_one_bad_image_among_good_ones():
    images = np.zeros((5, 2, 2, 1), np.float32)
    images[3, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="1 of 5 images, the first at index 3"):
        to_pixels(images)
    with pytest.raises(ValueError, match="`quantise` must be one of"):
        to_pixels(ALL, "uint16")
