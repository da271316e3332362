"""Replicas that share a batch of 32 give what one of 32 gives."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OT = ("ot_gan", "ot_gan_in_parts")
# Weights, moving statistics, averages and counters after three rounds, of OT-GAN after one and ten:
# float32 sums of parts, or sums of float16 gradients, which have 11 bits.
LIPSCHITZ = ("wgan_gp", "conditional_max_gp", "r1", "spectral")
EXACT = ("act", "act_cross_entropy", "sliced", *LIPSCHITZ, "age", "age_stochastic", "vae", *OT)
RUNS = {2: (*EXACT, "half_precision"), 4: ("act", *OT)}
# What takes the ways of others: in a program of its own, so that the gate does not wait for it.
LIKE_OTHERS = ("r2", "lipschitz", "consistency", "fixed_features", "age_unidirectional")
# Each replica has its part of the graph to trace: four of them take half a minute.
REPLICAS = [2, pytest.param(4, marks=pytest.mark.slow)]
CASES = [
    pytest.param(count, name, marks=[pytest.mark.slow] if count == 4 else [])
    for count, names in RUNS.items()
    for name in names
]


@functools.cache
def run_with(replicas, names):
    return subprocess.run(
        [sys.executable, "-m", "tests.models.mirrored_program", str(replicas), *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def report_of(replicas, names=None):
    done = run_with(replicas, names or RUNS[replicas])
    assert done.returncode == 0, done.stderr[-5000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("replicas", "name"), CASES)
def test_replicas_equal_one(replicas, name):
    assert_equal(report_of(replicas)[name], name)


@pytest.mark.slow
@pytest.mark.parametrize("name", LIKE_OTHERS)
def test_replicas_equal_one_in_what_takes_the_ways_of_others(name):
    assert_equal(report_of(2, LIKE_OTHERS)[name], name)


def assert_equal(result, name):
    assert result["moved"] > 1e-3
    compared = {"weights", "logs", "samples"}
    assert set(result["apart"]) == compared | (
        {"first_weights", "first_logs"} if name in OT else set()
    )
    for what, difference in result["apart"].items():
        assert difference < (1e-3 if name == "half_precision" else 1e-5), what
    assert result["steps"][0] == result["steps"][1] > 0


@pytest.mark.parametrize("replicas", REPLICAS)
def test_replicas_share_one_draw_of_noise(replicas):
    noise = report_of(replicas)["noise"]
    assert noise["from_the_draw_of_one"] < 5e-7
    # No latent of one replica is that of the other.
    assert noise["between_replicas"] > 1e-6


def test_number_of_fakes_must_divide():
    message = "`num_fake` must be a multiple of the number of replicas"
    assert report_of(2)["refusal"].startswith(message)


@pytest.mark.parametrize("replicas", REPLICAS)
def test_replicas_share_rows(replicas):
    found = report_of(replicas)["spread"]
    assert max(found["apart"]) < 1e-5 and found["rows"] == [7, 7] and found["in_order"]
    # Two of four rows, or four of two, for seven: the last one is computed twice.
    assert found["parts"] == [-(-7 // replicas)] * 7
    assert found["outside"] == [7] * 7
