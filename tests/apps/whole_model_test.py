"""`model.keras`: what a finished run of a model with an encoder leaves beside its generator."""

import os
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from apps import builders, checkpoints, experiment, export, exporting, run_folder
from apps.reporting.run import read_run
from apps.run_folder import RunFolder
from tests.apps.bidirectional_builders_test import small_grid
from tests.apps.same_runs import assert_same_run, files

X = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")


def config():
    """Two epochs of an AGE with an average of its generator."""
    settings = small_grid()
    with settings.unlocked():
        settings.model.ema_decay = 0.5
        settings.watch.watchdog = None
    settings.model.discriminator_steps = 1
    settings.train.generator_updates, settings.train.updates_per_epoch = 4, 2
    settings.watch.pictures, settings.watch.metrics = (), ()
    return settings


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run: only looked at."""
    run = tmp_path_factory.mktemp("age") / "run"
    experiment.train_and_evaluate(config(), str(run))
    return run


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "run")


def of_checkpoint(run, index=-1):
    model = builders.build_model(config(), (2,))
    model.load_weights(checkpoints.files(run / "checkpoints")[index])
    return model


def assert_same_views(ours, theirs):
    for view in (
        lambda m: m.encode(X, seed=1),
        lambda m: m.reconstruct(X, noise=False),
        lambda m: m.reconstruct(X, noise=False, use_ema=False),
        lambda m: m.interpolate(X[:3], X[3:], steps=4),
    ):
        # The same networks, compiled twice: within float32 rounding.
        np.testing.assert_allclose(view(ours), view(theirs), atol=1e-5)


def test_a_finished_run_encodes_reconstructs_and_interpolates(trained):
    assert files(trained).keys() == {
        *(f"checkpoints/epoch_{epoch:06d}.weights.h5" for epoch in (1, 2)), "config.json",
        "data.json", "environment.txt", "metrics.jsonl", "reals.png", "generator.keras",
        "model.keras",
    }  # fmt: skip
    model = keras.saving.load_model(trained / "model.keras", safe_mode=True)
    assert_same_views(model, of_checkpoint(trained))
    generator = keras.saving.load_model(trained / "generator.keras")
    for ours, theirs in zip(model.ema_generator.weights, generator.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)  # `reconstruct` takes the average as well
    sizes = read_run(trained, "run").files
    assert sizes["model.keras"] == (trained / "model.keras").stat().st_size


def test_a_run_that_is_killed_between_the_two_files_makes_up_for_them(
    run, trained, tmp_path, monkeypatch
):
    for name in ("generator.keras", "model.keras"):
        (run / name).unlink()

    def killed(*_, **__):
        assert (run / "model.keras").exists()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(experiment, "export_generator", killed)
        with pytest.raises(KeyboardInterrupt):
            experiment.train_and_evaluate(config(), str(run))
    assert (run / "model.keras").exists() and not (run / "generator.keras").exists()
    experiment.train_and_evaluate(config(), str(run))
    assert_same_run(run, trained)
    assert_same_views(keras.saving.load_model(run / "model.keras"), of_checkpoint(trained))


@pytest.mark.parametrize("killed_at", ["generator", "model"])
def test_an_earlier_model_is_kept_also_where_the_run_is_killed_on_its_way(
    run, monkeypatch, killed_at
):
    settings, folder = config(), RunFolder(run)
    settings.train.generator_updates = 6
    last = checkpoints.files(folder.checkpoints)[-1]
    old = {name: (run / f"{name}.keras").read_bytes() for name in ("generator", "model")}

    def killed_before(act):
        def wrapped(path, *args, **kwargs):
            if path == run / f"{killed_at}.keras":
                raise KeyboardInterrupt
            return act(path, *args, **kwargs)

        return wrapped

    with monkeypatch.context() as patched:
        patched.setattr(run_folder.os, "replace", killed_before(os.replace))
        patched.setattr(Path, "unlink", killed_before(Path.unlink))
        with pytest.raises(KeyboardInterrupt):
            folder.begin(settings, last)
    # While there is a generator the run is finished, and has its model.
    assert folder.generator.exists() == (killed_at == "generator") and folder.model.exists()
    folder.begin(settings, last)
    assert not folder.model.exists() and not folder.generator.exists()
    for name, content in old.items():
        assert (run / f"{name}_of_epoch_000002.keras").read_bytes() == content


def test_export_of_the_whole_model(run_app, run, tmp_path):
    flags = [f"--workdir={run}", "--part=model"]
    before = files(run)
    code, printed, _ = run_app(export, *flags, f"--out={tmp_path / 'a.Keras'}")
    assert code == 0 and f"Exported the model in model.keras of {run} to" in printed
    assert files(run) == before
    wanted = of_checkpoint(run)
    assert_same_views(keras.saving.load_model(tmp_path / "a.keras"), wanted)
    (run / "model.keras").unlink()  # as of a run that was finished before there was one
    said = exporting.export_run(str(run), str(tmp_path / "b.keras"), part="model")
    assert "Exported the model in epoch_000002.weights.h5 of" in said
    loaded = keras.saving.load_model(tmp_path / "b.keras")
    assert_same_views(loaded, wanted)
    assert loaded.step == 4 and not loaded.compiled

    for more, part in (
        ([f"--out={tmp_path / 'c'}"], "`--out` must end with .keras for --part=model"),
        ([f"--out={tmp_path / 'c.onnx'}"], "`--out` must end with .keras for --part=model"),
        ([f"--out={tmp_path / 'c.keras'}", "--format=onnx"], "`--out` must end with .keras for"),
        ([f"--out={tmp_path / 'b.keras'}"], "`path` must be new"),
        ([f"--out={tmp_path / 'c.keras'}", "--part=encoder"], "`--part` must be one of generator,"),
    ):
        code, _, error = run_app(export, *flags, *more)
        assert code == 2 and part in error and "Received: " in error
    (run / "generator.keras").unlink()
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(ValueError, match="`--workdir` must hold a generator.*no checkpoint yet"):
        exporting.export_run(str(run), str(tmp_path / "c.keras"), part="model")


def test_a_model_with_code_inside_is_refused(run, tmp_path):
    z = keras.Input((2,))
    keras.Model(z, keras.layers.Lambda(lambda x: x)(z)).save(run / "model.keras")
    with pytest.raises(ValueError, match="`--workdir` must hold no code .*Lambda"):
        exporting.export_run(str(run), str(tmp_path / "a.keras"), part="model")
    assert not (tmp_path / "a.keras").exists()


def test_a_run_without_an_encoder_has_no_such_file_and_can_be_exported(swd_config, tmp_path):
    swd_config.train.generator_updates = 10
    run = tmp_path / "run"
    experiment.train_and_evaluate(swd_config, str(run))
    assert not (run / "model.keras").exists()
    exporting.export_run(str(run), str(tmp_path / "a.keras"), part="model")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    generator = keras.saving.load_model(run / "generator.keras")
    assert loaded.step == 10
    for ours, theirs in zip(loaded.generator.weights, generator.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
