"""A folder of pictures of any size and kind."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_ot_gans.datasets.arrays import from_array
from keras_ot_gans.datasets.decoding import UnreadableImage, read_image
from keras_ot_gans.datasets.epoch_shuffle import EpochShuffle
from keras_ot_gans.datasets.picture_files import class_indices, class_names, find_images
from keras_ot_gans.datasets.pixels import check_crop, check_image_size, prepare_image

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
        path: folder. Its pictures may lie in it or in sub-folders of any depth,
            also those that are links.
        image_size: int or (height, width) of the result.
        batch_size: int > 0, B.
        channels: 3 for colour, 1 for grey. Pictures are converted; transparent
            ones are laid on white.
        crop: None, "square", an int or a float, see `crop_image`; before
            resizing. Default: the central square, which is also taken of
            pictures smaller than an int, with a logged warning.
        with_labels: bool. True gives pairs (images, int64 labels `(B,)`): a
            picture's class is its first sub-folder, numbered in sorted order.
        skip_unreadable: bool. True leaves broken files out with a logged
            warning; False refuses the folder and names them. With labels,
            some picture of each class must remain.
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
        ValueError: if files, all those of a class, or a sub-folder are unreadable,
            if all files are smaller than an int `crop`, or some without a
            class, or an argument does not fit.

    Example:
        >>> import tempfile
        >>> from PIL import Image
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
    if with_labels:
        _check_classes(root, files, kept)
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


def readable_classes(path: str | Path, channels: int = 3) -> np.ndarray:
    """Return the classes of the pictures that `from_folder` keeps with `skip_unreadable`.

    Each picture is decoded, and forgotten.

    Args:
        path: folder with a sub-folder per class.
        channels: 3 for colour, 1 for grey.

    Returns:
        int64 array `(n,)`, in the order of the files.

    Raises:
        FileNotFoundError: if there is no such folder or no picture in it.
        ValueError: if no picture of a class can be read, or one has none.
    """
    root = Path(path)
    files = find_images(root)
    labels = class_indices(root, files)
    good = np.array([_is_readable(file, channels) for file in files])
    _check_classes(root, files, good)
    return labels[good]


def _is_readable(file: Path, channels: int) -> bool:
    try:
        read_image(file, channels)
    except UnreadableImage:
        return False
    return True


def _check_classes(root: Path, files: list[Path], good: np.ndarray) -> None:
    """Refuse a class that is left without pictures: it would be asked for, and never seen."""
    kept = [file for file, is_good in zip(files, good, strict=True) if is_good]
    empty = sorted({*class_names(root, files)} - {*class_names(root, kept)})
    if empty:
        more = f" and {len(empty) - _NAMED} more" if len(empty) > _NAMED else ""
        raise ValueError(
            "`path` must hold a readable picture of every class. Received: "
            f"{root}, where all pictures of {', '.join(empty[:_NAMED])}{more} are unreadable. "
            "Repair some of them, or move the class folder away."
        )


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
    reasons, shorter = [], []
    for index, file in enumerate(files):
        try:
            image = read_image(file, channels)
        except UnreadableImage as error:
            good[index] = False
            reasons.append(f"{file.relative_to(root)}: {error.reason}")
            continue
        shorter.append(min(image.shape[:2]))
        with tf.device("CPU:0"):
            pixels[index] = prepare_image(tf.constant(image), size, crop).numpy()
    if reasons:
        _report(root, reasons, skip and good.any())
    if isinstance(crop, int):
        _check_sides(root, np.array(shorter), crop)
    return pixels, good


def _check_sides(root: Path, shorter: np.ndarray, crop: int) -> None:
    """Refuse a crop that no picture is large enough for; say how many are too small for it."""
    if crop > shorter.max():
        raise ValueError(
            f"`crop` must not exceed the sides of every picture. Received: crop={crop} for {root}, "
            f"where no shorter side has more than {shorter.max()} pixels. Use crop='square'."
        )
    if smaller := int((shorter < crop).sum()):
        logging.getLogger(__name__).warning(
            "Took the central square of %d of %d pictures in %s, smaller than crop=%d",
            smaller, len(shorter), root, crop,
        )  # fmt: skip


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
