"""Callbacks of a run, from the watch section of a config."""

from collections.abc import Sequence
from typing import Any

import keras
from ml_collections import ConfigDict

from apps import builders, rewinding, rotation, sources
from apps.epoch_log import EpochLog, Speed
from apps.run_folder import RunFolder
from keras_ot_gans import callbacks
from keras_ot_gans.metrics.image_scores import ImageScores
from keras_ot_gans.models import AdversarialModel

# Those beside samples; each takes real samples first.
OTHERS = {
    "codes": callbacks.Codes,
    "dot": callbacks.DOTSamples,
    "interpolations": callbacks.Interpolations,
    "navigator": callbacks.NavigatorLogits,
    "neighbours": callbacks.Neighbours,
    "plans": callbacks.TransportPlan,
    "reconstructions": callbacks.Reconstructions,
}
PICTURES = ("samples", *OTHERS)
_OF_CODES = {"encode", "interpolate", "reconstruct"}  # what a model without an encoder refuses
_OF_IMAGES = ("interpolations", "neighbours")  # not of points


def check(config: ConfigDict, model: AdversarialModel, source: sources.Source) -> None:
    """Check that the pictures that a config asks for can be drawn.

    Args:
        config: the whole config.
        model: the model.
        source: real data.

    Raises:
        ValueError: if the model lacks what a picture shows, or points have too many coordinates.
    """
    for name in config.watch.pictures:
        needs = OTHERS[name].needs if name in OTHERS else ()
        lacking = [f"`{part}`" for part in needs if getattr(model, part, None) is None]
        lacking = [part for part in lacking if part != "`labels`"]  # None for no classes
        if _OF_CODES & set(needs) and getattr(model, "encoder", model) is None:
            lacking.append("`encoder`")
        if lacking:
            raise ValueError(
                f"`watch.pictures` must be pictures that the model can draw. Received: {name!r} "
                f"for {type(model).__name__}, which has no {', '.join(lacking)}. Leave it out."
            )
    points = len(source.sample_shape) == 1
    for name in _OF_IMAGES if points else ():
        if name in config.watch.pictures:
            raise ValueError(
                f"`watch.pictures` must not hold {name!r} of points. Received: points of "
                f"{source.sample_shape[0]} coordinates. Take 'reconstructions' or 'codes'."
            )
    coordinates = source.sample_shape[0]
    if points and coordinates > 2 and "samples" in config.watch.pictures:
        raise ValueError(
            "`watch.pictures` must not hold 'samples' where points have more than two coordinates. "
            f'Received: points of {coordinates}. Pass --config.watch.pictures="()".'
        )


def watchers(
    config: ConfigDict,
    source: sources.Source,
    folder: RunFolder,
    first: bool,
    judges: Sequence[ImageScores] = (),
    memory: dict[str, Any] | None = None,
) -> list[keras.callbacks.Callback]:
    """Build the callbacks in the order in which they need each other's values.

    Args:
        config: the whole config.
        source: real data.
        folder: the run's folder, begun.
        first: bool, whether the training starts at its beginning.
        judges: image scores, see `judging.usable_scores`.
        memory: of the watchdog, see `rewinding.watchdogs`.

    Returns:
        List of callbacks; the checkpoint is the last, so that it vouches for all others.
    """
    watch, found, judge = config.watch, [Speed()], None
    metrics = [*builders.build_metrics(watch.metrics, source.mixture), *judges]
    if metrics:
        judge = callbacks.EvaluateGenerator(
            source.real,
            metrics,
            watch.num_evaluated,
            watch.every,
            log_dir=folder.logs,
            earlier=folder.records(),
        )
        found.append(judge)
    when = {"every": watch.every, "log_dir": folder.logs, "at_train_begin": first}
    if "samples" in watch.pictures:
        if source.real.ndim == 4:
            found.append(callbacks.SampleGrid(folder.path, num=watch.num_pictured, **when))
        else:
            number = watch.num_pictured
            found.append(callbacks.SampleScatter(source.real, folder.path, num=number, **when))
    for name, make in OTHERS.items():
        if name in watch.pictures:
            told = {"labels": source.labels} if name == "plans" else {}
            found.append(make(source.real, folder.path, **when, **told))
    found += rewinding.watchdogs(config, source, folder, memory)  # sees scores, goes back in time
    last = rotation.Checkpoint(folder.checkpoints, config.train.checkpoints_to_keep)
    return [*found, EpochLog(folder.metrics, folder.logs, judge), last]
