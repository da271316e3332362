import shutil

import numpy as np
import pytest
import tensorflow as tf

from apps import builders, checkpoints, experiment, export, exporting, run_labels, sample, sampling
from apps.run_folder import RunFolder
from keras_ot_gans.models.exported import load_export

NAMES = ("digits", "digits.onnx", "digits.keras")


@pytest.fixture
def run(swd_config, tmp_path):
    """A finished run of two epochs."""
    swd_config.train.generator_updates = 20
    experiment.train_and_evaluate(swd_config, str(tmp_path / "run"))
    return tmp_path / "run"


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def load_model(config, folder, sample_shape):
    model = builders.build_model(config, sample_shape, run_labels.read(RunFolder(folder), config))
    model.load_weights(checkpoints.files(folder / "checkpoints")[-1])
    return model


def test_exports_are_sampled_without_the_run(run_app, run, swd_config, tmp_path):
    wanted = load_model(swd_config, run, (2,)).sample(7, seed=4)
    before = content(run)
    for name in NAMES:
        code, printed, _ = run_app(export, f"--workdir={run}", f"--out={tmp_path / name}")
        assert code == 0 and f"Exported generator.keras of {run} to {tmp_path / name}" in printed
    assert content(run) == before
    shutil.rmtree(run)
    for name in NAMES:
        generator, out = f"--generator={tmp_path / name}", tmp_path / "a.npz"
        code, printed, _ = run_app(sample, generator, "--num=7", "--seed=4", f"--out={out}")
        assert code == 0 and f"7 samples of shape (2,) from {name}" in printed
        # float32 rounding: onnxruntime multiplies in another order
        np.testing.assert_allclose(np.load(out)["samples"], wanted, atol=1e-5)
        assert load_export(tmp_path / name).notes.step == 20
    code, _, _ = run_app(sample, generator, f"--out={tmp_path / 'a.png'}")
    assert code == 0 and (tmp_path / "a.png").exists()
    loaded = tf.saved_model.load(tmp_path / "digits")
    np.testing.assert_array_equal(loaded.sample(4, 7)["samples"], wanted)


def test_newest_checkpoint_of_an_unfinished_run(run, swd_config, tmp_path):
    wanted = load_model(swd_config, run, (2,)).sample(7, seed=4)
    (run / "generator.keras").unlink()
    said = exporting.export_run(str(run), str(tmp_path / "g"))
    assert "Exported epoch_000002.weights.h5 of" in said and "tf.saved_model.load" in said
    np.testing.assert_array_equal(load_export(tmp_path / "g").sample(7, 4), wanted)


def test_labels_of_a_conditional_run(labelled_config, tmp_path):
    labelled_config.train.generator_updates = 10
    run = tmp_path / "run"
    experiment.train_and_evaluate(labelled_config, str(run))
    model = load_model(labelled_config, run, (28, 28, 1))
    exporting.export_run(str(run), str(tmp_path / "g"))
    shutil.rmtree(run)
    out = tmp_path / "a.npz"
    sampling.sample_to_file(None, 5, 3, str(out), generator=str(tmp_path / "g"))
    with np.load(out) as found:
        np.testing.assert_array_equal(found["labels"], model.sample_labels(5, 3))
        np.testing.assert_allclose(found["samples"], model.sample(5, seed=3), atol=1e-6)
    said = sampling.sample_to_file(None, 2, 3, str(out), 8, generator=str(tmp_path / "g"))
    assert "2 samples of class 8" in said
    with np.load(out) as found:
        wanted = model.sample(2, seed=3, labels=np.array([8, 8]))
        np.testing.assert_allclose(found["samples"], wanted, atol=1e-6)
    with pytest.raises(ValueError, match="`label` must be a class of the run, 0 to 9"):
        sampling.sample_to_file(None, 2, 3, str(out), 10, generator=str(tmp_path / "g"))


def test_the_step_is_that_of_the_weights(run, tmp_path, monkeypatch):
    last, out = checkpoints.files(run / "checkpoints")[-1], tmp_path / "g.keras"
    content = last.read_bytes()
    last.write_bytes(b"damaged")  # the finished generator is not
    exporting.export_run(str(run), str(out))
    assert load_export(out).notes.step == 20
    (run / "generator.keras").unlink()
    newest, calls = checkpoints.newest, []

    def later(folder):
        """What a run that goes on would show: the next checkpoint after the weights are read."""
        found = newest(folder)
        calls.append(found)
        if len(calls) == 2:
            last.write_bytes(content)
        return found

    monkeypatch.setattr(checkpoints, "newest", later)
    exporting.export_run(str(run), str(out), overwrite=True)
    assert load_export(out).notes.step == 10


def test_the_suffix_says_the_format_and_no_other_is_guessed(run_app, run, tmp_path):
    for name, made in (("A.ONNX", "A.onnx"), ("b.Keras", "b.keras"), ("c", "c")):
        code, printed, _ = run_app(export, f"--workdir={run}", f"--out={tmp_path / name}")
        assert code == 0 and f"to {tmp_path / made}. " in printed
        assert load_export(tmp_path / made).sample(2).shape == (2, 2)
    for name in ("gen.h5", "gen.tflite", "gen.v2"):
        code, _, error = run_app(export, f"--workdir={run}", f"--out={tmp_path / name}")
        assert code == 2 and "`--out` must end with .keras or .onnx" in error
        assert not (tmp_path / name).exists()
    flags = [f"--workdir={run}", f"--out={tmp_path / name}", "--format=saved_model"]
    assert run_app(export, *flags)[0] == 0 and (tmp_path / "gen.v2/saved_model.pb").exists()


def test_samplers_take_exports_with_gradients(run, tmp_path):
    out = str(tmp_path / "a.npz")
    for name in NAMES[:2]:
        exporting.export_run(str(run), str(tmp_path / name))
    given = {"generator": str(tmp_path / "digits"), "sampler": "truncation(threshold=1.0)"}
    assert "digits by truncation" in sampling.sample_to_file(None, 5, 0, out, **given)
    given["generator"] += ".onnx"
    with pytest.raises(ValueError, match="`sampler` must be left out for ONNX"):
        sampling.sample_to_file(None, 5, 0, out, **given)


def test_bad_arguments_are_one_line(run_app, run, tmp_path, monkeypatch):
    taken = tmp_path / "taken.keras"
    taken.write_text("mine")
    made = [export, f"--workdir={run}"]
    drawn = [sample, f"--out={tmp_path / 'a.npz'}"]
    for call, part in (
        ([export, f"--out={tmp_path / 'g'}"], "`--workdir` must be given"),
        (made, "`--out` must be given"),
        ([export, f"--workdir={tmp_path}", "--out=g"], "`--workdir` must be the folder of a run"),
        ([*made, f"--out={taken}"], "`path` must be new"),
        ([*made, f"--out={run}", "--overwrite"], "`path` must hold a SavedModel and nothing else"),
        ([*made, f"--out={tmp_path / 'g'}", "--format=h5"], "`format` must be one of"),
        ([*made, f"--out={tmp_path / 'no' / 'g'}"], "`path` must lie in a folder that exists"),
        (drawn, "`--workdir` must be given"),
        ([*drawn, f"--workdir={run}", f"--generator={taken}"], "and not both"),
        ([*drawn, f"--generator={taken}"], "`generator` must be an export with notes"),
        ([*drawn, f"--generator={tmp_path / 'no'}"], "`generator` must be an export with notes"),
    ):
        code, _, error = run_app(*call)
        assert code == 2 and part in error and "Received: " in error

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "export_generator", full)
    with pytest.raises(ValueError, match="`--out` must be a place that can be written to.*No sp"):
        exporting.export_run(str(run), str(tmp_path / "g"))
    assert taken.read_text() == "mine" and (run / "config.json").exists()


def test_generator_with_code_inside_is_refused_in_one_line(run, tmp_path):
    import keras

    z = keras.Input((2,))
    keras.Model(z, keras.layers.Lambda(lambda x: x)(z)).save(run / "generator.keras")
    with pytest.raises(ValueError, match="`--workdir` must hold no code .*Lambda") as error:
        sampling.sample_to_file(str(run), 1, 0, str(tmp_path / "a.npz"))
    assert "\n" not in str(error.value)
