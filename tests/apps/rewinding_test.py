"""A run that meets a poisoned batch, goes back, and comes to its end."""

import json
import os
import shutil
import threading

import numpy as np
import pytest
import tensorflow as tf
from ml_collections import ConfigDict

from apps import builders, checkpoints, experiment, restoring, rewinding, sources
from apps.run_folder import RunFolder
from keras_ot_gans.callbacks import DivergedError, read_json_lines
from tests.apps.checkpoint_arrays import last_arrays

POISONED = 12  # the third round of the third epoch: 5 rounds of 2 updates each


@pytest.fixture
def config(act_config, monkeypatch):
    """Four epochs of ACT; the generator's rate follows a schedule, the others' are plain."""
    # Input that takes no time: on a busy machine its being slow would be an event too.
    monkeypatch.setattr(rewinding.callbacks, "time_input", lambda batches: 0.0)
    act_config.train.checkpoints_to_keep = 4
    with act_config.unlocked():
        act_config.optimizers.generator.cosine_updates = 100
        act_config.watch.watchdog = ConfigDict(
            {"on_nonfinite": "rewind", "rate_factor": 0.5, "max_rewinds": 2, "samples": 8}
        )
    return act_config


def events(workdir):
    return [(e["kind"], e["epoch"], e["step"]) for e in read_json_lines(workdir / "watchdog.jsonl")]


def test_a_poisoned_run_goes_back_and_ends_finite(config, poison, tmp_path, capsys):
    poison(POISONED)
    record = experiment.train_and_evaluate(config, str(tmp_path / "run"))
    run = tmp_path / "run"
    assert events(run) == [("nonfinite_weights", 3, 26), ("rewind", 3, 26)]
    done = read_json_lines(run / "watchdog.jsonl")[-1]
    assert done["to_step"] == 20 and "Back to step 20" in done["what"]
    assert done["rates"]["generator"] == {"scale": 0.5}
    assert done["rates"]["critic"] == {"rate": pytest.approx(5e-4)}
    lines = read_json_lines(run / "metrics.jsonl")
    # Two rounds of the third epoch were left after the rewind, then five more.
    assert [(line["epoch"], line["step"]) for line in lines] == [(1, 10), (2, 20), (3, 24), (4, 34)]
    assert all(
        np.isfinite(line[k]) for line in lines for k in ("transport_cost", "sample_distance")
    )
    assert record == lines[-1]
    assert all(restoring.is_finite(p) for p in checkpoints.files(run / "checkpoints"))
    assert not (run / "checkpoints/start").exists()
    assert "Finished" in capsys.readouterr().out
    assert not [t for t in threading.enumerate() if "watchdog" in t.name]

    # Stopped after any epoch it comes to the same end: it meets the batch again, or knows of it.
    for epoch in (2, 3):
        stopped = tmp_path / f"stopped_{epoch}"
        shutil.copytree(run, stopped)
        (stopped / "generator.keras").unlink()
        for path in checkpoints.files(stopped / "checkpoints")[epoch:]:
            path.unlink()
        experiment.train_and_evaluate(config, str(stopped))
        expected, found = last_arrays(run), last_arrays(stopped)
        assert expected.keys() == found.keys()
        for key, value in expected.items():
            np.testing.assert_array_equal(found[key], value, err_msg=f"{epoch} {key}")


def test_a_run_lost_in_its_first_epoch_goes_back_to_its_start(config, poison, tmp_path):
    poison(1, 6, 7)
    with pytest.raises(DivergedError, match="It went back 2 times; it ends here."):
        experiment.train_and_evaluate(config, str(tmp_path))
    found = events(tmp_path)
    assert found == [("nonfinite_weights", 1, 4), ("rewind", 1, 4), ("rewind", 2, 10)]
    # The second time there is a checkpoint, of 3 rounds in epoch 1.
    assert [e.get("to_step") for e in read_json_lines(tmp_path / "watchdog.jsonl")] == [None, 0, 6]
    assert [checkpoints.epoch_of(p) for p in checkpoints.files(tmp_path / "checkpoints")] == [1]
    assert not (tmp_path / "generator.keras").exists()


def test_what_a_killed_run_left_in_its_start_blocks_nobody(config, tmp_path):
    """The number of its process is that of a living one now."""
    start = tmp_path / "checkpoints/start"
    start.mkdir(parents=True)
    (start / f".unfinished-{os.getppid()}-epoch_000000.weights.h5").write_text("part")
    config.train.generator_updates = 20
    experiment.train_and_evaluate(config, str(tmp_path))
    assert not start.exists() and (tmp_path / "generator.keras").exists()


def test_the_start_goes_with_all_that_is_in_it(model, tmp_path):
    rewinder = rewinding.Rewinder(RunFolder(tmp_path))
    callback = rewinding.StartCheckpoint(rewinder)
    callback.set_model(model)
    callback.on_train_begin()
    (rewinder.start / ".nfs01").write_text("of a network's disk")
    callback.on_epoch_begin(0)
    assert len(checkpoints.files(rewinder.start)) == 1  # there is no other yet
    checkpoints.save(model, rewinder.folder, 1)
    for epoch in (1, 2):
        callback.on_epoch_begin(epoch)
        assert not rewinder.start.exists()


def test_without_a_section_nothing_changes(swd_config, tmp_path):
    with swd_config.unlocked():
        swd_config.watch.watchdog = None
    assert rewinding.watchdogs(swd_config, None, RunFolder(tmp_path)) == []


@pytest.fixture
def model(swd_config):
    return builders.build_model(swd_config, (2,))


def test_newest_good_checkpoint_is_taken(model, tmp_path, capsys):
    folder = RunFolder(tmp_path)
    rewind = rewinding.Rewinder(folder)
    folder.checkpoints.mkdir()
    assert rewind(model) is None
    weight, paths = model.generator.trainable_variables[0], {}
    for epoch in range(1, 6):
        weight.assign(tf.fill(weight.shape, float("nan") if epoch == 4 else float(epoch)))
        model.generator_updates.assign(10 * epoch)
        paths[epoch] = checkpoints.save(model, folder.checkpoints, epoch)
    paths[5].write_bytes(paths[5].read_bytes()[:-100])
    assert [restoring.is_finite(paths[epoch]) for epoch in (3, 4)] == [True, False]

    def back(been):
        weight.assign(tf.zeros(weight.shape))
        step = rewind(model, been)
        return step, float(weight.numpy().max()), model.step

    assert back(()) == (30, 3.0, 30)  # 5 is damaged, 4 is not finite
    assert str(paths[5]) in capsys.readouterr().err
    assert back((30,)) == (20, 2.0, 20)
    assert back((30, 20, 10)) == (10, 1.0, 10)  # all were tried: the oldest, for lower rates
    for epoch in (1, 2, 3):
        paths[epoch].unlink()
    weight.assign(tf.ones(weight.shape))
    assert rewind(model, ()) is None and float(weight.numpy().max()) == 1.0


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"on_nan": "stop"}, "`watch.watchdog` must have keys among .*on_nonfinite.*: on_nan"),
        ({"on_nonfinite": "sleep"}, "`on_nonfinite` must be one of warn, stop, rewind"),
        ({"rules": {"entropy": {}}}, "`watch.watchdog.rules` must be one of .*plan_entropy"),
        ({"rules": {"low_diversity": {"lo": 1}}}, "`watch.watchdog.rules.low_diversity` must have"),
    ],
)
def test_bad_sections_are_named(swd_config, tmp_path, section, message):
    with swd_config.unlocked():
        swd_config.watch.watchdog = ConfigDict(section)
    with pytest.raises(ValueError, match=message):
        experiment.train_and_evaluate(swd_config, str(tmp_path))


def test_mistakes_are_found_before_the_folder_is_begun(swd_config, tmp_path):
    with swd_config.unlocked():
        swd_config.watch.watchdog = ConfigDict({"on_nonfinit": "stop"})
    with pytest.raises(ValueError, match="`watch.watchdog` must have keys among"):
        experiment.train_and_evaluate(swd_config, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_thresholds_come_from_the_config(swd_config, tmp_path):
    rules = {"falling_score": {"to": 0.9}, "low_diversity": None, "plan_entropy": {"low": 0.2}}
    with swd_config.unlocked():
        swd_config.model.name, swd_config.train.batch_size = "ot_gan", 20
        swd_config.watch.watchdog = ConfigDict({"rules": rules, "patience_seconds": 5.0})
    folder = RunFolder(tmp_path)
    folder.begin(swd_config)
    (watchdog,) = rewinding.watchdogs(swd_config, sources.build_source(swd_config), folder)
    by_name = {type(rule).__name__: rule for rule in reversed(watchdog.rules)}
    assert "LowDiversity" not in by_name and len(watchdog.rules) == 5
    assert [r.to for r in watchdog.rules if type(r).__name__ == "FallingScore"] == [0.25, 0.9]
    plan = by_name["PlanEntropy"]
    assert (plan.low, plan.points) == (0.2, 10)  # half a batch
    assert 0 < watchdog.input_seconds < 1
    assert json.loads(folder.config.read_text())["watch"]["watchdog"]["patience_seconds"] == 5.0
