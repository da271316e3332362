"""From a picture of any size to one of the size a network takes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from PIL import Image

# The window reaches this part of the box's longer side from the box's centre.
_BOX_REACH = 0.75


def check_crop(crop: str | int | float | None) -> None:
    """Check a crop policy, see `prepare_image`.

    Args:
        crop: the policy.

    Raises:
        ValueError: if it is none of the known ones.

    Example:
        >>> check_crop("centre")
        Traceback (most recent call last):
        ...
        ValueError: `crop` must be None, "square", "box", an int > 0 (pixels) or a float in \
(0, 1] (part of the shorter side). Received: crop='centre'.
    """
    if crop is None or (isinstance(crop, str) and crop in ("square", "box")):
        return
    if isinstance(crop, int) and not isinstance(crop, bool) and crop > 0:
        return
    if isinstance(crop, float) and 0 < crop <= 1:
        return
    raise ValueError(
        '`crop` must be None, "square", "box", an int > 0 (pixels) or a float in (0, 1] '
        f"(part of the shorter side). Received: crop={crop!r}."
    )


def check_image_size(image_size: int | tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) of an int or a pair.

    Args:
        image_size: int > 0 for squares, or (height, width).

    Returns:
        Tuple of two ints.

    Raises:
        ValueError: if it is neither.

    Example:
        >>> check_image_size(64)
        (64, 64)
    """
    pair = image_size if isinstance(image_size, (tuple, list)) else (image_size, image_size)
    whole = all(isinstance(side, int) and not isinstance(side, bool) and side > 0 for side in pair)
    if len(pair) != 2 or not whole:
        raise ValueError(
            "`image_size` must be an int > 0 or a pair (height, width) of them. "
            f"Received: image_size={image_size!r}."
        )
    return tuple(pair)


def as_pixels(picture: Image.Image, channels: int) -> np.ndarray:
    """Convert a picture of 8 bits to grey or colour, what is transparent laid on white.

    Args:
        picture: `PIL.Image.Image`, any mode but 16 bits.
        channels: 3 for colour, 1 for grey.

    Returns:
        uint8 array `(height, width, channels)`.

    Example:
        >>> as_pixels(Image.new("RGBA", (1, 1), (0, 0, 0, 0)), 3).tolist()
        [[[255, 255, 255]]]
    """
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    return pixels[..., None] if channels == 1 else pixels


def crop_image(
    image: tf.Tensor, crop: str | int | float | None, box: tf.Tensor | None = None
) -> tf.Tensor:
    """Cut a window out of an image.

    Args:
        image: tensor `(height, width, channels)`.
        crop: None for the whole image; an int k for the central k x k pixels,
            or the central square of an image with a side below k: sets such
            as ImageNet have a few of these, which are neither squeezed nor
            end a training in its middle;
            a float f for the central square of f times the shorter side;
            "square" for f = 1; "box" for the object of `box`: a window of 0.75
            times the box's longer side to each side of its centre, cut at
            the image's edge.
        box: float tensor `(4,)`, (top, left, bottom, right) as parts of the
            height and width. Only for "box".

    Returns:
        Tensor `(height', width', channels)`. Odd margins put the spare pixel
        below and to the right.

    Example:
        >>> crop_image(tf.zeros([218, 178, 3]), 128).shape
        TensorShape([128, 128, 3])
        >>> crop_image(tf.zeros([60, 90, 3]), 73).shape
        TensorShape([60, 60, 3])

    Source: "box": the crop of the bird images in StackGAN (Zhang et al., ICCV 2017),
        whose protocol OT-GAN compares with.
    """
    if crop is None:
        return image
    height, width = tf.unstack(tf.shape(image)[:2])
    if crop == "box":
        return _crop_box(image, box, height, width)
    shorter = tf.minimum(height, width)
    if isinstance(crop, int):
        side = tf.minimum(min(crop, tf.int32.max), shorter)
    else:
        part = 1.0 if crop == "square" else crop
        side = tf.maximum(1, tf.cast(tf.round(part * tf.cast(shorter, tf.float32)), tf.int32))
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def _crop_box(image: tf.Tensor, box: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    sides = tf.cast(tf.stack([height, width]), tf.float32)
    start, end = box[:2] * sides, box[2:] * sides
    reach = tf.maximum(_BOX_REACH * tf.reduce_max(tf.abs(end - start)), 1.0)
    centre = (start + end) / 2
    # At least one pixel, also for a box that lies on the edge.
    low = tf.clip_by_value(tf.cast(centre - reach, tf.int32), 0, tf.cast(sides, tf.int32) - 1)
    high = tf.minimum(tf.maximum(tf.cast(centre + reach, tf.int32), low + 1), [height, width])
    return image[low[0] : high[0], low[1] : high[1]]


def resize_image(image: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resize without aliasing.

    Shrinking averages over areas (exactly the mean of k x k pixels for a factor
    k), enlarging is bilinear; if one side shrinks and the other grows it is
    bilinear with an anti-aliasing filter.

    Args:
        image: uint8 tensor `(height, width, channels)`.
        size: (height, width) of the result.

    Returns:
        uint8 tensor `(*size, channels)`, rounded.

    Example:
        >>> image = tf.constant([[[0], [10]], [[20], [30]]], tf.uint8)
        >>> int(resize_image(image, (1, 1))[0, 0, 0])
        15
    """
    if image.shape[:2] == size:
        return image
    shape = tf.shape(image)

    def area():
        return tf.image.resize(image, size, method="area")

    def bilinear():
        return tf.image.resize(tf.cast(image, tf.float32), size, antialias=True)

    shrinks = tf.logical_and(shape[0] >= size[0], shape[1] >= size[1])
    resized = tf.cond(shrinks, area, bilinear)
    resized = tf.cast(tf.clip_by_value(tf.round(resized), 0.0, 255.0), tf.uint8)
    return tf.ensure_shape(resized, [*size, image.shape[2]])


def prepare_image(
    image: tf.Tensor,
    size: tuple[int, int] | None,
    crop: str | int | float | None = None,
    box: tf.Tensor | None = None,
) -> tf.Tensor:
    """Crop and resize one image.

    Args:
        image: uint8 tensor `(height, width, channels)`.
        size: (height, width) of the result, or None to leave the size.
        crop: crop policy, see `crop_image`.
        box: float tensor `(4,)`, see `crop_image`.

    Returns:
        uint8 tensor `(*size, channels)`.

    Example:
        >>> prepare_image(tf.zeros([218, 178, 3], tf.uint8), (64, 64), crop=178).shape
        TensorShape([64, 64, 3])
    """
    cropped = crop_image(image, crop, box)
    return cropped if size is None else resize_image(cropped, size)
