"""Models from the sections of a config, before they are compiled."""

from collections.abc import Callable, Mapping

import numpy as np

from apps.bidirectional_builders import build_age, build_vae
from apps.look_up import call, look_up
from apps.network_builders import NAVIGATORS, build_features, build_generator
from keras_ot_gans import divergences, losses, models, networks, ops

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
MATCHINGS = {
    "entropic": divergences.EntropicMatching,
    "random": lambda: divergences.random_matching,
    "uniform": lambda: divergences.uniform_matching,
}
DISTANCES = {
    "minibatch_energy": divergences.minibatch_energy_distance,
    "single_batch_energy": divergences.single_batch_energy_distance,
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


def _ot_gan(
    section: dict, sample_shape: tuple, train: Mapping, labels: ops.Labels | None = None
) -> models.OTGAN:
    num_classes = None if labels is None else labels.num_classes
    generator, critic = build_generator(section, sample_shape, num_classes), None
    if section["critic"] is not None:
        critic = build_features("critic", section["critic"], sample_shape, num_classes=num_classes)
    build = look_up("model.matching.name", section["matching"]["name"], MATCHINGS)
    rest = {**section, **_prior(section), "seed": train["seed"], "labels": labels}
    rest["matching"] = call("model.matching", build, section["matching"])
    rest["cost"] = look_up("model.cost", section["cost"], COSTS)
    rest["distance"] = look_up("model.distance", section["distance"], DISTANCES)
    for key in ("generator", "critic"):
        del rest[key]
    return call("model", models.OTGAN, rest, generator, critic)


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


MODELS: dict[str, Callable] = {
    "act_gan": _act_gan,
    "age": build_age,
    "lipschitz_gan": _lipschitz_gan,
    "minimum_distance": _minimum_distance,
    "ot_gan": _ot_gan,
    "vae": build_vae,
}
CONDITIONAL = ("lipschitz_gan", "ot_gan")  # whose builder takes labels
