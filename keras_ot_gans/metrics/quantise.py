"""Images at the metrics' edge: checked, then pixels in [0, 255] as a protocol wants them."""

from typing import Any

import numpy as np

from keras_ot_gans.metrics.protocol import QUANTISE

# A tanh in float32 or a resize may pass 1 by rounding; more is another range.
_SLACK = 1e-3


def to_pixels(
    images: Any, quantise: str = "uint8", *, name: str = "images", channels: int | None = None
) -> np.ndarray:
    """Check a batch of images and return pixels in [0, 255].

    Args:
        images: array `(B, height, width, channels)`: uint8, or float in [-1, 1].
        quantise: what becomes of float images: "uint8" rounds `127.5 (x + 1)` to the nearest
            (halves go up), "uint8_floor" truncates it, "none" leaves it. uint8 stays as it is.
        name: str, what the batch is called in errors, such as "fake, batch 3".
        channels: int, or None for any of 1 and 3.

    Returns:
        float32 array `(B, height, width, channels)`, in [0, 255].

    Raises:
        TypeError: if the values are neither uint8 nor float.
        ValueError: if rank, channels or range are wrong, a value is NaN or infinite, or
            `quantise` is unknown.

    Example:
        >>> to_pixels(np.array([-1.0, 0.0, 0.01, 1.0]).reshape(1, 2, 2, 1)).ravel().tolist()
        [0.0, 128.0, 129.0, 255.0]
        >>> to_pixels(np.full((1, 2, 2, 3), 100.0))
        Traceback (most recent call last):
        ...
        ValueError: `images` must be uint8, or floats in [-1, 1]. Received: floats from 100 to \
100. Are they uint8 pixels stored as floats? Then pass `images.astype("uint8")`; if they are in \
[0, 1], pass `2 * images - 1`.
    """
    if quantise not in QUANTISE:
        raise ValueError(
            f"`quantise` must be one of {', '.join(QUANTISE)}. Received: {quantise!r}."
        )
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(
            f"`{name}` must be images, axes (batch, height, width, channels). "
            f"Received: shape {images.shape}. A single image needs a batch axis: `image[None]`."
        )
    allowed = (1, 3) if channels is None else (channels,)
    if images.shape[3] not in allowed:
        raise ValueError(
            f"`{name}` must have {' or '.join(map(str, allowed))} channels, on the last axis. "
            f"Received: shape {images.shape}. Move the channels last, drop an alpha channel, or "
            "convert between grey and colour."
        )
    if images.dtype == np.uint8:
        return images.astype(np.float32)
    if not np.issubdtype(images.dtype, np.floating):
        raise TypeError(
            f"`{name}` must be uint8, or floats in [-1, 1]. Received: {images.dtype}. "
            'Convert pixels by `images.astype("uint8")`.'
        )
    images = images.astype(np.float32, copy=False)
    finite = np.isfinite(images)
    if not finite.all():
        bad = ~finite.all(axis=(1, 2, 3))
        raise ValueError(
            f"`{name}` must be finite. Received: NaN or infinity in {bad.sum()} of "
            f"{len(images)} images, the first at index {int(bad.argmax())}. "
            "Has the training diverged?"
        )
    low, high = float(images.min()), float(images.max())
    if low < -1 - _SLACK or high > 1 + _SLACK:
        raise ValueError(
            f"`{name}` must be uint8, or floats in [-1, 1]. Received: floats from {low:g} to "
            f"{high:g}. Are they uint8 pixels stored as floats? Then pass "
            '`images.astype("uint8")`; if they are in [0, 1], pass `2 * images - 1`.'
        )
    pixels = np.clip((images + 1.0) * np.float32(127.5), 0.0, 255.0)
    if quantise == "uint8":
        return np.floor(pixels + 0.5)
    return np.floor(pixels) if quantise == "uint8_floor" else pixels
