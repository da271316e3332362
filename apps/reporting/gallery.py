"""Pictures over time, of one run or of several side by side."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from apps.reporting.html import Markup, Section, details, section, tag
from apps.reporting.pictures import Picture, load
from apps.reporting.run import Run
from apps.reporting.text import evenly

_TOTAL = 6_500_000  # bytes of all pictures; base64 makes a third more of them
_MOST_OVER_TIME = 12  # of one run; fewer each where there are several
_LAST_SIDE, _EARLIER_SIDE = 1500, 640  # pixels
_BROAD, _WIDE = 700, 2.0  # pixels; width by height


class Kind(NamedTuple):
    """A kind of picture.

    Attributes:
        title: heading.
        about: what it shows.
    """

    title: str
    about: str


KINDS = {
    "samples": Kind(
        "Samples",
        "From the same latents each time: images in a grid, points over the density of the data.",
    ),
    "reconstructions": Kind("Reconstructions", "Real samples, encoded and generated again."),
    "interpolations": Kind("Interpolations", "Between latents, or between encoded real samples."),
    "neighbours": Kind(
        "Neighbours",
        "Real images, framed, and the real images whose codes are the nearest to theirs.",
    ),
    "codes": Kind(
        "Codes",
        "Codes of real samples over the prior, which they fill where the encoder has learned it.",
    ),
    "plans": Kind(
        "Transport plans",
        "Who is matched with whom, and how strongly: rows are real, columns generated; below, the "
        "matched pairs.",
    ),
    "navigator": Kind("Navigator", "What the network that makes the plans sees in the points."),
}
"""dict of folder name to `Kind`, in the order of the page."""


def gallery(runs: list[Run]) -> tuple[list[Section | None], list[tuple[str, str]]]:
    """Return a section for each kind of picture.

    Args:
        runs: list of `Run`.

    Returns:
        `(sections, problems)`, the latter pairs of run name and text.
    """
    folders = dict.fromkeys(kind for run in runs for kind in run.pictures)
    kinds = [kind for kind in KINDS if kind in folders]
    kinds += sorted(kind for kind in folders if kind not in KINDS)
    most = max(3, _MOST_OVER_TIME // len(runs))
    chosen = {
        (kind, place): [list(steps.items())[k] for k in evenly(len(steps), most)]
        for kind in kinds
        for place, run in enumerate(runs)
        if (steps := run.pictures.get(kind))
    }
    count = sum(map(len, chosen.values())) + len(runs)
    loader = _Loader(runs, max(20_000, _TOTAL // count))
    sections = [_section(kind, runs, chosen, loader) for kind in kinds]
    if "samples" not in kinds and any(run.reals for run in runs):
        sections.insert(0, section("reals", "Real data", _side_by_side(loader.reals())))
    return sections, loader.problems


class _Loader:
    """Reads pictures, and keeps what is wrong with them."""

    def __init__(self, runs: list[Run], most_bytes: int) -> None:
        self.runs, self.most_bytes = runs, most_bytes
        self.problems: list[tuple[str, str]] = []

    def figure(
        self, place: int, path: Path, what: str, caption: str, side: int
    ) -> tuple[Picture, Markup]:
        """Return a picture and its `figure`, a note in its place if it cannot be shown."""
        run, several = self.runs[place].name, len(self.runs) > 1
        picture = load(path, side, self.most_bytes)
        if picture.problem:
            name = path.name if path.name == "reals.png" else f"{path.parent.name}/{path.name}"
            self.problems.append((run, f"{name}: {picture.problem}"))
            shown = tag("p", f"{name} is not shown: {picture.problem}", class_="gone")
        else:
            alt = f"{what[:1].upper()}{what[1:]}, run {run}"
            size = {"width": picture.width, "height": picture.height}
            shown = tag("img", src=picture.source, alt=alt, **size)
            if picture.width >= _BROAD:
                attributes = {"tabindex": "0", "role": "region", "aria_label": alt}
                shown = tag("div", shown, class_="scroll", **attributes)
        inner = (run, tag("span", caption)) if several else (caption,)
        return picture, tag("figure", tag("figcaption", *inner), shown)

    def reals(self) -> list[tuple[Picture, Markup]]:
        """Return the real data of each run, those of two runs once where they are the same."""
        found: dict[str, tuple[Picture, Markup]] = {}
        for place, run in enumerate(self.runs):
            if run.reals is not None:
                shown = self.figure(place, run.reals, "real data", "real data", _LAST_SIDE)
                found.setdefault(shown[0].source or run.name, shown)
        return list(found.values())


def _section(
    kind: str,
    runs: list[Run],
    chosen: dict[tuple[str, int], list[tuple[int, Path]]],
    loader: _Loader,
) -> Section | None:
    """Return the last pictures side by side, then those before them."""
    title, about = KINDS.get(kind, Kind(kind.replace("_", " ").capitalize(), ""))
    last, earlier = [], []
    for place, run in enumerate(runs):
        steps = chosen.get((kind, place), [])
        if not steps:
            continue

        def figure(step: int, path: Path, side: int, place: int = place) -> tuple[Picture, Markup]:
            caption = f"step {step:,}"
            return loader.figure(place, path, f"{title.lower()} at {caption}", caption, side)

        last.append(figure(*steps[-1], _LAST_SIDE))
        before = [figure(step, path, _EARLIER_SIDE) for step, path in steps[:-1]]
        if before:
            count = f"{len(before)} of {len(run.pictures[kind]) - 1}"
            earlier.append((f", {run.name}" if len(runs) > 1 else "", count, before))
    if kind == "samples":
        last += loader.reals()
    identifier = "pictures-" + re.sub(r"[^a-z0-9]+", "-", kind.lower())
    parts = [tag("p", about, class_="soft") if about else None, _side_by_side(last)]
    large = any(picture.width >= _BROAD for picture, _ in last)
    for of_run, count, before in earlier:
        strip = tag("div", *(shown for _, shown in before), class_=_columns(before, strip=True))
        if len(runs) == 1 and not large:
            parts += [tag("h3", f"Earlier ({count})"), strip]
        else:
            parts.append(details(f"Earlier{of_run} ({count})", strip))
    return section(identifier, title, *parts)


def _side_by_side(figures: list[tuple[Picture, Markup]]) -> Markup:
    return tag("div", *(shown for _, shown in figures), class_=_columns(figures))


def _columns(figures: list[tuple[Picture, Any]], strip: bool = False) -> str:
    """Return the classes of a grid whose columns suit the widest picture."""
    shapes = [(picture.width, picture.height) for picture, _ in figures if picture.height]
    if any(width > _WIDE * height for width, height in shapes):
        return "grid wide"
    if any(width >= _BROAD for width, _ in shapes):
        return "grid broad"
    return "grid strip" if strip else "grid"
