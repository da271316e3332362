"""Models, optimizers and metrics from the sections of a config."""

import functools
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from ml_collections import ConfigDict

from apps.look_up import call, look_up
from apps.network_builders import NAVIGATORS, build_features, build_generator
from keras_ot_gans import divergences, losses, metrics, models, networks, ops, optimizers
from keras_ot_gans.datasets import GaussianMixture

PRIORS = {"normal": ops.Normal, "uniform": ops.Uniform}
COSTS = {
    "cosine": ops.cosine,
    "euclidean": ops.euclidean,
    "squared_euclidean": ops.squared_euclidean,
}
CRITIC_LOSSES = {"discriminator_cross_entropy": losses.discriminator_cross_entropy}
DIVERGENCES = {
    "sliced_wasserstein": divergences.SlicedWasserstein,
    "wasserstein_1d": lambda: divergences.wasserstein_1d,
}
PHIS = {
    "exponential": losses.phi.exponential,
    "hinge": losses.phi.hinge,
    "least_squares": losses.phi.LeastSquares(),
    "linear": losses.phi.linear,
    "logistic": losses.phi.logistic,
    "logistic_linear": losses.phi.LOGISTIC_LINEAR,
    "square_root": losses.phi.square_root,
}
PENALTIES = {
    "gradient": losses.penalties.gradient_penalty,
    "lipschitz": losses.penalties.lipschitz_penalty,
    "max_gradient": losses.penalties.max_gradient_penalty,
    "r1": losses.penalties.r1,
    "r2": losses.penalties.r2,
}
GENERATOR_LOSSES = {
    "linear": losses.linear_generator_loss,
    "minimax": losses.minimax_generator_loss,
    "non_saturating": losses.non_saturating_generator_loss,
}
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


def _act_gan(section: dict, sample_shape: tuple, train: Mapping) -> models.ACTGAN:
    generator, critic = build_generator(section, sample_shape), None
    if section["critic"] is not None:
        critic = build_features("critic", section["critic"], sample_shape)
    inner = section["navigator"]
    if inner["name"] == "difference":
        compared = int(np.prod(sample_shape)) if critic is None else critic.output_shape[-1]
        navigator = call("model.navigator", networks.difference_navigator, inner, compared)
    else:
        navigator = build_features("navigator", inner, sample_shape, NAVIGATORS)
    names = {"cost": COSTS, "navigator_distance": COSTS, "critic_loss": CRITIC_LOSSES}
    values = {
        key: look_up(f"model.{key}", section[key], table)
        for key, table in names.items()
        if section.get(key) is not None
    }
    rest = {**section, **values, **_prior(section), "seed": train["seed"]}
    for key in ("generator", "navigator", "critic"):
        del rest[key]
    return call("model", models.ACTGAN, rest, generator, navigator, critic)


def _lipschitz_gan(
    section: dict, sample_shape: tuple, train: Mapping, labels: ops.Labels | None = None
) -> models.LipschitzGAN:
    num_classes = None if labels is None else labels.num_classes
    generator = build_generator(section, sample_shape, num_classes)
    inner = {"feature_dim": 1, **section["critic"]}
    critic = build_features("critic", inner, sample_shape, num_classes=num_classes)
    rest = {**section, **_prior(section), "seed": train["seed"], "batch_size": train["batch_size"]}
    rest["labels"] = labels
    rest["phi"] = look_up("model.phi", section["phi"], PHIS)
    rest["generator_loss"] = look_up(
        "model.generator_loss", section["generator_loss"], GENERATOR_LOSSES
    )
    if section["penalty"] is not None:
        build = look_up("model.penalty.name", section["penalty"]["name"], PENALTIES)
        rest["penalty"] = call("model.penalty", build, section["penalty"])
    if section.get("consistency") is not None:
        rest["consistency"] = call("model.consistency", losses.Consistency, section["consistency"])
    for key in ("generator", "critic"):
        del rest[key]
    return call("model", models.LipschitzGAN, rest, generator, critic)


def _minimum_distance(
    section: dict, sample_shape: tuple, train: Mapping
) -> models.MinimumDistanceModel:
    generator, inner = build_generator(section, sample_shape), section["divergence"]
    build = look_up("model.divergence.name", inner["name"], DIVERGENCES)
    divergence = call("model.divergence", build, inner)
    rest = {**section, **_prior(section), "seed": train["seed"]}
    for key in ("generator", "divergence"):
        del rest[key]
    return call("model", models.MinimumDistanceModel, rest, generator, divergence)


def _prior(section: Mapping) -> dict:
    return {"prior": look_up("model.prior", section["prior"], PRIORS)()}


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


MODELS: dict[str, Callable] = {
    "act_gan": _act_gan,
    "lipschitz_gan": _lipschitz_gan,
    "minimum_distance": _minimum_distance,
}
CONDITIONAL = ("lipschitz_gan",)  # whose builder takes labels


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
    section = config.model.to_dict()
    build = look_up("model.name", section["name"], MODELS)
    if labels is not None and section["name"] not in CONDITIONAL:
        raise ValueError(
            f"`model.name` must be {' or '.join(CONDITIONAL)} where data.with_labels is True. "
            f"Received: {section['name']!r}, which takes no labels. Train it without labels."
        )
    extra = () if labels is None else (labels,)
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
