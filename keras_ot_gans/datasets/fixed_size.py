"""Images of one array brought to the channels and the size that a network takes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_ot_gans.datasets.pixels import as_pixels, prepare_image

_CHUNK = 256  # images resized in one call


def with_channels(images: np.ndarray, channels: int | None) -> np.ndarray:
    """Convert images to grey or colour, as `from_folder` does.

    Args:
        images: array `(n, height, width, c)`, uint8 or floats in [-1, 1], c 1, 3 or 4. The
            fourth channel is opacity, laid on white.
        channels: 1, 3, or None for those of the images without opacity.

    Returns:
        Array `(n, height, width, channels)`; what is converted is uint8.

    Example:
        >>> with_channels(np.full((1, 2, 2, 1), 7, np.uint8), 3)[0, 0, 0].tolist()
        [7, 7, 7]
    """
    given = images.shape[3]
    channels = channels or min(given, 3)
    if channels == given:
        return images
    out = np.empty((*images.shape[:3], channels), np.uint8)
    for index, image in enumerate(images):
        picture = Image.fromarray(_to_bytes(image[..., 0] if given == 1 else image))
        out[index] = as_pixels(picture, channels)
    return out


def with_size(
    images: np.ndarray,
    size: tuple[int, int] | None,
    crop: str | int | float | None,
    memory_limit: int,
) -> np.ndarray:
    """Crop and resize images of one size.

    Args:
        images: array `(n, height, width, c)`, uint8 or floats in [-1, 1].
        size: (height, width) of the result, or None to leave them as they are.
        crop: crop policy, see `crop_image`; "square" leaves images of that size alone.
        memory_limit: int, bytes of the result, refused beyond.

    Returns:
        Array `(n, *size, c)`; uint8 where they are changed.

    Raises:
        ValueError: if an int `crop` is larger than the images, or the result than the limit.

    Example:
        >>> with_size(np.zeros((3, 8, 12, 1), np.uint8), (4, 4), "square", 10**6).shape
        (3, 4, 4, 1)
    """
    n, *given, c = images.shape
    if size is None or (tuple(given) == size and crop in ("square", None)):
        return images
    if isinstance(crop, int) and crop > min(given):
        raise ValueError(
            f"`crop` must not exceed the images' sides. Received: crop={crop} for images of "
            f"{given[0]} x {given[1]} pixels. Use crop='square'."
        )
    needed = n * size[0] * size[1] * c
    if needed > memory_limit:
        raise ValueError(
            f"`memory_limit` must hold {n} images, {needed / 2**30:.1f} GiB. Received: "
            f"memory_limit={memory_limit}. Raise it or use a smaller `image_size`."
        )
    out = np.empty((n, *size, c), np.uint8)
    with tf.device("CPU:0"):

        @tf.function(input_signature=[tf.TensorSpec([None, *given, c], tf.uint8)])
        def prepare(chunk):
            return tf.map_fn(lambda image: prepare_image(image, size, crop), chunk)

        for start in range(0, n, _CHUNK):
            part = slice(start, start + _CHUNK)
            out[part] = prepare(_to_bytes(images[part])).numpy()
    return out


def _to_bytes(images: np.ndarray) -> np.ndarray:
    if images.dtype == np.uint8:
        return images
    return np.rint((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)
