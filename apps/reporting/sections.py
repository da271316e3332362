"""The parts of a report that hold no pictures: summary, config, environment, curves, timing."""

from itertools import accumulate
from typing import Any

from apps.reporting import text as text
from apps.reporting.curves import Curve, Point, chart, exact
from apps.reporting.files import finite
from apps.reporting.groups import FLOOR, GROUPS, NOTES, group_of
from apps.reporting.html import Markup, Section, details, join, section, table, tag
from apps.reporting.progress import progress
from apps.reporting.run import Run
from apps.reporting.scores import names_of_scores, score_curves

_ABSENT = "-"
_MOST_ROWS = 25  # of a table that is not folded


def summary(runs: list[Run]) -> Section | None:
    """Return what was run, and how far it came.

    Args:
        runs: list of `Run`.

    Returns:
        `Section`, None where there is nothing to say.
    """
    facts = [_facts(run, len(runs) == 1) for run in runs]
    if len(runs) == 1:
        pairs = (tag("div", tag("dt", key), tag("dd", fact)) for key, fact in facts[0].items())
        inner = tag("dl", *pairs, class_="facts")
    else:
        rows = [(run.name, *each.values()) for run, each in zip(runs, facts, strict=True)]
        inner = table("What was run, and how far it came", ("Run", *facts[0]), rows)
    return section("summary", "Summary", inner)


def _facts(run: Run, with_files: bool) -> dict[str, Any]:
    config = text.flat(run.config)
    so_far = progress(run)
    seconds = [value or 0.0 for _, value in run.numbers("seconds")]
    speed = text.median(value for _, value in run.numbers("updates_per_second"))
    files = [f"{name} {text.size(count)}" for name, count in run.files.items()]
    facts = {
        "Method": text.value(config.get("model.name", "unknown")),
        "Data": text.value(config.get("data.name", "unknown")),
        "State": so_far.state(),
        "Generator updates": so_far.updates(),
        "Epochs": so_far.epochs_done(),
        "Batch": text.value(config.get("train.batch_size", "unknown")),
        "Seed": text.value(config.get("train.seed", "unknown")),
        "Time": text.duration(sum(seconds)) if seconds else "unknown",
        "Updates per second": "unknown" if speed is None else join([exact(speed), " (median)"]),
    }
    return facts | ({"Files": ", ".join(files) or "none to be used"} if with_files else {})


def differing(runs: list[Run], dicts: list[dict[str, Any]], same: str) -> Markup:
    """Return a table of the keys in which runs differ, folded where it is long.

    Args:
        runs: list of `Run`.
        dicts: one flat dict for each.
        same: what to say where they do not differ.

    Returns:
        `Markup`.
    """
    keys = sorted({key for each in dicts for key in each})
    rows = [
        (key, *(text.value(each[key]) if key in each else _ABSENT for each in dicts))
        for key in keys
    ]
    rows = [row for row in rows if len(set(row[1:])) > 1]
    if not rows:
        return tag("p", same)
    caption = f"What differs, {_ABSENT} where a run has no such key"
    found = table(caption, ("Key", *(run.name for run in runs)), rows)
    return found if len(rows) <= _MOST_ROWS else details(f"What differs: {len(rows)} keys", found)


def config(runs: list[Run]) -> Section | None:
    """Return all keys of one config; of several first what differs.

    Args:
        runs: list of `Run`.

    Returns:
        `Section`, None where there is nothing to say.
    """
    if len(runs) == 1:
        return section("config", "Config", _config_tables(runs[0]))
    leaves = [text.flat(run.config) for run in runs]
    differs = differing(runs, leaves, "The configs do not differ.")
    whole = (details(f"Whole config of {run.name}", _config_tables(run)) for run in runs)
    return section("config", "Config", differs, *whole)


def _config_tables(run: Run) -> Markup:
    """Return a table for each section of a config."""
    parts: dict[str, list[tuple[str, str]]] = {}
    for key, leaf in text.flat(run.config).items():
        head, dot, rest = key.partition(".")
        name, inner = (head, rest) if dot else ("config", head)
        parts.setdefault(name or "(no name)", []).append((inner, text.value(leaf)))
    tables = (table(name, (), rows, class_="keys") for name, rows in parts.items())
    return tag("div", *tables, class_="columns") if parts else tag("p", "No config.")


def environment(runs: list[Run]) -> Section | None:
    """Return machine and packages of the last start, and when there were others.

    Args:
        runs: list of `Run`.

    Returns:
        `Section`, None where there is nothing to say.
    """
    parts: list[Any] = []
    if len(runs) > 1:
        last = [
            {k: v for k, v in run.starts[-1].items() if k not in ("started", "command")}
            if run.starts
            else {}
            for run in runs
        ]
        parts.append(differing(runs, last, "Machine and packages do not differ."))
    for run in runs:
        if not run.starts:
            continue
        rows = list(run.starts[-1].items())
        inner: Any = table("At the last start", (), rows, class_="keys")
        if len(run.starts) > 1:
            times = ", ".join(start.get("started", "unknown") for start in run.starts)
            inner = join([tag("p", f"Started {len(run.starts)} times: {times}."), inner])
        parts.append(details(f"Environment of {run.name}", inner) if len(runs) > 1 else inner)
    return section("environment", "Environment", *parts)


def curves(runs: list[Run]) -> list[Section | None]:
    """Return a section of curves for each group of names, that of time last.

    Args:
        runs: list of `Run`.

    Returns:
        List of `Section`, None for a group without curves.
    """
    scores = set().union(*map(names_of_scores, runs))
    names = dict.fromkeys(name for run in runs for name in run.names() if name not in scores)
    known = list(NOTES)
    order = sorted(names, key=lambda n: known.index(n) if n in NOTES else len(known))
    shown = [n for n in order if not (n.endswith(FLOOR) and n.removesuffix(FLOOR) in names)]
    sections = []
    for group in sorted(GROUPS, key=lambda group: group.identifier == "time"):
        charts = [_chart(name, runs) for name in shown if group_of(name) is group]
        about = tag("p", group.about, class_="soft") if group.about and charts else None
        extra = _timing(runs) if group.identifier == "time" else None
        grid = tag("div", *charts, class_="charts") if charts else None
        sections.append(section(group.identifier, group.title, about, extra, grid))
    return sections


def _chart(name: str, runs: list[Run]) -> Markup:
    """Return the curves of a name, with the floor that it is to be compared with."""
    several = len(runs) > 1
    lines, floors = [], {}
    for place, run in enumerate(runs):
        points = _points(run, name)
        if points:
            lines.append(Curve(run.name if several else "", points, place))
        floor = _points(run, name + FLOOR)
        if floor:
            label = f"floor of {run.name}" if several else "floor, real data against real data"
            floors.setdefault(tuple(floor), Curve(label, floor, place, floor=True))
    if several and len(floors) == 1:
        (floor,) = floors.values()
        floors = {(): floor._replace(label="floor, real data against real data")}
    return chart(name, NOTES.get(name, ""), [*lines, *floors.values()])


def _points(run: Run, name: str) -> list[Point]:
    return [Point(record["step"], value) for record, value in run.numbers(name)]


def _timing(runs: list[Run]) -> Markup | None:
    """Return totals, and the scores over time where runs are compared."""
    rows = []
    for run in runs:
        seconds = [value for _, value in run.numbers("seconds") if value is not None]
        if not seconds:
            continue
        rows.append(
            (
                run.name,
                text.duration(sum(seconds)),
                text.duration(text.median(seconds)),
                _share_beside(run),
            )
        )
    if not rows:
        return None
    header = ("Run", "All epochs", "An epoch (median)", "For pictures and scores")
    parts = [table("Where the time went", header, rows)]
    if len(runs) > 1:
        parts.append(_scores_over_time(runs))
    return join(parts)


def _share_beside(run: Run) -> str:
    """Say which share of the time was not spent on updates."""
    training = total = before = 0.0
    for record in run.records:
        speed, seconds = finite(record.get("updates_per_second")), finite(record.get("seconds"))
        updates, before = record["step"] - before, record["step"]
        if speed and seconds and speed > 0 and updates > 0:
            training, total = training + updates / speed, total + seconds
    return f"{100 * max(0.0, 1 - training / total):.0f} %" if total else "unknown"


def _scores_over_time(runs: list[Run]) -> Markup | None:
    """Return the curves of scores once more, over minutes instead of updates."""
    spent = (((finite(r.get("seconds")) or 0.0) / 60 for r in run.records) for run in runs)
    found = score_curves(runs, [list(accumulate(minutes)) for minutes in spent])
    charts = []
    for key in dict.fromkeys(curve[:2] for curve in found):
        lines = [Curve(runs[c.run].name, c.points, c.run) for c in found if c[:2] == key]
        charts.append(chart(key[0], f"over time; {key[1]}", lines, unit="minutes of training"))
    return tag("div", *charts, class_="charts") if charts else None
