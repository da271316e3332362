"""Checkpoints that are damaged are passed over; those that were not written here are refused."""

import h5py
import numpy as np
import pytest

from tests.apps.malformed import spoilers
from tests.apps.malformed.harness import accepted, contents, refused, train_flags
from tests.apps.malformed.runs import newest, rewrite


def _text(path):
    path.write_text("no checkpoint")


def _empty(path):
    path.write_bytes(b"")


def _folder(path):
    path.unlink()
    path.mkdir()


def _gone_link(path):
    path.unlink()
    path.symlink_to("gone.weights.h5")


def _no_attribute(name):
    def spoil(path):
        with h5py.File(path, "r+") as file:
            del file.attrs[name]

    return spoil


def _attribute(name, value):
    def spoil(path):
        with h5py.File(path, "r+") as file:
            file.attrs[name] = value

    return spoil


def _one_number(path):
    def change(file):
        found = []
        file.visititems(lambda n, i: found.append(i) if isinstance(i, h5py.Dataset) else None)
        value = found[0][()]
        found[0][...] = value + 1

    with h5py.File(path, "r+") as file:
        change(file)


def _vouched(change):
    return lambda path: rewrite(path, change)


def _watchdog(text):
    return _vouched(lambda file: file.attrs.update(watchdog=text))


DAMAGE = {
    "half": spoilers.cut,
    "flipped": spoilers.flip,
    "a text": _text,
    "no bytes": _empty,
    "a folder": _folder,
    "a link to nothing": _gone_link,
    "another number": _one_number,
    "no digest": _no_attribute("sha256"),
    "no step": _no_attribute("step"),
    "no shape": _no_attribute("sample_shape"),
    "a digest of a number": _attribute("sha256", 3),
    "a step of a word": _attribute("step", "three"),
    "an epoch of an array": _attribute("epoch", [1, 2]),
    "a shape of words": _attribute("sample_shape", ["a", "b"]),
    "another epoch": _attribute("epoch", 7),
    "a group in itself": _vouched(spoilers.hard_loop),
    "two groups in each other": _vouched(spoilers.hard_loop_of_two),
    "the file in itself": _vouched(spoilers.hard_loop_of_all),
    "a watchdog of a list": _watchdog("[]"),
    "a watchdog of half a text": _watchdog("{"),
    "a watchdog of a number": _watchdog(5),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_checkpoint_is_passed_over(run_app, finished_points, name):
    (finished_points / "run/generator.keras").unlink()
    DAMAGE[name](newest(finished_points / "run"))
    before = contents(finished_points)
    sample = [f"--workdir={finished_points / 'run'}", f"--out={finished_points / 'x.npz'}"]
    printed, error = accepted(run_app, "sample", sample)
    assert "is damaged" in error and "epoch_000001" in printed
    (finished_points / "x.npz").unlink()
    assert contents(finished_points) == before


@pytest.mark.parametrize("name", ["epoch_x", "epoch_", "epoch_000009", "epoch_1e9", "epoch_-00001"])
def test_a_checkpoint_of_another_name_is_passed_over(run_app, finished_points, name):
    (finished_points / "run/generator.keras").unlink()
    _rename(finished_points, f"{name}.weights.h5")
    sample = [f"--workdir={finished_points / 'run'}", f"--out={finished_points / 'x.npz'}"]
    printed, _ = accepted(run_app, "sample", sample)
    assert "epoch_000001" in printed


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_checkpoints_alone_are_refused(run_app, finished_points, name):
    (finished_points / "run/generator.keras").unlink()
    for path in (finished_points / "run/checkpoints").iterdir():
        DAMAGE[name](path)
    refused(run_app, "train", train_flags(finished_points), "--workdir", finished_points)


def _rename(root, name):
    newest(root / "run").rename(root / "run/checkpoints" / name)


def _other_model(root):
    def change(file):
        for key in list(file):
            del file[key]
        file["x"] = np.zeros(3)

    for path in (root / "run/checkpoints").iterdir():
        rewrite(path, change)


def _other_shapes(root):
    def change(file):
        names = []
        file.visititems(lambda n, i: names.append(n) if isinstance(i, h5py.Dataset) else None)
        for name in names:
            if file[name].ndim:
                value = np.zeros([side + 1 for side in file[name].shape], file[name].dtype)
                del file[name]
                file[name] = value

    for path in (root / "run/checkpoints").iterdir():
        rewrite(path, change)


def _words(root):
    def change(file):
        names = []
        file.visititems(lambda n, i: names.append(n) if isinstance(i, h5py.Dataset) else None)
        for name in names:
            del file[name]
            file[name] = "a word"

    for path in (root / "run/checkpoints").iterdir():
        rewrite(path, change)


def _fewer(root):
    def change(file):
        names = []
        file.visititems(lambda n, i: names.append(n) if isinstance(i, h5py.Dataset) else None)
        for name in names[::2]:
            del file[name]

    for path in (root / "run/checkpoints").iterdir():
        rewrite(path, change)


def _attr_of_all(key, value):
    def change(file):
        file.attrs[key] = value

    def spoil(root):
        for path in (root / "run/checkpoints").iterdir():
            rewrite(path, change)

    return spoil


def _link(make):
    """Put a link where the first array is, in all checkpoints."""

    def spoil(root):
        for path in (root / "run/checkpoints").iterdir():
            rewrite(path, lambda file: spoilers.replace_first(file, make, root))

    return spoil


# name: (what is done to a run without its generator, the message's argument)
CHECKPOINTS = {
    "of an epoch without end": (_attr_of_all("epoch", np.inf), "--workdir"),
    "of a negative epoch": (_attr_of_all("epoch", -1), "--workdir"),
    "of more epochs than asked for": (_attr_of_all("epoch", 9), "--workdir"),
    "of more rounds than an epoch": (_attr_of_all("done", 9), "--workdir"),
    "of rounds below 0": (_attr_of_all("done", -1), "--workdir"),
    "of another model": (_other_model, "--workdir"),
    "of other shapes": (_other_shapes, "--workdir"),
    "of words": (_words, "--workdir"),
    "without half of it": (_fewer, "--workdir"),
    "with a link to another file": (_link(spoilers.external), "--workdir"),
    "with a link to nowhere": (_link(spoilers.soft), "--workdir"),
    "with a link to itself": (_link(spoilers.soft_loop), "--workdir"),
    "with its numbers in another file": (_link(spoilers.storage), "--workdir"),
    "with a view of another file": (_link(spoilers.virtual), "--workdir"),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_that_were_not_written_here_are_refused(run_app, finished_points, name):
    (finished_points / "run/generator.keras").unlink()
    spoil, argument = CHECKPOINTS[name]
    spoil(finished_points)
    refused(run_app, "train", train_flags(finished_points), argument, finished_points)


@pytest.mark.parametrize("name", [n for n in CHECKPOINTS if n.startswith("with")])
def test_nor_are_they_sampled(run_app, finished_points, name):
    (finished_points / "run/generator.keras").unlink()
    spoil, argument = CHECKPOINTS[name]
    spoil(finished_points)
    sample = [f"--workdir={finished_points / 'run'}", f"--out={finished_points / 'x.npz'}"]
    refused(run_app, "sample", sample, argument, finished_points)
