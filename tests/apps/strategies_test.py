"""The same run on one replica, on several, and on several workers."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from apps import strategies
from keras_ot_gans.callbacks import read_json_lines
from tests.apps.checkpoint_arrays import last_arrays
from tests.apps.same_runs import OF_MACHINE, files
from tests.models.workers_test import free_ports

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "--config=tests/apps/ot_gan_points.py"


def start(workdir, *flags, tf_config=None):
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    if tf_config is not None:
        environment["TF_CONFIG"] = json.dumps(tf_config)
    return subprocess.Popen(
        [sys.executable, "-m", "apps.train", CONFIG, f"--workdir={workdir}", *flags],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process, code=0):
    out, err = process.communicate(timeout=500)
    assert process.returncode == code, out[-2000:] + err[-5000:]
    return out, err


def cluster():
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    return [
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": k}} for k in (0, 1)
    ]


def records(workdir):
    """Logged values without what tells of the machine."""
    return [
        {key: value for key, value in line.items() if key not in OF_MACHINE}
        for line in read_json_lines(workdir / "metrics.jsonl")
    ]


def assert_same_run(one, other):
    """Equal up to the order of sums: weights, slots, seeds, counters, and what was logged."""
    ours, theirs = last_arrays(one), last_arrays(other)
    assert ours.keys() == theirs.keys() and len(ours) > 20
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key], value, atol=1e-5, rtol=1e-5, err_msg=key)
    ours, theirs = records(one), records(other)
    assert [line.keys() for line in ours] == [line.keys() for line in theirs] and len(ours) == 3
    for mine, their in zip(ours, theirs, strict=True):
        for key, value in their.items():
            assert mine[key] == pytest.approx(value, rel=1e-4, abs=1e-5), key


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A run on one replica."""
    workdir = tmp_path_factory.mktemp("one") / "run"
    ended(start(workdir))
    return workdir


def test_replicas_train_as_one_does_and_go_on_as_one(one, tmp_path):
    run = tmp_path / "run"
    out, _ = ended(start(run, "--strategy=mirrored", "--replicas=2"))
    assert "2 replicas, 4 of a batch on each" in out
    assert_same_run(run, one)
    assert files(run).keys() == files(one).keys()
    # On another number of replicas, from the first epoch on.
    for path in sorted((run / "checkpoints").iterdir())[1:]:
        path.unlink()
    (run / "generator.keras").unlink()
    out, _ = ended(start(run))
    assert "after epoch 1" in out
    lines = read_json_lines(run / "metrics.jsonl")
    assert [line["epoch"] for line in lines] == [1, 2, 3, 2, 3]
    (run / "metrics.jsonl").write_text("".join(json.dumps(lines[k]) + "\n" for k in (0, 3, 4)))
    assert_same_run(run, one)


@pytest.mark.slow
def test_workers_train_as_one_process_does(one, tmp_path):
    quiet = tmp_path / "quiet"
    for process in [start(quiet, "--strategy=multi_worker", tf_config=c) for c in cluster()]:
        ended(process)
    assert_same_run(quiet, one)
    assert files(quiet).keys() == files(one).keys()


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1], ids=["chief", "other"])
def test_either_worker_may_be_killed(one, tmp_path, killed):
    run = tmp_path / "run"
    both = [start(run, "--strategy=multi_worker", tf_config=c) for c in cluster()]
    while not list((run / "checkpoints").glob("epoch_000001.*")):
        assert all(process.poll() is None for process in both)
        time.sleep(0.01)
    both[killed].send_signal(signal.SIGKILL)
    ended(both[killed], -signal.SIGKILL)
    _, err = ended(both[1 - killed], 1)
    assert "another worker has gone" in err and "Traceback" not in err
    assert not (run / "generator.keras").exists()
    for process in [start(run, "--strategy=multi_worker", tf_config=c) for c in cluster()]:
        ended(process)
    lines = {line["epoch"]: line for line in read_json_lines(run / "metrics.jsonl")}
    (run / "metrics.jsonl").write_text("".join(json.dumps(lines[k]) + "\n" for k in sorted(lines)))
    assert_same_run(run, one)


@pytest.mark.slow
def test_workers_stop_together(one, tmp_path):
    run = tmp_path / "run"
    longer = "--config.train.generator_updates=800000"
    both = [start(run, "--strategy=multi_worker", longer, tf_config=c) for c in cluster()]
    while not list((run / "checkpoints").glob("epoch_*")):
        assert all(process.poll() is None for process in both)
        time.sleep(0.05)
    both[1].send_signal(signal.SIGTERM)
    for process in both:
        out, err = ended(process)
        assert "all is saved" in out and "Traceback" not in err


REFUSED = {
    "name": (("two",), "`--strategy` must be one of one, mirrored, multi_worker. Received: two"),
    "no gpu": (("mirrored",), "`--strategy` must be one where there is no GPU"),
    "replicas alone": (("one", 2), "`--replicas` must be positive, and come with"),
    "no replica": (("mirrored", 0), "`--replicas` must be positive"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    given, message = REFUSED[case]
    with pytest.raises(ValueError) as error:
        strategies.build(*given)
    assert message in str(error.value)


WRONG = {
    "nothing": None,
    "no json": "{",
    "no cluster": '{"task": {"type": "worker", "index": 0}}',
    "no task": '{"cluster": {"worker": ["a:1"]}}',
    "other type": '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
    "index": '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
    "no port": '{"cluster": {"worker": ["a"]}, "task": {"type": "worker", "index": 0}}',
    "a list": "[]",
    "no end": '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1e999}}',
    "a deep list": "[" * 100_000,
}
NO_ADDRESSES = (
    "a:99999", "a:0", "a:-1", "a:\u00b2", "a:\u0663", "a:", ":1", "1", "a..b:1", ".a:1", "a b:1",
    "a\0b:1", "http://a:1", "::1:1", "[::1:1", "[a]:1", f"{'a' * 64}:1", f"{'a.' * 127}aa:1",
    "\ud800:1",
)  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_clusters(case, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if WRONG[case] is not None:
        monkeypatch.setenv("TF_CONFIG", WRONG[case])
    with pytest.raises(ValueError, match="`TF_CONFIG` must be in the environment"):
        strategies.build("multi_worker")


@pytest.mark.parametrize("address", NO_ADDRESSES, ids=ascii)
@pytest.mark.parametrize("index", [0, 1])
def test_addresses_that_no_worker_can_have(address, index, monkeypatch):
    task = {"type": "worker", "index": index}
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": {"worker": ["b:1", address]}, "task": task})
    )
    with pytest.raises(ValueError, match="`TF_CONFIG` must .* a host and a port from 1 to 65535"):
        strategies.build("multi_worker")


class Replicas:
    """Stands in for a strategy of some replicas."""

    def __init__(self, count):
        self.num_replicas_in_sync = count


def test_batches_must_be_shared_evenly(act_config):
    with pytest.raises(ValueError, match="Received: 8 for 3 replicas. Take 6."):
        strategies.adapted(act_config, Replicas(3))
    with pytest.raises(ValueError, match="Received: 8 for 16 replicas. Take 16."):
        strategies.adapted(act_config, Replicas(16))
    act_config.train.steps_per_execution, act_config.train.jit_compile = 5, True
    adapted = strategies.adapted(act_config, Replicas(4))
    assert (adapted.train.steps_per_execution, adapted.train.jit_compile) == (1, False)
    assert act_config.train.steps_per_execution == 5  # the folder keeps what was asked for
    assert strategies.adapted(act_config, Replicas(1)) is act_config
