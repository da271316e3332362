"""A run stopped within an epoch goes on in calls of another number of rounds."""

import signal

import keras
import numpy as np
import pytest

from apps import experiment, strategies, watching
from keras_ot_gans.callbacks import read_json_lines
from tests.apps.checkpoint_arrays import last_arrays
from tests.apps.same_runs import assert_same_run


class StopAfter(keras.callbacks.Callback):
    """Asks the run to stop at the end of a round of the second epoch."""

    def __init__(self, rounds):
        super().__init__()
        self.rounds, self.epoch = rounds, None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch + 1) == (1, self.rounds):
            signal.raise_signal(signal.SIGTERM)


class Calls(keras.callbacks.Callback):
    """Counts the calls of an epoch."""

    def on_train_begin(self, logs=None):
        self.seen = getattr(self, "seen", {})

    def on_epoch_begin(self, epoch, logs=None):
        self.seen[epoch], self.epoch = 0, epoch

    def on_train_batch_end(self, batch, logs=None):
        self.seen[self.epoch] += 1


def as_several_replicas(config, strategy):
    """Cut a config into calls of one round, as for several replicas, on the one there is."""
    config = config.copy_and_resolve_references()
    config.train.steps_per_execution = 1
    return config


@pytest.fixture
def stopped(swd_config, tmp_path, monkeypatch):
    """A function that stops a run on several replicas after some of ten rounds."""

    def stop(rounds):
        watchers = watching.watchers
        with monkeypatch.context() as patch:
            patch.setattr(strategies, "adapted", as_several_replicas)
            patch.setattr(watching, "watchers", lambda *a: [*watchers(*a), StopAfter(rounds)])
            with pytest.raises(SystemExit):
                experiment.train_and_evaluate(swd_config, str(tmp_path / "stopped"))
        calls = Calls()
        monkeypatch.setattr(watching, "watchers", lambda *a: [*watchers(*a), calls])
        return tmp_path / "stopped", calls

    return stop


@pytest.mark.parametrize(("rounds", "calls"), [(7, 3), (6, 2)])
def test_no_round_more_and_none_less_than_in_an_unbroken_run(
    swd_config, stopped, tmp_path, rounds, calls
):
    swd_config.train.steps_per_execution = 2
    run, counted = stopped(rounds)
    experiment.train_and_evaluate(swd_config, str(run))
    assert counted.seen == {1: calls, 2: 5, 3: 5}  # one by one where two would overshoot
    steps = [line["step"] for line in read_json_lines(run / "metrics.jsonl")]
    assert steps == [10, 20, 30, 40]
    experiment.train_and_evaluate(swd_config, str(tmp_path / "unbroken"))
    assert_same_run(run, tmp_path / "unbroken")


def test_another_config_may_have_other_calls(swd_config, stopped):
    swd_config.train.steps_per_execution = 1
    run, counted = stopped(7)
    swd_config.train.steps_per_execution = 10
    experiment.train_and_evaluate(swd_config, str(run), override=True)
    assert counted.seen == {1: 3, 2: 1, 3: 1}
    assert all(np.all(np.isfinite(v)) for v in last_arrays(run).values() if v.dtype.kind == "f")
