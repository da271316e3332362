"""A disk that is full: a clear message, nothing lost, and the run goes on as if there was room."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import keras
import pytest
import tensorflow as tf

from apps import checkpoints, experiment, full_disk, signals, train, watching
from apps.run_folder import RunFolder
from tests.apps.same_runs import UNFINISHED, assert_same_run, lines, logged

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def room():
    """A function that limits the size of each file, which fails as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    limit.end = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    yield limit
    limit.end()


class Fill(keras.callbacks.Callback):
    """Calls a function at one moment of the training."""

    def __init__(self, moment, epoch, fill):
        super().__init__()
        self.when, self.epoch, self.fill = (moment, epoch), None, fill

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self._at("epoch begin")

    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            self._at("batch end")

    def on_train_end(self, logs=None):
        self._at("train end")

    def _at(self, moment):
        if (moment, self.epoch) == self.when:
            self.fill()


# Where a run of four epochs, five rounds each, meets the full disk, one after the other: when it
# is full, for files of which size, and from where the run goes on. A picture is drawn every second
# epoch, before the line and the checkpoint.
MOMENTS = {
    "config": (None, None, 100, "from the beginning"),
    "line": ("epoch begin", 0, 20, "from the beginning"),
    "picture": ("epoch begin", 1, 4000, "after epoch 1"),
    "stop": ("batch end", 2, 4000, "after epoch 2"),
    "checkpoint": ("epoch begin", 2, 4000, "after epoch 2"),
    "generator": ("train end", 3, 4000, "after epoch 4"),
}


def test_wherever_the_disk_is_full_the_run_ends_as_one_with_room(
    swd_config, tmp_path, room, monkeypatch, capsys
):
    swd_config.watch.pictures, swd_config.watch.every = ("samples",), 2
    swd_config.train.checkpoints_to_keep, swd_config.train.steps_per_execution = 4, 1
    run, build = tmp_path / "run", watching.watchers
    experiment.train_and_evaluate(swd_config, str(tmp_path / "unbroken"))
    before = [signal.getsignal(number) for number in signals.SIGNALS]
    for name, (moment, epoch, size, place) in MOMENTS.items():

        def fill(name=name, size=size):
            room(size)
            if name == "stop":
                signal.raise_signal(signal.SIGTERM)

        def watchers(*args, when=(moment, epoch, fill)):
            return [*build(*args), Fill(*when)]

        monkeypatch.setattr(watching, "watchers", watchers)
        if moment is None:
            fill()  # before the run begins
        with pytest.raises(ValueError) as error:
            experiment.train_and_evaluate(swd_config, str(run))
        room.end()
        message = str(error.value)
        assert message.startswith("`--workdir` must be on a disk with room. Received: "), name
        assert f"{run}: File too large (" in message and " free" in message, name
        assert message.endswith(f"make room, and the same command goes on {place}."), name
        assert ("a checkpoint takes" in message) == (name not in ("config", "line")), name
        assert "Stopped" not in capsys.readouterr().out
        assert not list(run.rglob(UNFINISHED)) and not (run / "generator.keras").exists()
        assert [signal.getsignal(number) for number in signals.SIGNALS] == before
        for path in checkpoints.files(run / "checkpoints"):
            checkpoints.verify(path)
        assert (run / "config.json").exists() == (name != "config")
        if name not in ("config", "line"):
            assert logged(run) == logged(tmp_path / "unbroken")[: len(logged(run))]
    # Also no room to begin with.
    room(20)
    with pytest.raises(ValueError, match="`--workdir` must be on a disk with room"):
        experiment.train_and_evaluate(swd_config, str(run))
    room.end()
    monkeypatch.setattr(watching, "watchers", build)
    experiment.train_and_evaluate(swd_config, str(run))
    assert_same_run(run, tmp_path / "unbroken")
    # Epoch 2 met it before its line, epoch 3 after: the later of its lines counts.
    assert [line["epoch"] for line in lines(run)] == [1, 2, 3, 3, 4]


def test_an_app_ends_with_one_line(tmp_path, room, run_app):
    room(2000)  # of reals.png
    code, _, err = run_app(train, "--config=configs/swd_8gaussians.py", f"--workdir={tmp_path}/a")
    room.end()
    assert code == 2
    assert err.startswith("error: `--workdir` must be on a disk with room.")
    assert "Traceback" not in err and err.count("\n") == 2


def full(kind):
    with contextlib.suppress(RuntimeError), full_disk.explained(RunFolder("run")):
        raise kind


def test_a_full_disk_is_found_among_causes():
    text = f"{{{{node x}}}} run/events.v2; {os.strerror(28)}\n\tCould not initialize"
    with pytest.raises(ValueError, match="with room. Received: run: No space left on device. No"):
        full(tf.errors.ResourceExhaustedError(None, None, text))
    for link in ("__cause__", "__context__"):
        error = ValueError("`--workdir` must be a folder that can be written to.")
        setattr(error, link, OSError(28, "No space left on device"))
        with pytest.raises(ValueError, match="must be on a disk with room") as raised:
            full(error)
        assert raised.value.__cause__ is error


OTHERS = {
    "no permission": OSError(13, "Permission denied"),
    "a full memory": tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
    "a wrong value": ValueError("`a` must be 1."),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_errors_stay_as_they_are(case):
    with pytest.raises(type(OTHERS[case])) as raised:
        full(OTHERS[case])
    assert raised.value is OTHERS[case]


SIZES = (120, 260, 330)  # kB; a checkpoint takes 80, up to four are there at a time


# Inside: a disk of some kB, on it a run; then room is made, and the run goes on.
SCRIPT = """
mount -t tmpfs -o size=$1k none "$2" || exit 90
shift
run() { "$PYTHON" -m apps.train $FLAGS --workdir="$1/run" >"$2/$3.out" 2>"$2/$3.err"
        echo $? >"$2/$3.code"; cp -r "$1/run" "$2/$3"; }
run "$1" "$2" full
mount -o remount,size=100000k "$1" || exit 91
run "$1" "$2" room
"""
FLAGS = "--config=tests/apps/killed_runs.py:lipschitz,8"


def shell(script, *arguments, inside=("unshare", "--user", "--map-root-user", "--mount")):
    environment = {**os.environ, "PYTHON": sys.executable, "FLAGS": FLAGS}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [*inside, "sh", "-c", script, "sh", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_a_real_full_disk(tmp_path):
    can = shell('mount -t tmpfs none "$1"', tmp_path)
    assert can.returncode == 0, (
        "This machine lets nobody mount a disk in a namespace of their own, which this test needs "
        f"(util-linux, unprivileged user namespaces): {can.stderr}"
    )
    unbroken = tmp_path / "unbroken"
    done = shell('"$PYTHON" -m apps.train $FLAGS --workdir="$1"', unbroken, inside=())
    assert done.returncode == 0, done.stderr
    reasons = set()
    for size in SIZES:
        disk, out = tmp_path / "disk", tmp_path / f"out_{size}"
        disk.mkdir(exist_ok=True)
        out.mkdir()
        done = shell(SCRIPT, size, disk, out)
        assert done.returncode == 0, done.stderr
        err = (out / "full.err").read_text()
        assert (out / "full.code").read_text() == "2\n", err  # nor a crash as the process ends
        assert "error: `--workdir` must be on a disk with room. Received: " in err, err
        assert "No space left on device (" in err and "Traceback" not in err, err
        assert "Exception ignored" not in err, err
        assert not list((out / "full").rglob(UNFINISHED))
        found = checkpoints.files(out / "full/checkpoints")
        for path in found:
            checkpoints.verify(path)
        reasons.add(err.partition("the same command goes on ")[2].splitlines()[0])
        assert (out / "room.code").read_text() == "0\n", (out / "room.err").read_text()
        assert_same_run(out / "room", unbroken)
    assert len(reasons) == len(SIZES)  # at different epochs
