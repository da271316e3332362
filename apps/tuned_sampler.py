"""Samplers from a line of text that may leave DOT's rate and number of updates to a validation."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from apps import sampler_builders
from apps.look_up import look_up
from apps.sampler_builders import Made, Players
from keras_ot_gans import metrics, samplers
from keras_ot_gans.metrics.feature_networks import WeightsMissing

RATES, UPDATES = (0.003, 0.01, 0.03, 0.1), (5, 10, 20)
VALIDATED = 1000  # samples
SEED = 2**31 - 1000  # far from those that people type: no sample that is shown was validated
BATCH = 100
_REFERENCE, _REFERENCE_BYTES = 10_000, 2**29  # held-out images at most


class Validation(NamedTuple):
    """How samples are judged.

    Attributes:
        score: function of float32 samples `(n, ...)` to a float, lower is better.
        notes: dict of str to str, for `sampler_builders.Made`.
    """

    score: Callable[[np.ndarray], float]
    notes: dict[str, str]


def build(
    text: str, players: Players, batch_size: int = 100, say: Callable[[str], None] = print
) -> Made:
    """Build a sampler, and tune it where the text says so.

    Args:
        text: as `sampler_builders.build`; or "dot(tune=NAME, validated=1000, ...)" with NAME a
            score of `IMAGES` or `POINTS`, and knobs besides `rate` and `updates`.
        players: as `sampler_builders.build`.
        batch_size: as `sampler_builders.build`.
        say: function that shows a line: every trial of the tuning.

    Returns:
        `sampler_builders.Made`.

    Raises:
        ValueError: as `sampler_builders.build`, and if there is no such score of such samples.
    """
    name, knobs = sampler_builders.parse(text)
    if name != samplers.DOTSampler.name or "tune" not in knobs:
        return sampler_builders.make(name, knobs, players, batch_size)
    fixed = [knob for knob in ("rate", "updates") if knob in knobs]
    if fixed:
        raise ValueError(
            f"`sampler.{fixed[0]}` must be left out where `tune` chooses it. Received: "
            f"{fixed[0]}={knobs[fixed[0]]!r}. Leave out {' and '.join(fixed)}, or tune."
        )
    by, n = knobs.pop("tune"), knobs.pop("validated", VALIDATED)
    validation = validate(by, players, n)
    found = choose(knobs, players, validation, n)
    for trial in found.trials:
        moved = (
            "no updates" if trial.rate is None else f"rate={trial.rate}, {trial.updates} updates"
        )
        say(f"{by} of {n} samples: {trial.score:.5g} by {moved}")
    made = sampler_builders.make(name, knobs | chosen_knobs(found), players, batch_size)
    return Made(made.sampler, made.notes | validation.notes)


def choose(
    knobs: dict[str, Any], players: Players, validation: Validation, n: int
) -> samplers.Tuning:
    """Try `RATES` and `UPDATES` of DOT.

    Args:
        knobs: its other knobs.
        players: as `build`.
        validation: as `validate` returns it.
        n: int > 1, how many samples are judged.

    Returns:
        `samplers.Tuning`.

    Raises:
        ValueError: as `sampler_builders.build`.
    """

    def make(rate: float) -> samplers.DOTSampler:
        tried = knobs | {"rate": rate, "updates": max(UPDATES)}
        return sampler_builders.make(samplers.DOTSampler.name, tried, players, BATCH).sampler

    return samplers.tune(make, validation.score, RATES, UPDATES, n, SEED)


def chosen_knobs(found: samplers.Tuning) -> dict[str, Any]:
    """Return the knobs of DOT's best trial.

    Args:
        found: result of `choose`.

    Returns:
        dict.

    Example:
        >>> chosen_knobs(samplers.Tuning(0.01, 20, 1.5, ()))
        {'updates': 20, 'rate': 0.01}
        >>> chosen_knobs(samplers.Tuning(None, 0, 1.5, ()))
        {'updates': 0}
    """
    rate = {} if found.rate is None else {"rate": found.rate}
    return {"updates": found.updates} | rate


def validate(by: str, players: Players, n: int) -> Validation:
    """Find what samples are judged by: a score against held-out real samples.

    Args:
        by: name of a score, "fid" or "kid" of images by the run's own feature network, "emd" of
            points, which is `metrics.earth_mover`'s `w1`.
        players: as `build`.
        n: int > 1, how many samples will be judged.

    Returns:
        `Validation`.

    Raises:
        ValueError: if there is no such score of such samples, or they are too few.
        FileNotFoundError: if the data are not there.
    """
    kinds = IMAGES if players.of_images else POINTS
    judge = look_up("sampler.tune", by, kinds)
    if type(n) is not int or n < 2:
        raise ValueError(
            f"`sampler.validated` must be an int above 1. Received: {n!r}. Try {VALIDATED}."
        )
    score, origin = judge(by, players, n)
    return Validation(score, {"tuned_by": f"{by} of {n}", "tuned_on": origin})


def _by_features(by: str, players: Players, n: int) -> tuple[Callable, str]:
    size = 4 * math.prod(players.generator.output_shape[1:])
    real = players.real(max(n, min(_REFERENCE, _REFERENCE_BYTES // size)))
    judge = metrics.ImageScores(
        players.network, real.samples, (by,), split=real.origin, intervals=False, verbose=0
    )

    def score(samples: np.ndarray) -> float:
        try:
            found = judge.evaluate(samples, len(samples))
        except WeightsMissing as error:
            raise ValueError(
                "`sampler.tune` must find the network of the run's scores, watch.network. "
                f"Received: no weights. {error}"
            ) from error
        if by not in found:
            raise ValueError(
                f"`sampler.validated` must be enough samples for {by}. Received: "
                f"{found.refused[by]} Raise it, or take tune=kid."
            )
        return found[by].value

    return score, real.origin


def _by_transport(by: str, players: Players, n: int) -> tuple[Callable, str]:
    real = players.real(n)
    if len(real.samples) < n:
        raise ValueError(
            f"`sampler.validated` must be at most {len(real.samples)}, the real points that there "
            f"are ({real.origin}). Received: {n}. Try validated={len(real.samples)}."
        )
    return lambda samples: metrics.earth_mover(real.samples, samples).w1, real.origin


IMAGES = {"fid": _by_features, "kid": _by_features}
POINTS = {"emd": _by_transport}
