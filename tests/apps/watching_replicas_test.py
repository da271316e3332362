"""What watches a run sees the same on several replicas as on one: pictures, scores, rewinds."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_ot_gans.callbacks import read_json_lines
from tests.apps.commands_test import ACT, AGE, ALONE_PROGRAM, CRITIC, IMAGES, POINTS, SCORED
from tests.apps.same_runs import OF_MACHINE

ROOT = Path(__file__).resolve().parents[2]
# name: flags of `apps.train`, and the pictures that there must be.
CASES = {
    "DOT and scores": (
        "--config=configs/lipschitz_mnist.py:wgan_gp --config.watch.pictures=\"('samples','dot')\" "
        + IMAGES + CRITIC + SCORED,
        {"samples", "dot"},
    ),
    "plans and scores": (
        "--config=configs/act_mnist.py --config.watch.pictures=\"('samples','plans')\" "
        + ACT + SCORED,
        {"samples", "plans"},
    ),
    "navigators": (
        "--config=configs/act_bimodal_1d.py " + POINTS,
        {"samples", "navigator"},
    ),
    "reconstructions and interpolations": (
        "--config=configs/age_mnist.py "
        "--config.watch.pictures=\"('samples','reconstructions','interpolations')\" " + AGE,
        {"samples", "reconstructions", "interpolations"},
    ),
}  # fmt: skip


def train(place, name, flags):
    """A run in a process of its own, on images of noise in place of MNIST's."""
    place.mkdir(exist_ok=True)
    (place / "configs").symlink_to(ROOT / "configs")
    given = ["apps.train", *shlex.split(flags), f"--workdir={name}"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_HOME": str(place / "keras"),
    }
    done = subprocess.run(
        [sys.executable, "-c", ALONE_PROGRAM.format("apps.train"), *given[1:]],
        cwd=place,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return place / name


def picture(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), "float32")


def assert_close(mine, their, place):
    """Numbers up to sums in another order, through a few updates of Adam; all else alike."""
    if isinstance(their, dict):
        assert mine.keys() == their.keys(), place
        for key in mine.keys() - OF_MACHINE - {"time"}:
            assert_close(mine[key], their[key], f"{place}, {key}")
    elif isinstance(their, float):
        assert mine == pytest.approx(their, rel=2e-3, abs=2e-4), place
    else:
        assert mine == their, place


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_replicas_are_watched_as_one_is(name, tmp_path):
    flags, folders = CASES[name]
    one = train(tmp_path / "one", "run", flags)
    two = train(tmp_path / "two", "run", flags + " --strategy=mirrored --replicas=2")
    ours, theirs = (read_json_lines(run / "metrics.jsonl") for run in (two, one))
    assert len(ours) == len(theirs) == 2
    for mine, their in zip(ours, theirs, strict=True):
        assert_close(mine, their, f"epoch {their['epoch']}")
    drawn = [sorted(str(p.relative_to(run)) for p in run.rglob("*.png")) for run in (two, one)]
    assert drawn[0] == drawn[1] and {Path(path).parent.name for path in drawn[0]} >= folders
    for path in drawn[0]:
        # Pixels may round to the next grey; points may move by one.
        assert np.mean(np.abs(picture(two / path) - picture(one / path))) < 1, path
