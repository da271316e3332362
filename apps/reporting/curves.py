"""Curves as SVG within a page: text stays text, each value keeps a name that can be hovered."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from apps.reporting.html import Markup, join, tag
from apps.reporting.scales import Scale, scale
from apps.reporting.style import COLOURS
from apps.reporting.text import number, tick

_WIDTH, _HEIGHT = 400, 225
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 388, 8, 188
_MOST_POINTS = 600  # drawn of a curve
_MOST_MARKS = 60  # with a mark of their own
_DASHES = 3


class Point(NamedTuple):
    """One value of a curve.

    Attributes:
        x: float.
        y: float, None where it is no number.
        low: float, lower end of its interval, None if unknown.
        high: float, upper end.
    """

    x: float
    y: float | None
    low: float | None = None
    high: float | None = None

    def interval(self) -> str:
        """Return the interval as text, empty if unknown."""
        if self.low is None or self.high is None:
            return ""
        return f" [{number(self.low)}, {number(self.high)}]"


class Curve(NamedTuple):
    """One line of a picture.

    Attributes:
        label: what the legend calls it; empty where there is only one.
        points: values in their order; where `x` falls, a watchdog went back.
        run: int, the run's place: its colour and its dashes.
        floor: bool, whether it is a bound to be compared with, drawn in dots.
    """

    label: str
    points: Sequence[Point]
    run: int = 0
    floor: bool = False

    def colour(self) -> str:
        """Return the class of its colour."""
        return f"c{self.run % COLOURS}"

    def dashes(self) -> str:
        """Return the class of its dashes: colour alone would not do for every reader."""
        return "floor" if self.floor else f"d{self.run % _DASHES}"


def chart(name: str, note: str, curves: Sequence[Curve], unit: str = "generator updates") -> Markup:
    """Return a picture of curves with a legend that says their last and extreme values.

    Args:
        name: what is drawn.
        note: what it means, in a few words.
        curves: at least one, each with at least one point.
        unit: of the horizontal axis.

    Returns:
        `Markup`, a `figure`.
    """
    points = [point for curve in curves for point in curve.points]
    values = [value for p in points for value in (p.y, p.low, p.high) if value is not None]
    legend = tag("ul", *(_entry(curve) for curve in curves), class_="legend")
    if not values:
        empty = tag("p", "No value is a number.", class_="gone")
        return tag("figure", _caption(name, note), empty, legend, class_="chart")
    across = scale([0.0, *(point.x for point in points)], _LEFT, _RIGHT, log=False)
    up = scale(values, _BOTTOM, _TOP)
    picture = tag(
        "svg",
        _axes(across, up, unit),
        *(part for curve in curves for part in _drawn(curve, across, up)),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"Curve of {name} over {unit}; the values are in the list below it",
    )
    log = "logarithmic axis" if up.log else ""
    back = "thin line: back to an earlier checkpoint" if any(map(_ways_back, curves)) else ""
    return tag("figure", _caption(name, note, log, back), picture, legend, class_="chart")


def thin(points: Sequence[Point], most: int = _MOST_POINTS) -> list[Point]:
    """Leave out points where a curve has more than can be seen, but none of its peaks.

    Args:
        points: in their order.
        most: int >= 4.

    Returns:
        List of at most about `most`, the first and the last among them: of each stretch the
        lowest, the highest, and one that is no number.

    Example:
        >>> [point.x for point in thin([Point(x, x % 5) for x in range(100)], most=4)]
        [0, 4, 50, 54, 99]
    """
    if len(points) <= most:
        return list(points)
    stretch = -(-len(points) * 2 // most)
    kept = {0, len(points) - 1}
    for start in range(0, len(points), stretch):
        places = range(start, min(start + stretch, len(points)))
        known = [place for place in places if points[place].y is not None]
        lost = [place for place in places if points[place].y is None]
        kept |= set(lost[:1])
        if known:
            kept |= {min(known, key=lambda k: points[k].y), max(known, key=lambda k: points[k].y)}
    return [points[place] for place in sorted(kept)]


def _caption(name: str, *notes: str) -> Markup:
    about = "; ".join(filter(None, notes))
    return tag("figcaption", name, tag("span", about) if about else None)


def _axes(across: Scale, up: Scale, unit: str) -> Markup:
    """Draw the frame, the rules at the ticks, and their labels."""
    parts: list[Any] = []
    for value in up.ticks:
        y = _place(up(value))
        parts.append(tag("path", d=f"M{_LEFT} {y}H{_RIGHT}", class_="rule"))
        label = tag("text", tick(value), x=_LEFT - 6, y=_place(up(value) + 4), text_anchor="end")
        parts.append(label)
    for value in across.ticks:
        x = _place(across(value))
        parts.append(tag("path", d=f"M{x} {_BOTTOM}v4", class_="axis"))
        parts.append(tag("text", tick(value), x=x, y=_BOTTOM + 17, text_anchor="middle"))
    middle = (_LEFT + _RIGHT) // 2
    parts.append(tag("text", unit, x=middle, y=_HEIGHT - 4, text_anchor="middle"))
    return join([*parts, tag("path", d=f"M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}", class_="axis")])


def _drawn(curve: Curve, across: Scale, up: Scale) -> Iterator[Markup]:
    """Draw one curve: its interval, its line, its marks, and where a value is no number."""
    colour, points = curve.colour(), thin(curve.points)
    marked = len(points) <= _MOST_MARKS
    for ends in _ways_back(curve):
        (x, y), (to_x, to_y) = ((_place(across(p.x)), _place(up(p.y))) for p in ends)
        yield tag("path", d=f"M{x} {y}L{to_x} {to_y}", class_=f"{colour} back")
    for stretch in _stretches(points):
        places = [(_place(across(p.x)), _place(up(p.y))) for p in stretch]
        known = [p for p in stretch if p.low is not None and p.high is not None]
        if known and marked:
            bars = (
                f"M{_place(across(p.x))} {_place(up(p.low))}V{_place(up(p.high))}" for p in known
            )
            yield tag("path", d="".join(bars), class_=f"{colour} bar")
        if len(known) > 1:
            edge = [(p.x, p.low) for p in known] + [(p.x, p.high) for p in reversed(known)]
            corners = " ".join(f"{_place(across(x))},{_place(up(y))}" for x, y in edge)
            yield tag("polygon", points=corners, class_=f"{colour} band")
        if len(stretch) > 1:
            corners = " ".join(f"{x},{y}" for x, y in places)
            yield tag("polyline", points=corners, class_=f"{colour} {curve.dashes()} line")
        if (marked and not curve.floor) or len(stretch) == 1:
            for point, (x, y) in zip(stretch, places, strict=True):
                label = f"{curve.label} at {point.x:,.6g}: {number(point.y)}{point.interval()}"
                yield tag("circle", tag("title", label.strip()), cx=x, cy=y, r=2.4, class_=colour)
    for point in points:
        if point.y is None:
            x = _place(across(point.x))
            cross = f"M{x - 3:g} {_BOTTOM - 9}l6 6m0 -6l-6 6"
            label = tag("title", f"{curve.label} at {point.x:,.6g}: not a number".strip())
            yield tag("path", label, d=cross, class_=f"{colour} lost")


def _stretches(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Cut a curve where a value is no number, and where it goes back: nothing led from there."""
    stretch: list[Point] = []
    for point in points:
        if stretch and (point.y is None or point.x < stretch[-1].x):
            yield stretch
            stretch = []
        if point.y is not None:
            stretch.append(point)
    if stretch:
        yield stretch


def _ways_back(curve: Curve) -> list[tuple[Point, Point]]:
    """Return the pairs of neighbouring values between which a curve goes back."""
    known = [point for point in thin(curve.points) if point.y is not None]
    return [pair for pair in pairwise(known) if pair[1].x < pair[0].x]


def _entry(curve: Curve) -> Markup:
    """Say in the legend what the curve is called, and its last, lowest and highest value."""
    swatch = tag(
        "svg",
        tag("path", d="M0 5H26", class_=f"{curve.colour()} {curve.dashes()} line"),
        viewBox="0 0 26 10",
        aria_hidden="true",
    )
    last = curve.points[-1]
    parts = [swatch, f"{curve.label}: " if curve.label else "", "last "]
    parts += [exact(last.y), last.interval()]
    known = [point.y for point in curve.points if point.y is not None]
    if len(known) > 1 and not curve.floor:
        parts += [", lowest ", exact(min(known)), ", highest ", exact(max(known))]
    return tag("li", *parts)


def exact(value: float | None) -> Markup:
    """Return a number as short text that carries all its digits.

    Args:
        value: float, or None for no number.

    Returns:
        `Markup`.

    Example:
        >>> exact(0.123456789)
        '<data value="0.123456789">0.1235</data>'
    """
    return tag("data", number(value), value="NaN" if value is None else repr(float(value)))


def _place(value: float) -> float:
    return round(value, 1)
