"""What a report reads of a run folder: data, never code, and no part of it is trusted to be whole.

TensorFlow is not imported: `apps.run_folder`, which writes these files, would start it.
"""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from apps.reporting.files import finite, read_json, read_records, read_starts

_DETAILS = ("scores", "cards", "refused")  # what a line of metrics.jsonl holds beside numbers
_STEP = re.compile(r"step_(\d{1,15})\.png")
_NOT_PICTURES = ("checkpoints", "logs")


class Run(NamedTuple):
    """One run.

    Attributes:
        name: short name, unlike that of any other run of the report.
        config: dict, empty if it cannot be read.
        starts: list of dict, what each start wrote into environment.txt.
        records: list of dict, one for each epoch; `epoch` and `step` are ints. Of a run that was
            rewound, steps fall.
        evaluation: dict of `scores.json`, empty if there is none.
        pictures: dict of folder name to `{step: path}`, in the order in which they were drawn.
        reals: path of the picture of real data, None if there is none.
        files: dict of kind to its size in bytes.
        missing: list of str, what is not as it should be.
    """

    name: str
    config: dict[str, Any]
    starts: list[dict[str, str]]
    records: list[dict[str, Any]]
    evaluation: dict[str, Any]
    pictures: dict[str, dict[int, Path]]
    reals: Path | None
    files: dict[str, int]
    missing: list[str]

    def numbers(self, name: str) -> list[tuple[dict[str, Any], float | None]]:
        """Return the values of a name with their records; None where one is no number."""
        return [(record, finite(record[name])) for record in self.records if name in record]

    def names(self) -> list[str]:
        """Return the names that hold a number, or null, in some epoch."""
        found = dict.fromkeys(
            name
            for record in self.records
            for name, value in record.items()
            if value is None or isinstance(value, int | float)
        )
        return [name for name in found if name not in ("epoch", "step", *_DETAILS)]


def read_run(path: Path, name: str) -> Run:
    """Read a run folder.

    Args:
        path: the folder.
        name: its name in the report.

    Returns:
        `Run`; what cannot be read is empty and named in `missing`.

    Raises:
        ValueError: if it is no run folder.
    """
    try:
        names = set(os.listdir(path))
    except OSError as error:
        raise ValueError(
            f"`--workdir` must be the folder of a run, or several with commas. Received: {path}, "
            f"which cannot be read ({error.strerror}). Give the --workdir of `apps.train`."
        ) from error
    if not names & {"config.json", "metrics.jsonl"}:
        raise ValueError(
            f"`--workdir` must be the folder of a run, or several with commas. Received: {path}, "
            "with neither config.json nor metrics.jsonl. Give the --workdir of `apps.train`."
        )
    missing: list[str] = []
    config = read_json(path / "config.json", missing, needed=True)
    starts = read_starts(path / "environment.txt", missing)
    records = read_records(path / "metrics.jsonl", missing)
    reals = path / "reals.png"
    run = Run(
        name,
        config,
        starts,
        records,
        read_json(path / "scores.json", missing, needed=False),
        _pictures(path, sorted(names), records, missing),
        reals if reals.is_file() else None,
        _files(path),
        missing,
    )
    if run.reals is None:
        missing.append("reals.png: not there")
    _report_values(run)
    _report_absent(run)
    return run


def _report_absent(run: Run) -> None:
    """Name what the config asks for and the folder does not hold."""
    watch = run.config.get("watch")
    watch = watch if isinstance(watch, dict) else {}
    asked = watch.get("pictures")
    for kind in map(str, asked if isinstance(asked, list) else []):
        if kind not in run.pictures:
            run.missing.append(f"{kind}: the config asks for these pictures, and there is none")
    every = finite(watch.get("every")) or 1
    if watch.get("scores") and not any("scores" in record for record in run.records):
        if run.records and run.records[-1]["epoch"] >= every:
            run.missing.append("scores: the config asks for them, and there is none")


def _report_values(run: Run) -> None:
    """Name the curves that are not numbers throughout, and the scores that were refused."""
    for name in run.names():
        values = run.numbers(name)
        lost = [record["step"] for record, value in values if value is None]
        if lost:
            run.missing.append(
                f"{name}: not a number in {len(lost)} of {len(values)} epochs, first at step "
                f"{lost[0]:,}"
            )
    refused = Counter(
        (str(name), str(reason))
        for record in run.records
        if isinstance(record.get("refused"), dict)
        for name, reason in record["refused"].items()
    )
    run.missing.extend(f"{name}: refused, {reason}" for name, reason in refused)


def _pictures(
    path: Path, names: list[str], records: list[dict[str, Any]], missing: list[str]
) -> dict[str, dict[int, Path]]:
    """Find the folders of pictures over time."""
    found = {}
    last = {record["step"]: record["epoch"] for record in records}

    def drawn(step: int) -> tuple[int, int]:
        """Return what grows with time; steps alone do not, where a watchdog went back."""
        before = (record["epoch"] for record in reversed(records) if record["step"] < step)
        return last.get(step) or next(before, 0), step

    for folder in (path / name for name in names if name not in _NOT_PICTURES):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        try:
            files = sorted(os.listdir(folder))
        except OSError as error:
            missing.append(f"{folder.name}: cannot be read ({error.strerror})")
            continue
        steps = {int(match[1]): folder / match[0] for match in map(_STEP.fullmatch, files) if match}
        if steps:
            found[folder.name] = {step: steps[step] for step in sorted(steps, key=drawn)}
    return found


def _files(path: Path) -> dict[str, int]:
    """Return the sizes of what a run leaves to be used; a run that goes on removes checkpoints."""
    results = {name: _bytes([path / name]) for name in ("generator.keras", "model.keras")}
    kept = _bytes(sorted((path / "checkpoints").glob("epoch_*")))
    found = {name: sum(size) for name, size in results.items() if size}
    return found | ({f"{len(kept)} checkpoint(s)": sum(kept)} if kept else {})


def _bytes(files: list[Path]) -> list[int]:
    """Return the sizes of those files that are there."""
    found = []
    for file in files:
        try:
            found.append(file.stat().st_size)
        except FileNotFoundError:
            continue
    return found
