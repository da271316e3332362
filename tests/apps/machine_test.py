"""What is free in machines and containers made of files."""

import pytest

from apps import machine

KIB = 1024


@pytest.fixture
def root(tmp_path):
    """A machine with 8000 kB available and a process in no group."""
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    8000 kB\n")
    return tmp_path


def join(root, *lines):
    (root / "proc/self/cgroup").write_text("".join(line + "\n" for line in lines))


def group(root, folder, **files):
    """Write a group's files; `stat` and `max` stand for `memory.stat` and `memory.max`."""
    folder = root / "sys/fs/cgroup" / folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"memory.{name}").write_text(f"{content}\n")


def test_a_process_in_no_group_has_what_the_machine_has(root):
    assert machine.free_memory(root) == 8000 * KIB
    join(root, "0::/user.slice")
    assert machine.free_memory(root) == 8000 * KIB
    (root / "proc/meminfo").write_text("MemTotal: 9000 kB\n")
    assert (
        machine.free_memory(root) == machine.free_memory(root / "nowhere") > 10**8
    )  # all there is


def test_version_two(root):
    join(root, "0::/user.slice/run.scope")
    group(root, "user.slice", max="max", current=10)
    group(root, "user.slice/run.scope", max=5000, current=3000, stat="anon 1\ninactive_file 400")
    assert machine.free_memory(root) == 5000 - 3000 + 400  # the cache of files is given back
    group(root, "user.slice", max=6000, current=5900)  # binds all below; it has no memory.stat
    assert machine.free_memory(root) == 100
    group(root, "user.slice", max=6000, current=6010)
    assert machine.free_memory(root) == 0
    group(root, "user.slice", max="max", current=6010)
    group(root, "user.slice/run.scope", max=10**15)
    assert machine.free_memory(root) == 8000 * KIB


@pytest.mark.parametrize("inside", ["/", "/docker/0123"])
def test_a_container_that_sees_its_own_group_as_the_top(root, inside):
    """Without a namespace, the name is that of the host and leads nowhere."""
    join(root, f"0::{inside}")
    group(root, "", max=5000, current=3000)
    assert machine.free_memory(root) == 2000


def test_version_one(root):
    join(root, "5:cpu,memory:/a/b", "4:devices:/c", "1:name=systemd:/", "0::/")
    none = 2**63 - 4096  # what it says where there is no limit
    group(root, "memory", limit_in_bytes=none, usage_in_bytes=7)
    group(root, "memory/a", limit_in_bytes=4000, usage_in_bytes=1500, stat="total_inactive_file 50")
    group(root, "memory/a/b", limit_in_bytes=none, usage_in_bytes=7)
    group(root, "memory/c", limit_in_bytes=1, usage_in_bytes=1)  # not its own
    assert machine.free_memory(root) == 2550


@pytest.mark.parametrize("content", ["", "many", "-"])
def test_files_that_say_nothing_bind_nobody(root, content):
    join(root, "0::/")
    group(root, "", max=content, current=content, stat=content)
    assert machine.free_memory(root) == 8000 * KIB
