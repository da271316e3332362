"""What the machine under a process has and what the process holds."""

import contextlib
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

# Names of limit, use, and the part of the use that files hold and give back, of both versions.
_CGROUPS = {
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: ("memory.max", "memory.current", "inactive_file"),
}


def free_memory(root: str | os.PathLike = "/") -> int | None:
    """Return the bytes that this process may still take; None where nothing says it.

    Args:
        root: folder in which `proc` and `sys` lie.

    Returns:
        int: what the machine has available or, where that is less, what is left to the control
        groups of this process, as in a container.
    """
    return min([*_of_machine(Path(root)), *_of_cgroups(Path(root))], default=None)


def peak_of_process() -> int:
    """Return the most bytes that this process has held in memory so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak  # kB on Linux


def _of_machine(root: Path) -> list[int]:
    """Return what all processes together may still take, if it is known."""
    with contextlib.suppress(OSError, KeyError, ValueError):
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        found = dict(line.split(":", 1) for line in lines)
        return [1024 * int(found["MemAvailable"].split()[0])]
    with contextlib.suppress(OSError, ValueError):
        return [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    return []


def _of_cgroups(root: Path) -> Iterator[int]:
    """Yield what each limit of a control group leaves, which also binds the groups below it."""
    for version, folder in _memory_groups(root):
        limit, usage, files = _CGROUPS[version]
        with contextlib.suppress(OSError, KeyError, ValueError):  # missing, or "max"
            left = int((folder / limit).read_text()) - int((folder / usage).read_text())
            with contextlib.suppress(OSError, KeyError, ValueError):
                lines = (folder / "memory.stat").read_text().splitlines()
                left += int(dict(line.split() for line in lines)[files])
            yield max(left, 0)


def _memory_groups(root: Path) -> Iterator[tuple[int, Path]]:
    """Yield version and folder of the groups of this process that count memory, and those above."""
    mounted = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, inside = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        version, top = (1, mounted / "memory") if controllers else (2, mounted)
        names = PurePosixPath(inside).parts[1:]  # of the host, where a container's own is the top
        for depth in range(len(names) + 1):
            yield version, top.joinpath(*names[:depth])
