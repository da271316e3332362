"""Own data that cannot be used: refused before a run is begun, or left out where that was asked."""

import logging
import os

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from apps import own_data
from tests.apps.malformed import data_cases
from tests.apps.malformed.data_cases import ARRAYS, BROKEN, LEFT_OUT, PIXELS
from tests.apps.malformed.harness import contents, refused


@pytest.fixture
def pictures(images):
    """A folder with fifteen good pictures, and flags that train on it."""
    folder = images / "pictures"
    folder.mkdir()
    for index, pixels in enumerate(PIXELS[:15]):
        Image.fromarray(pixels).save(folder / f"{index:02}.png")
    return folder, [
        f"--config={images / 'config.py'}",
        f"--workdir={images / 'run'}",
        "--config.data.name=folder",
        f"--data_dir={folder}",
    ]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # said beside the error
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_picture_is_named_and_left_out_on_request(run_app, pictures, name, caplog):
    folder, flags = pictures
    file, content = BROKEN[name]
    (folder / file).write_bytes(content)
    message = refused(run_app, "train", flags, "path", folder.parent)
    assert f"{file}: " in message and "1 unreadable" in message
    before = contents(folder)
    with caplog.at_level(logging.WARNING):
        section = {"name": "folder", "image_size": 8, "batch_size": 5, "skip_unreadable": True}
        batches = own_data.read(section, str(folder))
    assert batches.num_samples == 15 and contents(folder) == before
    assert f"{file}: " in caplog.text


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_no_picture_is_left_out(pictures, name):
    folder, _ = pictures
    LEFT_OUT[name](folder)
    section = {"name": "folder", "image_size": 8, "batch_size": 5}
    assert own_data.read(section, str(folder)).num_samples == 15


def _nothing(folder):
    for path in folder.iterdir():
        path.unlink()


def _other_names(folder):
    for path in list(folder.iterdir()):
        path.rename(path.with_suffix(".txt"))


def _all_broken(folder):
    for path in folder.iterdir():
        path.write_bytes(b"no picture")


def _one_class(folder):
    (folder / "a").mkdir()
    for path in list(folder.glob("0*.png")):
        path.rename(folder / "a" / path.name)


def _a_broken_class(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
    for path in list(folder.glob("*.png")):
        path.rename(folder / "a" / path.name)
    (folder / "b" / "x.png").write_bytes(b"no picture")


def _a_file(folder):
    _nothing(folder)
    folder.rmdir()
    folder.write_bytes(data_cases.PNG)


# name: (what is done to the folder, more flags, the message's argument)
FOLDERS = {
    "is empty": (_nothing, [], "path"),
    "holds other names": (_other_names, [], "path"),
    "holds broken pictures alone": (_all_broken, ["--config.data.skip_unreadable=True"], "path"),
    "is a file": (_a_file, [], "path"),
    "is not there": (lambda folder: None, ["--data_dir=/no/where"], "path"),
    "is not named": (lambda folder: None, ["--data_dir="], "data_dir"),
    "is an array": (lambda folder: None, ["--config.data.name=npz"], "path"),
    "has no classes": (lambda folder: None, ["--config.data.with_labels=True"], "with_labels"),
    "has classes for some": (_one_class, ["--config.data.with_labels=True"], "with_labels"),
    "has a class of broken pictures": (
        _a_broken_class,
        ["--config.data.with_labels=True", "--config.data.skip_unreadable=True"],
        "path",
    ),
    "has fewer than a batch": (
        lambda folder: None,
        ["--config.train.batch_size=16"],
        "train.batch_size",
    ),
    "has pictures below the crop": (lambda folder: None, ["--config.data.crop=11"], "crop"),
    "is cropped to boxes": (lambda folder: None, ["--config.data.crop=box"], "crop"),
    "is read with 4 channels": (lambda folder: None, ["--config.data.channels=4"], "channels"),
    "is read with a key": (lambda folder: None, ["--config.data.key=images"], "data"),
    "is larger than memory": (
        lambda folder: None,
        ["--config.data.image_size=100000"],
        "memory_limit",
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_of_pictures_is_refused(run_app, pictures, name):
    folder, flags = pictures
    change, more, argument = FOLDERS[name]
    change(folder)
    refused(run_app, "train", [*flags, *more], argument, folder.parent)


@pytest.mark.parametrize("name", ARRAYS)
def test_a_file_of_arrays_is_refused(run_app, images, name):
    content, flags, argument = ARRAYS[name]
    (images / "mine.npz").write_bytes(content)
    given = [f"--config={images / 'config.py'}", f"--workdir={images / 'run'}"]
    refused(
        run_app, "train", [*given, f"--data_dir={images / 'mine.npz'}", *flags], argument, images
    )


def test_none_of_this_is_refused_without_its_reason(run_app, images):
    np.savez(images / "mine.npz", images=data_cases.GREY, labels=data_cases.LABELS)
    section = {"name": "npz", "image_size": 8, "batch_size": 8, "with_labels": True}
    assert own_data.read(section, str(images / "mine.npz")).num_samples == 16


@pytest.mark.parametrize("app", ["train", "evaluate"])
def test_no_picture_starts_a_program(run_app, pictures, app, monkeypatch, tmp_path):
    """Pillow would hand PostScript to Ghostscript, whatever the file is called."""
    folder, flags = pictures
    (folder.parent / "bin").mkdir()
    program = folder.parent / "bin" / "gs"
    program.write_text(f"#!/bin/sh\ntouch {folder.parent / 'ran'}\necho 10.0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder.parent / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    for path in folder.iterdir():
        path.write_bytes(data_cases.BROKEN["postscript"][1])
    if app == "train":
        refused(run_app, app, flags, "path", folder.parent)
    else:
        np.savez(folder.parent / "real.npz", samples=PIXELS)
        sides = [f"--images={folder}", f"--real_npz={folder.parent / 'real.npz'}"]
        refused(
            run_app, app, [*sides, f"--out={folder.parent / 's.json'}"], "images", folder.parent
        )
