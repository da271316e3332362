"""Own data that cannot be used: what lies in the folder, and what the message begins with."""

import io
import os
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image

from tests.apps.malformed.pictures import MALFORMED

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (16, 10, 10, 3), dtype=np.uint8)
GREY = PIXELS[..., :1]
LABELS = np.arange(16) % 4


def picture(format, size=(10, 10), mode="RGB"):
    """The bytes of a picture."""
    buffer = io.BytesIO()
    image = Image.fromarray(np.resize(PIXELS, (size[1], size[0], 3))).convert(mode)
    image.save(buffer, format)
    return buffer.getvalue()


def chunk(kind, content):
    """One chunk of a PNG."""
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def png_of(width, height):
    """A PNG whose header promises a size that its few bytes do not hold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def bomb_in_text():
    """A PNG whose compressed text unpacks to 128 MiB."""
    text = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(2**27), 9))
    whole = picture("PNG")
    return whole[:33] + text + whole[33:]


PNG = picture("PNG")
# name: what is put beside fifteen good pictures
BROKEN = {
    "half a png": ("x.png", PNG[: len(PNG) // 2]),
    "half a jpeg": ("x.jpg", picture("JPEG")[:400]),
    "half a gif": ("x.gif", picture("GIF")[:100]),
    "half a bmp": ("x.bmp", picture("BMP")[:100]),
    "half a tiff": ("x.tif", picture("TIFF")[:60]),
    "half a webp": ("x.webp", picture("WEBP")[:40]),
    "half a ppm": ("x.ppm", picture("PPM")[:40]),
    "no bytes": ("x.png", b""),
    "a text": ("x.png", b"no picture at all\n"),
    "a magic number alone": ("x.png", PNG[:8]),
    "a wrong checksum": ("x.png", PNG[:29] + bytes(4) + PNG[33:]),
    "a program": ("x.jpg", b"#!/bin/sh\ntouch run\n"),
    "a pickle": ("x.png", b"\x80\x04\x95\x1f\x00\x00\x00"),
    "a zip": ("x.png", b"PK\x03\x04" + bytes(40)),
    "a web page": ("x.jpg", b"<html><script>alert(1)</script></html>"),
    "a drawing": ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "postscript": (
        "x.png",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nquit\n",
    ),
    "a billion pixels": ("x.png", png_of(2**15, 2**15)),
    "more pixels than there are": ("x.png", png_of(2**31 - 1, 2**31 - 1)),
    "no width": ("x.png", png_of(0, 10)),
    "text that unpacks to much": ("x.png", bomb_in_text()),
    "a tiff of words": ("x.tif", b"II*\0" + bytes(range(200))),
    "a ppm of letters": ("x.ppm", b"P6\nten ten\n255\n"),
    "a pgm of no size": ("x.pgm", b"P5\n0 0\n255\n"),
    "a ppm of a huge size": ("x.ppm", b"P6\n99999999 99999999\n255\n"),
} | {name: picture for name, (picture, _) in MALFORMED.items()}  # fmt: skip


def _link_to_itself(root):
    (root / "x.png").symlink_to(root / "x.png")


def _link_to_nothing(root):
    (root / "x.png").symlink_to(root / "gone.png")


def _loop(root):
    (root / "again").symlink_to(root, target_is_directory=True)


def _loop_elsewhere(root):
    (root.parent / "elsewhere").mkdir()
    (root.parent / "elsewhere" / "back").symlink_to(root, target_is_directory=True)
    (root / "there").symlink_to(root.parent / "elsewhere", target_is_directory=True)


def _pipe(root):
    os.mkfifo(root / "x.png")  # a reader would wait for a writer


def _folder(root):
    (root / "x.png").mkdir()


def _hidden(root):
    (root / ".x.png").write_bytes(b"no picture")


# name: what is put beside fifteen good pictures, and is no picture by what it is
LEFT_OUT = {
    "a folder that is called a picture": _folder,
    "a link to itself": _link_to_itself,
    "a link to nothing": _link_to_nothing,
    "a link to the folder": _loop,
    "a link to a folder that links back": _loop_elsewhere,
    "a pipe": _pipe,
    "a hidden file": _hidden,
}


def raw_npz(arrays):
    """The bytes of a .npz file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


class Bomb:
    """What pickle would call."""

    def __reduce__(self):
        return os.system, ("touch ran",)


def _objects():
    return raw_npz({"images": np.array([Bomb()], object)})


def _member(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def npy(array):
    """The bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


WHOLE = raw_npz({"images": GREY})
_FLOATS = (GREY / 127.5 - 1).astype("f4")
# name: (bytes of the file, flags, the message's argument)
ARRAYS = {
    "no bytes": (b"", [], "path"),
    "a text": (b"images", [], "path"),
    "half": (WHOLE[: len(WHOLE) // 2], [], "path"),
    "without its end": (WHOLE[:-30], [], "path"),
    "a flipped byte": (WHOLE[:300] + bytes([WHOLE[300] ^ 255]) + WHOLE[301:], [], "path"),
    "an empty zip": (raw_npz({}), [], "key"),
    "a zip of a text": (_member("notes.txt", "hello"), [], "key"),
    "a zip of no array": (_member("images.npy", "hello"), [], "path"),
    "objects": (_objects(), [], "path"),
    "a pickle": (b"\x80\x04\x95\x1f\x00\x00\x00", [], "path"),
    "two arrays": (raw_npz({"a": GREY, "b": GREY}), [], "key"),
    "another key": (WHOLE, ["--config.data.key=pictures"], "key"),
    "a key that leaves the file": (WHOLE, ["--config.data.key=../images"], "key"),
    "one pixel row": (raw_npz({"images": GREY.reshape(-1)}), [], "images"),
    "five axes": (raw_npz({"images": GREY[None]}), [], "images"),
    "no axis": (raw_npz({"images": np.float32(3)}), [], "images"),
    "flat bytes": (raw_npz({"images": GREY.reshape(16, -1)}), [], "images"),
    "points": (raw_npz({"images": np.zeros((16, 2), "f4")}), [], "image_size"),
    "two channels": (raw_npz({"images": PIXELS[..., :2]}), [], "images"),
    "five channels": (raw_npz({"images": np.zeros((16, 10, 10, 5), "u1")}), [], "images"),
    "channels first": (raw_npz({"images": PIXELS.transpose(0, 3, 1, 2)}), [], "images"),
    "no images": (raw_npz({"images": GREY[:0]}), [], "images"),
    "images without pixels": (raw_npz({"images": GREY[:, :0]}), [], "images"),
    "fewer than a batch": (raw_npz({"images": GREY[:7]}), [], "train.batch_size"),
    "NaN": (raw_npz({"images": np.full_like(_FLOATS, np.nan)}), [], "images"),
    "one infinity": (raw_npz({"images": np.where(GREY == 255, np.inf, _FLOATS)}), [], "images"),
    "of [0, 255] in floats": (raw_npz({"images": GREY.astype("f4")}), [], "images"),
    "of [0, 1]": (raw_npz({"images": GREY / 255.0}), [], "images"),
    "long integers": (raw_npz({"images": GREY.astype("i8")}), [], "images"),
    "complex numbers": (raw_npz({"images": GREY.astype("c8")}), [], "images"),
    "words": (raw_npz({"images": np.full((16, 10, 10, 1), "a")}), [], "images"),
    "truth": (raw_npz({"images": GREY > 9}), [], "images"),
    "dates": (raw_npz({"images": GREY.astype("M8[s]")}), [], "images"),
    "records": (raw_npz({"images": np.zeros((16, 10), [("a", "f4")])}), [], "images"),
    "a crop beyond the side": (WHOLE, ["--config.data.crop=11"], "crop"),
    "a crop of nothing": (WHOLE, ["--config.data.crop=0"], "crop"),
    "a crop below 0": (WHOLE, ["--config.data.crop=-0.5"], "crop"),
    "a crop of NaN": (WHOLE, ["--config.data.crop=nan"], "data.crop"),
    "a crop in words": (WHOLE, ["--config.data.crop=middle"], "crop"),
    "channels of 2": (WHOLE, ["--config.data.channels=2"], "channels"),
    "a size of 0": (WHOLE, ["--config.data.image_size=0"], "image_size"),
    "a size below 0": (WHOLE, ["--config.data.image_size=-8"], "image_size"),
    "a size beyond memory": (WHOLE, ["--config.data.image_size=1000000"], "memory_limit"),
    "a size that networks cannot make": (WHOLE, ["--config.data.image_size=9"], "image_shape"),
    "labels that are not there": (WHOLE, ["--config.data.with_labels=True"], "labels"),
}  # fmt: skip


def _labels(labels):
    return raw_npz({"images": GREY, "labels": labels}), ["--config.data.with_labels=True"], "labels"


ARRAYS |= {
    f"labels {name}": _labels(labels)
    for name, labels in {
        "too few": LABELS[:-1],
        "too many": np.arange(17) % 4,
        "below 0": LABELS - 1,
        "beyond the images": LABELS * 100,
        "of floats": LABELS.astype("f4"),
        "of NaN": np.full(16, np.nan),
        "of words": np.full(16, "cat"),
        "one-hot": np.eye(4)[LABELS],
        "of one number": np.int64(3),
        "of a huge number": np.full(16, 2**63 - 1),
        "of a huge unsigned number": np.full(16, 2**64 - 1, "u8"),
        "of no numbers": LABELS[:0],
    }.items()
}
ARRAYS["labels of objects"] = (
    raw_npz({"images": GREY, "labels": np.array([Bomb()] * 16, object)}),
    ["--config.data.with_labels=True"],
    "path",
)
ARRAYS["a name that leaves the folder"] = (
    _member("../../out.npy", npy(GREY.astype("i8"))), [], "../../out",
)  # fmt: skip
