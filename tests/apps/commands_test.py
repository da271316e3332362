"""Every command of README and docs does what it says, shorter or smaller.

`TABLE` has all of them, in the order in which they are run, with what makes each short enough for a
test. A command that is not in it, or not on the pages any more, fails. `docs/guide.md` has a test
of its own; the pages of results say what was run for hours.
"""

import importlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow_datasets as tfds
from PIL import Image

from apps import reproduce
from tests.docs_checks import Page
from tests.models.workers_test import free_ports

ROOT = Path(__file__).resolve().parents[2]
METHODS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs/methods").glob("*.md"))
PAGES = ("README.md", "docs/runs.md", "docs/samplers.md", "docs/metrics.md", *METHODS)
START = "python -m "
# Of a flag that is given twice, the last one counts.
SHORT = (
    "--config.train.generator_updates=4 --config.train.updates_per_epoch=2 "
    "--config.train.steps_per_execution=1 --config.train.batch_size=8 --config.watch.every=2 "
)
POINTS = SHORT + "--config.data.n=50 --config.watch.num_evaluated=50"
GRID = SHORT + "--config.data.majority=50 --config.data.minority=10 --config.watch.num_evaluated=50"
IMAGES = SHORT + "--config.watch.num_pictured=4 --config.model.generator.width=2 "
SCORED = "--config.watch.num_scored=40 "
NOT_SCORED = "--config.watch.scores=() "
CRITIC = "--config.model.critic.width=2 "
ACT = IMAGES + CRITIC + "--config.model.navigator.width=2 "
AGE = IMAGES + "--config.model.encoder.width=2 --config.model.discriminator.width=2 "
OT = IMAGES + CRITIC + "--config.train.generator_updates=6 --config.train.updates_per_epoch=3 "
# In every gate; of the slow tests; of the slow tests, in a process of its own.
GATE, SLOW, ALONE = "gate", "slow", "alone"
# Hours, or packages that are not installed here: only its flags are looked at, by `docs_test.py`,
# and its name. Each experiment's own test runs it at a small scale.
LOOKED_AT = "looked at"

TABLE = {
    "apps.train --config=configs/act_8gaussians.py --workdir=runs/act_8gaussians": (GATE, POINTS),
    "apps.sample --workdir=runs/act_8gaussians --num=2000 --out=points.npz": (GATE, ""),
    "apps.train --config=configs/act_mnist.py --workdir=runs/act_mnist --download": (
        GATE,
        ACT + SCORED,
    ),
    "apps.sample --workdir=runs/act_mnist --num=64 --out=digits.png": (GATE, ""),
    "apps.evaluate --workdir=runs/act_mnist --network=classifier --num=10000": (GATE, "--num=60"),
    "apps.report --workdir=runs/act_mnist --out=report.html": (GATE, ""),
    "apps.export --workdir=runs/act_mnist --out=digits": (GATE, ""),
    "apps.export --workdir=runs/act_mnist --out=digits.keras": (GATE, ""),
    "apps.export --workdir=runs/act_mnist --out=digits.onnx": (GATE, ""),
    "apps.sample --generator=digits.onnx --num=64 --seed=0 --out=grid.png": (GATE, ""),
    "apps.train --config=configs/lipschitz_mnist.py:wgan_gp --workdir=runs/wgan_gp_mnist": (
        SLOW,
        IMAGES + CRITIC + SCORED,
    ),
    'apps.sample --workdir=runs/wgan_gp_mnist --sampler="dot(updates=20, rate=0.1)" '
    "--out=dot.png": (SLOW, ""),
    "apps.report --workdir=runs/wgan_gp_mnist --out=report.html": (SLOW, ""),
    "apps.train --config=configs/lipschitz_mnist.py:sngan --config.data.with_labels=True "
    "--workdir=runs/classes": (SLOW, IMAGES + CRITIC + NOT_SCORED),
    "apps.sample --workdir=runs/classes --label=3 --out=threes.png": (SLOW, ""),
    "apps.train --config=configs/ot_gan_mnist.py --workdir=runs/ot_gan_mnist": (
        SLOW,
        OT + NOT_SCORED,
    ),
    "apps.report --workdir=runs/act_mnist,runs/ot_gan_mnist --out=both.html": (SLOW, ""),
    "apps.train --config=configs/age_mnist.py --workdir=runs/age_mnist": (SLOW, AGE + NOT_SCORED),
    "apps.train --config=configs/act_cifar10_dcgan.py --dry_run --download": (
        SLOW,
        ACT,
    ),
    "apps.train --config=configs/act_mnist.py --dry_run --download": (SLOW, ACT),
    # Goes on with, and so repeats, the run of the gate.
    "apps.train --config=configs/act_mnist.py --workdir=runs/act_mnist": (SLOW, ACT + SCORED),
    # Two parts of a CPU for GPUs; one worker of one; with --dry_run, as their data are too many.
    "apps.train --config=configs/ot_gan_cifar10.py --strategy=mirrored --workdir=runs/cifar10": (
        ALONE,
        OT + "--replicas=2 --dry_run",
    ),
    "apps.train --config=configs/ot_gan_cifar10.py --strategy=multi_worker "
    "--workdir=/nfs/runs/cifar10": (ALONE, OT + "--dry_run"),
    "apps.train --config=configs/act_8gaussians.py --strategy=mirrored --replicas=2 "
    "--workdir=runs/two_parts": (ALONE, POINTS),
    "apps.reproduce --experiment=act_imbalance --seeds=5": (ALONE, "--seeds=1 --scale=0.001"),
    "apps.reproduce --experiment=act_batch_size": (LOOKED_AT, ""),
    "apps.reproduce --experiment=act_forward_weight": (LOOKED_AT, ""),
    "apps.reproduce --experiment=act_closed_forms": (LOOKED_AT, ""),
    "apps.reproduce --experiment=lipschitz_images --seeds=6": (LOOKED_AT, ""),
    "apps.reproduce --experiment=lipschitz_modes --seeds=5": (LOOKED_AT, ""),
    "apps.reproduce --experiment=ot_modes --seeds=5": (LOOKED_AT, ""),
    "apps.reproduce --experiment=ot_digits --seeds=1": (LOOKED_AT, ""),
    "apps.reproduce --experiment=dot_points --seeds=100": (LOOKED_AT, ""),
    "apps.reproduce --experiment=sampler_scores --seeds=1": (LOOKED_AT, ""),
    "benchmarks.sinkhorn": (LOOKED_AT, ""),
    "benchmarks.rounds": (LOOKED_AT, ""),
    # docs/samplers.md and docs/methods
    "apps.train --config=configs/lipschitz_mnist.py:max_gp --workdir=runs/max_gp_mnist "
    "--download": (
        SLOW,
        IMAGES + CRITIC + NOT_SCORED,
    ),
    'apps.sample --workdir=runs/wgan_gp_mnist --sampler="dot(updates=20, rate=0.1)"': (SLOW, ""),
    "apps.sample --workdir=runs/wgan_gp_mnist --critic_workdir=runs/max_gp_mnist --sampler=dot": (
        SLOW,
        "",
    ),
    'apps.evaluate --workdir=runs/wgan_gp_mnist --sampler="truncation(threshold=1.0)" '
    "--network=classifier": (SLOW, "--num=60"),
    'apps.evaluate --workdir=runs/wgan_gp_mnist --sampler="dot(updates=20, rate=0.01)" '
    "--network=classifier": (SLOW, "--num=60"),
    'apps.sample --workdir=runs/wgan_gp_mnist --sampler="dot(tune=fid)" --out=dot.png': (
        SLOW,
        '--sampler="dot(tune=kid, validated=60)"',  # FID needs more images
    ),
    'apps.evaluate --workdir=runs/wgan_gp_mnist --sampler="dot(tune=kid, validated=500)" '
    "--network=classifier": (SLOW, '--num=60 --sampler="dot(tune=kid, validated=60)"'),
    "apps.train --config=configs/lipschitz_mnist.py:wgan_gp "
    "--config.watch.pictures=\"('samples','dot')\" --workdir=runs/dot_mnist": (
        SLOW,
        IMAGES + CRITIC + NOT_SCORED,
    ),
    "apps.reproduce --experiment=dot_points --seeds=1 --data_dir=trained_models": (LOOKED_AT, ""),
    "apps.train --config=configs/lipschitz_mnist.py:wgan_gp --config.model.penalty.weight=1.0 "
    "--workdir=runs/wgan_gp_weak": (SLOW, IMAGES + CRITIC + NOT_SCORED),
    "apps.train --config=configs/lipschitz_cifar10.py:square_root "
    "--workdir=runs/lipschitz_cifar10 --download": (SLOW, IMAGES + CRITIC + NOT_SCORED),
    "apps.train --config=configs/act_bimodal_1d.py --config.train.batch_size=20 "
    "--workdir=runs/act_1d": (SLOW, POINTS),
    "apps.train --config=configs/act_cifar10_dcgan.py --workdir=runs/act_cifar10 --download": (
        SLOW,
        ACT,
    ),
    "apps.train --config=configs/age_mnist.py --workdir=runs/age_mnist --download": (
        SLOW,
        AGE + NOT_SCORED,
    ),
    "apps.export --workdir=runs/age_mnist --part=model --out=age.keras": (SLOW, ""),
    "apps.train --config=configs/age_mnist.py:kl_clipped --workdir=runs/age_kl --download": (
        SLOW,
        AGE + NOT_SCORED,
    ),
    "apps.train --config=configs/age_stacked_mnist.py --workdir=runs/age_stacked --download": (
        SLOW,
        AGE,
    ),
    "apps.train --config=configs/age_imbalanced_grid.py --workdir=runs/age_grid": (SLOW, GRID),
    "apps.train --config=configs/age_imbalanced_grid.py:vae --workdir=runs/vae_grid": (SLOW, GRID),
    "apps.train --config=configs/swd_8gaussians.py --workdir=runs/swd_8gaussians": (SLOW, POINTS),
    "apps.train --config=configs/swd_8gaussians.py --config.model.divergence.num_directions=100 "
    "--workdir=runs/swd_100": (SLOW, POINTS),
    "apps.train --config=configs/ot_gan_mnist.py --workdir=runs/ot_gan_mnist --download": (
        SLOW,
        OT + NOT_SCORED,
    ),
    "apps.train --config=configs/ot_gan_mnist.py --config.data.with_labels=True "
    "--workdir=runs/ot_gan_classes": (SLOW, OT + NOT_SCORED),
    "apps.train --config=configs/ot_gan_cifar10.py --workdir=runs/ot_gan_cifar10 --download": (
        SLOW,
        OT + NOT_SCORED + "--config.model.micro_batch=4 ",
    ),
    # The last two ask for the weights of the Inception network.
    "apps.evaluate --images=samples --data=cifar10 --preset=ttur --metrics=fid,kid": (
        LOOKED_AT,
        "",
    ),
    "apps.evaluate --npz=samples.npz --real_folder=photos --weights=classify_image_graph_def.pb": (
        LOOKED_AT,
        "",
    ),
}
# Images of noise in place of those of tensorflow-datasets.
MOCKED = "with __import__('tensorflow_datasets').testing.mock_data(num_examples=80): "
ALONE_PROGRAM = MOCKED + "__import__('runpy').run_module({!r}, run_name='__main__')"


def test_the_table_holds_the_commands_of_the_pages():
    commands = [line.text for name in PAGES for line in Page.read(ROOT / name).commands]
    assert {text.removeprefix(START) for text in commands if text.startswith(START)} == set(TABLE)
    for command, (how, _) in TABLE.items():
        words = shlex.split(command)
        if how == LOOKED_AT and words[0] == "apps.reproduce":
            assert words[1].removeprefix("--experiment=") in reproduce.EXPERIMENTS


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder where commands are run, with images in place of MNIST's and CIFAR-10's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))  # statistics and classifier
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    with tfds.testing.mock_data(num_examples=80):
        yield tmp_path


def check(command, out):
    """What a command said and left behind."""
    words = shlex.split(command)
    flags = dict(word.removeprefix("--").partition("=")[::2] for word in words[1:])
    if words[0] == "apps.train":
        assert ("Nothing was written." in out) == ("dry_run" in flags), command
        if "dry_run" not in flags:
            assert Path(flags["workdir"], "generator.keras").is_file(), command
            assert Path(flags["workdir"], "reals.png").is_file(), command
    if words[0] == "apps.evaluate":
        # 64 real images are too few for FID.
        assert "60 generated images" in out and "kid" in out, command
    if "out" in flags:
        assert Path(flags["out"]).exists(), command
        if flags["out"].endswith(".png"):
            with Image.open(flags["out"]) as picture:
                picture.verify()


def run_in_process(run_app, *hows):
    for command, (how, more) in TABLE.items():
        if how in hows:
            module, *flags = shlex.split(command + " " + more)
            code, out, err = run_app(importlib.import_module(module), *flags)
            assert code == 0, command + err
            check(command, out)


def test_commands(run_app, place):
    run_in_process(run_app, GATE)
    for name in ("runs/act_mnist", "runs/act_8gaussians"):
        assert len((place / name / "metrics.jsonl").read_text().splitlines()) == 2


@pytest.mark.slow
def test_longer_commands(run_app, place):
    run_in_process(run_app, GATE, SLOW)


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c, (how, _) in TABLE.items() if how == ALONE])
def test_commands_that_need_a_process_of_their_own(command, place):
    module, *flags = shlex.split(f"{command} {TABLE[command][1]}")
    address = f"127.0.0.1:{free_ports(1)[0]}"
    task = {"cluster": {"worker": [address]}, "task": {"type": "worker", "index": 0}}
    done = subprocess.run(
        [sys.executable, "-c", ALONE_PROGRAM.format(module), *flags],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "CUDA_VISIBLE_DEVICES": "-1",
            **({"TF_CONFIG": json.dumps(task)} if "multi_worker" in command else {}),
        },
    )
    assert done.returncode == 0, done.stderr[-3000:]
    check(command + (" --dry_run" if "--dry_run" in flags else ""), done.stdout)
    if module == "apps.reproduce":
        assert (place / "runs/reproduce/act_imbalance/table.md").is_file()
