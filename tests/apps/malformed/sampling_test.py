"""Flags of sampling and export that cannot be used."""

import pytest

from tests.apps.malformed.harness import filled, refused

# name: (flags, the message's argument); `@` is the folder of the case
SAMPLES = {
    "no run": (["--workdir=@/nothing"], "--workdir"),
    "a file for a run": (["--workdir=@/mine.npz"], "--workdir"),
    "a folder that is no run": (["--workdir=@"], "--workdir"),
    "a name that no system has": (["--workdir=@/" + "x" * 300], "--workdir"),
    "a run and an export": (["--generator=@/model.keras"], "--workdir"),
    "none": (["--num=0"], "num"),
    "fewer than none": (["--num=-1"], "num"),
    "a half": (["--num=1.5"], "flags"),
    "a word": (["--num=many"], "flags"),
    "more than memory": (["--num=1000000000000000"], "num"),
    "more than numbers": (["--num=1" + "0" * 40], "num"),
    "a seed below 0": (["--seed=-1"], "num"),
    "a seed beyond 32 bits": (["--seed=1" + "0" * 40], "num"),
    "a label below 0": (["--label=-1"], "label"),
    "a label beyond the classes": (["--label=4"], "label"),
    "a label in words": (["--label=cat"], "flags"),
    "another suffix": (["--out=@/x.jpg"], "out"),
    "no suffix": (["--out=@/x"], "out"),
    "no name": (["--out="], "out"),
    "a missing folder": (["--out=@/nothing/x.png"], "out"),
    "a file for a folder": (["--out=@/mine.npz/x.png"], "out"),
    "a folder for a file": (["--out=@/folder.png"], "out"),
    "a critic without a sampler": (["--critic_workdir=@/run"], "critic_workdir"),
    "no critic's run": (["--sampler=dot", "--critic_workdir=@/nothing"], "--workdir"),
    "an unknown sampler": (["--sampler=dots"], "sampler"),
    "no sampler": (["--sampler="], "sampler"),
    "an open bracket": (["--sampler=dot("], "sampler"),
    "a word for a number": (["--sampler=dot(updates=x)"], "sampler"),
    "updates below 0": (["--sampler=dot(updates=-1)"], "updates"),
    "updates of a half": (["--sampler=dot(updates=1.5)"], "sampler.updates"),
    "updates of a list": (["--sampler=dot(updates=[1])"], "sampler.updates"),
    "updates in quotes": (["--sampler=dot(updates='1')"], "sampler.updates"),
    "updates twice": (["--sampler=dot(updates=1,updates=2)"], "sampler"),
    "a value without its name": (["--sampler=dot(1)"], "sampler"),
    "stars": (["--sampler=dot(**{})"], "sampler"),
    "an import": (["--sampler=__import__('os')"], "sampler"),
    "an import for a value": (["--sampler=dot(updates=__import__('os').getpid())"], "sampler"),
    "an attribute": (["--sampler=os.system('touch ran')"], "sampler"),
    "two statements": (["--sampler=dot(updates=1);x"], "sampler"),
    "a comparison": (["--sampler=dot<1"], "sampler"),
    "a lambda": (["--sampler=(lambda: 1)()"], "sampler"),
    "a zero byte": (["--sampler=dot(updates=1)\0"], "sampler"),
    "many brackets": (["--sampler=" + "(" * 500 + ")" * 500], "sampler"),
    "many signs": (["--sampler=dot(updates=" + "-" * 20000 + "1)"], "sampler"),
    "many digits": (["--sampler=dot(updates=" + "1" * 5000 + ")"], "sampler"),
    "a rate of words": (["--sampler=dot(rate='low')"], "sampler.rate"),
    "a rate beyond all numbers": (["--sampler=dot(rate=1e999)"], "sampler.rate"),
    "a rate below 0": (["--sampler=dot(rate=-1.0)"], "sampler.rate"),
    "a rate of None": (["--sampler=dot(rate=None)"], "sampler.rate"),
    "an unknown optimizer": (["--sampler=dot(optimizer='lion')"], "sampler.optimizer"),
    "a list for an optimizer": (["--sampler=dot(optimizer=['adam'])"], "sampler.optimizer"),
    "an unknown knob": (["--sampler=dot(steps=3)"], "sampler"),
    "an unknown space": (["--sampler=dot(space='none')"], "space"),
    "an unknown calibration": (
        ["--sampler=rejection(calibration='x')", "--data_dir=@/mine.npz"],
        "sampler.calibration",
    ),
    "a calibration of numbers": (
        ["--sampler=rejection(calibration=3)", "--data_dir=@/mine.npz"],
        "sampler.calibration",
    ),
    "a calibration without data": (["--sampler=rejection"], "data_dir"),
    "data that are none": (["--sampler=rejection", "--data_dir=@/nothing"], "path"),
    "an unknown start": (["--sampler=metropolis_hastings(initial='x')"], "sampler.initial"),
    "a list for a start": (["--sampler=metropolis_hastings(initial=[])"], "sampler.initial"),
    "a truncation below 0": (["--sampler=truncation(threshold=-1.0)"], "threshold"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_flags_of_sampling_are_refused(run_app, finished_images, name, monkeypatch):
    monkeypatch.chdir(finished_images)
    (finished_images / "folder.png").mkdir()
    flags, argument = SAMPLES[name]
    given = ["--workdir=@/run", "--out=@/x.npz", "--num=2", *flags]
    refused(run_app, "sample", filled(given, finished_images), argument, finished_images)


# the same for exports
EXPORTING = {
    "no run": (["--workdir=@/nothing"], "--workdir"),
    "no name": (["--out="], ""),
    "an unknown format": (["--format=torch"], "format"),
    "a format of another suffix": (["--format=onnx"], "path"),
    "an export that is there": (["--out=@/model.onnx"], "path"),
    "a missing folder": (["--out=@/nothing/model.onnx"], ""),
    "the run itself": (["--out=@/run"], ""),
    "the run itself, replaced": (["--out=@/run", "--overwrite"], ""),
    "a file for a folder": (["--out=@/mine.npz/model.onnx"], ""),
}


@pytest.mark.parametrize("name", EXPORTING)
def test_flags_of_export_are_refused(run_app, finished_images, name):
    flags, argument = EXPORTING[name]
    given = filled(["--workdir=@/run", "--out=@/new", *flags], finished_images)
    refused(run_app, "export", given, argument, finished_images)
