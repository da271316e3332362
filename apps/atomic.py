"""Files that appear whole or not at all: the library's way, and what an app says where one cannot.

Example:
    >>> replacing.__module__
    'keras_ot_gans.files'
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from keras_ot_gans.files import remove_unfinished, replacing

__all__ = ["remove_unfinished", "replacing", "written"]


@contextlib.contextmanager
def written(path: str | os.PathLike) -> Iterator[Path]:
    """Replace the file of `--out`, as `replacing`, or say why it cannot be written.

    Args:
        path: the file.

    Yields:
        Path of a temporary file, to be filled.

    Raises:
        ValueError: if the file cannot be written; one that is there stays as it was.

    Example:
        >>> with written("/proc/a.json") as temporary:
        ...     temporary.write_text("{}")
        Traceback (most recent call last):
        ...
        ValueError: `out` must be a file that can be written. Received: /proc/a.json (No such file \
or directory), which is as it was. Choose another, or make room.
    """
    try:
        with replacing(path) as temporary:
            yield temporary
    except OSError as error:
        raise ValueError(
            f"`out` must be a file that can be written. Received: {path} ({error.strerror}), which "
            "is as it was. Choose another, or make room."
        ) from error
