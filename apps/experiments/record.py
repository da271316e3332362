"""What an experiment is, and how its results are written down."""

import functools
import hashlib
import json
import math
import numbers
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from apps.atomic import replacing
from keras_ot_gans.callbacks.pictures import write_png


@dataclass(frozen=True)
class Experiment:
    """One figure or table of a paper.

    Attributes:
        name: what `--experiment` calls it.
        source: paper and figure.
        claim: what the paper says.
        budget: what a full run costs, in words.
        settings: column names that tell rows of the table apart; other numbers are averaged.
        run: function `(Run) -> rows`, each row a dict with a `seed`; see `summary`.
    """

    name: str
    source: str
    claim: str
    budget: str
    settings: tuple[str, ...]
    run: Callable[["Run"], list[dict]]


@dataclass(frozen=True)
class Run:
    """How an experiment is run.

    Attributes:
        folder: where pictures go.
        seeds: the seeds to repeat it with.
        scale: float, multiplies the numbers of updates; 1 is the full experiment.
        say: function that logs a line of progress.
        data_dir: TFDS folder or None, for experiments on images.
    """

    folder: Path
    seeds: tuple[int, ...]
    scale: float
    say: Callable[[str], None]
    data_dir: str | None = None

    def updates(self, full: int, least: int = 20) -> int:
        """Return the number of updates at this scale.

        Args:
            full: int, updates of the full experiment.
            least: int, lower bound.

        Returns:
            int.
        """
        return max(least, round(full * self.scale))

    def part(self, key: tuple, make: Callable[[], "Part"]) -> "Part":
        """Return one part of an experiment: that of an interrupted run, else a new one.

        Long experiments consist of parts, each kept in the folder as soon as it is there. Remove
        the folder `parts` where the code has changed since.

        Args:
            key: str and int that tell the part from all others of the experiment.
            make: function that computes it.

        Returns:
            `Part`.
        """
        named = json.dumps([*key, self.scale])
        digest = hashlib.sha256(named.encode()).hexdigest()[:16]
        path = self.folder / "parts" / f"{digest}.npz"
        if path.exists():
            with np.load(path) as stored:
                rows = json.loads(str(stored["rows"]))
                return Part(rows, [stored[f"picture_{i}"] for i in range(len(stored) - 2)])
        part = make()
        path.parent.mkdir(exist_ok=True)
        pictures = {f"picture_{i}": picture for i, picture in enumerate(part.pictures)}
        with replacing(path) as temporary:
            np.savez_compressed(temporary, key=named, rows=json.dumps(part.rows), **pictures)
        return part

    def parts(
        self, labels: Sequence[str], make: Callable[[str], Callable[[int], "Part"]]
    ) -> tuple[list[dict], list[list[np.ndarray]]]:
        """Return a part for every label and seed, label by label.

        Args:
            labels: str, what is compared.
            make: function of a label that returns a function of a seed, which computes the part.

        Returns:
            All rows, and the pictures of the first seed, a list for each label.
        """
        rows, pictures = [], []
        for label in labels:
            compute = make(label)
            found = [self.part((label, s), functools.partial(compute, s)) for s in self.seeds]
            rows += [row for part in found for row in part.rows]
            pictures.append(found[0].pictures)
        return rows, pictures

    def picture(self, name: str, rows: Sequence[Sequence[np.ndarray]]) -> None:
        """Write pictures of one size as one PNG.

        Args:
            name: file name without ending.
            rows: rows of uint8 arrays `(H, W, 3)`.
        """
        write_png(self.folder / f"{name}.png", np.vstack([np.hstack(list(row)) for row in rows]))


class Part(NamedTuple):
    """What a part of an experiment leaves.

    Attributes:
        rows: dicts, as `summary` takes them.
        pictures: uint8 arrays `(H, W, 3)`.
    """

    rows: list[dict]
    pictures: list[np.ndarray]


def halved(picture: np.ndarray) -> np.ndarray:
    """Make a picture half as high and as wide, by means of four pixels: letters stay legible.

    Args:
        picture: uint8 array `(H, W, 3)` of even sides.

    Returns:
        uint8 array `(H / 2, W / 2, 3)`.

    Example:
        >>> halved(np.uint8([[[8, 0, 1]] * 2, [[0, 0, 1]] * 2])).tolist()
        [[[4, 0, 1]]]
    """
    height, width, channels = picture.shape
    squares = picture.reshape(height // 2, 2, width // 2, 2, channels)
    return squares.mean(axis=(1, 3)).astype("uint8")


def summary(rows: Sequence[dict], settings: Sequence[str]) -> list[dict]:
    """Average the rows that share their settings over the seeds.

    Args:
        rows: dicts of numbers, strings and whatever else is to be kept in `results.json` alone.
        settings: keys that tell settings apart.

    Returns:
        One dict per setting, in order of appearance: the settings, `seeds` (how many), for every
        number `(mean, standard deviation)`, and every different string in order of appearance. The
        deviation is 0 for one seed, and where a number is not finite.

    Example:
        >>> rows = [{"method": "a", "seed": s, "knobs": f"rate={s}", "card": {}} for s in (1, 2)]
        >>> summary(rows, ("method",))
        [{'method': 'a', 'seeds': 2, 'knobs': 'rate=1; rate=2'}]
    """
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(key) for key in settings), []).append(row)
    result = []
    for values, members in groups.items():
        entry = dict(zip(settings, values, strict=True))
        entry["seeds"] = len({member.get("seed") for member in members})
        for key in members[0]:
            found = [member[key] for member in members]
            if key in settings or key == "seed":
                continue
            if all(isinstance(value, numbers.Real) for value in found):
                spread = 0.0  # of one seed, and of a diverged one
                if len(found) > 1 and all(map(math.isfinite, found)):
                    spread = statistics.stdev(map(float, found))
                entry[key] = (statistics.fmean(map(float, found)), spread)
            elif all(isinstance(value, str) for value in found):
                entry[key] = "; ".join(dict.fromkeys(found))
        result.append(entry)
    return result


def _cell(value) -> str:
    if isinstance(value, tuple):
        mean, spread = value
        return f"{mean:.3g}" if spread == 0 else f"{mean:.3g} ± {spread:.2g}"
    return str(value)


def table(entries: Sequence[dict]) -> str:
    """Format a summary as a Markdown table.

    Args:
        entries: result of `summary`.

    Returns:
        str, with a final line break.
    """
    columns = list(dict.fromkeys(key for entry in entries for key in entry))
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for entry in entries:
        lines.append("| " + " | ".join(_cell(entry.get(key, "")) for key in columns) + " |")
    return "\n".join(lines) + "\n"


def write(folder: Path, experiment: Experiment, run: Run, rows: list[dict], seconds: float) -> str:
    """Write `results.json` and `table.md` by temporary name and rename.

    Args:
        folder: where they go.
        experiment: what was run.
        run: how it was run.
        rows: the results.
        seconds: wall-clock time.

    Returns:
        str, the Markdown table.
    """
    text = table(summary(rows, experiment.settings))
    record = {
        "experiment": experiment.name,
        "source": experiment.source,
        "claim": experiment.claim,
        "seeds": list(run.seeds),
        "scale": run.scale,
        "seconds": round(seconds, 1),
        "rows": rows,
    }
    head = f"# {experiment.name}\n\n{experiment.source}. The paper: {experiment.claim}\n\n"
    foot = f"\nSeeds {list(run.seeds)}, scale {run.scale:g}, {seconds:.0f} s.\n"
    for name, content in (
        ("results.json", json.dumps(record, indent=1) + "\n"),
        ("table.md", head + text + foot),
    ):
        with replacing(folder / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return text
