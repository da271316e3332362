"""Interleaved timing."""

import time

import pytest

from benchmarks import timing


def test_candidates_take_turns_after_a_warm_up():
    calls = []
    seconds = timing.interleaved(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, calls=2
    )
    assert "".join(calls) == "aabb" + "aabb" * 2
    assert {name: len(times) for name, times in seconds.items()} == {"a": 2, "b": 2}


def test_seconds_are_per_call(monkeypatch):
    clock = iter(range(0, 1000, 6))  # every interval lasts 6 seconds
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))
    assert timing.interleaved({"a": lambda: None}, rounds=3, calls=2) == {"a": [3.0, 3.0, 3.0]}


def test_ratio_compares_neighbours_in_time():
    # A machine that slows down tenfold half-way changes neither neighbour's ratio.
    seconds = {"a": [1.0, 2.0, 20.0], "b": [1.0, 1.0, 10.0]}
    assert timing.ratio(seconds, "a", "b") == pytest.approx(2.0)
