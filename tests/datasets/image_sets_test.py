"""The crops of the AGE paper's image sets, against what its authors' pipeline does."""

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_ot_gans.datasets import IMAGE_SETS, prepare_image


def smooth_picture(height, width):
    """A photograph without fine detail, so that the filter of a resize hardly matters."""
    y, x = np.mgrid[:height, :width] / min(height, width)
    waves = [np.sin(7 * x + 3 * y), np.cos(5 * y - 2 * x), np.sin(4 * x * y)]
    return np.rint(127.5 + 120 * np.stack(waves, axis=-1)).astype(np.uint8)


def test_celeba_is_the_central_128_halved():
    entry = IMAGE_SETS["celeb_a_crop128"]
    assert (entry.tfds_name, entry.split, entry.flip) == ("celeb_a", "train", False)
    image = np.random.default_rng(0).integers(0, 256, (218, 178, 3)).astype(np.uint8)
    got = prepare_image(tf.constant(image), (64, 64), entry.crop)
    window = image[45:173, 25:153].astype(float)  # (218 - 128) / 2 and (178 - 128) / 2
    halved = window.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(got, halved, atol=0.5)  # rounding to 8 bits


def test_imagenet_is_the_shorter_side_to_73_and_the_central_64():
    entry = IMAGE_SETS["imagenet64_crop"]
    assert (entry.tfds_name, entry.split, entry.flip) == ("imagenet2012", "train", True)
    for height, width in ((375, 500), (500, 333), (256, 256)):
        image = smooth_picture(height, width)
        scale = 73 / min(height, width)
        small = Image.fromarray(image).resize(
            (int(width * scale), int(height * scale)), Image.Resampling.BILINEAR
        )
        left, top = (round((side - 64) / 2) for side in small.size)
        expected = np.asarray(small.crop((left, top, left + 64, top + 64)), float)
        got = prepare_image(tf.constant(image), (64, 64), entry.crop).numpy().astype(float)
        # Sizes are rounded once here and twice there, so the windows differ by less than a pixel.
        pixel = max(np.abs(np.diff(expected, axis=axis)).max() for axis in (0, 1))
        assert np.abs(got - expected).max() < pixel
        # Without the crop the corners are 4.5 pixels off in both directions.
        whole = prepare_image(tf.constant(image), (64, 64), "square").numpy().astype(float)
        assert np.abs(whole - expected).max() > 3 * pixel


def test_the_papers_text_for_imagenet_is_had_by_value():
    # AGE E.3 instead says: a central crop of 73 x 73, resized.
    image = smooth_picture(375, 500)
    got = prepare_image(tf.constant(image), (64, 64), 73)
    direct = prepare_image(tf.constant(image[151:224, 213:286]), (64, 64))
    np.testing.assert_array_equal(got, direct)
    assert "crop=73" in IMAGE_SETS["imagenet64_crop"].source
    # Not all of ImageNet is as large; these are neither refused nor squeezed.
    image = smooth_picture(60, 90)
    got = prepare_image(tf.constant(image), (64, 64), 73)
    direct = prepare_image(tf.constant(image[:, 15:75]), (64, 64))
    np.testing.assert_array_equal(got, direct)
