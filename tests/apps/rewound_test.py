"""A run that goes back, and is stopped or killed around that, ends as one left alone."""

import shutil
import signal

import keras
import numpy as np
import pytest
from ml_collections import ConfigDict

from apps import checkpoints, experiment, restoring, rewinding, train, watching
from keras_ot_gans.callbacks import DivergedError, read_json_lines
from tests.apps.same_runs import assert_same_run

# The fifth of ten rounds, in calls of two, of epochs 3 and 4: a rewind each.
POISONED = (24, 34)


class Killed(BaseException):
    """Stands in for SIGKILL: nothing more is written."""


class EndAt(keras.callbacks.Callback):
    """Ends a run at the end of a round, counted from the beginning of its epoch in this process."""

    def __init__(self, epoch, batch, killed):
        super().__init__()
        self.place, self.killed, self.epoch = (epoch, batch), killed, None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            if self.killed:
                raise Killed
            signal.raise_signal(signal.SIGTERM)


@pytest.fixture
def config(swd_config, monkeypatch):
    """Four epochs of a model whose learning rate follows a schedule."""
    # Input that takes no time: on a busy machine its being slow would be an event too.
    monkeypatch.setattr(rewinding.callbacks, "time_input", lambda batches: 0.0)
    with swd_config.unlocked():
        swd_config.optimizers.generator.cosine_updates = 100
        swd_config.watch.watchdog = ConfigDict(
            {"on_nonfinite": "rewind", "max_rewinds": 2, "samples": 8}
        )
    return swd_config


@pytest.fixture
def broken_run(config, monkeypatch, tmp_path):
    """A function that trains a run which ends at given places and is continued each time."""

    def run(*places):
        watchers = watching.watchers
        for place in places:
            monkeypatch.setattr(
                watching, "watchers", lambda *args, at=place: [*watchers(*args), EndAt(*at)]
            )
            with pytest.raises(BaseException) as end:
                experiment.train_and_evaluate(config, str(tmp_path / "broken"))
            assert issubclass(end.type, Killed if place[-1] else SystemExit)
        monkeypatch.setattr(watching, "watchers", watchers)
        experiment.train_and_evaluate(config, str(tmp_path / "broken"))
        return tmp_path / "broken"

    return run


def decisions(run):
    """What the watchdog did; not by how much weights had grown since the process began."""
    return [
        {key: e.get(key) for key in ("kind", "epoch", "step", "to_step", "rates", "first_role")}
        for e in read_json_lines(run / "watchdog.jsonl")
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Where the run that is left alone is kept, once it is trained."""
    return tmp_path_factory.mktemp("trained") / "run"


@pytest.fixture
def unbroken(config, poison, trained, tmp_path):
    poison(*POISONED)
    if not trained.exists():
        experiment.train_and_evaluate(config, str(trained))
    found = [(d["kind"], d["epoch"], d["to_step"]) for d in decisions(trained)]
    assert found == [("nonfinite_weights", 3, None), ("rewind", 3, 20), ("rewind", 4, 24)]
    return shutil.copytree(trained, tmp_path / "unbroken")


@pytest.mark.parametrize(
    "places",
    [
        [(2, 7, False)],  # after the rewind, in its epoch: its scale is not in the weights
        [(2, 3, False)],  # before it: there is a newer state than that of the unbroken run
        [(2, 7, True), (3, 7, True)],  # each rewind happens twice, and counts once
        [(2, 5, False), (3, 5, True), (3, 5, False)],  # in the very rounds
    ],
)
def test_it_is_the_run_that_was_left_alone(unbroken, broken_run, places):
    broken = broken_run(*places)
    assert_same_run(broken, unbroken)
    assert decisions(broken) == decisions(unbroken)


def test_a_stop_in_the_first_epoch_keeps_the_beginning(config, poison, broken_run, tmp_path):
    poison(2)
    experiment.train_and_evaluate(config, str(tmp_path / "unbroken"))
    assert decisions(tmp_path / "unbroken")[-1]["to_step"] == 0
    broken = broken_run((0, 1, False))
    assert_same_run(broken, tmp_path / "unbroken")
    assert decisions(broken) == decisions(tmp_path / "unbroken")
    assert not (broken / "checkpoints/start").exists()


def test_a_run_watched_by_nobody_before_begins_to_be_watched(config, poison, tmp_path, capsys):
    watched, config.watch.watchdog = config.watch.watchdog, None
    config.train.generator_updates = 20
    experiment.train_and_evaluate(config, str(tmp_path))
    poison(*POISONED)
    config.train.generator_updates, config.watch.watchdog = 40, watched
    experiment.train_and_evaluate(config, str(tmp_path), override=True)
    assert "knows of no watchdog" in capsys.readouterr().out
    assert [d["to_step"] for d in decisions(tmp_path)] == [None, 20, 24]


class Rate(keras.callbacks.Callback):
    """Looks at the learning rate, as a share of what the schedule began with."""

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 0:
            optimizer = self.model.optimizer_of("generator")
            fall = (1 + np.cos(np.pi * int(optimizer.iterations) / 100)) / 2
            self.share = float(optimizer.learning_rate) / fall


@pytest.mark.parametrize(("given", "expected"), [(1e-3, 0.25 * 1e-3), (0.03, 0.03)])
def test_a_new_rate_is_not_scaled_by_what_was_done_to_the_old_one(
    unbroken, config, monkeypatch, given, expected
):
    config.train.generator_updates, look, watchers = 50, Rate(), watching.watchers
    config.optimizers.generator.learning_rate = given
    monkeypatch.setattr(watching, "watchers", lambda *args: [look, *watchers(*args)])
    experiment.train_and_evaluate(config, str(unbroken), override=True)
    assert look.share == pytest.approx(expected, rel=1e-5)  # float32; it went back twice


def test_a_run_that_its_watchdog_stops_says_how_to_go_on(config, poison, tmp_path, capsys):
    poison(*POISONED)
    config.watch.watchdog.on_nonfinite = "stop"
    with pytest.raises(DivergedError) as error:
        experiment.train_and_evaluate(config, str(tmp_path / "run"))
    message, good = str(error.value), checkpoints.files(tmp_path / "run/checkpoints")[-1]
    assert message.startswith("`fit` must keep all weights finite. Received, at step 26:")
    assert checkpoints.epoch_of(good) == 2 and f"{good} is finite. The same command" in message
    assert "add --override: a lower learning rate, or `clipnorm` in a copy of the" in message
    assert "file, or --config.watch.watchdog.on_nonfinite=rewind" in message
    assert not (tmp_path / "run/generator.keras").exists()
    with pytest.raises(DivergedError):
        experiment.train_and_evaluate(config, str(tmp_path / "run"))
    assert len(decisions(tmp_path / "run")) == 1  # said again, written once
    config.watch.watchdog.on_nonfinite = "rewind"
    experiment.train_and_evaluate(config, str(tmp_path / "run"), override=True)
    assert [d["to_step"] for d in decisions(tmp_path / "run")] == [None, 20, 24]


def test_a_run_that_its_watchdog_stops_in_its_first_epoch(config, poison, tmp_path):
    poison(2)
    config.watch.watchdog.on_nonfinite = "stop"
    with pytest.raises(DivergedError, match="No epoch was finished. The same command .*--override"):
        experiment.train_and_evaluate(config, str(tmp_path))
    with config.unlocked():
        config.optimizers.generator.clipnorm = 1.0  # as it says; it is another cure that works
    poison()
    experiment.train_and_evaluate(config, str(tmp_path), override=True)
    assert restoring.is_finite(checkpoints.files(tmp_path / "checkpoints")[-1])


def test_a_run_without_a_finite_checkpoint_cannot_go_on(config, poison, tmp_path):
    poison(2)
    config.train.generator_updates, config.watch.watchdog.on_nonfinite = 10, "warn"
    experiment.train_and_evaluate(config, str(tmp_path))
    config.train.generator_updates, config.watch.watchdog.on_nonfinite = 20, "rewind"
    with pytest.raises(DivergedError) as error:
        experiment.train_and_evaluate(config, str(tmp_path), override=True)
    message = str(error.value)
    assert (
        f"No checkpoint in {tmp_path / 'checkpoints'} is whole and finite. Train in a new folder"
        in message
    )
    assert "No epoch" not in message and "--override" not in message
    assert message.endswith(
        "config: a lower learning rate, or `clipnorm` in a copy of the config file."
    )


class Break(keras.callbacks.Callback):
    """Breaks weights after four rounds of the third epoch, which no log shows before the sixth."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, self.model.step) == (2, 24) and not self.model.watchdog.rewinds.been:
            kernel = self.model.generator.trainable_variables[0]
            kernel.assign(kernel * float("nan"))


def test_weights_are_looked_at_in_the_rounds_of_an_unbroken_run(
    config, broken_run, tmp_path, monkeypatch
):
    """Every second call of two rounds: after the fourth round and the eighth."""
    with config.unlocked():
        config.watch.watchdog.weights_every = 2
    watchers = watching.watchers
    monkeypatch.setattr(watching, "watchers", lambda *args: [Break(), *watchers(*args)])
    experiment.train_and_evaluate(config, str(tmp_path / "unbroken"))
    found = decisions(tmp_path / "unbroken")
    assert [(d["kind"], d["step"]) for d in found] == [("nonfinite_weights", 24), ("rewind", 24)]
    broken = broken_run((2, 1, False))  # after two rounds
    assert decisions(broken) == found
    assert_same_run(broken, tmp_path / "unbroken")


def test_a_stock_run_that_diverges_ends_with_a_line_and_a_code(poison, run_app, tmp_path):
    poison(24)
    code, out, err = run_app(
        train, "--config=configs/swd_8gaussians.py", f"--workdir={tmp_path / 'run'}",
        "--config.data.n=50", "--config.model.generator.hidden=(8,)",
        "--config.train.generator_updates=60", "--config.train.updates_per_epoch=10",
        "--config.train.batch_size=8", "--config.train.steps_per_execution=2",
        "--config.watch.pictures=()", "--config.watch.metrics=()",
    )  # fmt: skip
    assert code == 2 and "Finished" not in out
    assert "error: `fit` must keep all weights finite. Received, at step 26: " in err
    assert "epoch_000002.weights.h5 is finite." in err and "Traceback" not in err
    found = checkpoints.files(tmp_path / "run/checkpoints")
    assert len(found) == 2 and all(restoring.is_finite(path) for path in found)
