"""Scores of a run, a generator or files, against real images from wherever they are."""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from apps import generated, held_out, judging, own_data, sampling, strategies
from apps.atomic import written
from apps.generated import Generated
from apps.held_out import TRAINING
from apps.look_up import look_up
from keras_ot_gans.metrics.feature_networks import WeightsMissing
from keras_ot_gans.metrics.image_scores import ImageScores
from keras_ot_gans.metrics.presets import PRESETS
from keras_ot_gans.metrics.score import Scores
from keras_ot_gans.metrics.score_names import SCORES
from keras_ot_gans.ops.spread import spread_over

_REALS = ("data", "real_folder", "real_npz", "statistics")  # other real images than the run's own


class Request(NamedTuple):
    """What to score against what; the flags of `apps.evaluate` say what each field means."""

    workdir: str | None = None
    generator: str | None = None
    images: str | None = None
    npz: str | None = None
    sampler: str | None = None
    critic_workdir: str | None = None
    data: str | None = None
    data_dir: str | None = None
    split: str | None = None
    real_folder: str | None = None
    real_npz: str | None = None
    statistics: str | None = None
    network: str = "inception_graph"
    weights: str | None = None
    preset: str = "standard"
    prior: str = "normal"
    cache_dir: str | None = None
    metrics: list[str] | None = None
    num: int | None = None
    seed: int = 0
    strategy: str = "one"
    replicas: int | None = None


class Real(NamedTuple):
    """Real images.

    Attributes:
        source: what `ImageScores` takes as `real`.
        labelled: function that returns batches with labels, or None.
        name: their name on the card.
        split: which part of them.
    """

    source: Any
    labelled: Any
    name: str
    split: str


def evaluate_to_file(request: Request, out: str) -> str:
    """Score and write the scores with the whole card.

    Args:
        request: `Request`.
        out: name of a JSON file, in a folder that exists.

    Returns:
        str, a table for the terminal.

    Raises:
        ValueError: if a flag, a file or an image cannot be used.
        FileNotFoundError: if files are not there.
    """
    path = Path(out).expanduser()
    if path.suffix != ".json" or not path.parent.is_dir() or path.is_dir():
        raise ValueError(
            "`out` must be a file name that ends with .json, in a folder that exists. "
            f"Received: {out}. Try --out=scores.json."
        )
    fake, real, scores = evaluate(request)
    record = {"generated": fake.origin, "real": f"{real.name}, {real.split}", **scores.as_dict()}
    with written(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2, allow_nan=False) + "\n")
    return (
        f"{scores.card.n_fake} generated images from {fake.origin} against "
        f"{scores.card.n_real} of {real.name} ({real.split})\n{scores.table()}\nWritten to {path}"
    )


def evaluate(request: Request) -> tuple[Generated, Real, Scores]:
    """Score generated images.

    Args:
        request: `Request`.

    Returns:
        `(Generated, Real, Scores)`.

    Raises:
        ValueError: if a flag, a file or an image cannot be used, or weights are missing.
        FileNotFoundError: if files are not there.
    """
    protocol = look_up("preset", request.preset, PRESETS)
    metrics = tuple(request.metrics or protocol.scores)
    _check(request, metrics)
    strategy = strategies.build(request.strategy, request.replicas)
    fake = generated.load(request, protocol.n_fake if request.num is None else request.num)
    real = _real(request, fake)
    _say_what_was_seen(request, fake, real)
    network = judging.network_maker(request.network, request.weights, real.labelled)
    judge = ImageScores(
        network,
        _source(request, metrics, fake, real),
        metrics,
        protocol,
        real_name=real.name,
        split=real.split,
        cache_dir=request.cache_dir,
        batch_size=judging.BATCH,
        seed=request.seed,
        verbose=int(sys.stdout.isatty()),
    )
    try:
        with spread_over(strategy):
            scores = judge.evaluate(
                fake.batches,
                fake.num if request.num is None else request.num,
                generator_weights=fake.weights,
                sampler=fake.sampler,
            )
    except WeightsMissing as error:
        raise ValueError(
            f"`--weights` must be given where they cannot be fetched. Received: nothing. {error}"
        ) from error
    return fake, real, scores


def _check(request: Request, metrics: tuple[str, ...]) -> None:
    """Check what can be checked before anything is loaded."""
    look_up("strategy", request.strategy, dict.fromkeys(("one", "mirrored")))
    for name in metrics:
        look_up("metrics", name, SCORES)
    fits = request.num is None or 2 <= request.num <= sampling.MOST
    if not fits or not 0 <= request.seed < 2**31:
        raise ValueError(
            f"`num` must be at least 2, at most {sampling.MOST}, and `seed` from 0 to 2147483647. "
            f"Received: num={request.num}, seed={request.seed}. Try --num=10000 --seed=0."
        )
    _one_of(request, ("workdir", "generator", "images", "npz"), needed=True)
    _one_of(request, _REALS, needed=request.workdir is None)
    _check_sampler(request)


def _source(request: Request, metrics: tuple[str, ...], fake: Generated, real: Real) -> Any:
    """Return the real images, with their labels where a score needs them on both sides."""
    labelled = [name for name in metrics if SCORES[name].labels]
    if not labelled:
        return real.source
    if not fake.labelled or (real.labelled is None and request.statistics is None):
        side = "real images" if fake.labelled else "generated images"
        raise ValueError(
            f"`metrics` must be scores without labels. Received: {', '.join(labelled)}, for {side} "
            "that have none. Score the --workdir of a conditional run against its own data, or "
            "use `metrics.ImageScores` with pairs (images, labels)."
        )
    return real.source if real.labelled is None else real.labelled


def _one_of(request: Request, names: tuple[str, ...], needed: bool) -> None:
    given = [name for name in names if getattr(request, name) is not None]
    if len(given) > 1 or (needed and not given):
        raise ValueError(
            f"`{names[0]}` or one other of {', '.join('--' + name for name in names)} must be "
            f"given. Received: {' and '.join(given) or 'none'}. Give one."
        )


def _check_sampler(request: Request) -> None:
    """Check that there is something to sample from, and to ask."""
    drawn = request.workdir or request.generator
    if request.sampler is not None and drawn is None:
        raise ValueError(
            "`sampler` must be left out where the images are there already. Received: "
            f"{request.sampler!r}. It needs a --workdir or a --generator."
        )
    if request.critic_workdir is not None and request.sampler is None:
        raise ValueError(
            "`critic_workdir` must come with a --sampler that asks a critic. Received: "
            f"{request.critic_workdir}. Try --sampler=dot."
        )


def _say_what_was_seen(request: Request, fake: Generated, real: Real) -> None:
    """Say it where the run's own data judge a sampler that they calibrated or tuned."""
    if not fake.seen or any(getattr(request, name) is not None for name in _REALS):
        return
    seen, judging_splits = set(fake.seen), _splits(real.split)
    if TRAINING in seen:
        seen |= _splits(fake.config.data.get("split"))
    if seen & judging_splits:
        print(
            f"The sampler has seen the data that judge it, {real.split}: {fake.sampler}. Other "
            "data would give worse scores. Take another --split, or say so beside the numbers.",
            file=sys.stderr,
        )


def _splits(split: str | None) -> set[str]:
    """Return the names in a split; where none is given, it is the one for training."""
    return held_out.whole_splits("train" if split in (None, "", "default") else split)


def _real(request: Request, fake: Generated) -> Real:
    """Find the real images, at the size of the generated ones."""
    size, channels = fake.shape[:2], fake.shape[2]
    if request.statistics is not None:
        return Real(Path(request.statistics), None, request.statistics, "statistics")
    if request.real_npz is not None:
        array = generated.read_npz("real_npz", request.real_npz)
        return Real(array, None, Path(request.real_npz).name, "all")
    if request.real_folder is not None:
        files = generated.find_pictures("real_folder", request.real_folder)
        batches = generated.PictureBatches(files, channels, size)
        return Real(batches, None, Path(request.real_folder).name, "all")
    if request.data is not None:
        section = {"name": request.data, "image_size": tuple(size)}
    else:
        section = own_data.without_stock(fake.config.data)
    if request.split is not None:
        section["split"] = request.split

    def labelled() -> Any:
        return judging.real_images(section, request.data_dir, with_labels=True)

    def images() -> Any:
        return judging.real_images(section, request.data_dir)

    return Real(images, labelled, section["name"], str(section.get("split") or "default"))
