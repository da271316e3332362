"""Scores with their intervals and protocol cards; where cards differ, nothing is compared."""

import re
from typing import Any, NamedTuple

from apps.reporting.curves import Curve, Point, chart, exact
from apps.reporting.files import finite
from apps.reporting.groups import NOTES
from apps.reporting.html import Markup, Section, details, join, section, table, tag
from apps.reporting.run import Run
from apps.reporting.text import value


class ScoreCurve(NamedTuple):
    """The values of one score of one run that were made by one protocol.

    Attributes:
        name: str, such as "fid".
        card: short form of the protocol's card; empty if unknown.
        run: int, the run's place.
        points: list of `Point`, not empty.
        higher_is_better: bool, None if unknown.
    """

    name: str
    card: str
    run: int
    points: list[Point]
    higher_is_better: bool | None

    def best(self) -> Point | None:
        """Return the best point, None where the direction or every value is unknown."""
        known = [point for point in self.points if point.y is not None]
        if self.higher_is_better is None or not known:
            return None
        return (max if self.higher_is_better else min)(known, key=lambda point: point.y)


def score_curves(runs: list[Run], along: list[list[float]] | None = None) -> list[ScoreCurve]:
    """Collect the scores of runs, apart by name, card and run.

    Args:
        runs: list of `Run`.
        along: for each run the `x` of each of its epochs; None for generator updates.

    Returns:
        List of `ScoreCurve`, those of one name and card side by side.
    """
    found: dict[tuple[str, str, int], ScoreCurve] = {}
    for place, run in enumerate(runs):
        xs = along[place] if along else [record["step"] for record in run.records]
        for x, record in zip(xs, run.records, strict=True):
            for name, entry in _dict(record.get("scores")).items():
                entry = _dict(entry)
                point = Point(x, *(finite(entry.get(k)) for k in ("value", "low", "high")))
                card, direction = str(entry.get("card") or ""), entry.get("higher_is_better")
                direction = direction if isinstance(direction, bool) else None
                key = (name, card, place)
                found.setdefault(key, ScoreCurve(*key, [], direction)).points.append(point)
    order = list(dict.fromkeys((name, card) for name, card, _ in found))
    return sorted(found.values(), key=lambda curve: (order.index(curve[:2]), curve.run))


def names_of_scores(run: Run) -> set[str]:
    """Return the plain names under which a run's scores stand in its lines.

    Args:
        run: `Run`.

    Returns:
        Set of str, those of the best values too.
    """
    names = {name for record in run.records for name in _dict(record.get("scores"))}
    return names | {f"best_{name}" for name in names}


def scores_section(runs: list[Run]) -> Section | None:
    """Return curves, table and cards of all scores.

    Args:
        runs: list of `Run`.

    Returns:
        `Section`, None if there is no score.
    """
    curves = score_curves(runs)
    cards = _cards(runs)
    links = {card: f"card-{place}" for place, card in enumerate(cards)}
    pictures = []
    for key in dict.fromkeys(curve[:2] for curve in curves):
        alike = [curve for curve in curves if curve[:2] == key]
        label = len(runs) > 1
        lines = [Curve(runs[c.run].name if label else "", c.points, c.run) for c in alike]
        direction = {True: "higher is better", False: "lower is better", None: ""}
        notes = [NOTES.get(key[0], ""), direction[alike[0].higher_is_better], key[1]]
        pictures.append(chart(key[0], "; ".join(filter(None, notes)), lines))
    evaluated = [row for place, run in enumerate(runs) for row in _evaluated(run, place, links)]
    rows = [_row(curve, runs, links) for curve in curves]
    header = ("Score", "Run", "Last, 95 % interval", "Best", "Card")
    return section(
        "scores",
        "Scores",
        _warning(cards) if curves or evaluated else None,
        tag("div", *pictures, class_="charts") if pictures else None,
        table("Scores while training: last and best", header, rows) if rows else None,
        table("Scores of apps.evaluate (scores.json)", header[:3] + header[4:], evaluated)
        if evaluated
        else None,
        *(_card(short, card, links[short]) for short, card in cards.items()),
    )


def _dict(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _cards(runs: list[Run]) -> dict[str, dict[str, Any]]:
    """Return all cards by their short forms, or the first digits of their hash."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        for record in run.records:
            for short, card in _dict(record.get("cards")).items():
                found.setdefault(short, _dict(card))
        card = _dict(run.evaluation.get("card"))
        if card and card not in found.values():
            found.setdefault(_name(run.evaluation), card)
    return found


def _name(evaluation: dict[str, Any]) -> str:
    return f"evaluation-{str(evaluation.get('card_hash') or '')[:8]}"


def _warning(cards: dict[str, dict[str, Any]]) -> Markup:
    """Say that the scores are comparable, or by what their protocols differ."""
    text = "Each score holds for the protocol on its card."
    if len(cards) < 2:
        return tag("p", text, class_="soft")
    fields = dict.fromkeys(field for card in cards.values() for field in card)
    differing = []
    for field in fields:
        values = list(dict.fromkeys(value(card.get(field)) for card in cards.values()))
        if len(values) > 1:
            differing.append(f"{field} ({' / '.join(values)})")
    return tag(
        "p",
        f"{text} Scores of different cards are not comparable and stand in pictures of their own. "
        "The cards differ in ",
        tag("span", ", ".join(differing) or "their names"),
        ".",
    )


def _row(curve: ScoreCurve, runs: list[Run], links: dict[str, str]) -> tuple[Any, ...]:
    last, best = curve.points[-1], curve.best()
    return (
        curve.name,
        runs[curve.run].name,
        join([exact(last.y), last.interval(), f" at step {last.x:,.0f}"]),
        "unknown" if best is None else join([exact(best.y), f" at step {best.x:,.0f}"]),
        _link(curve.card, links),
    )


def _evaluated(run: Run, place: int, links: dict[str, str]) -> list[tuple[Any, ...]]:
    """Return the rows of a run's scores.json, refused scores too."""
    rows = []
    cards = _cards([run])
    card = next((short for short, c in cards.items() if c == _dict(run.evaluation.get("card"))), "")
    for name, entry in _dict(run.evaluation.get("scores")).items():
        entry = _dict(entry)
        point = Point(0, *(finite(entry.get(key)) for key in ("value", "low", "high")))
        shown = join([exact(point.y), point.interval()])
        rows.append((name, run.name, shown, _link(card, links)))
    for name, reason in _dict(run.evaluation.get("refused")).items():
        rows.append((name, run.name, f"refused: {value(reason)}", _link(card, links)))
    return rows


def _link(card: str, links: dict[str, str]) -> Any:
    return tag("a", card, href=f"#{links[card]}") if card in links else card or "unknown"


def _card(short: str, card: dict[str, Any], identifier: str) -> Markup:
    caption = f"Protocol card {short}"
    rows = [(re.sub("_", " ", field), value(found)) for field, found in card.items()]
    return tag("div", details(caption, table(caption, (), rows, class_="keys")), id=identifier)
