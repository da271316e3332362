"""Crop and resize against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.datasets import crop_image, prepare_image, resize_image

RNG = np.random.default_rng(0)


def picture(height, width, channels=3):
    return RNG.integers(0, 256, (height, width, channels)).astype(np.uint8)


def area_matrix(old, new):
    """Share of each old pixel in each new one: overlaps of intervals, exactly."""
    edges = np.arange(new + 1) * old / new
    left, right = edges[:-1, None], edges[1:, None]
    pixel = np.arange(old)[None]
    overlap = np.minimum(right, pixel + 1) - np.maximum(left, pixel)
    return np.maximum(overlap, 0) * new / old


@pytest.mark.parametrize(
    ("crop", "window"),
    [
        (None, np.s_[0:218, 0:178]),
        (178, np.s_[20:198, 0:178]),
        (128, np.s_[45:173, 25:153]),
        ("square", np.s_[20:198, 0:178]),
        (1.0, np.s_[20:198, 0:178]),
        (64 / 73, np.s_[31:187, 11:167]),  # round(178 * 64 / 73) = 156
        (177, np.s_[20:197, 0:177]),  # odd margins: the spare pixel is below and to the right
    ],
)
def test_central_crops(crop, window):
    image = picture(218, 178)
    np.testing.assert_array_equal(crop_image(tf.constant(image), crop), image[window])


def stackgan_window(box, height, width):
    """The bird crop, worked out in pixels: x, y, w, h of the box; int() cuts off."""
    top, left, bottom, right = box
    x, y, w, h = left * width, top * height, (right - left) * width, (bottom - top) * height
    reach = 0.75 * max(w, h)
    cx, cy = x + w / 2, y + h / 2
    return (
        slice(max(0, int(cy - reach)), min(height, int(cy + reach))),
        slice(max(0, int(cx - reach)), min(width, int(cx + reach))),
    )


@pytest.mark.parametrize("box", [(0.25, 0.25, 0.5, 0.625), (0.0, 0.5, 1.0, 1.0), (0.0, 0.0, 1, 1)])
def test_box_crop_is_a_window_around_the_object(box):
    image = picture(80, 64)
    got = crop_image(tf.constant(image), "box", tf.constant(box, tf.float32))
    np.testing.assert_array_equal(got, image[stackgan_window(box, 80, 64)])


@pytest.mark.parametrize("box", [(1, 1, 1, 1), (0, 0, 0, 0), (0.9, 0.9, 0.1, 0.1)])
def test_box_crop_of_a_degenerate_box_is_not_empty(box):
    got = crop_image(tf.constant(picture(10, 12)), "box", tf.constant(box, tf.float32))
    assert min(got.shape) >= 1


@pytest.mark.parametrize(
    ("old", "new"), [((96, 96), (48, 48)), ((178, 178), (64, 64)), ((50, 31), (20, 30))]
)
def test_shrinking_is_the_mean_over_areas(old, new):
    image = picture(*old)
    rows, columns = area_matrix(old[0], new[0]), area_matrix(old[1], new[1])
    want = np.einsum("ih,hwc,jw->ijc", rows, image.astype(np.float64), columns)
    got = resize_image(tf.constant(image), new)
    assert got.dtype == tf.uint8
    # Half a level from rounding, and float32 sums of values below 256.
    np.testing.assert_allclose(got, want, atol=0.5 + 1e-3)


def test_stl10_shrinks_by_the_mean_of_four_pixels():
    image = picture(96, 96)
    want = np.round(image.reshape(48, 2, 48, 2, 3).mean(axis=(1, 3)))
    np.testing.assert_array_equal(resize_image(tf.constant(image), (48, 48)), want)


def test_enlarging_is_bilinear_and_same_size_is_untouched():
    ramp = np.repeat(np.arange(0, 80, 20, dtype=np.uint8)[None, :, None], 4, axis=0)
    got = resize_image(tf.constant(ramp), (8, 8))[0, :, 0].numpy()
    # Pixel centres at (i + 1/2) / 2 - 1/2, clamped at the edge.
    at = np.clip((np.arange(8) + 0.5) / 2 - 0.5, 0, 3)
    np.testing.assert_array_equal(got, np.round(20 * at))
    image = picture(9, 9)
    np.testing.assert_array_equal(resize_image(tf.constant(image), (9, 9)), image)


def test_constant_pictures_stay_constant_both_ways():
    for old, new in [((7, 90), (30, 30)), ((5, 5), (31, 17))]:
        flat = np.full((*old, 1), 137, np.uint8)
        assert np.unique(resize_image(tf.constant(flat), new)).tolist() == [137]


def test_prepare_in_a_graph_with_unknown_sizes_equals_eager():
    spec = tf.TensorSpec([None, None, 3], tf.uint8)
    graph = tf.function(lambda x: prepare_image(x, (16, 16), "square"), input_signature=[spec])
    for shape in [(40, 33), (12, 50), (8, 9)]:
        image = tf.constant(picture(*shape))
        assert graph.get_concrete_function().output_shapes == [16, 16, 3]
        np.testing.assert_array_equal(graph(image), prepare_image(image, (16, 16), "square"))


@pytest.mark.parametrize(
    ("height", "width", "window"),
    [
        (60, 90, np.s_[0:60, 15:75]),  # no 73 x 73: the central square, (90 - 60) / 2 = 15
        (90, 60, np.s_[15:75, 0:60]),
        (72, 73, np.s_[0:72, 0:72]),  # the odd column is on the right
        (73, 73, np.s_[0:73, 0:73]),
        (375, 500, np.s_[151:224, 213:286]),  # (375 - 73) / 2 and (500 - 73) / 2
        (500, 375, np.s_[213:286, 151:224]),
    ],
)
def test_pixels_beyond_the_picture_take_its_central_square(height, width, window):
    image = picture(height, width)
    spec = tf.TensorSpec([None, None, 3], tf.uint8)
    graph = tf.function(lambda x: crop_image(x, 73), input_signature=[spec])
    for crop in (graph, lambda x: crop_image(x, 73)):
        np.testing.assert_array_equal(crop(tf.constant(image)), image[window])
    resized = prepare_image(tf.constant(image), (64, 64), 73)
    np.testing.assert_array_equal(resized, prepare_image(tf.constant(image[window]), (64, 64)))


def test_more_pixels_than_any_picture_has():
    image = picture(5, 4)
    np.testing.assert_array_equal(crop_image(tf.constant(image), 10**12), image[:4])
