"""Samplers from a line of text, such as "dot(updates=20, rate=0.01)"."""

import ast
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from apps.look_up import call, look_up
from keras_ot_gans import samplers
from keras_ot_gans.ops.labels import Labels

OPTIMIZERS = {
    # The DOT paper's section 4.2, and its authors' code for epsilon.
    "adam": functools.partial(keras.optimizers.Adam, beta_1=0.0, beta_2=0.9, epsilon=1e-8),
    "sgd": keras.optimizers.SGD,
}
CALIBRATED = 2000  # real samples, and as many generated ones


class Players(NamedTuple):
    """What a sampler draws from.

    Attributes:
        generator: `keras.Model`.
        critic: `keras.Model`, or None.
        prior: of the latents.
        labels: `ops.Labels` of a conditional pair, or None.
        real: function of a number `n` that returns real samples `(n, ...)`, and their labels
            `(n,)` or None: what a critic is calibrated by.
        origin: str, where the generator comes from, in words.
    """

    generator: keras.Model
    critic: keras.Model | None
    prior: Any
    labels: Labels | None
    real: Callable[[int], tuple[np.ndarray, np.ndarray | None]]
    origin: str


def no_data(n: int) -> tuple:
    """Stand in for the real data of a generator that comes as a file.

    Args:
        n: int.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        "`sampler` must need no real data where the generator is a file. Received: one that "
        'calibrates a critic. Take the --workdir of its run, or pass calibration="none".'
    )


def build(text: str, players: Players, batch_size: int = 100) -> samplers.Sampler:
    """Build a sampler.

    Args:
        text: `NAME` or `NAME(knob=value, ...)`, NAME a key of `SAMPLERS` and the knobs those of
            its class. DOT takes `rate` and `optimizer`, a key of `OPTIMIZERS`; rejection,
            Metropolis-Hastings and Langevin take `calibration`, the name of a method;
            Metropolis-Hastings takes `initial`, "real" or "generated".
        players: `Players`.
        batch_size: int, samples per call of the networks.

    Returns:
        `samplers.Sampler`.

    Raises:
        ValueError: if there is no such sampler or knob, or the players do not fit.
    """
    name, knobs = parse(text)
    prepare, make = look_up("sampler", name, SAMPLERS)
    common = {"prior": players.prior, "labels": players.labels, "batch_size": batch_size}
    knobs = prepare(knobs, players, common)
    make = functools.partial(make, **common)
    return call("sampler", make, knobs, players.generator, players.critic)


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """Read a sampler's name and its knobs; nothing is evaluated but numbers, strings and tuples.

    Args:
        text: `NAME` or `NAME(knob=value, ...)`.

    Returns:
        `(name, dict of knob to value)`.

    Raises:
        ValueError: if the text is something else.

    Example:
        >>> parse("dot(updates=20, rate=0.01)")
        ('dot', {'updates': 20, 'rate': 0.01})
        >>> parse("plain")
        ('plain', {})
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
        if isinstance(node, ast.Name):
            return node.id, {}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args:
            knobs = [word.arg for word in node.keywords]
            if all(knobs) and len(set(knobs)) == len(knobs):
                return node.func.id, {w.arg: ast.literal_eval(w.value) for w in node.keywords}
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _unreadable(text) from error
    raise _unreadable(text)


def _unreadable(text: str) -> ValueError:
    return ValueError(
        f"`sampler` must be NAME or NAME(knob=value, ...). Received: {text!r}. Try "
        "--sampler='dot(updates=20, rate=0.01)'."
    )


def _as_given(knobs: dict, players: Players, common: dict) -> dict:
    return knobs


def _with_optimizer(knobs: dict, players: Players, common: dict) -> dict:
    """Make the optimizer of its name and rate."""
    name, rate = knobs.pop("optimizer", "sgd"), knobs.pop("rate", 0.01)
    if type(rate) not in (int, float) or not 0 < rate < math.inf:
        raise ValueError(
            f"`sampler.rate` must be a number above 0. Received: {rate!r}. Try rate=0.01."
        )
    return {**knobs, "optimizer": look_up("sampler.optimizer", name, OPTIMIZERS)(rate)}


def _calibrated(knobs: dict, players: Players, common: dict) -> dict:
    """Fit the critic's values to density ratios by real and generated samples."""
    method = knobs.pop("calibration", "logistic")
    if method == "none":
        return knobs
    real, fake, _ = _scores(players, common)
    return {**knobs, "calibration": samplers.calibrate(real, fake, method)}


def _with_starts(knobs: dict, players: Players, common: dict) -> dict:
    """Calibrate, and let chains begin at real samples."""
    initial = knobs.pop("initial", "real")
    look_up("sampler.initial", initial, {"real": True, "generated": False})
    method = knobs.pop("calibration", "logistic")
    if method == "none" and initial == "generated":
        return knobs
    real, fake, labels = _scores(players, common)
    knobs["calibration"] = samplers.calibrate(real, fake, method)
    return {**knobs, "real_scores": real, "real_labels": labels} if initial == "real" else knobs


def _scores(players: Players, common: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    pair = samplers.Pair(
        players.generator, players.critic, prior=players.prior, labels=players.labels
    )
    samples, labels = players.real(CALIBRATED)
    real, fake = samplers.critic_scores(
        pair, samples, real_labels=labels, batch_size=common["batch_size"]
    )
    return real, fake, labels


SAMPLERS = {
    "dot": (_with_optimizer, samplers.DOTSampler),
    "langevin": (_calibrated, samplers.LangevinSampler),
    "metropolis_hastings": (_with_starts, samplers.MetropolisHastingsSampler),
    "plain": (_as_given, samplers.PlainSampler),
    "rejection": (_calibrated, samplers.RejectionSampler),
    "top_k": (_as_given, samplers.TopKSampler),
    "truncation": (_as_given, samplers.TruncationSampler),
}
