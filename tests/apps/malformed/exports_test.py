"""Exports that are cut, changed or none are not sampled."""

import json
import shutil
import zipfile

import pytest

from tests.apps.malformed.harness import refused
from tests.apps.malformed.spoilers import cut, put


def _notes(change):
    """Change the notes in a .keras file."""

    def spoil(path):
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        notes = json.loads(members["keras_ot_gans.json"])
        change(notes)
        members["keras_ot_gans.json"] = json.dumps(notes).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return spoil


def _remove(name):
    return lambda path: (path / name).unlink()


def _inside(name, content):
    return lambda path: (path / name).write_bytes(content)


def _emptied(path):
    shutil.rmtree(path)
    path.mkdir()


# name: (which export, what is done to it)
EXPORTS = {
    "no export": ("gone", lambda path: None),
    "no ONNX": ("gone.onnx", lambda path: None),
    "no Keras": ("gone.keras", lambda path: None),
    "a text for ONNX": ("model.onnx", put(b"no model")),
    "no bytes for ONNX": ("model.onnx", put(b"")),
    "half an ONNX": ("model.onnx", cut),
    "zeros for ONNX": ("model.onnx", put(bytes(1000))),
    "a text for Keras": ("model.keras", put(b"no model")),
    "no bytes for Keras": ("model.keras", put(b"")),
    "half a Keras": ("model.keras", cut),
    "notes of other latents": ("model.keras", _notes(lambda n: n.update(latent_dim=4))),
    "notes of latents in words": ("model.keras", _notes(lambda n: n.update(latent_dim="3"))),
    "notes of another shape": ("model.keras", _notes(lambda n: n.update(sample_shape=[9, 9, 1]))),
    "notes of no labels": ("model.keras", _notes(lambda n: n.update(labels=None))),
    "notes of more classes": (
        "model.keras",
        _notes(lambda n: n["labels"].update(num_classes=2000, frequencies=None)),
    ),
    "notes of another prior": ("model.keras", _notes(lambda n: n.update(prior={"name": "os"}))),
    "notes of another version": ("model.keras", _notes(lambda n: n.update(format_version=2))),
    "notes without a step": ("model.keras", _notes(lambda n: n.pop("step"))),
    "an empty folder": ("folder", _emptied),
    "no saved_model.pb": ("folder", _remove("saved_model.pb")),
    "no variables": ("folder", lambda path: shutil.rmtree(path / "variables")),
    "a text for saved_model.pb": ("folder", _inside("saved_model.pb", b"no graph")),
    "half a saved_model.pb": ("folder", lambda path: cut(path / "saved_model.pb")),
    "a text for variables": (
        "folder",
        _inside("variables/variables.data-00000-of-00001", b"no variables"),
    ),
    "a text for the index": ("folder", _inside("variables/variables.index", b"no index")),
    "no notes": ("folder", _remove("assets.extra/keras_ot_gans.json")),
    "a text for notes": ("folder", _inside("assets.extra/keras_ot_gans.json", b"no notes")),
    "deep notes": ("folder", _inside("assets.extra/keras_ot_gans.json", b"[" * 100_000)),
    "a run for an export": ("run", lambda path: None),
    "an array for an export": ("mine.npz", lambda path: None),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_that_is_spoilt_is_not_sampled(run_app, finished_images, name):
    file, spoil = EXPORTS[name]
    spoil(finished_images / file)
    flags = [f"--generator={finished_images / file}", f"--out={finished_images / 'x.npz'}"]
    refused(run_app, "sample", [*flags, "--num=3"], "generator", finished_images)
