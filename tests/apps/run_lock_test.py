"""Two trainings in one folder: the second is refused, and a dead one keeps nobody out."""

import fcntl
import os
import signal
import socket
import subprocess
import sys

import pytest

from apps import experiment, run_lock, sampling
from apps.run_folder import RunFolder

HOLDER = """
import sys, time
from apps import run_lock
from apps.run_folder import RunFolder
with run_lock.held(RunFolder(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def names(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_a_second_training_is_refused_and_leaves_the_folder_as_it_is(swd_config, tmp_path):
    folder = RunFolder(tmp_path / "run")
    with run_lock.held(folder):
        assert names(folder.path) == [".lock"]
        holder = f"process {os.getpid()} of {socket.gethostname()}"
        with pytest.raises(ValueError, match="`--workdir` must be trained in by one") as refused:
            experiment.train_and_evaluate(swd_config, str(folder.path))
        assert f"{folder.path}, which is being trained by {holder}. Wait" in str(refused.value)
        assert names(folder.path) == [".lock"]
    with run_lock.held(RunFolder(tmp_path / "other")), run_lock.held(folder):
        pass
    assert names(tmp_path) == []


def test_who_only_reads_takes_no_lock_and_a_finished_run_needs_none(swd_config, tmp_path, capsys):
    swd_config.train.generator_updates = 10
    folder = RunFolder(tmp_path / "run")
    experiment.train_and_evaluate(swd_config, str(folder.path))
    assert ".lock" not in names(folder.path)
    with run_lock.held(folder):
        sampling.sample_to_file(str(folder.path), 2, 0, str(tmp_path / "a.npz"))
        experiment.train_and_evaluate(swd_config, str(folder.path))
    assert "Nothing to do" in capsys.readouterr().out


def test_a_killed_process_keeps_nobody_out(tmp_path):
    folder = RunFolder(tmp_path / "run")
    command = [sys.executable, "-c", HOLDER, str(folder.path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match=f"by process {process.pid} of"):
            with run_lock.held(folder):
                pass
        assert names(folder.path) == [".lock"]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert names(folder.path) == [".lock"]
    with run_lock.held(folder):
        assert (folder.path / ".lock").read_text().startswith(f"process {os.getpid()} ")
    assert names(folder.path) == []


def test_a_refused_run_leaves_nothing_of_a_new_folder(tmp_path):
    folder = RunFolder(tmp_path / "a/b/run")
    with pytest.raises(KeyError), run_lock.held(folder):
        raise KeyError
    assert names(tmp_path) == []
    with pytest.raises(KeyError), run_lock.held(folder):
        (folder.path.parent / "begun").write_text("x")
        raise KeyError
    assert names(tmp_path) == ["a", "b", "begun"]


def test_a_lock_that_its_holder_removed_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    lock, calls = fcntl.flock, []

    def late(descriptor, how):
        calls.append(descriptor)
        if len(calls) == 1:  # the holder ends between our opening and locking
            (tmp_path / ".lock").unlink()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with run_lock.held(folder):
        assert len(calls) == 2
        with pytest.raises(ValueError, match="one process at a time"), run_lock.held(folder):
            pass


def test_a_disk_without_locks_is_said_and_trained_on(tmp_path, monkeypatch, capsys):
    def no_locks(descriptor, how):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with run_lock.held(RunFolder(tmp_path)):
        pass
    assert "cannot be locked ([Errno 38]" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_or_a_full_disk_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="`--workdir` must be a folder that can be written to"):
        with run_lock.held(RunFolder(tmp_path / "file/run")):
            pass
    with pytest.raises(ValueError, match="`--workdir` must be a folder that can be .*too long"):
        with run_lock.held(RunFolder(tmp_path / "new" / ("x" * 300))):
            pass
    assert names(tmp_path) == ["file"]

    def full(descriptor, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(ValueError, match="`--workdir` must be on a disk with room"):
            with run_lock.held(RunFolder(tmp_path / "run")):
                pass
    assert names(tmp_path) == ["file"]
    with run_lock.held(RunFolder(tmp_path / "run")):  # it was let go
        pass
