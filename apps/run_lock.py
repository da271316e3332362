"""One training at a time in a run folder."""

import contextlib
import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from apps import full_disk
from apps.run_folder import RunFolder


@contextlib.contextmanager
def held(folder: RunFolder) -> Iterator[None]:
    """Keep other trainings out of a run folder, which is made if missing.

    The lock is the operating system's and ends with the process, however that ends: the file that
    a killed one leaves keeps nobody out. If the block refuses a new folder, that goes again.

    Args:
        folder: the run's folder.

    Yields:
        None.

    Raises:
        ValueError: if another process trains in it, it cannot be written to, or its disk is full.
    """
    path, made, descriptor = folder.path / ".lock", [], None
    try:
        with full_disk.explained(folder), folder.usable():
            made = [place for place in (folder.path, *folder.path.parents) if not place.exists()]
            folder.path.mkdir(parents=True, exist_ok=True)
            descriptor = _locked(path, folder)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()} of {socket.gethostname()}".encode())
        yield
    finally:
        if descriptor is not None:
            path.unlink(missing_ok=True)  # while it is held: nobody else's can be there
            os.close(descriptor)
        for place in made:
            with contextlib.suppress(OSError):  # not empty, as a run has begun, or never made
                place.rmdir()


def _locked(path: Path, folder: RunFolder) -> int:
    """Open and lock the file."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 200).decode(errors="replace") or "another process"
            os.close(descriptor)
            raise ValueError(
                f"`--workdir` must be trained in by one process at a time. Received: {folder.path},"
                f" which is being trained by {holder}. Wait for it, stop it, or choose another "
                "folder."
            ) from error
        except OSError as error:
            print(
                f"{folder.path} cannot be locked ({error}). Start one training at a time there.",
                file=sys.stderr,
            )
        if _is_there(descriptor, path):
            return descriptor
        os.close(descriptor)  # of a process that has ended, and removed it, since it was opened


def _is_there(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
