"""Samplers from a line of text, such as "dot(updates=20, rate=0.01)"."""

import ast
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from apps.held_out import Reals
from apps.look_up import call, look_up
from keras_ot_gans import samplers
from keras_ot_gans.metrics.feature_networks import FeatureNetwork
from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.samplers.calibration import METHODS as CALIBRATIONS

OPTIMIZERS = {
    # The DOT paper's section 4.2, and its authors' code for epsilon.
    "adam": functools.partial(keras.optimizers.Adam, beta_1=0.0, beta_2=0.9, epsilon=1e-8),
    "sgd": keras.optimizers.SGD,
}
CALIBRATED = 2000  # real samples, and as many generated ones
SEEN = ("calibrated_on", "tuned_on")  # notes that name real data


def no_data(n: int) -> Reals:
    """Stand in for the real data of a generator that comes as a file.

    Args:
        n: int.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        "`sampler` must need no real data where the generator is a file. Received: one that "
        "calibrates a critic, or is tuned. Take the --workdir of its run, or pass "
        "calibration=none, to DOT rate and updates."
    )


class Players(NamedTuple):
    """What a sampler draws from.

    Attributes:
        generator: `keras.Model`.
        critic: `keras.Model`, or None.
        prior: of the latents.
        labels: `ops.Labels` of a conditional pair, or None.
        real: function of a number `n` that returns `held_out.Reals`, `n` at most: what a critic is
            calibrated by, and a sampler tuned by.
        origin: str, where the generator comes from, in words.
        network: function that makes the feature network of the run's scores; None where there is
            none.
    """

    generator: keras.Model
    critic: keras.Model | None
    prior: Any
    labels: Labels | None
    real: Callable[[int], Reals]
    origin: str
    network: Callable[[], FeatureNetwork] | None = None

    @property
    def of_images(self) -> bool:
        """Whether the samples are images, of values in [-1, 1]."""
        return len(self.generator.output_shape) == 4


class Made(NamedTuple):
    """A sampler, as the text asked for it.

    Attributes:
        sampler: `samplers.Sampler`.
        notes: dict of str to str, what was done to choose its settings.
    """

    sampler: samplers.Sampler
    notes: dict[str, str]

    @property
    def seen(self) -> frozenset[str]:
        """Names of the real data by which it was calibrated or tuned."""
        return frozenset(self.notes[key] for key in SEEN if key in self.notes)

    def describe(self) -> str:
        """Return the sampler, its settings and the notes in one line, for the protocol card.

        Returns:
            str, such as "rejection(percentile=80.0, ..., calibrated_on=training)".
        """
        text = self.sampler.describe()
        return text[:-1] + "".join(f", {key}={value}" for key, value in self.notes.items()) + ")"


def build(text: str, players: Players, batch_size: int = 100) -> Made:
    """Build a sampler.

    Args:
        text: `NAME` or `NAME(knob=value, ...)`, NAME a key of `SAMPLERS` and the knobs those of
            its class. DOT takes `rate` and `optimizer`, a key of `OPTIMIZERS`; rejection,
            Metropolis-Hastings and Langevin take `calibration`, the name of a method;
            Metropolis-Hastings takes `initial`, "real" or "generated". `box` is (-1, 1) for images.
        players: `Players`.
        batch_size: int, samples per call of the networks.

    Returns:
        `Made`.

    Raises:
        ValueError: if there is no such sampler or knob, or the players do not fit.
    """
    return make(*parse(text), players, batch_size)


def make(name: str, knobs: dict[str, Any], players: Players, batch_size: int = 100) -> Made:
    """Build a sampler from its name and knobs.

    Args:
        name: as `parse` returns it.
        knobs: as `parse` returns them.
        players: as `build`.
        batch_size: as `build`.

    Returns:
        `Made`.

    Raises:
        ValueError: as `build`.
    """
    prepare, kind = look_up("sampler", name, SAMPLERS)
    knobs = {"box": (-1.0, 1.0) if players.of_images else None} | knobs
    common = {"prior": players.prior, "labels": players.labels, "batch_size": batch_size}
    common["box"] = knobs.pop("box")
    knobs, notes = prepare(knobs, players, common)
    function = functools.partial(kind, **common)
    pair = (players.generator, players.critic)
    # None is a value here: exact rejection is `percentile=None`.
    return Made(call("sampler", function, knobs, *pair, keep_none=True), notes)


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """Read a sampler's name and its knobs; nothing is evaluated but numbers, strings and tuples.

    A word without quotes is a string.

    Args:
        text: `NAME` or `NAME(knob=value, ...)`.

    Returns:
        `(name, dict of knob to value)`.

    Raises:
        ValueError: if the text is something else.

    Example:
        >>> parse("dot(updates=20, rate=0.01)")
        ('dot', {'updates': 20, 'rate': 0.01})
        >>> parse("dot(tune=fid)")
        ('dot', {'tune': 'fid'})
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
                return node.func.id, {word.arg: _value(word.value) for word in node.keywords}
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _unreadable(text) from error
    raise _unreadable(text)


def _value(node: ast.expr) -> Any:
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)


def _unreadable(text: str) -> ValueError:
    return ValueError(
        f"`sampler` must be NAME or NAME(knob=value, ...). Received: {text!r}. Try "
        "--sampler='dot(updates=20, rate=0.01)'."
    )


Prepared = tuple[dict[str, Any], dict[str, str]]
"""The keywords of a class, and `Made.notes`."""


def _as_given(knobs: dict, players: Players, common: dict) -> Prepared:
    return knobs, {}


def _with_optimizer(knobs: dict, players: Players, common: dict) -> Prepared:
    """Make the optimizer of its name and rate."""
    name, rate = knobs.pop("optimizer", "sgd"), knobs.pop("rate", 0.01)
    if type(rate) not in (int, float) or not 0 < rate < math.inf:
        raise ValueError(
            f"`sampler.rate` must be a number above 0. Received: {rate!r}. Try rate=0.01."
        )
    return {**knobs, "optimizer": look_up("sampler.optimizer", name, OPTIMIZERS)(rate)}, {}


def _calibrated(knobs: dict, players: Players, common: dict) -> Prepared:
    """Fit the critic's values to density ratios by real and generated samples."""
    method = _method(knobs)
    if method == "none":
        return knobs, {}
    real, fake, _, notes = _scores(players, common)
    return {**knobs, "calibration": samplers.calibrate(real, fake, method)}, notes


def _method(knobs: dict) -> str:
    """Take the name of a calibration out of the knobs."""
    method = knobs.pop("calibration", "logistic")
    look_up("sampler.calibration", method, dict.fromkeys(CALIBRATIONS))
    return method


def _with_starts(knobs: dict, players: Players, common: dict) -> Prepared:
    """Calibrate, and let chains begin at real samples."""
    own = [knob for knob in ("real_scores", "real_labels") if knob in knobs]
    if own:
        raise ValueError(
            f"`sampler.{own[0]}` must be left out: real samples are read from the run's data. "
            f"Received: {knobs[own[0]]!r}. Take initial=real."
        )
    initial = knobs.pop("initial", "real")
    look_up("sampler.initial", initial, {"real": True, "generated": False})
    method = _method(knobs)
    if method == "none" and initial == "generated":
        return knobs, {}
    real, fake, labels, notes = _scores(players, common)
    knobs["calibration"] = samplers.calibrate(real, fake, method)
    starts = {"real_scores": real, "real_labels": labels} if initial == "real" else {}
    return {**knobs, **starts}, notes


def _scores(
    players: Players, common: dict
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, dict[str, str]]:
    """Return the critic's values of real and generated samples, the real ones' labels, and notes.

    What the critic was trained on looks more real to it than other data do, and what is judged
    should not have been seen: the card says which data it was.
    """
    pair = samplers.Pair(
        players.generator, players.critic, prior=players.prior, labels=players.labels
    )
    samples, labels, origin = players.real(CALIBRATED)
    real, fake = samplers.critic_scores(
        pair, samples, real_labels=labels, batch_size=common["batch_size"]
    )
    return real, fake, labels, {"calibrated_on": origin}


SAMPLERS = {
    "dot": (_with_optimizer, samplers.DOTSampler),
    "langevin": (_calibrated, samplers.LangevinSampler),
    "metropolis_hastings": (_with_starts, samplers.MetropolisHastingsSampler),
    "plain": (_as_given, samplers.PlainSampler),
    "rejection": (_calibrated, samplers.RejectionSampler),
    "top_k": (_as_given, samplers.TopKSampler),
    "truncation": (_as_given, samplers.TruncationSampler),
}
