import threading
import time

import pytest

from keras_ot_gans.callbacks.watchdogs.stuck_timer import StuckTimer


class Owner:
    """Keeps what it is told; `fit` waits for that, at most 10 s."""

    def __init__(self, seconds=0.02):
        self.found, self.told = [], threading.Event()
        self.timer = StuckTimer(seconds, self.tell)

    def tell(self, finding):
        self.found.append(finding)
        self.told.set()

    def fit(self, wait=10.0, rest=False):
        self.timer.start()
        self.timer.arm()
        if rest:
            self.timer.rest()
        return self.told.wait(wait)


def threads():
    return [t for t in threading.enumerate() if t.name == "keras_ot_gans-watchdog"]


def test_a_hanging_step_is_reported_once_with_its_place():
    owner = Owner()
    assert owner.fit()
    owner.timer.stop()
    (found,) = owner.found
    assert found.kind == "stuck" and "threading.py" in found.what
    assert found.details["seconds"] > 0.02 and "input_at" not in found.details
    assert threads() == []


def test_steps_that_end_and_times_between_them_are_no_matter():
    owner = Owner()
    assert not owner.fit(wait=0.1, rest=True)
    assert len(threads()) == 1
    owner.timer.stop()
    assert owner.found == [] and threads() == []


def test_thread_ends_by_itself_where_fit_was_left_by_an_error():
    owner = Owner()
    owner.timer.start()
    owner.timer.arm()  # outside of `fit`
    owner.timer._thread.join(5.0)
    assert threads() == [] and owner.found == []


def test_thread_ends_with_its_owner():
    def fit(box):
        owner = box.pop()
        owner.timer.start()
        thread = owner.timer._thread
        del owner
        thread.join(5.0)
        return thread.is_alive()

    assert not fit([Owner()])


def test_a_second_start_replaces_the_first():
    owner = Owner(seconds=100.0)
    before = time.monotonic()
    owner.fit(wait=0.01)
    owner.timer.start()
    assert len(threads()) == 1
    owner.timer.stop()
    assert threads() == [] and time.monotonic() - before < 10.0  # it does not wait for a look
    with pytest.raises(ValueError, match="`patience_seconds` must be positive. Received: 0"):
        Owner(seconds=0)
