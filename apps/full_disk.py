"""A disk that is full while a run writes to it: one clear message, and nothing lost."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator

import tensorflow as tf

from apps import checkpoints
from apps.run_folder import RunFolder
from apps.units import readable

# No room, no quota, and the limit of one file: of the file system or of the process.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def explained(folder: RunFolder) -> Iterator[None]:
    """Turn what a full disk raises in the block into the house's message.

    Nothing has to be undone: files appear whole or not at all, a line that does not fit is taken
    back, and an epoch whose checkpoint is missing is trained again.

    Args:
        folder: the run's folder.

    Yields:
        None.

    Raises:
        ValueError: in the place of an error whose cause is a full disk.

    Example:
        >>> with explained(RunFolder("runs/a")):
        ...     raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        Traceback (most recent call last):
        ValueError: `--workdir` must be on a disk with room. Received: runs/a: No space left on \
device. Nothing is lost: make room, and the same command goes on from the beginning.
    """
    try:
        yield
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = _reason(error)
        if reason is None:
            raise
        raise ValueError(
            f"`--workdir` must be on a disk with room. Received: {folder.path}: {reason}"
            f"{_room(folder)}. Nothing is lost: make room, and the same command goes on "
            f"{_place(folder)}."
        ) from error


def _reason(error: BaseException | None) -> str | None:
    """Find a full disk among what led to an error; TensorFlow says it by its text alone."""
    while error is not None:
        for code in _FULL:
            reason = os.strerror(code)
            if isinstance(error, OSError) and error.errno == code:
                return reason
            if isinstance(error, tf.errors.OpError) and reason in error.message:
                return reason
        error = error.__cause__ or error.__context__
    return None


def _room(folder: RunFolder) -> str:
    """Say what is free and, where there is a checkpoint, what one needs."""
    if not folder.path.is_dir():
        return ""
    text = f" ({readable(shutil.disk_usage(folder.path).free)} free"
    found = checkpoints.files(folder.checkpoints)
    return text + (f", a checkpoint takes {readable(found[-1].stat().st_size)})" if found else ")")


def _place(folder: RunFolder) -> str:
    found = checkpoints.files(folder.checkpoints)
    return f"after epoch {checkpoints.epoch_of(found[-1])}" if found else "from the beginning"
