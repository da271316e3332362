"""Files that appear whole or not at all."""

import contextlib
import glob
import os
import shutil
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
    temporary = unfinished(path)
    try:
        yield temporary
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def unfinished(path: Path, before: str = "") -> Path:
    """Return the temporary name that this process writes a file or folder under.

    Args:
        path: where it belongs.
        before: str, for a second name of the same place.

    Returns:
        `Path` beside it, with the same suffixes.
    """
    return path.with_name(f"{_PREFIX}{os.getpid()}-{before}{path.name}")


def remove_unfinished(folder: str | os.PathLike, of_anyone: bool = False) -> None:
    """Remove what killed processes left of files they were writing, in folders below too.

    What another process of this machine that is alive may be writing stays. This process must be
    writing nothing there: what bears its number was left by one that had the number before.

    Args:
        folder: folder, which may be missing.
        of_anyone: bool, whether a lock keeps all others out, so that nobody is writing there,
            whoever has the number now.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / f".unfinished-{2**31}-note.txt").write_text("who")  # no process has it
        >>> remove_unfinished(folder)
        >>> list(folder.iterdir())
        []
    """
    for leftover in list(Path(folder).rglob(f"{_PREFIX}*")):
        left = _owner(leftover) is not None if of_anyone else _is_left(leftover)
        if left and not leftover.is_dir():  # of an export: `remove_unfinished_of`
            leftover.unlink(missing_ok=True)


def remove_unfinished_of(path: Path) -> None:
    """Remove what killed processes left of one file or folder, which nobody here is writing.

    Args:
        path: where it belongs.
    """
    for leftover in path.parent.glob(f"{_PREFIX}*-{glob.escape(path.name)}"):
        if _is_left(leftover):
            remove(leftover)


def remove(path: Path) -> None:
    """Remove a file or a folder, if there is one.

    Args:
        path: what is to go; of a link, the link.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk.

    Args:
        path: what has been written.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_left(path: Path) -> bool:
    """Whether a temporary name tells no other process that is alive on this machine."""
    owner = _owner(path)
    if owner is None or owner == os.getpid():  # in a container all runs may have number 1
        return owner is not None
    try:
        os.kill(owner, 0)
    except PermissionError:
        return False
    except (ProcessLookupError, OverflowError):
        return True
    return False


def _owner(path: Path) -> int | None:
    """Return the number of the process in a temporary name; None in a name that is not ours."""
    owner = path.name.removeprefix(_PREFIX).partition("-")[0]
    return int(owner) if owner.isdecimal() else None
