"""What is in a `.npz` or `.npy` file, read without running or extracting anything."""

from __future__ import annotations

import contextlib
import lzma
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

# What NumPy and zipfile raise for files that are cut, damaged, encrypted, or of objects.
_DAMAGED = (
    OSError, ValueError, TypeError, KeyError, IndexError, EOFError, SyntaxError, RuntimeError,
    OverflowError, MemoryError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
_ONLY = "the file"  # what the array of a .npy file is called
_MAGIC = {b"\x93NUM": False, b"PK\x03\x04": True, b"PK\x05\x06": True}  # an .npz file?


def list_arrays(path: str | Path) -> dict[str, int]:
    """List the arrays of a file.

    Args:
        path: `.npz` or `.npy` file.

    Returns:
        dict of name to bytes in memory, about; one of a `.npy` file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is neither, or damaged.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/a.npz", images=np.zeros((2, 3), "uint8"))
        ...     list(list_arrays(f"{folder}/a.npz"))
        ['images']
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"`path` must be a .npz or .npy file. Received: {path}, which is none. "
            "Check the name; a folder of pictures is read by `from_folder`."
        )
    with _open(path, "its list of arrays") as file:
        is_zip = _MAGIC.get(file.read(4))
        if is_zip is False:
            return {_ONLY: os.fstat(file.fileno()).st_size}
        if is_zip:
            with zipfile.ZipFile(file) as archive:
                found = [member for member in archive.infolist() if member.filename[-4:] == ".npy"]
            return {member.filename[:-4]: member.file_size for member in found}
    raise ValueError(
        f"`path` must be a .npz or .npy file. Received: {path}, which is neither by its first "
        "bytes. Write it by `np.savez_compressed(path, images=images)`."
    )


def choose(path: str | Path, names: Sequence[str], key: str | None, label_key: str) -> str:
    """Choose the array of samples.

    Args:
        path: file name, for the message.
        names: the arrays that there are.
        key: the name asked for; None for the only one that is not `label_key`.
        label_key: name of the labels.

    Returns:
        str, one of `names`.

    Raises:
        ValueError: if there is none, or no telling which.

    Example:
        >>> choose("a.npz", ["labels", "images"], None, "labels")
        'images'
    """
    candidates = [name for name in names if name != label_key]
    listed = ", ".join(names) or "no arrays"
    if key is None and len(candidates) == 1:
        return candidates[0]
    if key is None:
        raise ValueError(
            f"`key` must name the array where {path} does not hold just one beside the labels "
            f"{label_key!r}. Received: key=None, and {listed}. Choose one of them."
        )
    if key not in names:
        raise ValueError(
            f"`key` must be an array of {path}. Received: key={key!r}, not among {listed}. "
            "Choose one of them."
        )
    return key


def read_arrays(path: str | Path, names: Sequence[str], memory_limit: int) -> list[np.ndarray]:
    """Read arrays of a file.

    Args:
        path: `.npz` or `.npy` file.
        names: which ones.
        memory_limit: int, bytes, refused beyond.

    Returns:
        List of arrays.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if one is missing, too large, damaged, or holds Python objects.
    """
    sizes = list_arrays(path)
    missing = [name for name in names if name not in sizes]
    if missing:
        raise ValueError(
            f"`{missing[0]}` must be an array of the file. Received: {path} with "
            f"{', '.join(sizes)}. Name the labels by `label_key`; a .npy file has none."
        )
    needed = sum(sizes[name] for name in names)
    if needed > memory_limit:
        raise ValueError(
            f"`memory_limit` must hold the arrays, {needed / 2**30:.1f} GiB. Received: "
            f"memory_limit={memory_limit} for {path}. Raise it, or store uint8 or fewer samples."
        )
    arrays = []
    for name in names:
        with _open(Path(path), name) as file:
            found = np.load(file, allow_pickle=False)
            found = found if isinstance(found, np.ndarray) else found[name]
            if not isinstance(found, np.ndarray):
                raise ValueError("no array")
            arrays.append(found)
    return arrays


@contextlib.contextmanager
def _open(path: Path, part: str) -> Iterator:
    """Open a file, and say which part of it cannot be read."""
    try:
        with open(path, "rb") as file:
            yield file
    except _DAMAGED as error:
        raise ValueError(
            "`path` must be a file of whole arrays of numbers, without Python objects. Received: "
            f"{path}, where {part} cannot be read ({error}). Copy it again, or write it anew by "
            "`np.savez_compressed`."
        ) from error
