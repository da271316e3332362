"""Compiled models and metrics from the sections of a config."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence

import keras
from ml_collections import ConfigDict

from apps.look_up import call, look_up
from apps.model_builders import CONDITIONAL, MODELS
from keras_ot_gans import metrics, models, ops, optimizers
from keras_ot_gans.datasets import GaussianMixture

# Keys of an optimizer's section: updates of this optimizer after which its rate is 0.
SCHEDULES = {
    "cosine_updates": keras.optimizers.schedules.CosineDecay,
    "linear_updates": functools.partial(
        keras.optimizers.schedules.PolynomialDecay, end_learning_rate=0.0
    ),
}
OPTIMIZERS = {
    "adam": optimizers.FusedAdam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}

# Values of the key `train.mixed_precision`, which a config may leave out.
PRECISIONS = {
    "float32": "float32",
    "bfloat16": "mixed_bfloat16",
    "float16": "mixed_float16",
}


@contextlib.contextmanager
def precision(config: ConfigDict) -> Iterator[None]:
    """Build the layers inside in the precision of a config, and all others as before.

    Variables, costs, plans, penalties and metrics stay float32; in float16 each role's loss is
    scaled.

    Args:
        config: the whole config; `train.mixed_precision` is read.

    Yields:
        None.

    Raises:
        ValueError: if there is no such precision.
    """
    name = config.train.get("mixed_precision", "float32")
    policy = look_up("train.mixed_precision", name, PRECISIONS)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _optimizer(role: str, section: Mapping) -> keras.optimizers.Optimizer:
    """Build the optimizer of a role; its learning rate may fall to 0."""
    section = dict(section)
    build = look_up(f"optimizers.{role}.name", section["name"], OPTIMIZERS)
    warmup = section.pop("warmup_updates", None)
    for key, schedule in SCHEDULES.items():
        updates = section.pop(key, None)
        if updates is not None:
            rate = section["learning_rate"]
            section["learning_rate"] = (
                schedule(rate, updates)
                if warmup is None
                else warmed_up(f"optimizers.{role}", key, rate, updates, warmup)
            )
            warmup = None
    if warmup is not None:
        raise ValueError(
            f"`optimizers.{role}.warmup_updates` must come with cosine_updates. Received: "
            f"warmup_updates={warmup} alone. Give cosine_updates too."
        )
    return call(f"optimizers.{role}", build, section)


def warmed_up(
    argument: str, key: str, rate: float, updates: int, warmup: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return a rate that rises from 0 along a line, then falls to 0 along half a cosine.

    Args:
        argument: the config section, for the message.
        key: the section's key of the falling part.
        rate: float, the highest rate.
        updates: int, updates of this optimizer after which the rate is 0 again.
        warmup: int, updates of the rise.

    Returns:
        `keras.optimizers.schedules.LearningRateSchedule`.

    Raises:
        ValueError: if the rise is not shorter than the whole, or the fall is no cosine.

    Example:
        >>> schedule = warmed_up("optimizers.critic", "cosine_updates", 0.1, 100, 50)
        >>> [round(float(schedule(step)), 4) for step in (0, 25, 50, 100)]
        [0.0, 0.05, 0.1, 0.0]
    """
    if key != "cosine_updates" or not 0 < warmup < updates:
        raise ValueError(
            f"`{argument}.warmup_updates` must be in (0, cosine_updates). Received: "
            f"warmup_updates={warmup}, {key}={updates}. Make it shorter, and the fall a cosine."
        )
    return keras.optimizers.schedules.CosineDecay(
        0.0, updates - warmup, warmup_target=rate, warmup_steps=warmup
    )


class _Section(dict):
    """The section `model`, which names a key that its builder misses."""

    def __missing__(self, key: str) -> None:
        raise ValueError(
            f"`model.{key}` must be given for this model. Received: a section with the keys "
            f"{', '.join(self)}. Add it to the config file."
        )


def build_model(
    config: ConfigDict, sample_shape: tuple, labels: ops.Labels | None = None
) -> models.AdversarialModel:
    """Build and compile the model of a config.

    Args:
        config: the whole config; `model`, `optimizers` and `train` are read.
        sample_shape: shape of one real sample, `(d,)` or `(height, width, channels)`.
        labels: `ops.Labels` for a conditional model, else None.

    Returns:
        Compiled model.

    Raises:
        ValueError: if a name is unknown, a key does not belong there, the networks do not fit
            each other or the data, or labels are given to what takes none.
    """
    section = _Section(config.model.to_dict())
    build = look_up("model.name", section["name"], MODELS)
    if labels is not None and section["name"] not in CONDITIONAL:
        raise ValueError(
            f"`model.name` must be {' or '.join(CONDITIONAL)} where data.with_labels is True. "
            f"Received: {section['name']!r}, which takes no labels. Train it without labels."
        )
    extra = () if labels is None else (labels,)
    with precision(config):
        model = build(section, tuple(sample_shape), config.train, *extra)
    model.compile(
        {role: _optimizer(role, inner) for role, inner in config.optimizers.items()},
        steps_per_execution=config.train.steps_per_execution,
        jit_compile=config.train.jit_compile,
    )
    return model


def build_metrics(names: Sequence[str], mixture: GaussianMixture | None) -> list[Callable]:
    """Build the metrics that `watch.metrics` names.

    Args:
        names: keys of `METRICS`.
        mixture: the data's modes if they are known, else None.

    Returns:
        List of functions `(real, fake) -> dict`.

    Raises:
        ValueError: if a name is unknown or its metric needs modes and the data have none.
    """
    return [look_up("watch.metrics", name, METRICS)(mixture) for name in names]


def _mode_coverage(mixture: GaussianMixture | None) -> metrics.ModeCoverage:
    if mixture is None:
        raise ValueError(
            "`watch.metrics` must not hold 'mode_coverage' where the modes are unknown. Received: "
            "data that are no mixture of Gaussians. Take 'earth_mover'."
        )
    return metrics.ModeCoverage(mixture.centres, mixture.scale, mixture.weights)


METRICS = {
    "earth_mover": lambda mixture: metrics.EarthMover(floor=True),
    "mode_coverage": _mode_coverage,
    "sorted_w2": lambda mixture: metrics.SortedW2(),
}
