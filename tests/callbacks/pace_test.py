"""Times made by hand."""

import pytest

from keras_ot_gans.callbacks.watchdogs.pace import Pace, time_input


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace(clock):
    pace = Pace(clock=clock)
    step(pace, clock, 30.0)  # the first one compiles
    return pace


def step(pace, clock, seconds, between=0.0, function="step", rounds=1):
    clock.now += between
    pace.begin(function)
    clock.now += seconds
    return pace.end(rounds)


def test_a_slow_step_is_one_of_ten_medians_and_a_second(pace, clock):
    assert [step(pace, clock, 0.2) for _ in range(25)] == [None] * 25
    assert step(pace, clock, 1.9) is None
    found = step(pace, clock, 2.1, rounds=5)
    assert found.kind == "slow_step" and "5 steps took 2.1 s" in found.what
    assert found.details == {"seconds": pytest.approx(2.1), "usual_seconds": pytest.approx(0.2)}
    assert step(pace, clock, 60.0, function="compiled anew") is None
    assert pace.end_epoch() == []


def test_short_hiccups_of_fast_steps_are_nobodys_business(pace, clock):
    for _ in range(25):
        step(pace, clock, 0.001)
    assert step(pace, clock, 0.9) is None
    assert step(pace, clock, 1.1).kind == "slow_step"


def test_few_steps_have_no_median(pace, clock):
    assert [step(pace, clock, s) for s in [0.1] * 19 + [5.0]] == [None] * 20


@pytest.mark.parametrize(("input_seconds", "kinds"), [(None, []), (0.2, []), (0.3, ["slow_input"])])
def test_input_against_the_time_of_a_round(pace, clock, input_seconds, kinds):
    for _ in range(4):
        step(pace, clock, 2.5, rounds=5)  # 0.5 s a round
    assert [found.kind for found in pace.end_epoch(input_seconds)] == kinds


@pytest.mark.parametrize(("input_seconds", "kinds"), [(0.002, []), (0.006, ["slow_input"])])
def test_input_of_fast_rounds_is_what_python_takes_to_look(pace, clock, input_seconds, kinds):
    for _ in range(4):
        step(pace, clock, 0.125, rounds=50)  # 2.5 ms a round
    assert [found.kind for found in pace.end_epoch(input_seconds)] == kinds


def test_time_between_steps(pace, clock):
    for _ in range(4):
        step(pace, clock, 1.0, between=0.9)
    assert pace.end_epoch() == []
    pace.begin_epoch()
    clock.now += 100.0  # between epochs: evaluations
    for _ in range(4):
        step(pace, clock, 1.0, between=1.4)
    (found,) = pace.end_epoch()  # 3 * 1.4 between, 4 within
    assert found.kind == "slow_callbacks"
    assert found.details["between_seconds"] == pytest.approx(4.2)


def test_a_slow_epoch_is_compared_with_the_best(pace, clock):
    said = []
    for seconds in (0.2, 0.1, 0.29, 0.31):
        pace.begin_epoch()
        for _ in range(20):
            step(pace, clock, seconds)
        said.append([found.kind for found in pace.end_epoch()])
    assert said == [[], [], [], ["slower"]]


def test_epoch_without_steps_says_nothing():
    assert Pace().end_epoch(1.0) == []
    with pytest.raises(ValueError, match="`slow_factor` must exceed 1. Received: 1"):
        Pace(slow_factor=1)


def test_input_is_timed_without_its_first_batch(monkeypatch, clock):
    monkeypatch.setattr("time.perf_counter", clock)
    drawn = []

    def batches(first, each):
        clock.now += first
        while True:
            drawn.append(clock.now)
            yield 0
            clock.now += each

    assert time_input(batches(50.0, 0.01), batches=20) == pytest.approx(0.01)
    assert len(drawn) == 21
    assert time_input(batches(0.0, 1.5), seconds=2.0) == pytest.approx(1.5)
    assert len(drawn) == 24  # two after the first: 3 s
