"""Models, optimizers and metrics from the sections of a config."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from ml_collections import ConfigDict

from apps.look_up import call, look_up
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
OPTIMIZERS = {
    "adam": optimizers.FusedAdam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}


def _check_sample_rank(argument: str, name: str, sample_shape: tuple, rank: int) -> None:
    if len(sample_shape) != rank:
        kinds = {1: "points (d,)", 3: "images (height, width, channels)"}
        raise ValueError(
            f"`{argument}.name` must fit the data, samples of shape {sample_shape}. Received: "
            f"{name!r}, a network of {kinds[rank]}. Choose another network or other data."
        )


def _mlp_generator(
    latent_dim: int,
    sample_shape: tuple,
    hidden: Sequence[int],
    negative_slope: float = 0.1,
    batch_norm: bool = False,
) -> keras.Model:
    _check_sample_rank("model.generator", "mlp", sample_shape, 1)
    slope, name = negative_slope, "generator"
    return networks.mlp(
        latent_dim,
        hidden,
        sample_shape[0],
        negative_slope=slope,
        batch_norm=batch_norm,
        name=name,
    )


def _dcgan_generator(latent_dim: int, sample_shape: tuple, width: int = 64) -> keras.Model:
    _check_sample_rank("model.generator", "dcgan", sample_shape, 3)
    return networks.dcgan_generator(latent_dim, sample_shape, width=width)


def _mlp_features(
    role: str,
    sample_shape: tuple,
    hidden: Sequence[int],
    feature_dim: int,
    negative_slope: float = 0.1,
    batch_norm: bool = False,
) -> keras.Model:
    _check_sample_rank(f"model.{role}", "mlp", sample_shape, 1)
    return networks.mlp(
        sample_shape[0],
        hidden,
        feature_dim,
        negative_slope=negative_slope,
        batch_norm=batch_norm,
        name=role,
    )


def _dcgan_features(
    role: str,
    sample_shape: tuple,
    feature_dim: int,
    width: int = 64,
    negative_slope: float = 0.1,
    spectral_norm: bool = False,
) -> keras.Model:
    _check_sample_rank(f"model.{role}", "dcgan", sample_shape, 3)
    return networks.dcgan_critic(
        sample_shape,
        feature_dim,
        width=width,
        negative_slope=negative_slope,
        spectral_norm=spectral_norm,
        name=role,
    )


GENERATORS = {"dcgan": _dcgan_generator, "mlp": _mlp_generator}
CRITICS = {"dcgan": _dcgan_features, "mlp": _mlp_features}
NAVIGATORS = {**CRITICS, "difference": networks.difference_navigator}


def _generator(section: Mapping, sample_shape: tuple) -> keras.Model:
    """Build the generator from the model's section."""
    inner = section["generator"]
    build = look_up("model.generator.name", inner["name"], GENERATORS)
    return call("model.generator", build, inner, section["latent_dim"], sample_shape)


def _act_gan(section: dict, sample_shape: tuple, seed: int) -> models.ACTGAN:
    generator, critic = _generator(section, sample_shape), None
    if section["critic"] is not None:
        inner = section["critic"]
        build = look_up("model.critic.name", inner["name"], CRITICS)
        critic = call("model.critic", build, inner, "critic", sample_shape)
    inner = section["navigator"]
    build = look_up("model.navigator.name", inner["name"], NAVIGATORS)
    if build is networks.difference_navigator:
        compared = int(np.prod(sample_shape)) if critic is None else critic.output_shape[-1]
        navigator = call("model.navigator", build, inner, compared)
    else:
        navigator = call("model.navigator", build, inner, "navigator", sample_shape)
    names = {"cost": COSTS, "navigator_distance": COSTS, "critic_loss": CRITIC_LOSSES}
    values = {
        key: look_up(f"model.{key}", section[key], table)
        for key, table in names.items()
        if section.get(key) is not None
    }
    rest = {**section, **values, **_prior(section), "seed": seed}
    for key in ("generator", "navigator", "critic"):
        del rest[key]
    return call("model", models.ACTGAN, rest, generator, navigator, critic)


def _minimum_distance(section: dict, sample_shape: tuple, seed: int) -> models.MinimumDistanceModel:
    generator, inner = _generator(section, sample_shape), section["divergence"]
    build = look_up("model.divergence.name", inner["name"], DIVERGENCES)
    divergence = call("model.divergence", build, inner)
    rest = {**section, **_prior(section), "seed": seed}
    for key in ("generator", "divergence"):
        del rest[key]
    return call("model", models.MinimumDistanceModel, rest, generator, divergence)


def _prior(section: Mapping) -> dict:
    return {"prior": look_up("model.prior", section["prior"], PRIORS)()}


def _optimizer(role: str, section: Mapping) -> keras.optimizers.Optimizer:
    """Build the optimizer of a role; its learning rate may fall along half a cosine."""
    section = dict(section)
    build = look_up(f"optimizers.{role}.name", section["name"], OPTIMIZERS)
    updates = section.pop("cosine_updates", None)
    if updates is not None:
        rate = section["learning_rate"]
        section["learning_rate"] = keras.optimizers.schedules.CosineDecay(rate, updates)
    return call(f"optimizers.{role}", build, section)


MODELS: dict[str, Callable] = {"act_gan": _act_gan, "minimum_distance": _minimum_distance}


def build_model(config: ConfigDict, sample_shape: tuple) -> models.AdversarialModel:
    """Build and compile the model of a config.

    Args:
        config: the whole config; `model`, `optimizers` and `train` are read.
        sample_shape: shape of one real sample, `(d,)` or `(height, width, channels)`.

    Returns:
        Compiled model.

    Raises:
        ValueError: if a name is unknown, a key does not belong there, or the networks do not fit
            each other or the data.
    """
    section = config.model.to_dict()
    build = look_up("model.name", section["name"], MODELS)
    model = build(section, tuple(sample_shape), config.train.seed)
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
