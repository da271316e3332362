"""Two processes that share a batch of 32 give what one process gives."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("act", "ot_gan", "ot_gan_in_parts")


def start(workers, config=None):
    environment = {**os.environ, **({"TF_CONFIG": json.dumps(config)} if config else {})}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.models.workers_program", str(workers), *NAMES],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_ports(count):
    with_ports = [socket.socket() for _ in range(count)]
    for taken in with_ports:
        taken.bind(("127.0.0.1", 0))
    ports = [taken.getsockname()[1] for taken in with_ports]
    for taken in with_ports:
        taken.close()
    return ports


def report_of(process):
    out, errors = process.communicate(timeout=500)
    assert process.returncode == 0, errors[-5000:]
    return json.loads(out.splitlines()[-1])


@pytest.mark.slow
def test_workers_equal_one_process():
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    configs = [
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": k}} for k in (0, 1)
    ]
    first, second = (report_of(p) for p in [start(2, config) for config in configs])
    one = report_of(start(1))
    for name in NAMES:
        assert first[name]["weights"] == second[name]["weights"], name
        assert first[name]["step"] == one[name]["step"] > 0
        assert one[name]["moved"] > 1e-3
        # float32 sums of two parts.
        for what in ("weights", "logs"):
            difference = np.abs(np.subtract(first[name][what], one[name][what])).max()
            assert difference < 1e-5, (name, what)
