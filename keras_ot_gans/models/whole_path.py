"""Exports, files or folders, that appear whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from keras_ot_gans import files

_OF_SAVED_MODEL = {"assets", "assets.extra", "fingerprint.pb", "saved_model.pb", "variables"}


@contextlib.contextmanager
def appearing(path: str | os.PathLike, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary name beside `path` that takes its place once the block has ended well.

    Everything is synced to the disk before the renaming. If the block raises, what it wrote goes
    and what was there stays; what a killed process left of the same export goes with the next one.

    Args:
        path: file, or folder of a SavedModel; the folder around it must exist.
        overwrite: bool, replace an export that is there. A file takes the place of a file in one
            step, a folder that of a folder in two.

    Yields:
        `Path` with the same suffix, to be made as a file or a folder.

    Raises:
        ValueError: if the folder around it is missing, `path` is there and may not be replaced, or
            is a folder with something else than a SavedModel in it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "generator.onnx")
        >>> with appearing(path) as temporary:
        ...     _ = temporary.write_text("whole")
        >>> [found.name for found in path.parent.iterdir()]
        ['generator.onnx']
    """
    path = Path(path).expanduser()
    _check(path, overwrite)
    files.remove_unfinished_of(path)
    temporary, before = files.unfinished(path), files.unfinished(path, "before-")
    try:
        yield temporary
        for made in [temporary, *temporary.rglob("*")]:
            files.sync(made)
        _check(path, overwrite)  # it may have come while the block ran
        if path.is_dir():
            os.rename(path, before)
        try:
            os.replace(temporary, path)
        except OSError:
            if before.exists():
                os.rename(before, path)
            raise
        files.sync(path.parent)
    finally:
        files.remove(temporary)
        files.remove(before)


def _check(path: Path, overwrite: bool) -> None:
    if not path.name or not path.parent.is_dir():
        raise ValueError(
            f"`path` must lie in a folder that exists. Received: {path}. Make {path.parent} first."
        )
    if not path.exists():
        return
    if not overwrite:
        raise ValueError(
            f"`path` must be new. Received: {path}, which is there. Choose another, or pass "
            "overwrite=True (--overwrite)."
        )
    if path.is_dir() == bool(path.suffix in (".keras", ".onnx")):
        kind = "a folder" if path.is_dir() else "a file"
        raise ValueError(
            f"`path` must be an export of the same kind to be replaced. Received: {path}, {kind}. "
            "Choose another."
        )
    if path.is_dir():
        names = {found.name for found in path.iterdir()}
        if "saved_model.pb" not in names or names - _OF_SAVED_MODEL:
            raise ValueError(
                "`path` must hold a SavedModel and nothing else to be replaced. Received: "
                f"{path} with {', '.join(sorted(names)[:5]) or 'nothing'}. Choose another."
            )
