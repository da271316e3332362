"""Each checkpoint keeps its config, also in a run that went back and on with another."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from ml_collections import ConfigDict

from apps import checkpoints, experiment, rewinding, run_folder
from apps.run_folder import RunFolder
from keras_ot_gans.callbacks import read_json_lines
from tests.apps.checkpoint_arrays import last_arrays
from tests.apps.malformed import runs

RATE = "generator_optimizer/vars/1"  # the second variable of an optimizer


class Killed(BaseException):
    """Ends a process between two writes."""


class Run:
    """A folder with empty files for checkpoints, which remembers by itself whose each is."""

    def __init__(self, path):
        self.folder, self.wrote = RunFolder(path), {}

    def config(self, name):
        config = runs.points_config()
        config.train.seed = ord(name)
        return config

    def begin(self, name):
        self.folder.begin(self.config(name), self._path(max(self.wrote)) if self.wrote else None)

    def train(self, name, last):
        """Write the checkpoints up to an epoch."""
        for epoch in range(max(self.wrote, default=0) + 1, last + 1):
            self._path(epoch).touch()
            self.wrote[epoch] = name

    def go_back(self, last):
        """Remove the checkpoints after an epoch."""
        for epoch in [epoch for epoch in self.wrote if epoch > last]:
            self._path(epoch).unlink()
            del self.wrote[epoch]

    def read(self):
        found = {e: self.folder.config_of(self._path(e))["train"]["seed"] for e in self.wrote}
        return {epoch: chr(seed) for epoch, seed in found.items()}

    def _path(self, epoch):
        return self.folder.checkpoints / f"epoch_{epoch:06d}.weights.h5"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder.environment, "describe", lambda: "")  # takes its time
    return Run(tmp_path)


@pytest.fixture
def kill_at(monkeypatch):
    """A function that lets a number of changes of configs happen, and none after them."""
    replacing, unlink = run_folder.replacing, Path.unlink

    def kill_at(number):
        changes = iter(range(number))

        def wrapped(act):
            def change(path, *args, **kwargs):
                if Path(path).name.startswith("config") and next(changes, None) is None:
                    raise Killed
                return act(path, *args, **kwargs)

            return change

        monkeypatch.setattr(run_folder, "replacing", wrapped(replacing))
        monkeypatch.setattr(Path, "unlink", wrapped(unlink))

    return kill_at


def test_a_run_that_goes_back_before_another_config(run):
    for name, back, last in (("A", 0, 10), ("B", 10, 12), ("C", 5, 12)):
        run.go_back(back)
        run.begin(name)
        run.train(name, last)
        assert run.read() == run.wrote
    assert run.wrote[5] == "A" and run.wrote[6] == "C"
    kept = [path.name for path in run.folder.path.glob("config_until_*")]
    assert kept == ["config_until_epoch_000005.json"]


def test_a_run_that_goes_back_and_changes_nothing(run):
    for name, back, last in (("A", 0, 10), ("B", 10, 12), ("B", 5, 12)):
        run.go_back(back)
        run.begin(name)
        run.train(name, last)
    assert run.read() == run.wrote and run.wrote[6] == "B"
    run.go_back(0)  # what a message advises where all are damaged
    run.begin("B")
    run.train("B", 10)
    assert run.read() == run.wrote


def test_places_keep_their_order_beyond_six_digits(run):
    run.wrote = {999_997: "A"}  # the epochs before are not needed
    for name, last in (("A", 1_000_000), ("B", 1_000_002)):
        run.begin(name)
        run.train(name, last)
        assert run.read() == run.wrote
    run.go_back(999_999)
    run.begin("C")
    run.train("C", 1_000_001)
    assert run.read() == run.wrote
    assert (run.wrote[999_999], run.wrote[1_000_000]) == ("A", "C")
    kept = [path.name for path in run.folder.path.glob("config_until_*")]
    assert kept == ["config_until_epoch_999999.json"]


def test_a_file_that_only_looks_like_an_earlier_config_is_none(run):
    run.begin("A")
    run.train("A", 2)
    other = run.folder.path / "config_until_yesterday.json"
    other.write_text("mine")
    assert run.read() == run.wrote
    run.begin("B")
    run.train("B", 3)
    assert run.read() == run.wrote and other.read_text() == "mine"


# C writes the configs of A and its own, then removes that of B's end and of A's; A only its own.
@pytest.mark.parametrize(("name", "changes"), [("C", 4), ("A", 3), ("D", 3)])
def test_a_kill_between_two_writes(run, kill_at, name, changes):
    for number in range(changes + 1):
        shutil.rmtree(run.folder.path)
        run.wrote.clear()
        kill_at(99)
        for earlier, last in (("A", 4), ("B", 8), ("D", 10)):
            run.begin(earlier)
            run.train(earlier, last)
        run.go_back(3)
        kill_at(number)
        if number < changes:
            with pytest.raises(Killed):
                run.begin(name)
        else:
            run.begin(name)  # these were all
        assert run.read() == {1: "A", 2: "A", 3: "A"}
        kill_at(99)
        run.begin(name)
        run.train(name, 10)
        assert run.read() == run.wrote


def test_any_history(run, kill_at):
    random = np.random.default_rng(0)
    for _ in range(150):
        run.go_back(random.integers(0, 9) if random.random() < 0.5 else 99)
        name = "ABC"[random.integers(3)]
        kill_at(random.integers(0, 6))
        try:
            run.begin(name)
        except Killed:
            assert run.read() == run.wrote
            continue
        finally:
            kill_at(999)
        run.train(name, random.integers(0, 9))
        assert run.read() == run.wrote


@pytest.mark.parametrize("name", ["A", "B"])  # the same config: a kill must not finish the run
def test_the_generator_of_a_run_that_went_back_is_that_of_its_end(run, name):
    run.begin("A")
    run.train("A", 2)  # its last
    run.folder.generator.write_text("A's")
    run.go_back(1)
    run.begin(name)
    assert not run.folder.generator.exists()
    assert (run.folder.path / "generator_of_epoch_000002.keras").read_text() == "A's"


def test_what_a_watchdog_did_after_going_back_outlives_a_stop(
    swd_config, poison, tmp_path, monkeypatch
):
    monkeypatch.setattr(rewinding.callbacks, "time_input", lambda batches: 0.0)
    config, whole = swd_config, tmp_path / "whole"
    config.optimizers.generator.learning_rate, config.train.checkpoints_to_keep = 0.001, 4
    config.train.generator_updates = 20
    experiment.train_and_evaluate(config, str(whole))
    config.train.generator_updates, config.optimizers.generator.learning_rate = 30, 0.002
    experiment.train_and_evaluate(config, str(whole), override=True)

    def go_back(run, epoch):
        for path in checkpoints.files(run / "checkpoints")[epoch:]:
            path.unlink()

    go_back(whole, 1)
    poison(14)  # in the second epoch
    config.optimizers.generator.learning_rate = 0.003
    with config.unlocked():
        config.watch.watchdog = ConfigDict({"on_nonfinite": "rewind", "samples": 0})
    experiment.train_and_evaluate(config, str(whole), override=True)
    stopped = shutil.copytree(whole, tmp_path / "stopped")
    go_back(stopped, 2)
    (stopped / "generator.keras").unlink()
    experiment.train_and_evaluate(config, str(stopped))

    done = [e for e in read_json_lines(stopped / "watchdog.jsonl") if e["kind"] == "rewind"]
    assert [(event["epoch"], event["to_step"]) for event in done] == [(2, 10)]
    expected, found = last_arrays(whole), last_arrays(stopped)
    assert expected[RATE] == pytest.approx(0.0015)  # half of it
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=key)
