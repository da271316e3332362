"""Two replicas of 16 give what one of 32 gives."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Weights, moving statistics, averages and counters after three rounds: float32 sums of halves, or
# sums of float16 gradients, which have 11 bits.
EXACT = ("act", "act_cross_entropy", "sliced", "wgan_gp", "conditional_max_gp", "spectral")
RUNS = {**dict.fromkeys(EXACT, 1e-5), "half_precision": 1e-3}


@pytest.fixture(scope="module")
def report():
    done = subprocess.run(
        [sys.executable, "-m", "tests.models.mirrored_program"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", RUNS)
def test_two_replicas_equal_one(report, name):
    result = report[name]
    assert result["moved"] > 1e-3
    for what in ("weights", "logs", "samples"):
        assert result[what] < RUNS[name], what
    assert result["steps"][0] == result["steps"][1] > 0


def test_replicas_share_one_draw_of_noise(report):
    assert report["noise"]["from_the_draw_of_one"] < 5e-7
    # No latent of one replica is that of the other.
    assert report["noise"]["between_replicas"] > 1e-6


def test_number_of_fakes_must_divide(report):
    assert report["refusal"].startswith("`num_fake` must be a multiple of the number of replicas")
