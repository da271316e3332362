"""Pictures whose fields are of another type than their format says, and pictures of floats."""

import io
import struct

import numpy as np
from PIL import Image


def saved(format, mode="RGB", **notes):
    """The bytes of a picture of 4 x 3 pixels, which is to be turned, and what is noted in it."""
    exif = Image.Exif()
    exif[274] = 6
    for tag, value in notes.items():
        exif[int(tag.removeprefix("tag_"))] = value
    buffer = io.BytesIO()
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(pixels).convert(mode).save(buffer, format, exif=exif)
    return buffer.getvalue()


def _fields(raw):
    """The order of bytes of a TIFF, or of EXIF, and where its fields begin, by their tags."""
    order, base = ("<", raw.find(b"II*\0")) if b"II*\0" in raw else (">", raw.find(b"MM\0*"))
    (start,) = struct.unpack_from(f"{order}I", raw, base + 4)
    (count,) = struct.unpack_from(f"{order}H", raw, base + start)
    first = base + start + 2
    places = range(first, first + 12 * count, 12)
    return order, {struct.unpack_from(f"{order}H", raw, place)[0]: place for place in places}


def with_type(raw, tag, kind):
    """Change the type of a field, both numbers of the TIFF specification, in a TIFF or in EXIF."""
    order, places = _fields(raw)
    place = places[tag] + 2
    return raw[:place] + struct.pack(f"{order}H", kind) + raw[place + 2 :]


def with_all_types(raw):
    """A picture with each of its fields of each of the twelve types in turn."""
    return [with_type(raw, tag, kind) for tag in _fields(raw)[1] for kind in range(1, 13)]


def _of_floats(format="TIFF"):
    buffer = io.BytesIO()
    Image.fromarray(np.linspace(0, 1, 100, dtype="float32").reshape(10, 10)).save(buffer, format)
    return buffer.getvalue()


OFFSETS, PALETTE, WIDTH = 273, 320, 256
WORDS, FRACTION, BYTES, SIGNED, FLOAT = 2, 5, 7, 8, 11
# name: what is put beside fifteen good pictures, and what Pillow raises
MALFORMED = {
    "a tiff whose pixels begin at a fraction": (
        ("x.tif", with_type(saved("TIFF"), OFFSETS, FRACTION)),
        TypeError,
    ),
    "a tiff whose pixels begin at a word": (
        ("x.tif", with_type(saved("TIFF", "L"), OFFSETS, WORDS)),
        TypeError,
    ),
    "a tiff whose pixels begin at a float": (
        ("x.tiff", with_type(saved("TIFF", "CMYK"), OFFSETS, FLOAT)),
        TypeError,
    ),
    "a tiff of colours below 0": (
        ("x.tif", with_type(saved("TIFF", "P"), PALETTE, SIGNED)),
        OverflowError,
    ),
    "a jpeg with a width of a fraction": (
        ("x.jpg", with_type(saved("JPEG", tag_256=4), WIDTH, FRACTION)),
        struct.error,
    ),
    "a webp with a width of bytes": (
        ("x.webp", with_type(saved("WEBP", tag_256=4), WIDTH, BYTES)),
        struct.error,
    ),
    "a tiff of floats": (("x.tif", _of_floats()), ValueError),
    "a ppm of floats": (("x.ppm", _of_floats("PPM")), ValueError),
}
