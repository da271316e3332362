"""Exports against Keras, against the model that was exported, and in a process without either."""

import json
import os
import subprocess
import sys
import zipfile

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from keras_ot_gans import models, networks, ops
from keras_ot_gans.divergences import SlicedWasserstein
from keras_ot_gans.models import exporting, onnx_format, whole_path
from keras_ot_gans.models.export_notes import ExportNotes
from keras_ot_gans.models.exported import load_export
from keras_ot_gans.models.exporting import export_generator
from keras_ot_gans.ops.side_vectors import SideVectors

SMALL = {"latent_dim": 4, "width": 2}
IMAGE = {**SMALL, "image_shape": (16, 16, 1)}
CLASSES = ops.Labels(3, (1.0, 0.0, 3.0))

# Every generator of `networks`, with its labels.
GENERATORS = {
    "mlp": lambda: (networks.mlp(4, (8,), 2, batch_norm=True, spectral_norm=True), None),
    "dcgan_generator": lambda: (networks.dcgan_generator(**IMAGE), None),
    "sndcgan_generator": lambda: (networks.sndcgan_generator(**IMAGE, num_classes=3), CLASSES),
    "sngan_resnet_generator": lambda: (
        networks.sngan_resnet_generator(**SMALL, image_shape=(28, 28, 1), num_classes=3),
        CLASSES,
    ),
    "wgan_gp_resnet_generator": lambda: (networks.wgan_gp_resnet_generator(**IMAGE), None),
    "ot_gan_generator": lambda: (networks.ot_gan_generator(**IMAGE, num_classes=3), CLASSES),
    "ot_gan_generator of vectors": lambda: (
        networks.ot_gan_generator(**IMAGE, side_dim=5),
        SideVectors(5),
    ),
    "age_mlp_generator": lambda: (networks.age_mlp_generator(2, 2, (8,)), None),
    "gaussian_generator": lambda: (
        networks.gaussian_generator(networks.age_mlp_generator(2, 2, (8,))),
        None,
    ),
    "age_stacked_mnist_generator": lambda: (
        networks.age_stacked_mnist_generator(**SMALL, transformation="deterministic"),
        None,
    ),
    "implicit_generator": lambda: (
        networks.implicit_generator(networks.age_stacked_mnist_generator(**SMALL)),
        None,
    ),
    "age_sagan_generator": lambda: (
        networks.implicit_generator(networks.age_sagan_generator(4, width=1)),
        None,
    ),
}


def made(name):
    """A generator whose gains, attention and classes have all left their initial values."""
    generator, labels = GENERATORS[name]()
    rng = np.random.default_rng(0)
    for weight in generator.trainable_variables:
        weight.assign(weight + 0.05 * rng.normal(size=weight.shape).astype("f4"))
    return generator, labels


def inputs(generator, labels, n=5):
    rng = np.random.default_rng(1)
    shape = generator.input_shape if labels is None else generator.input_shape[0]
    z = rng.normal(size=(n, shape[1])).astype("f4")
    if labels is None:
        return [z]
    told = np.arange(n, dtype="i4") % 3
    return [z, told if labels is CLASSES else rng.normal(size=(n, 5)).astype("f4")]


def called(generator, given):
    return generator(given if len(given) > 1 else given[0], training=False).numpy()


def point_model(**kwargs):
    generator = networks.mlp(3, (8,), 2, batch_norm=True)
    return models.MinimumDistanceModel(generator, SlicedWasserstein(4), seed=1, **kwargs)


def simple():
    return networks.mlp(3, (8,), 2, name="generator")


def files(folder):
    return sorted(path.name for path in folder.iterdir())


# --- what is exported ---


def test_every_generator_of_networks_is_tried():
    public = {name for name in networks.__all__ if name.endswith("generator")} | {"mlp"}
    assert {name.partition(" ")[0] for name in GENERATORS} == public


@pytest.mark.parametrize("name", GENERATORS)
def test_onnx_is_keras(tmp_path, name):
    generator, labels = made(name)
    path = tmp_path / "g.onnx"
    export_generator(generator, path, prior=ops.Normal(), labels=labels, format="onnx")
    given = inputs(generator, labels)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    assert names == ["z", "labels"][: len(given)]
    assert [value.shape[0] for value in session.get_inputs()] == ["n"] * len(given)
    (found,) = session.run(["samples"], dict(zip(names, given, strict=True)))
    # float32 rounding in another order, through at most 20 layers
    np.testing.assert_allclose(found, called(generator, given), atol=2e-5)


# The others differ from these by layers of Keras alone, which TensorFlow saves.
@pytest.mark.parametrize("name", ["mlp", "ot_gan_generator of vectors", "implicit_generator"])
def test_saved_model_and_keras_are_the_generator(tmp_path, name):
    generator, labels = made(name)
    given = inputs(generator, labels)
    run = tf.function(lambda *given: called_graph(generator, given))
    wanted = run(*map(tf.constant, given)).numpy()
    for format, path in (("saved_model", tmp_path / "g"), ("keras", tmp_path / "g.keras")):
        export_generator(generator, path, prior=ops.Normal(), labels=labels, format=format)
        exported = load_export(path)
        found = exported(given if labels is not None else given[0]).numpy()
        np.testing.assert_array_equal(found, wanted)
        assert exported.input_shape == generator.input_shape
        assert exported.output_shape == generator.output_shape


def called_graph(generator, given):
    return generator(list(given) if len(given) > 1 else given[0], training=False)


# --- the samples of a seed ---


@pytest.mark.parametrize("prior", [ops.Normal(), ops.Uniform(-0.3, 0.7)], ids=["normal", "uniform"])
def test_sample_draws_what_the_model_draws(tmp_path, prior):
    model = point_model(prior=prior, ema_decay=0.9)
    export_generator(model.ema_generator, tmp_path / "g", prior=prior)
    loaded, exported = tf.saved_model.load(tmp_path / "g"), load_export(tmp_path / "g")
    for n in (0, 1, 7, 256):
        for seed in (0, 12345, 2**32 - 1):
            wanted = model.sample(n, seed=seed)
            np.testing.assert_array_equal(loaded.sample(seed, n)["samples"], wanted)
            signature = loaded.signatures["sample"]
            found = signature(seed=tf.constant(seed, tf.int64), n=tf.constant(n, tf.int64))
            np.testing.assert_array_equal(found["samples"], wanted)
            np.testing.assert_array_equal(exported.sample(n, seed), wanted)
    # Beyond one batch, `load_export` goes by batches as the model does.
    np.testing.assert_array_equal(exported.sample(300, 4), model.sample(300, seed=4))
    with pytest.raises(tf.errors.InvalidArgumentError):
        loaded.sample(0, -1)


def test_conditional_sample_draws_its_labels_or_takes_them(tmp_path):
    generator, labels = made("sndcgan_generator")
    path = export_generator(generator, tmp_path / "g", prior=ops.Normal(), labels=labels)
    loaded, exported = tf.saved_model.load(path), load_export(path)
    drawn = loaded.sample(3, 20)
    wanted = labels.sample((20,), keras.random.SeedGenerator(4)).numpy()
    np.testing.assert_array_equal(drawn["labels"], wanted)
    np.testing.assert_array_equal(exported.sample(20, 3), drawn["samples"])
    again = loaded.sample_of(3, wanted)
    np.testing.assert_array_equal(again["samples"], drawn["samples"])
    z = ops.Normal().sample((20, 4), keras.random.SeedGenerator(3))
    np.testing.assert_array_equal(loaded.generate(z, wanted)["samples"], drawn["samples"])
    assert set(loaded.signatures) == {"generate", "sample", "sample_of", "serving_default"}
    assert "z" in loaded.signatures["serving_default"].structured_input_signature[1]


def test_labels_that_do_not_fit_are_refused(tmp_path):
    generator, labels = made("ot_gan_generator of vectors")
    path = export_generator(generator, tmp_path / "g", prior=ops.Normal(), labels=labels)
    exported = load_export(path)
    with pytest.raises(ValueError, match="`labels` must be given for this generator. .*dim=5"):
        exported.sample(2)
    with pytest.raises(ValueError, match="`labels` must hold one per sample, 2. Received: 3"):
        exported.sample(2, labels=np.zeros((3, 5), "f4"))
    assert set(tf.saved_model.load(path).signatures) == {
        "generate",
        "sample_of",
        "serving_default",
    }


ALONE = """
import sys
sys.modules.update(dict.fromkeys(("keras", "tf_keras", "keras_ot_gans")))  # None: no import
import numpy as np, tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
signature = loaded.signatures["sample"]
samples = signature(seed=tf.constant(5, tf.int64), n=tf.constant(9, tf.int64))["samples"]
assert sys.modules["keras"] is sys.modules["keras_ot_gans"] is None
np.save(sys.argv[2], samples)
"""


def test_saved_model_runs_where_neither_keras_nor_the_library_is(tmp_path):
    model = point_model()
    path = export_generator(model.generator, tmp_path / "g", prior=model.prior)
    command = [sys.executable, "-c", ALONE, path, tmp_path / "a.npy"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), model.sample(9, seed=5))


# --- what is refused ---


def export(path, generator=None, **kwargs):
    generator = simple() if generator is None else generator
    return export_generator(generator, path, **{"prior": ops.Normal(), **kwargs})


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        ("g", {"format": "h5"}, "`format` must be one of saved_model, onnx, keras"),
        ("g", {"format": "onnx"}, "`path` must end with .onnx"),
        ("g.keras", {}, "`path` must be the name of a folder"),
        ("no/g", {}, "`path` must lie in a folder that exists"),
        ("g", {"prior": None}, "`prior` must be ops.Normal"),
        ("g", {"labels": 3}, "`labels` must be ops.Labels"),
        ("g", {"labels": CLASSES}, "`generator` must be a keras.Model of .latents"),
        ("g", {"step": -1}, "`step` must be an integer from 0"),
        ("g", {"sample_range": (0.0, float("nan"))}, "not JSON compliant|Out of range float"),
    ],
)
def test_arguments_that_do_not_fit(tmp_path, name, kwargs, message):
    with pytest.raises(ValueError, match=message):
        export(tmp_path / name, **kwargs)
    assert files(tmp_path) == []


def test_onnx_that_gives_other_samples_is_not_written(tmp_path, monkeypatch):
    right = onnx_format.run_onnx
    monkeypatch.setattr(
        onnx_format, "run_onnx", lambda content: lambda *given: right(content)(*given) + 0.0625
    )
    with pytest.raises(ValueError, match="same samples in ONNX, to 0.0001. .*difference of 0.06"):
        export(tmp_path / "g.onnx", format="onnx")
    assert files(tmp_path) == []


@keras.saving.register_keras_serializable(package="exporting_test")
class Betainc(keras.layers.Layer):
    def call(self, x):
        return tf.math.betainc(x, x, x)


def test_what_onnx_cannot_say_is_named(tmp_path):
    z = keras.Input((3,))
    with pytest.raises(ValueError, match="consist of what ONNX can say. Received: .*Betainc"):
        export(tmp_path / "g.onnx", keras.Model(z, Betainc()(z)), format="onnx")
    z = keras.Input((3,), dtype="bfloat16")
    low = keras.Model(z, keras.layers.Dense(2, dtype="bfloat16")(z))
    with pytest.raises(ValueError, match="compute in float32 to become ONNX. .*bfloat16"):
        export(tmp_path / "g.onnx", low, format="onnx")
    assert files(tmp_path) == []


def test_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match=r"`tf2onnx` must be installed .*keras_ot_gans\[onnx\]"):
        export(tmp_path / "g.onnx", format="onnx")
    assert files(tmp_path) == []


# --- whole or not at all ---


@pytest.mark.parametrize("name", ["g", "g.onnx", "g.keras"])
def test_interrupted_export_leaves_nothing_new_and_the_old_one(tmp_path, monkeypatch, name):
    format = {"g": "saved_model", "g.onnx": "onnx", "g.keras": "keras"}[name]
    suffix, write = exporting._FORMATS[format]

    def interrupted(generator, path, notes):
        write(generator, path, notes)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setitem(exporting._FORMATS, format, (suffix, interrupted))
        with pytest.raises(KeyboardInterrupt):
            export(tmp_path / name, format=format)
        assert files(tmp_path) == []
    first = simple()
    export(tmp_path / name, first, format=format)
    wanted = load_export(tmp_path / name).sample(3)
    with pytest.raises(ValueError, match="`path` must be new"):
        export(tmp_path / name, format=format)
    with monkeypatch.context() as patched:
        patched.setitem(exporting._FORMATS, format, (suffix, interrupted))
        with pytest.raises(KeyboardInterrupt):
            export(tmp_path / name, format=format, overwrite=True)
    assert files(tmp_path) == [name]
    np.testing.assert_array_equal(load_export(tmp_path / name).sample(3), wanted)
    export(tmp_path / name, format=format, overwrite=True)
    assert files(tmp_path) == [name]
    assert not np.array_equal(load_export(tmp_path / name).sample(3), wanted)


def test_overwriting_takes_exports_only(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{}")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "g.onnx").mkdir()
    for name, format in (("run", "saved_model"), ("file", "saved_model"), ("g.onnx", "onnx")):
        with pytest.raises(ValueError, match="to be replaced"):
            export(tmp_path / name, format=format, overwrite=True)
    assert files(tmp_path / "run") == ["config.json"] and (tmp_path / "file").is_file()


def test_leftovers_of_killed_processes_go_and_those_of_running_ones_stay(tmp_path):
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    for process in (int(done.stdout), os.getppid()):
        (tmp_path / f".unfinished-{process}-g").mkdir()
    with whole_path.appearing(tmp_path / "g") as temporary:
        temporary.mkdir()
    assert files(tmp_path) == [f".unfinished-{os.getppid()}-g", "g"]


# --- what is read ---


def test_notes_are_in_every_format(tmp_path):
    generator, labels = made("sndcgan_generator")
    prior = ops.Uniform(-1.0, 2.0)
    for name, format in (("g", "saved_model"), ("g.onnx", "onnx"), ("g.keras", "keras")):
        export(tmp_path / name, generator, prior=prior, labels=labels, format=format, step=7)
        notes = load_export(tmp_path / name).notes
        assert notes == ExportNotes(prior, 4, labels, (16, 16, 1), (-1.0, 1.0), 7)
    assert json.loads((tmp_path / "g/assets.extra/keras_ot_gans.json").read_text())["step"] == 7


GOOD = json.loads(ExportNotes(ops.Uniform(), 3, CLASSES, (2,), None, 0).to_text())
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@hypothesis.given(st.sampled_from([*GOOD, "low", "num_classes", "frequencies"]), ODD)
def test_odd_notes_are_read_or_refused(key, value):
    notes = json.loads(json.dumps(GOOD))
    for part in (notes, notes["prior"], notes["labels"]):
        if key in part:
            part[key] = value
    try:
        read = ExportNotes.from_text(json.dumps(notes))
    except ValueError as error:
        assert str(error).startswith("`")
    else:
        assert read == ExportNotes.from_text(read.to_text())


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "{}", "[" * 100_000, " " * 2**25])
def test_text_that_is_no_notes(text):
    with pytest.raises(ValueError, match="`notes` must|`notes` must be an object"):
        ExportNotes.from_text(text)


def test_notes_of_another_generator_are_refused(tmp_path):
    path = export(tmp_path / "g")
    notes = path / "assets.extra" / "keras_ot_gans.json"
    right = notes.read_text()
    notes.write_text(right.replace('"latent_dim": 3', '"latent_dim": 4'))
    with pytest.raises(ValueError, match="`generator` must be what its notes say"):
        load_export(path)
    notes.unlink()
    with pytest.raises(ValueError, match="`generator` must be an export with notes"):
        load_export(path)
    notes.write_text(right)
    (path / "saved_model.pb").write_bytes(b"\0\1nonsense")
    with pytest.raises(ValueError, match="`generator` must hold a generator that can be read"):
        load_export(path)


def test_files_that_are_no_exports_are_refused_in_one_line(tmp_path):
    simple().save(tmp_path / "plain.keras")
    for name in ("text.keras", "text.onnx", "text"):
        (tmp_path / name).write_text("no export")
    for name in ("plain.keras", "text.keras", "text.onnx", "text", "gone.onnx", "gone.keras", "no"):
        with pytest.raises(ValueError, match="`generator` must ") as error:
            load_export(tmp_path / name)
        assert "\n" not in str(error.value)


def test_code_inside_a_keras_file_is_refused_in_one_line(tmp_path):
    path = export(tmp_path / "g.keras", format="keras")
    with zipfile.ZipFile(path) as archive:
        notes = archive.read("keras_ot_gans.json")
    z = keras.Input((3,))
    keras.Model(z, keras.layers.Lambda(lambda x: x[:, :2])(z)).save(tmp_path / "l.keras")
    with zipfile.ZipFile(tmp_path / "l.keras", "a") as archive:
        archive.writestr("keras_ot_gans.json", notes)
    with pytest.raises(ValueError, match="`generator` must hold no code .*Lambda") as error:
        load_export(tmp_path / "l.keras")
    assert "\n" not in str(error.value)
