"""A `generator.keras` that was not written here: nothing in it runs, and nothing leaves it."""

import io
import json
import os
import zipfile

import h5py
import keras
import numpy as np
import pytest

from apps import sample as sampling_app
from tests.apps.malformed import spoilers
from tests.apps.malformed.harness import contents, refused


def _evil(root, change):
    """Write a generator whose zip is changed."""
    path = root / "run/generator.keras"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _lambda(root):
    z = keras.Input((3,))
    keras.Model(z, keras.layers.Lambda(lambda x: x + 1)(z)).save(root / "run/generator.keras")


def _module(module, name):
    def change(members):
        layer = {"module": module, "class_name": name, "config": {"command": "touch ran"}}
        members["config.json"] = json.dumps(layer | {"registered_name": None}).encode()

    return lambda root: _evil(root, change)


def _nan(file, name, shape, dtype, root):
    file[name] = np.full(shape, np.nan, dtype)


def _weights(root, make):
    def change(members):
        raw = io.BytesIO(members["model.weights.h5"])
        with h5py.File(raw, "r+") as file:
            spoilers.replace_first(file, make, root)
        members["model.weights.h5"] = raw.getvalue()

    _evil(root, change)


def _member(name, content):
    def change(members):
        members[name] = content

    return lambda root: _evil(root, change)


GENERATORS = {
    "a Lambda layer": _lambda,
    "a class of os": _module("os", "system"),
    "a class of builtins": _module("builtins", "eval"),
    "a class of subprocess": _module("subprocess", "Popen"),
    "a class that is none": _module("keras.layers", "NoSuchLayer"),
    "a config of text": _member("config.json", b"no config"),
    "a config of a list": _member("config.json", b"[]"),
    "a config of null": _member("config.json", b"null"),
    "a deep config": _member("config.json", b"[" * 100_000),
    "weights of text": _member("model.weights.h5", b"no weights"),
    "no weights": lambda root: _evil(root, lambda members: members.pop("model.weights.h5")),
    "no config": lambda root: _evil(root, lambda members: members.pop("config.json")),
    "weights in another file": lambda root: _weights(root, spoilers.external),
    "weights at a link": lambda root: _weights(root, spoilers.soft),
    "weights stored elsewhere": lambda root: _weights(root, spoilers.storage),
    "weights that are a view": lambda root: _weights(root, spoilers.virtual),
    "weights of NaN": lambda root: _weights(root, _nan),
    "half": lambda root: spoilers.cut(root / "run/generator.keras"),
    "flipped": lambda root: spoilers.flip(root / "run/generator.keras"),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_that_was_not_written_here_is_not_run(
    run_app, finished_points, name, monkeypatch
):
    monkeypatch.chdir(finished_points)  # where a command would leave its mark
    GENERATORS[name](finished_points)
    sample = [f"--workdir={finished_points / 'run'}", f"--out={finished_points / 'x.npz'}"]
    refused(run_app, "sample", sample, "--workdir", finished_points)


@pytest.mark.filterwarnings("ignore:Skipping invalid path:UserWarning")  # what Keras says of them
@pytest.mark.parametrize(
    "name", ["../../escaped", "/tmp/escaped_of_a_test", "assets/../../escaped"]
)
def test_names_in_a_generator_cannot_leave_it(run_app, finished_points, name):
    _member(name, b"content")(finished_points)
    before = contents(finished_points.parent)
    sample = [f"--workdir={finished_points / 'run'}", f"--out={finished_points / 'x.npz'}"]
    code, _, error = run_app(sampling_app, *sample)
    assert code == 0 or error.startswith("error: `--workdir`")
    (finished_points / "x.npz").unlink(missing_ok=True)
    assert contents(finished_points.parent) == before and not os.path.exists(
        "/tmp/escaped_of_a_test"
    )
