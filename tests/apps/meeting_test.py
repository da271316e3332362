"""Workers that wait for each other, and one that waits in vain."""

import json
import os
import signal
import socket
import threading
import time

import pytest

import apps.train
from apps import meeting, signals
from tests.models.workers_test import free_ports


def test_all_go_on_when_the_last_has_come():
    addresses = [f"127.0.0.1:{port}" for port in free_ports(3)]
    met = threading.Semaphore(0)

    def come(own):
        meeting.meet(addresses, own)
        with socket.create_server(("127.0.0.1", int(own[10:]))):  # TensorFlow takes the port over
            met.release()
            over.wait(60)

    over = threading.Event()
    threads = [threading.Thread(target=come, args=(own,)) for own in addresses]
    for thread in threads[:2]:
        thread.start()
    assert not met.acquire(timeout=1)
    threads[2].start()
    assert all(met.acquire(timeout=60) for _ in threads)
    over.set()
    for thread in threads:
        thread.join()


def test_a_port_that_is_taken_is_refused():
    with socket.create_server(("", 0)) as other:
        own = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ValueError, match="`TF_CONFIG` must name a free port of this machine"):
            meeting.meet([own], own)


@pytest.mark.parametrize("address", ["a..b:80", "\ud800:80", "127.0.0.1:99999", "127.0.0.1:\u00b2"])
def test_what_cannot_be_an_address_of_another_is_refused(address):
    own = f"127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(ValueError, match="`TF_CONFIG` must name workers by host:port. Received: "):
        meeting.meet([own, address], own)


@pytest.mark.parametrize("port", ["99999", "-1", "\u00b2", ""])
def test_what_cannot_be_a_port_of_this_machine_is_refused(port):
    own = f"127.0.0.1:{port}"
    with pytest.raises(ValueError, match="`TF_CONFIG` must name a free port of this machine. Rec"):
        meeting.meet([own], own)


@pytest.mark.parametrize(
    "address",
    [
        "host_1.of-all.example.:1",
        "10.0.0.1:65535",
        "[::1]:80",
        "[fe80::1%eth0]:80",
        "b\u00fccher.example:80",
    ],
)
def test_what_can_be_an_address(address):
    assert meeting.is_address(address)


def test_a_signal_ends_the_waiting_for_a_worker_that_never_comes(run_app, tmp_path, monkeypatch):
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(task))

    def send():
        if begun.wait(60):
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGINT)

    begun, meet = threading.Event(), meeting.meet
    monkeypatch.setattr(meeting, "meet", lambda *told: (begun.set(), meet(*told)))
    sender = threading.Thread(target=send)
    sender.start()
    code, out, err = run_app(
        apps.train,
        "--config=tests/apps/ot_gan_points.py",
        f"--workdir={tmp_path / 'run'}",
        "--strategy=multi_worker",
    )
    sender.join()
    assert code == 0, err
    assert out == (
        "Waiting for 2 workers, this one included.\nStopped before training; nothing to save.\n"
    )
    assert err.startswith("SIGINT: stopping once all is saved") and signals.current().alone
