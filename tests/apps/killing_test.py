"""Training processes that are killed at any moment, and go on as if nothing had happened."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from apps import checkpoints
from tests.apps.checkpoint_arrays import last_arrays
from tests.apps.same_runs import UNFINISHED, assert_same_run, lines

ROOT = Path(__file__).resolve().parents[2]


class Forks:
    """Trainings, one at a time, in forks of a program that has imported everything."""

    def __init__(self, log):
        self.log, self.process = log, None
        self.program = subprocess.Popen(
            [sys.executable, "-m", "tests.apps.forks"],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, workdir, method):
        """Begin or continue a run; its process's number."""
        flags = [f"--config=tests/apps/killed_runs.py:{method}", f"--workdir={workdir}"]
        self.program.stdin.write(json.dumps([str(self.log), *flags]) + "\n")
        self.process = int(self._answer())
        return self.process

    def exit_code(self):
        """Wait for the end."""
        code, self.process = int(self._answer()), None
        return code

    def _answer(self):
        there, _, _ = select.select([self.program.stdout], [], [], 300)
        line = self.program.stdout.readline() if there else ""
        assert line, f"no answer: {self.log.read_text()[-3000:] if self.log.exists() else ''}"
        return line


@pytest.fixture
def forks(tmp_path):
    forks = Forks(tmp_path / "log")
    yield forks
    if forks.process is not None:
        send(forks.process, signal.SIGKILL)  # where a test has failed
    forks.program.stdin.close()
    assert forks.program.wait(60) == 0
    forks.program.stdout.close()


def size(path):
    return path.stat().st_size if path.exists() else 0


def epochs(run):
    """The number of lines so far."""
    log = run / "metrics.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def send(process, number):
    """Send a signal; whether there was somebody to get it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
        return True
    return False


def until(process, condition):
    """Wait, looking very often."""
    end = time.monotonic() + 300
    while not condition() and send(process, 0):
        assert time.monotonic() < end
        time.sleep(0.001)


def kill_in_a_write(process, random, folder):
    """Kill while a file of a folder, or below it, is not finished."""
    while send(process, signal.SIGSTOP):  # it stands still while it is looked at
        if list(folder.rglob(UNFINISHED)):
            send(process, signal.SIGKILL)
            return
        send(process, signal.SIGCONT)
        time.sleep(random.uniform(0, 0.0005))


def kill(forks, method, run, kills, usual, random):
    """Start a run again and again and kill it, in turns as it writes and at any moment.

    Args:
        usual: seconds of the first epoch of a process, compilation included, and of later ones.

    Returns:
        How often a file was torn, and how often the run had come to a checkpoint.
    """
    torn = went_on = 0
    for number in range(kills):
        begun, done, later = size(run / "environment.txt"), epochs(run), 2 * number % 3
        process = forks.start(run, method)
        until(process, lambda begun=begun: size(run / "environment.txt") > begun)
        until(process, lambda enough=done + later: epochs(run) >= enough)
        if number % 2:
            time.sleep(random.uniform(0, usual[min(later, 1)]))
            send(process, signal.SIGKILL)
        else:
            # The first time any file: a picture, the state before the first update.
            kill_in_a_write(process, random, run / "checkpoints" if number else run)
            torn += bool(list(run.rglob(UNFINISHED)))
        assert forks.exit_code() == -signal.SIGKILL, forks.log.read_text()[-3000:]
        assert not (run / "generator.keras").exists()
        went_on += bool(checkpoints.files(run / "checkpoints"))
    return torn, went_on


def check_kills(method, kills, forks, folder):
    unbroken, killed, random = folder / "unbroken", folder / "killed", np.random.default_rng(kills)
    forks.start(unbroken, method)
    assert forks.exit_code() == 0, forks.log.read_text()[-3000:]
    seconds = [line["seconds"] for line in lines(unbroken)]
    usual = (seconds[0], np.mean(seconds[1:]))
    torn, went_on = kill(forks, method, killed, kills, usual, random)
    assert torn >= (kills + 1) // 2 - 1  # a renaming may come in between
    assert went_on >= kills - 1  # all but the first: the second waits for two epochs
    forks.start(killed, method)
    assert forks.exit_code() == 0, forks.log.read_text()[-3000:]

    assert len(last_arrays(unbroken)) > 20
    assert_same_run(killed, unbroken)


def test_a_killed_run_ends_as_one_never_killed(forks, tmp_path):
    check_kills("lipschitz,8", 3, forks, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["act", "age", "lipschitz", "ot_gan"])
def test_twenty_kills(method, forks, tmp_path):
    check_kills(method, 20, forks, tmp_path)
