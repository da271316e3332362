"""Published weight files: fetched once, hashed, and thrown away where they are corrupt."""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import numpy as np

from keras_ot_gans.metrics.feature_networks.feature_network import WeightsMissing


def sha256_of_file(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes.

    Args:
        path: the file.

    Returns:
        64 hexadecimal digits.

    Example:
        >>> import os
        >>> sha256_of_file(os.devnull)[:8]
        'e3b0c442'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_arrays(arrays: Iterable[np.ndarray]) -> str:
    """SHA-256 of arrays in their order, with their shapes and dtypes.

    Args:
        arrays: NumPy arrays.

    Returns:
        64 hexadecimal digits; the same on every machine.

    Example:
        >>> zeros = np.zeros(4, dtype="float32")
        >>> sha256_of_arrays([zeros]) == sha256_of_arrays([zeros.reshape(2, 2)])
        False
    """
    digest = hashlib.sha256()
    for array in arrays:
        array = np.asarray(array)
        # Little-endian whatever the machine.
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{array.dtype.str}{array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


@contextlib.contextmanager
def published_file(
    path: str | os.PathLike | None, url: str, how: str, sha256: str | None = None
) -> Iterator[Path]:
    """Give the user's file, or fetch the published one into the Keras cache.

    A fetched file that turns out to be corrupt (the block raises `ValueError`) is
    removed, so that the next call fetches it again. A file of the user's is never
    touched.

    Args:
        path: the user's file or folder; `None` to fetch.
        url: where the file is published.
        how: the call that takes the file's path, for the message.
        sha256: hash that the fetched file must have; `None` where none is published.

    Yields:
        `pathlib.Path` of an existing file or folder.

    Raises:
        WeightsMissing: if the file cannot be fetched; no part of it stays.
        ValueError: if `path` does not exist, or the fetched file has another hash.

    Example:
        >>> import os
        >>> with published_file(os.devnull, "http://example.org/w.bin", "load(path)") as file:
        ...     print(file.name)
        null
    """
    if path is not None:
        path = Path(path)
        if not path.exists():
            raise ValueError(
                f"`path` must be an existing file. Received: path={os.fspath(path)!r}. "
                f"Get it from {url}."
            )
        yield path
        return
    fetched = _fetch(url, how)
    try:
        if sha256 is not None and (received := sha256_of_file(fetched)) != sha256:
            raise ValueError(
                f"The file fetched from {url} must have the SHA-256 {sha256}. "
                f"Received: {received}. It was removed; try again, or pass `path`."
            )
        yield fetched
    except ValueError:
        fetched.unlink(missing_ok=True)
        raise


def _fetch(url: str, how: str) -> Path:
    """Fetch by Keras, under the file's own name."""
    try:
        return Path(keras.utils.get_file(origin=url, cache_subdir="models"))
    # `get_file` wraps every failure into a bare `Exception` and removes what it wrote.
    except Exception as error:
        raise WeightsMissing(
            f"The weights {url} could not be fetched ({error}). Get this file on a machine with "
            f"a network and pass where it lies: {how}. Without it, choose another feature network."
        ) from error
