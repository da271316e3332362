"""Files that appear whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_PREFIX = ".unfinished-"


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary name beside `path` that takes its place in one step.

    The file is synced to the disk, then renamed, then its folder is synced: a reader, also after a
    kill or a power cut, finds the old file or the new one, never a part. If the block raises, the
    temporary file goes and the old one stays.

    Args:
        path: file name; its folder must exist.

    Yields:
        `Path` with the same suffixes, to be written to.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "note.txt")
        >>> with replacing(path) as temporary:
        ...     _ = temporary.write_text("whole")
        >>> [found.name for found in path.parent.iterdir()], path.read_text()
        (['note.txt'], 'whole')
    """
    path = Path(path)
    temporary = path.with_name(f"{_PREFIX}{os.getpid()}-{path.name}")
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folder: str | os.PathLike) -> None:
    """Remove what killed processes left of files they were writing, in folders below too.

    Args:
        folder: folder that no other process is writing to.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / ".unfinished-123-note.txt").write_text("who")
        >>> remove_unfinished(folder)
        >>> list(folder.iterdir())
        []
    """
    for leftover in list(Path(folder).rglob(f"{_PREFIX}*")):
        if not leftover.is_dir():  # of an export, which removes its own
            leftover.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
