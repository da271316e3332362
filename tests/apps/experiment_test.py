"""A run from its config to its folder, stopped, continued and finished."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps import experiment, sampling, train
from configs import age_imbalanced_grid
from keras_ot_gans.callbacks import read_json_lines
from tests.apps.checkpoint_arrays import arrays
from tests.apps.same_runs import OF_MACHINE, files, stop_after


def final_state(workdir):
    """All weights, optimizers, seeds and counters of the last checkpoint, bit by bit."""
    path = sorted((workdir / "checkpoints").iterdir())[-1]
    assert path.name == "epoch_000004.weights.h5"
    return arrays(path)


@pytest.mark.parametrize("name", ["act_config", "swd_config", "labelled_config"])
def test_two_and_two_epochs_are_bit_identical_to_four(name, request, tmp_path, capsys):
    config = request.getfixturevalue(name)
    config.train.checkpoints_to_keep = 4
    first = experiment.train_and_evaluate(config, str(tmp_path / "unbroken"))
    shutil.copytree(tmp_path / "unbroken", tmp_path / "stopped")
    stop_after(tmp_path / "stopped", 2)
    again = experiment.train_and_evaluate(config, str(tmp_path / "stopped"))
    assert "after epoch 2" in capsys.readouterr().out

    unbroken, stopped = final_state(tmp_path / "unbroken"), final_state(tmp_path / "stopped")
    assert unbroken.keys() == stopped.keys()
    assert len(unbroken) > (10 if name == "swd_config" else 30)
    for key, value in unbroken.items():
        np.testing.assert_array_equal(stopped[key], value, err_msg=key)
    assert {k: v for k, v in first.items() if k not in OF_MACHINE} == {
        k: v for k, v in again.items() if k not in OF_MACHINE
    }
    assert (first["epoch"], first["step"]) == (4, 40)
    # Of the repeated epochs both lines are there, the later ones count.
    assert [line["epoch"] for line in read_json_lines(tmp_path / "stopped" / "metrics.jsonl")] == [
        1, 2, 3, 4, 3, 4,
    ]  # fmt: skip


def test_finished_run_says_so_and_does_nothing(swd_config, tmp_path, capsys):
    first = experiment.train_and_evaluate(swd_config, str(tmp_path))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    capsys.readouterr()
    assert experiment.train_and_evaluate(swd_config, str(tmp_path)) == first
    assert "is finished" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before

    swd_config.train.batch_size = 9
    with pytest.raises(ValueError, match="train.batch_size: 8 there, 9 now"):
        experiment.train_and_evaluate(swd_config, str(tmp_path))

    # Stopped between the last checkpoint and the generator: only that is made up for.
    swd_config.train.batch_size = 8
    generator = keras.saving.load_model(tmp_path / "generator.keras")
    stop_after(tmp_path, 4)
    experiment.train_and_evaluate(swd_config, str(tmp_path))
    for old, new in zip(
        generator.weights,
        keras.saving.load_model(tmp_path / "generator.keras").weights,
        strict=True,
    ):
        np.testing.assert_array_equal(old, new)


def test_run_folder_of_points(act_config, tmp_path):
    watch = act_config.watch
    watch.pictures, watch.metrics = ("samples", "navigator", "plans"), ("mode_coverage",)
    watch.num_pictured, watch.num_evaluated, watch.every = 20, 20, 2
    last = experiment.train_and_evaluate(act_config, str(tmp_path))
    pictures = [f"{kind}/step_{step:06d}.png" for kind in ("samples", "navigator", "plans")
                for step in (0, 20, 40)]  # fmt: skip
    checkpoints = [f"checkpoints/epoch_{epoch:06d}.weights.h5" for epoch in (2, 3, 4)]
    expected = {
        *pictures, *checkpoints, "config.json", "data.json", "environment.txt", "metrics.jsonl",
        "reals.png", "generator.keras",
    }  # fmt: skip
    assert files(tmp_path).keys() == expected

    lines = read_json_lines(tmp_path / "metrics.jsonl")
    assert [(line["epoch"], line["step"]) for line in lines] == [(1, 10), (2, 20), (3, 30), (4, 40)]
    assert all(line["transport_cost"] > 0 and line["updates_per_second"] > 0 for line in lines)
    assert ["modes_captured" in line for line in lines] == [False, True, False, True]
    assert last == lines[-1]

    tags = set()
    for path in (tmp_path / "logs").iterdir():
        for event in tf.data.TFRecordDataset(str(path)):
            parsed = tf.compat.v1.Event.FromString(event.numpy())
            tags |= {(value.tag, parsed.step) for value in parsed.summary.value}
    assert {
        ("train/transport_cost", 10),
        ("evaluation/modes_captured", 40),
        ("samples", 20),
    } <= tags


def test_run_of_images_and_its_samples(image_config, mock_images, tmp_path):
    config = image_config
    config.model.ema_decay = 0.5
    experiment.train_and_evaluate(config, str(tmp_path))
    assert (tmp_path / "reals.png").exists() and (tmp_path / "samples/step_000008.png").exists()
    arrays = []
    for _ in range(2):  # of the finished run, then of its checkpoint
        sampling.sample_to_file(str(tmp_path), 5, 3, str(tmp_path / "a.npz"))
        arrays.append(np.load(tmp_path / "a.npz")["samples"])
        (tmp_path / "generator.keras").unlink(missing_ok=True)
    assert arrays[0].shape == (5, 28, 28, 1) and np.abs(arrays[0]).max() <= 1
    # The same network, compiled twice: within float32 rounding.
    np.testing.assert_allclose(arrays[0], arrays[1], atol=1e-6)


def test_dry_run_prints_the_plan_takes_a_step_and_writes_nothing(
    act_config, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    logs = experiment.train_and_evaluate(act_config, None, dry_run=True)
    assert np.isfinite(logs["transport_cost"])
    printed = capsys.readouterr().out
    assert json.loads(printed[: printed.index("\n}") + 2])["train"]["batch_size"] == 8
    for part in (
        "ACTGAN on eight_gaussians, samples (2,)",
        "critic               60 parameters, adam, learning rate 0.001",  # 3 * 8 + 9 * 4
        "40 generator updates: 4 epochs of 5 rounds, 2 generator, 2 navigator, 1 critic updates",
        "batch 8",
        "Nothing was written",
    ):
        assert part in printed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("train.generator_updates", 45, "`train.generator_updates` must be a multiple"),
        ("train.batch_size", 0, "`train.batch_size` must be at least 1"),
        ("train.steps_per_execution", 3, "`train.updates_per_epoch` must be a multiple.*2 \\* 3"),
        ("train.updates_per_epoch", 5, "`train.updates_per_epoch` must be a multiple.*5, and 2"),
        ("train.batch_size", 51, "`train.batch_size` must not exceed the number of .*, 50"),
        ("watch.pictures", ("sample",), "`watch.pictures` must be one of.*'samples'"),
        ("watch.metrics", ("fid",), "`watch.metrics` must be one of"),
    ],
)
def test_bad_values_leave_no_folder_behind(act_config, tmp_path, key, value, message):
    section, name = key.split(".")
    act_config[section][name] = value
    with pytest.raises(ValueError, match=message):
        experiment.train_and_evaluate(act_config, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_other_image_size_than_the_network_takes(image_config, mock_images, tmp_path):
    image_config.data.image_size = 30
    with pytest.raises(ValueError, match="`image_shape` must have a side of"):
        experiment.train_and_evaluate(image_config, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_commands_in_processes_of_their_own(request, tmp_path):
    """What a user types: a mistake, a run, its sample."""

    def shell(*command):
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=request.config.rootpath,
            capture_output=True,
            text=True,
        )

    config = ["--config=configs/swd_8gaussians.py", f"--workdir={tmp_path / 'run'}"]
    wrong = shell("apps.train", *config, "--config.foo=1")
    assert wrong.returncode == 2 and wrong.stdout == "" and "Traceback" not in wrong.stderr
    assert wrong.stderr.startswith("error: `--config.foo` must be a key")

    short = ["--config.train.generator_updates=4", "--config.train.updates_per_epoch=2",
             "--config.train.steps_per_execution=1", "--config.data.n=100",
             "--config.watch.num_evaluated=50"]  # fmt: skip
    done = shell("apps.train", *config, *short)
    assert done.returncode == 0, done.stderr
    assert "2/2" in done.stdout and "generator_loss" in done.stdout and "Finished" in done.stdout
    drawn = shell("apps.sample", config[1], "--num=9", f"--out={tmp_path / 'a.png'}")
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_train_app_reaches_the_experiment(run_app, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(experiment, "train_and_evaluate", lambda *given: seen.append(given))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        "from configs import swd_8gaussians\n"
        "def get_config():\n    return swd_8gaussians.get_config()\n"
    )
    arguments = ("--config=mine.py", "--config.train.seed=5", "--workdir=w", "--data_dir=d")
    assert run_app(train, *arguments)[0] == 0
    ((config, *rest),) = seen
    assert (
        config.train.seed == 5 and config.is_locked and rest[:5] == ["w", "d", False, False, False]
    )
    assert rest[5].num_replicas_in_sync == 1


@pytest.mark.parametrize("name", ["navigator", "dot", "reconstructions", "interpolations"])
def test_pictures_that_the_model_lacks(swd_config, tmp_path, name):
    swd_config.watch.pictures = (name,)
    with pytest.raises(ValueError, match=f"`watch.pictures` must be .* Received: '{name}' for Min"):
        experiment.train_and_evaluate(swd_config, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_points_have_no_interpolations(tmp_path):
    config = age_imbalanced_grid.get_config()
    config.watch.pictures = ("samples", "interpolations")
    with pytest.raises(ValueError, match="`watch.pictures` must not hold 'interpolations' of poi"):
        experiment.train_and_evaluate(config, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_points_of_many_coordinates_have_no_scatter(swd_config, tmp_path):
    np.save(tmp_path / "points.npy", np.random.default_rng(0).normal(size=(50, 3)).astype("f4"))
    swd_config.data.name, swd_config.watch.pictures = "npz", ("samples",)
    swd_config.watch.metrics = ()
    place = str(tmp_path / "points.npy")
    with pytest.raises(ValueError, match="`watch.pictures` must not hold 'samples'"):
        experiment.train_and_evaluate(swd_config, str(tmp_path / "run"), place)
    assert not (tmp_path / "run").exists()
    swd_config.watch.pictures = ()
    swd_config.train.generator_updates = 10
    experiment.train_and_evaluate(swd_config, str(tmp_path / "run"), place)
