"""From run folders to one page that needs nothing but itself."""

import datetime
from pathlib import Path

from apps.reporting import sections
from apps.reporting.gallery import gallery
from apps.reporting.html import Markup, Section, document, tag
from apps.reporting.run import Run, read_run
from apps.reporting.scores import scores_section
from apps.reporting.text import flat, value

MOST_RUNS = 24


def build(workdirs: list[str]) -> str:
    """Read run folders and return their report.

    Args:
        workdirs: folders of runs, at least one; several are compared.

    Returns:
        str, an HTML page.

    Raises:
        ValueError: if one is no run folder, or is given twice, or there are too many.
    """
    paths = [Path(workdir).expanduser() for workdir in workdirs]
    if not 1 <= len(paths) <= MOST_RUNS or len({path.resolve() for path in paths}) < len(paths):
        raise ValueError(
            f"`--workdir` must be 1 to {MOST_RUNS} folders, none of them twice. Received: "
            f"{len(paths)}: {', '.join(workdirs)}. Leave some out."
        )
    runs = [read_run(path, name) for path, name in zip(paths, names_of(paths), strict=True)]
    return page(runs)


def names_of(paths: list[Path]) -> list[str]:
    """Return the last parts of paths, as many as tell them apart.

    Args:
        paths: different paths.

    Returns:
        List of str.

    Example:
        >>> names_of([Path("/runs/act/seed_0"), Path("/runs/ot/seed_0")])
        ['act/seed_0', 'ot/seed_0']
    """
    parts = [path.resolve().parts for path in paths]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-count:]) for each in parts]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]


def page(runs: list[Run]) -> Markup:
    """Return the report of runs.

    Args:
        runs: list of `Run`, at least one.

    Returns:
        `Markup`, an HTML page.
    """
    pictures, problems = gallery(runs)
    *curves, timing = sections.curves(runs)
    parts = [
        sections.summary(runs),
        sections.config(runs) if len(runs) > 1 else None,
        scores_section(runs),
        *pictures,
        *curves,
        timing,
        sections.config(runs) if len(runs) == 1 else None,
        sections.environment(runs),
    ]
    shown = [part for part in parts if part is not None]
    problems = [(run.name, text) for run in runs for text in run.missing] + problems
    title = f"Run {runs[0].name}" if len(runs) == 1 else f"{len(runs)} runs compared"
    made = datetime.datetime.now().astimezone().isoformat(timespec="minutes", sep=" ")
    return document(
        title,
        tag("header", tag("h1", title), _subtitle(runs), _contents(shown)),
        tag("main", _missing(problems, len(runs) > 1), *(part.content for part in shown)),
        tag("footer", f"Made by apps.report at {made}. This page loads nothing and runs nothing."),
    )


def _subtitle(runs: list[Run]) -> Markup:
    """Say in a line what was trained."""
    leaves = [flat(run.config) for run in runs]
    texts = (
        ", ".join(dict.fromkeys(value(each[key]) for each in leaves if key in each))
        for key in ("model.name", "data.name")
    )
    return tag("p", " on ".join(filter(None, texts)), class_="soft")


def _contents(parts: list[Section]) -> Markup:
    links = (tag("li", tag("a", part.title, href=f"#{part.identifier}")) for part in parts)
    return tag("nav", tag("ul", *links), aria_label="Contents")


def _missing(problems: list[tuple[str, str]], several: bool) -> Markup | None:
    """Return the note of all that could not be shown, None if there is nothing to say."""
    if not problems:
        return None
    lines = (tag("li", f"{run}: {text}" if several else text) for run, text in problems)
    return tag("aside", tag("h2", "What is missing"), tag("ul", *lines))
