"""Which files below a folder are pictures, and of which class."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

SUFFIXES = (
    ".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
"""File names that count as pictures, in lower case."""


def find_images(root: str | Path) -> list[Path]:
    """List the pictures below a folder, in one order on every machine.

    Links to folders are entered. A folder that is reached in several ways is
    listed once, by the way without links if there is one; a logged warning
    names the others.

    Args:
        root: folder.

    Returns:
        Paths with a suffix of `SUFFIXES`, sorted by their parts relative to
        `root`. Hidden files and folders are left out.

    Raises:
        FileNotFoundError: if there is no such folder or no picture in it.
        ValueError: if a folder below it may not be read.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"`path` must be a folder. Received: {root}, which is none.")
    try:
        found = [file for file in _walk(root) if file.is_file()]
    except OSError as error:
        raise ValueError(
            f"`path` must hold folders that can be read. Received: {error.filename} "
            f"({error.strerror}). Allow it by `chmod u+rx`, or move it out of {root}."
        ) from error
    if not found:
        raise FileNotFoundError(
            f"`path` must hold pictures ({', '.join(SUFFIXES)}). Received: {root} with none, "
            "also in its sub-folders. Check the path and the file names."
        )
    return sorted(found, key=lambda file: file.relative_to(root).parts)


def class_names(root: Path, files: Sequence[Path]) -> list[str]:
    """Name the classes of pictures by their first sub-folder.

    Args:
        root: folder.
        files: pictures below it, in sub-folders.

    Returns:
        List of str, sorted; class 0 first.
    """
    return sorted({file.relative_to(root).parts[0] for file in files})


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
    for file in files:
        if file.parent == Path(root):
            raise ValueError(
                "`with_labels` needs every picture in a class folder. "
                f"Received: {file.name} directly in {root}. Move it or pass `with_labels=False`."
            )
    numbers = {name: number for number, name in enumerate(class_names(root, files))}
    return np.array([numbers[file.relative_to(root).parts[0]] for file in files], np.int64)


def _walk(root: Path) -> Iterator[Path]:
    """Visit each folder once, links after what is reached without them."""
    seen, waiting = set(), [root]
    while waiting:
        for path, folders, names in os.walk(waiting.pop(0), onerror=_refuse):
            folder, status = Path(path), os.stat(path)
            if (status.st_dev, status.st_ino) in seen:  # also the end of a loop
                logging.getLogger(__name__).warning(
                    "Left out %s: its pictures are those of %s, listed elsewhere",
                    folder,
                    folder.resolve(),
                )
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            waiting += [folder / name for name in folders if (folder / name).is_symlink()]
            for name in names:
                if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                    yield folder / name


def _refuse(error: OSError) -> None:
    raise error
