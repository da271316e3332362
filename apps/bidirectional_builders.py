"""Models with an encoder from the sections of a config, before they are compiled."""

from collections.abc import Callable, Mapping

import keras

from apps.look_up import call, look_up
from keras_ot_gans import models, networks
from keras_ot_gans.divergences import bidirectional, f_divergence

# What a network of a role is told first: the width of the code, then of the data.
FAMILIES = {
    "age_mlp": lambda shape: shape[0],
    "age_resnet": lambda shape: shape,
    "age_sagan": lambda shape: shape,
    "age_stacked_mnist": lambda shape: shape[-1],
}
GENERATORS = {
    "age_mlp": networks.age_mlp_generator,
    "age_sagan": networks.age_sagan_generator,
    "age_stacked_mnist": networks.age_stacked_mnist_generator,
}
ENCODERS = {
    "age_mlp": networks.age_mlp_encoder,
    "age_resnet": networks.age_resnet_encoder,
    "age_stacked_mnist": networks.age_stacked_mnist_encoder,
}
DISCRIMINATORS = {
    "age_mlp": networks.age_mlp_discriminator,
    "age_sagan": networks.age_sagan_discriminator,
    "age_stacked_mnist": networks.age_stacked_mnist_discriminator,
}
# Noise becomes a part of the latents, or an input of the encoder.
WRAPPERS = {
    "generator": {
        "deterministic": lambda network: network,
        "gaussian": networks.gaussian_generator,
        "implicit": networks.implicit_generator,
    },
    "encoder": {
        "deterministic": lambda network: network,
        "gaussian": networks.gaussian_encoder,
    },
}
OBJECTIVES = {
    "age": lambda f_divergence, r0=None: bidirectional.age(_f_divergence(f_divergence), r0),
    "bigan": lambda: bidirectional.bigan,
    "f_gan": lambda f_divergence: bidirectional.f_gan(_f_divergence(f_divergence)),
    "hinge": lambda: bidirectional.hinge,
    "log_d_bigan": lambda: bidirectional.log_d_bigan,
}


def _f_divergence(name: str) -> f_divergence.FDivergence:
    return f_divergence.by_name(name)


def _network(
    role: str, section: Mapping, table: Mapping[str, Callable], sample_shape: tuple
) -> keras.Model:
    """Build the network of a role, with its noise where it has any."""
    inner = section[role]
    build = look_up(f"model.{role}.name", inner["name"], table)
    rank = 1 if inner["name"] == "age_mlp" else 3
    if len(sample_shape) != rank:
        kinds = {1: "points (d,)", 3: "images (height, width, channels)"}
        raise ValueError(
            f"`model.{role}.name` must fit the data, samples of shape {sample_shape}. Received: "
            f"{inner['name']!r}, a network of {kinds[rank]}. Choose another network or other data."
        )
    size = FAMILIES[inner["name"]](sample_shape)
    network = call(f"model.{role}", build, inner, section["latent_dim"], size)
    if role not in WRAPPERS:
        return network
    kind = inner.get("transformation", "deterministic")
    return look_up(f"model.{role}.transformation", kind, WRAPPERS[role])(network)


def build_age(section: dict, sample_shape: tuple, train: Mapping) -> models.AGE:
    """Build an `AGE`.

    Args:
        section: the section `model`; its `latent_dim` is the width of the code.
        sample_shape: shape of one real sample.
        train: the section `train`.

    Returns:
        `models.AGE`, not compiled.

    Raises:
        ValueError: if a name or key is unknown, or networks and data do not fit each other.
    """
    generator = _network("generator", section, GENERATORS, sample_shape)
    encoder = _network("encoder", section, ENCODERS, sample_shape)
    discriminator = _network("discriminator", section, DISCRIMINATORS, sample_shape)
    inner = section["objective"]
    make = look_up("model.objective.name", inner["name"], OBJECTIVES)
    rest = {**section, "objective": call("model.objective", make, inner), "seed": train["seed"]}
    for key in ("generator", "encoder", "discriminator", "latent_dim", "prior"):
        del rest[key]
    _check_prior(section)
    return call("model", models.AGE, rest, generator, encoder, discriminator)


def build_vae(section: dict, sample_shape: tuple, train: Mapping) -> models.VAE:
    """Build a `VAE` on the same networks, without the discriminator.

    Args:
        section: the section `model`.
        sample_shape: shape of one real sample.
        train: the section `train`.

    Returns:
        `models.VAE`, not compiled.

    Raises:
        ValueError: if a name or key is unknown, a network is not Gaussian, or networks and data do
            not fit each other.
    """
    generator = _network("generator", section, GENERATORS, sample_shape)
    encoder = _network("encoder", section, ENCODERS, sample_shape)
    rest = {**section, "seed": train["seed"]}
    for key in ("generator", "encoder", "latent_dim", "prior"):
        del rest[key]
    _check_prior(section)
    return call("model", models.VAE, rest, generator, encoder)


def _check_prior(section: Mapping) -> None:
    if section["prior"] != "normal":
        raise ValueError(
            "`model.prior` must be 'normal' for a model with an encoder: noise is a part of its "
            f"latents. Received: {section['prior']!r}."
        )
