"""What a process does with its first and its second signal, wherever it is."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import apps.train
from apps import signals, strategies

ROOT = Path(__file__).resolve().parents[2]
SAID = "SIGINT: stopping once all is saved; once more ends at once."
LISTENS = "from apps import signals\nwith signals.listening():\n    print('ready', flush=True)\n"
# A mutex that is locked twice: C code that no signal ends, and that does not return to Python.
IN_C = (
    LISTENS
    + """
    import ctypes
    c, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(128)
    c.pthread_mutex_init(mutex, None)
    c.pthread_mutex_lock(mutex)
    c.pthread_mutex_lock(mutex)
"""
)
# The input pipeline of TensorFlow, which waits for an element that does not come.
IN_TENSORFLOW = (
    """
import tensorflow as tf, time
wait = lambda: (time.sleep(60) for _ in "a")
slow = iter(tf.data.Dataset.from_generator(wait, output_signature=tf.TensorSpec(())))
"""
    + LISTENS
    + "    next(slow)\n"
)
IN_PYTHON = LISTENS + "    import time\n    while True: time.sleep(0.01)\n"


def started(program):
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
    )
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    time.sleep(0.2)
    return process


def next_line(process):
    """What it says next, but for TensorFlow's own start-up lines."""
    for line in process.stderr:
        if line.startswith("SIG"):
            return line.rstrip()


@pytest.mark.parametrize("program", [IN_C, pytest.param(IN_TENSORFLOW, marks=pytest.mark.slow)])
def test_inside_c_the_first_signal_is_answered_and_the_second_ends_at_once(program):
    process = started(program)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert next_line(process) == SAID
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - begin < 30  # at once, on a busy machine
    assert process.returncode == 128 + signal.SIGTERM
    assert err == "SIGTERM again: ending at once.\n" and out == ""


def test_in_python_the_first_signal_ends_with_code_0():
    process = started(IN_PYTHON)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == "Stopped before training; nothing to save.\n" and err == SAID + "\n"


def test_a_training_that_has_not_begun_has_nothing_to_save(run_app, tmp_path, monkeypatch):
    monkeypatch.setattr(strategies, "build", lambda *_: signal.raise_signal(signal.SIGTERM))
    config = "--config=configs/act_8gaussians.py"
    code, out, err = run_app(apps.train, config, f"--workdir={tmp_path / 'run'}")
    assert code == 0 and out == "Stopped before training; nothing to save.\n"
    assert err.startswith("SIGTERM: stopping once all is saved")
    assert not (tmp_path / "run").exists()


def test_all_is_given_back(capsys):
    before = [signal.getsignal(number) for number in signals.SIGNALS]
    threads = threading.active_count()
    with pytest.raises(SystemExit) as end, signals.listening() as outer:
        with signals.listening() as inner:
            assert inner is outer is signals.current()
            assert [signal.getsignal(number) for number in signals.SIGNALS] == [inner.hear] * 2
        assert signals.current() is outer  # still listening
        signal.raise_signal(signal.SIGINT)
    assert end.value.code == 0
    assert capsys.readouterr().out == "Stopped before training; nothing to save.\n"  # once
    assert [signal.getsignal(number) for number in signals.SIGNALS] == before
    assert signal.set_wakeup_fd(-1) == -1 and threading.active_count() == threads
    assert not signals.current().asked


def test_c_code_may_make_another_error_of_it():
    with pytest.raises(signals.Stopped, match="0"), signals.listening():
        try:
            signal.raise_signal(signal.SIGINT)
        except SystemExit as stop:
            raise ImportError("numpy.core.multiarray failed to import") from stop


def test_other_errors_stay():
    with pytest.raises(ImportError), signals.listening() as listener:
        listener.place = None
        signal.raise_signal(signal.SIGINT)
        raise ImportError


@pytest.mark.parametrize("case", ["rounds", "workers"])
def test_where_something_is_to_be_saved_or_others_wait_a_signal_is_noted(case, capsys):
    with signals.listening() as listener:
        if case == "rounds":
            listener.place = None
        else:
            listener.alone = False
        signal.raise_signal(signal.SIGTERM)
        assert listener.asked
    assert capsys.readouterr().out == ""


def test_c_code_may_take_a_signal_for_itself():
    with signals.listening() as listener:
        listener.place = None
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signals.listen_again()
        signal.raise_signal(signal.SIGTERM)
        assert listener.asked
    before = signal.getsignal(signal.SIGTERM)
    signals.listen_again()
    assert signal.getsignal(signal.SIGTERM) == before  # nobody listens


def test_another_thread_hears_nothing():
    heard = []

    def listen():
        with signals.listening() as listener:
            heard.append(listener)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert heard == [signals.current()]
