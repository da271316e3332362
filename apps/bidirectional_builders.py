"""Models with an encoder from the sections of a config, before they are compiled."""

from collections.abc import Callable, Mapping

import keras

from apps.look_up import call, look_up
from apps.network_builders import check_sample_rank
from keras_ot_gans import models, networks
from keras_ot_gans.divergences import bidirectional
from keras_ot_gans.divergences.f_divergence import by_name

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
    "age": lambda f_divergence, r0=None: bidirectional.age(by_name(f_divergence), r0),
    "bigan": lambda: bidirectional.bigan,
    "f_gan": lambda f_divergence: bidirectional.f_gan(by_name(f_divergence)),
    "hinge": lambda: bidirectional.hinge,
    "log_d_bigan": lambda: bidirectional.log_d_bigan,
}


def _network(
    role: str, section: Mapping, table: Mapping[str, Callable], sample_shape: tuple
) -> keras.Model:
    """Build the network of a role, with its noise where it has any."""
    inner = section[role]
    build = look_up(f"model.{role}.name", inner["name"], table)
    check_sample_rank(f"model.{role}", inner["name"], sample_shape)
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
    players, rest = _players(section, sample_shape, train)
    discriminator = _network("discriminator", section, DISCRIMINATORS, sample_shape)
    del rest["discriminator"]
    inner = section["objective"]
    make = look_up("model.objective.name", inner["name"], OBJECTIVES)
    rest["objective"] = call("model.objective", make, inner)
    return call("model", models.AGE, rest, *players, discriminator)


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
    players, rest = _players(section, sample_shape, train)
    return call("model", models.VAE, rest, *players)


def _players(
    section: Mapping, sample_shape: tuple, train: Mapping
) -> tuple[tuple[keras.Model, keras.Model], dict]:
    """Build generator and encoder, and return them with the arguments that are left."""
    if section["prior"] != "normal":
        raise ValueError(
            "`model.prior` must be 'normal' for a model with an encoder: noise is a part of its "
            f"latents. Received: {section['prior']!r}."
        )
    generator = _network("generator", section, GENERATORS, sample_shape)
    encoder = _network("encoder", section, ENCODERS, sample_shape)
    rest = {**section, "seed": train["seed"]}
    for key in ("generator", "encoder", "latent_dim", "prior"):
        del rest[key]
    return (generator, encoder), rest
