"""Pictures of a run folder as parts of a page: checked, decoded and written anew."""

import base64
import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

_MOST_BYTES = 64_000_000
_MOST_PIXELS = 40_000_000
_SMALLEST = 160  # pixels; no picture is made smaller to save bytes
_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, MemoryError)


class Picture(NamedTuple):
    """A picture within a page.

    Attributes:
        source: `data:` URL of a PNG; empty if the file cannot be shown.
        width: int, pixels.
        height: int.
        problem: why it cannot be shown; empty if it can.
    """

    source: str
    width: int
    height: int
    problem: str = ""


def load(path: Path, most_side: int, most_bytes: int) -> Picture:
    """Decode a PNG and encode its pixels, and nothing else that it holds.

    Args:
        path: the file.
        most_side: int, pixels; longer pictures are made smaller.
        most_bytes: int; larger files get a palette of 256 colours, then become smaller.

    Returns:
        `Picture`.
    """
    try:
        # A file that cannot be opened, a pipe or a device must not be waited for.
        if not path.is_file():
            return Picture("", 0, 0, "not there")
        if path.stat().st_size > _MOST_BYTES:
            return Picture("", 0, 0, f"larger than {_MOST_BYTES:,} bytes")
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            found = Image.open(path, formats=["PNG"])
        with found:
            width, height = found.size  # of the header: nothing is decoded yet
            if width * height > _MOST_PIXELS:
                return Picture("", 0, 0, f"{width} x {height} pixels are too many")
            image = _on_white(found)
        image.thumbnail((most_side, most_side), Image.Resampling.LANCZOS)
        return _encode(image, most_bytes)
    except _DAMAGED as error:
        return Picture("", 0, 0, f"damaged or no PNG ({type(error).__name__})")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Picture("", 0, 0, "too many pixels")


def _on_white(image: Any) -> Any:
    """Return the pixels as RGB, what is transparent over white."""
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    if image.mode.startswith("I"):  # 16 bits
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    return image.convert("RGB")


def _encode(image: Any, most_bytes: int) -> Picture:
    """Write a PNG of at most so many bytes, as long as it can still be looked at."""
    content = _png(image)
    shown = image
    while len(content) > most_bytes:
        content = _png(shown.quantize(256, dither=Image.Dither.FLOYDSTEINBERG))
        if len(content) <= most_bytes or max(shown.size) * 3 // 4 < _SMALLEST:
            break
        reduced = tuple(max(1, side * 3 // 4) for side in shown.size)
        shown = shown.resize(reduced, Image.Resampling.LANCZOS)
        content = _png(shown)
    encoded = base64.b64encode(content).decode()
    return Picture(f"data:image/png;base64,{encoded}", *shown.size)


def _png(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=6)  # 9 takes ten times as long for 1 %
    return buffer.getvalue()
