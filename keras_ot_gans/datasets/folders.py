"""A folder of pictures of any size and kind."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from keras_ot_gans.datasets.arrays import from_array
from keras_ot_gans.datasets.epoch_shuffle import EpochShuffle
from keras_ot_gans.datasets.pixels import (
    as_pixels,
    check_crop,
    check_image_size,
    prepare_image,
)

SUFFIXES = (
    ".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
"""File names that count as pictures, in lower case."""

# By their content, whatever their name: Pillow knows others that would start a program (EPS).
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow's names of the formats that are read."""

# What Pillow raises for a file that is broken, empty, truncated or absurdly large.
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
"""Errors of `read_image`."""

_NAMED = 100  # broken files named in one message


def from_folder(
    path: str | Path,
    image_size: int | tuple[int, int],
    batch_size: int = 64,
    *,
    channels: int = 3,
    crop: str | int | float | None = "square",
    with_labels: bool = False,
    skip_unreadable: bool = False,
    seed: int | EpochShuffle = 0,
    shuffle: bool = True,
    drop_remainder: bool = True,
    repeat: bool = False,
    flip: bool = False,
    memory_limit: int = 8 * 2**30,
) -> tf.data.Dataset:
    """Batches of the pictures in a folder and its sub-folders.

    All pictures are decoded once and kept in memory as uint8: 100,000 of
    64 x 64 x 3 take 1.2 GB. For more than fits, write a tensorflow-datasets
    set and use `load_image_set`.

    Args:
        path: folder. Its pictures may lie in it or in sub-folders of any depth.
        image_size: int or (height, width) of the result.
        batch_size: int > 0, B.
        channels: 3 for colour, 1 for grey. Pictures are converted; transparent
            ones are laid on white.
        crop: None, "square", an int or a float, see `crop_image`; before
            resizing. Default: the central square.
        with_labels: bool. True gives pairs (images, int64 labels `(B,)`): a
            picture's class is its first sub-folder, numbered in sorted order.
        skip_unreadable: bool. True leaves broken files out with a logged
            warning; False refuses the folder and names them.
        seed: int >= 0, or an `EpochShuffle` to resume at an epoch.
        shuffle: bool. False keeps the sorted order of the paths.
        drop_remainder: bool. True drops the last partial batch.
        repeat: bool. True makes one pass run on without end.
        flip: bool. True mirrors each image with probability 1/2.
        memory_limit: int, bytes, refused beyond. Default: 8 GiB.

    Returns:
        `tf.data.Dataset` as from `from_array`, float32
        `(B, height, width, channels)` in [-1, 1].

    Raises:
        FileNotFoundError: if there is no such folder or no picture in it.
        ValueError: if files are unreadable, smaller than an int `crop`, without
            a class, or an argument does not fit.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for number in range(4):
        ...         Image.new("RGB", (80, 100)).save(f"{folder}/{number}.png")
        ...     dataset = from_folder(folder, image_size=32, batch_size=2)
        >>> int(dataset.cardinality()), dataset.element_spec.shape
        (2, TensorShape([2, 32, 32, 3]))
    """
    size = check_image_size(image_size)
    check_crop(crop)
    if crop == "box":
        raise ValueError("`crop` 'box' needs boxes, which a folder has not. Received: crop='box'.")
    if channels not in (1, 3):
        raise ValueError(f"`channels` must be 1 or 3. Received: channels={channels!r}.")
    root = Path(path)
    files = find_images(root)
    labels = class_indices(root, files) if with_labels else None
    needed = len(files) * size[0] * size[1] * channels
    if needed > memory_limit:
        raise ValueError(
            f"`memory_limit` must hold {len(files)} pictures, {needed / 2**30:.1f} GiB. "
            f"Received: memory_limit={memory_limit}. Raise it or use a smaller `image_size`."
        )
    pixels, kept = _read_all(root, files, size, channels, crop, skip_unreadable)
    return from_array(
        pixels[kept],
        batch_size,
        None if labels is None else labels[kept],
        seed=seed,
        shuffle=shuffle,
        drop_remainder=drop_remainder,
        repeat=repeat,
        flip=flip,
    )


def find_images(root: str | Path) -> list[Path]:
    """List the pictures below a folder, in one order on every machine.

    Args:
        root: folder.

    Returns:
        Paths with a suffix of `SUFFIXES`, sorted by their parts relative to
        `root`. Hidden files and folders are left out.

    Raises:
        FileNotFoundError: if there is no such folder or no picture in it.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"`path` must be a folder. Received: {root}, which is none.")
    found = [
        file
        for file in root.rglob("*")
        if file.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in file.relative_to(root).parts)
        and file.is_file()
    ]
    if not found:
        raise FileNotFoundError(
            f"`path` must hold pictures ({', '.join(SUFFIXES)}). Received: {root} with none, "
            "also in its sub-folders. Check the path and the file names."
        )
    return sorted(found, key=lambda file: file.relative_to(root).parts)


def class_indices(root: Path, files: Sequence[Path]) -> np.ndarray:
    """Number the classes of pictures by their first sub-folder.

    Args:
        root: folder.
        files: pictures below it.

    Returns:
        int64 array `(n,)`; class 0 is the first sub-folder in sorted order.

    Raises:
        ValueError: if a picture lies in `root` itself.
    """
    names = []
    for file in files:
        parts = file.relative_to(root).parts
        if len(parts) == 1:
            raise ValueError(
                "`with_labels` needs every picture in a class folder. "
                f"Received: {file.name} directly in {root}. Move it or pass `with_labels=False`."
            )
        names.append(parts[0])
    numbers = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([numbers[name] for name in names], np.int64)


def read_image(file: str | Path, channels: int = 3) -> np.ndarray:
    """Decode one picture, upright, as 8 bits.

    Args:
        file: picture of any mode that Pillow reads: grey, palette, RGB, RGBA,
            CMYK, 16-bit grey. Of an animation, the first frame.
        channels: 3 for colour, 1 for grey.

    Returns:
        uint8 array `(height, width, channels)`.

    Raises:
        OSError, SyntaxError, ValueError, EOFError, DecompressionBombError: from Pillow, if it
            cannot be decoded; `UNREADABLE` lists them.
    """
    with Image.open(file, formats=FORMATS) as picture:
        picture.load()
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I"):  # 16 bits: Pillow's own conversion clips at 255
            high = np.clip(np.asarray(picture), 0, 65535)
            picture = Image.fromarray((high / 257).round().astype(np.uint8))
        return as_pixels(picture, channels)


def _read_all(
    root: Path,
    files: list[Path],
    size: tuple[int, int],
    channels: int,
    crop: str | int | float | None,
    skip: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Decode all files; return uint8 `(n, ...)` and which of them are good."""
    pixels = np.zeros((len(files), *size, channels), np.uint8)
    good = np.ones(len(files), bool)
    reasons = []
    for index, file in enumerate(files):
        try:
            image = read_image(file, channels)
        except UNREADABLE as error:
            good[index] = False
            reasons.append(f"{file.relative_to(root)}: {error}")
            continue
        if isinstance(crop, int) and crop > min(image.shape[:2]):
            raise ValueError(
                f"`crop` must not exceed a picture's sides. Received: crop={crop} for {file} of "
                f"{image.shape[0]} x {image.shape[1]} pixels. Use crop='square'."
            )
        with tf.device("CPU:0"):
            pixels[index] = prepare_image(tf.constant(image), size, crop).numpy()
    if reasons:
        _report(root, reasons, skip and good.any())
    return pixels, good


def _report(root: Path, reasons: list[str], skip: bool) -> None:
    """Name the unreadable files, in an error or in the log."""
    more = len(reasons) - _NAMED
    shown = "\n  ".join(reasons[:_NAMED]) + (f"\n  and {more} more" if more > 0 else "")
    text = f"{len(reasons)} unreadable pictures in {root}:\n  {shown}"
    if not skip:
        raise ValueError(
            f"`path` must hold readable pictures. Received: {text}\n"
            "Repair or remove them, or pass `skip_unreadable=True`."
        )
    logging.getLogger(__name__).warning("Left out %s", text)
