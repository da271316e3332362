"""What two run folders must have in common to be those of one run; runs put back."""

import json

import numpy as np

from tests.apps.checkpoint_arrays import last_arrays

UNFINISHED = ".unfinished-*"
OF_MACHINE = {"seconds", "updates_per_second", "peak_memory_gib", "peak_gpu_memory_gib"}


def lines(run):
    """All lines of `metrics.jsonl`, each of which must be whole."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def logged(run):
    """What counts of each epoch: its last line, without what tells of the machine."""
    last = {line["epoch"]: line for line in lines(run)}
    return [{k: v for k, v in last[epoch].items() if k not in OF_MACHINE} for epoch in sorted(last)]


def files(run):
    """Names of all files, and the bytes of pictures; without what tells of the clock."""
    found = [path for path in run.rglob("*") if path.is_file() and path.parent.name != "logs"]
    return {
        str(path.relative_to(run)): path.read_bytes() if path.suffix == ".png" else None
        for path in found
        if path.name != "watchdog.jsonl"
    }


def stop_after(workdir, epoch):
    """Put a finished run back to where it would have been stopped after an epoch."""
    (workdir / "generator.keras").unlink()
    for path in sorted((workdir / "checkpoints").iterdir())[epoch:]:
        path.unlink()


def assert_same_run(one, other):
    """Bit-identical weights, slots, seeds, counters, logs and pictures; nothing left over."""
    ours, theirs = last_arrays(one), last_arrays(other)
    assert ours.keys() == theirs.keys() and len(ours) > 10
    for key, value in theirs.items():
        np.testing.assert_array_equal(ours[key], value, err_msg=key)
    assert logged(one) == logged(other)
    assert [line["epoch"] for line in logged(one)] == list(range(1, len(logged(one)) + 1))
    assert files(one) == files(other)
    assert {"config.json", "generator.keras", "reals.png"} <= files(one).keys()
    for watched in one.glob("watchdog.jsonl"):
        assert all(json.loads(line)["kind"] for line in watched.read_text().splitlines())
