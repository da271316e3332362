"""One picture file of any kind, decoded or refused."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from keras_ot_gans.datasets.pixels import as_pixels

# By their content, whatever their name: Pillow knows others that would start a program (EPS).
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow's names of the formats that are read."""

# What Pillow says of a file that is broken, empty, truncated or absurdly large.
_SAID = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
# What it stumbles over where a field is not of the type, range or number that it takes for granted.
_STUMBLED = (
    TypeError, KeyError, IndexError, AttributeError, AssertionError, ArithmeticError, MemoryError,
    RuntimeError, struct.error, zlib.error,
)  # fmt: skip


class UnreadableImage(ValueError):
    """A picture that cannot be read.

    Args:
        file: the picture.
        reason: what is wrong with it.

    Attributes:
        reason: as given, for a list of several.
    """

    def __init__(self, file: str | Path, reason: str) -> None:
        """Make the message."""
        super().__init__(
            f"`file` must be a readable picture. Received: {file} ({reason}). Repair or remove it."
        )
        self.reason = reason


def read_image(file: str | Path, channels: int = 3) -> np.ndarray:
    """Decode one picture, upright, as 8 bits.

    Args:
        file: picture of any mode that Pillow reads but floats: grey, palette,
            RGB, RGBA, CMYK, 16-bit grey. Of an animation, the first frame.
        channels: 3 for colour, 1 for grey.

    Returns:
        uint8 array `(height, width, channels)`.

    Raises:
        UnreadableImage: a `ValueError`, if it cannot be decoded, or holds
            floats, of which a file does not say what is white.
    """
    with _opened(file) as picture:
        picture.load()
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I"):  # 16 bits: Pillow's own conversion clips at 255
            high = np.clip(np.asarray(picture), 0, 65535)
            picture = Image.fromarray((high / 257).round().astype(np.uint8))
        return as_pixels(picture, channels)


def count_channels(file: str | Path) -> int:
    """Tell grey pictures from colour without decoding them.

    Args:
        file: picture.

    Returns:
        1 for a grey picture, 3 for all others.

    Raises:
        UnreadableImage: a `ValueError`, as `read_image`, if its header cannot be read.
    """
    with _opened(file) as picture:
        return 1 if picture.mode in ("1", "L") or picture.mode.startswith("I") else 3


@contextlib.contextmanager
def _opened(file: str | Path) -> Iterator[Image.Image]:
    """Open a picture, and say so where it, or what is done with it, shows that it is broken."""
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.mode == "F":  # in [0, 1], it would become black
                raise ValueError(
                    "floats, of which it does not say what is white: save it as 8 or 16 bits, "
                    "or put the array, in [-1, 1], into a .npz file"
                )
            yield picture
    except _SAID as error:
        raise UnreadableImage(file, str(error) or type(error).__name__) from error
    except _STUMBLED as error:
        slip = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise UnreadableImage(file, f"a damaged field, {slip}") from error
