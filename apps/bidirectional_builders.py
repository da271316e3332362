"""Models with an encoder from the sections of a config, before they are compiled."""

from collections.abc import Callable, Mapping

import keras

from apps.look_up import call, look_up
from apps.network_builders import CRITICS, build_features, check_sample_rank
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
        section: the section `model`; its `latent_dim` is the width of the code. Where `encoder` is
            None, the discriminator is a critic of `x` alone.
        sample_shape: shape of one real sample.
        train: the section `train`.

    Returns:
        `models.AGE`, not compiled.

    Raises:
        ValueError: if a name or key is unknown, or networks and data do not fit each other.
    """
    players, rest = _players(section, sample_shape, train)
    if section["encoder"] is None:
        discriminator = _discriminator_of_x(section["discriminator"], sample_shape)
    else:
        discriminator = _network("discriminator", section, DISCRIMINATORS, sample_shape)
    del rest["discriminator"]
    inner = section["objective"]
    make = look_up("model.objective.name", inner["name"], OBJECTIVES)
    rest["objective"] = call("model.objective", make, inner)
    return call("model", models.AGE, rest, *players, discriminator)


def _discriminator_of_x(inner: Mapping, sample_shape: tuple) -> keras.Model:
    """Build the discriminator of a generator alone."""
    if inner["name"] in DISCRIMINATORS:
        raise ValueError(
            "`model.discriminator.name` must be a network of x alone where model.encoder is None: "
            f"one of {', '.join(sorted(CRITICS))}. Received: {inner['name']!r}, which scores pairs "
            "[x, z]. Choose one of them, or give the model an encoder."
        )
    return build_features("discriminator", {"feature_dim": 1, **inner}, sample_shape)


def build_vae(section: dict, sample_shape: tuple, train: Mapping) -> models.VAE:
    """Build a `VAE` on the same networks, without the discriminator.

    Args:
        section: the section `model`.
        sample_shape: shape of one real sample.
        train: the section `train`.

    Returns:
        `models.VAE`, not compiled.

    Raises:
        ValueError: if a name or key is unknown, there is no encoder, a network is not Gaussian, or
            networks and data do not fit each other.
    """
    if section["encoder"] is None:
        raise ValueError(
            "`model.encoder` must be a section of its own for a VAE. Received: None. Take "
            "model.name 'age' to train a generator alone."
        )
    players, rest = _players(section, sample_shape, train)
    return call("model", models.VAE, rest, *players)


def _players(
    section: Mapping, sample_shape: tuple, train: Mapping
) -> tuple[tuple[keras.Model, keras.Model | None], dict]:
    """Build generator and encoder, if any, and return them with the arguments that are left."""
    if section["prior"] != "normal":
        raise ValueError(
            f"`model.prior` must be 'normal' for {section['name']!r}: noise is a part of its "
            f"latents. Received: {section['prior']!r}."
        )
    generator = _network("generator", section, GENERATORS, sample_shape)
    encoder = None
    if section["encoder"] is not None:
        encoder = _network("encoder", section, ENCODERS, sample_shape)
    rest = {**section, "seed": train["seed"]}
    for key in ("generator", "encoder", "latent_dim", "prior"):
        del rest[key]
    return (generator, encoder), rest
