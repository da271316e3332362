"""SIGINT and SIGTERM: the step is finished, all is saved, and the run goes on unchanged."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from apps import checkpoints, experiment, signals, watching
from keras_ot_gans.callbacks import read_json_lines
from tests.apps.checkpoint_arrays import last_arrays
from tests.apps.same_runs import OF_MACHINE

ROOT = Path(__file__).resolve().parents[2]


class Ask(keras.callbacks.Callback):
    """Sends this process a signal at the end of one group of steps, or of a training."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.place, self.epoch = (epoch, batch), None

    def on_train_begin(self, logs=None):
        if self.place == ("train", "begin"):
            signal.raise_signal(signal.SIGTERM)

    def on_train_end(self, logs=None):
        if self.place == ("train", "end"):
            self.place = None
            signal.raise_signal(signal.SIGTERM)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            signal.raise_signal(signal.SIGTERM)


@pytest.fixture
def asked(monkeypatch):
    """A function that lets the next run be asked to stop at an epoch and batch."""
    watchers = watching.watchers

    def at(epoch, batch):
        def with_question(*args):
            monkeypatch.setattr(watching, "watchers", watchers)
            return [*watchers(*args), Ask(epoch, batch)]

        monkeypatch.setattr(watching, "watchers", with_question)

    return at


def lines(workdir):
    """The logged values of the epochs that count, without what tells of the machine."""
    found = {line["epoch"]: line for line in read_json_lines(workdir / "metrics.jsonl")}
    return [{k: v for k, v in line.items() if k not in OF_MACHINE} for line in found.values()]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "unbroken"


@pytest.fixture
def finished(act_config, unbroken):
    """A run that was never stopped, the same for all tests."""
    if not unbroken.exists():
        experiment.train_and_evaluate(act_config, str(unbroken))
    return unbroken


def stop(config, workdir):
    before = [signal.getsignal(number) for number in signals.SIGNALS]
    with pytest.raises(SystemExit) as end:
        experiment.train_and_evaluate(config, str(workdir))
    assert end.value.code == 0
    assert [signal.getsignal(number) for number in signals.SIGNALS] == before


def test_a_run_stopped_twice_is_bit_identical_to_one_never_stopped(
    act_config, finished, tmp_path, asked, capfd
):
    run = tmp_path / "stopped"
    asked(1, 2)  # five rounds in an epoch, two generator updates in each
    stop(act_config, run)
    said = capfd.readouterr()
    assert "SIGTERM: stopping once all is saved" in said.err
    assert "Stopped in epoch 2, after 3 of 5 rounds; all is saved." in said.out
    names = [path.name for path in checkpoints.files(run / "checkpoints")]
    assert names == ["epoch_000001.weights.h5", "epoch_000001_round_000003.weights.h5"]
    asked(1, 0)  # counted from where it goes on: its fourth round
    stop(act_config, run)
    said = capfd.readouterr()
    assert "after epoch 1 and 3 rounds" in said.out
    assert "Stopped in epoch 2, after 4 of 5 rounds" in said.out
    experiment.train_and_evaluate(act_config, str(run))
    ours, theirs = last_arrays(run), last_arrays(finished)
    assert ours.keys() == theirs.keys() and len(ours) > 30
    for key, value in theirs.items():
        np.testing.assert_array_equal(ours[key], value, err_msg=key)
    # Also the means of the epoch that was interrupted.
    assert lines(run) == lines(finished)
    assert [line["epoch"] for line in lines(run)] == [1, 2, 3, 4]
    assert not [p for p in checkpoints.files(run / "checkpoints") if "round" in p.name]


def test_a_request_in_the_last_round_ends_with_the_epoch(
    act_config, finished, tmp_path, asked, capfd
):
    run = tmp_path / "stopped"
    asked(1, 4)
    stop(act_config, run)
    assert "Stopped after epoch 2; all is saved." in capfd.readouterr().out
    assert [line["epoch"] for line in lines(run)] == [1, 2]
    experiment.train_and_evaluate(act_config, str(run))
    assert lines(run) == lines(finished)


def test_a_damaged_stop_goes_back_to_the_epoch(act_config, finished, tmp_path, asked, capfd):
    run = tmp_path / "stopped"
    asked(2, 1)
    stop(act_config, run)
    path = checkpoints.files(run / "checkpoints")[-1]
    path.write_bytes(path.read_bytes()[:-100])
    experiment.train_and_evaluate(act_config, str(run))
    assert "going back to the one before" in capfd.readouterr().err
    assert lines(run) == lines(finished)


def test_stop_in_the_last_epoch(act_config, finished, tmp_path, asked):
    run = tmp_path / "stopped"
    asked(3, 1)
    stop(act_config, run)
    assert not (run / "generator.keras").exists()
    experiment.train_and_evaluate(act_config, str(run))
    assert (run / "generator.keras").exists() and lines(run) == lines(finished)


def test_stop_while_the_scores_are_prepared(act_config, finished, tmp_path, asked, capfd):
    run = tmp_path / "stopped"
    asked("train", "begin")  # of a callback before the one that stops
    stop(act_config, run)
    assert capfd.readouterr().out.endswith("\nStopped before training; nothing to save.\n")
    assert not checkpoints.files(run / "checkpoints")
    experiment.train_and_evaluate(act_config, str(run))
    assert lines(run) == lines(finished)


def test_stop_between_a_resumed_epoch_and_the_others(act_config, finished, tmp_path, asked, capfd):
    run = tmp_path / "stopped"
    asked(1, 2)
    stop(act_config, run)
    asked("train", "end")  # of the rest of the epoch
    stop(act_config, run)
    assert "Stopped after epoch 2; all is saved." in capfd.readouterr().out
    experiment.train_and_evaluate(act_config, str(run))
    assert lines(run) == lines(finished)


def test_stop_while_the_generator_is_exported(act_config, finished, tmp_path, monkeypatch, capfd):
    run = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        asks = lambda *_, **__: signal.raise_signal(signal.SIGTERM)  # noqa: E731
        patch.setattr(experiment, "export_generator", asks)
        stop(act_config, run)
    said = capfd.readouterr().out
    assert "Stopped after epoch 4; all is saved. The same command goes on from here." in said
    assert "Finished" not in said and not (run / "generator.keras").exists()
    experiment.train_and_evaluate(act_config, str(run))
    assert (run / "generator.keras").exists() and lines(run) == lines(finished)


def wait_for(path, process):
    end = time.monotonic() + 300
    while not path.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)


def test_a_process_ends_well(tmp_path):
    run = tmp_path / "run"
    command = [
        sys.executable, "-m", "apps.train", "--config=configs/swd_8gaussians.py",
        f"--workdir={run}", "--config.train.generator_updates=4000000",
        "--config.train.updates_per_epoch=200", "--config.train.steps_per_execution=20",
        "--config.watch.pictures=()", "--config.watch.metrics=()",
    ]  # fmt: skip
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(run / "metrics.jsonl", process)  # an epoch is done
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "SIGINT: stopping once all is saved" in err and "Traceback" not in err
    assert "all is saved. The same command goes on from here." in out
    path, progress = checkpoints.newest(run / "checkpoints")
    assert progress.step == 200 * progress.epoch + progress.done > 0
