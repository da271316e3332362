"""Networks from the sections of a config."""

import functools
from collections.abc import Callable, Mapping, Sequence

import keras

from apps.look_up import call, look_up
from keras_ot_gans import networks


def _mlp_generator(
    latent_dim: int,
    sample_shape: tuple,
    hidden: Sequence[int],
    negative_slope: float = 0.1,
    batch_norm: bool = False,
) -> keras.Model:
    return networks.mlp(
        latent_dim,
        hidden,
        sample_shape[0],
        negative_slope=negative_slope,
        batch_norm=batch_norm,
        name="generator",
    )


def _mlp_features(
    sample_shape: tuple,
    feature_dim: int,
    hidden: Sequence[int],
    negative_slope: float = 0.1,
    batch_norm: bool = False,
    spectral_norm: bool = False,
    name: str = "critic",
) -> keras.Model:
    return networks.mlp(
        sample_shape[0],
        hidden,
        feature_dim,
        negative_slope=negative_slope,
        batch_norm=batch_norm,
        spectral_norm=spectral_norm,
        name=name,
    )


GENERATORS = {
    "dcgan": networks.dcgan_generator,
    "mlp": _mlp_generator,
    "sndcgan": networks.sndcgan_generator,
    "sngan_resnet": networks.sngan_resnet_generator,
    "wgan_gp_resnet": networks.wgan_gp_resnet_generator,
}
CRITICS = {
    "dcgan": networks.dcgan_critic,
    "mlp": _mlp_features,
    "sndcgan": networks.sndcgan_critic,
    "sngan_resnet": networks.sngan_resnet_critic,
    "wgan_gp_resnet": networks.wgan_gp_resnet_critic,
}
NAVIGATORS = {**CRITICS, "difference": networks.difference_navigator}


def _check_sample_rank(argument: str, name: str, sample_shape: tuple) -> None:
    """Refuse a network of points for images, and the reverse."""
    rank = 1 if name == "mlp" else 3
    if len(sample_shape) != rank:
        kinds = {1: "points (d,)", 3: "images (height, width, channels)"}
        raise ValueError(
            f"`{argument}.name` must fit the data, samples of shape {sample_shape}. Received: "
            f"{name!r}, a network of {kinds[rank]}. Choose another network or other data."
        )


def build_generator(section: Mapping, sample_shape: tuple) -> keras.Model:
    """Build the generator from the model's section.

    Args:
        section: the section `model`.
        sample_shape: shape of one real sample.

    Returns:
        `keras.Model` of latents.

    Raises:
        ValueError: if a name or key is unknown, or the network does not fit the data.
    """
    inner = section["generator"]
    build = look_up("model.generator.name", inner["name"], GENERATORS)
    _check_sample_rank("model.generator", inner["name"], sample_shape)
    return call("model.generator", build, inner, section["latent_dim"], sample_shape)


def build_features(
    role: str, inner: Mapping, sample_shape: tuple, table: Mapping[str, Callable] = CRITICS
) -> keras.Model:
    """Build a network of samples: a critic, or a navigator's features.

    Args:
        role: "critic" or "navigator", for messages and the network's name.
        inner: the section of the role.
        sample_shape: shape of one real sample.
        table: the networks by name.

    Returns:
        `keras.Model` of samples.

    Raises:
        ValueError: if a name or key is unknown, or the network does not fit the data.
    """
    build = look_up(f"model.{role}.name", inner["name"], table)
    _check_sample_rank(f"model.{role}", inner["name"], sample_shape)
    return call(f"model.{role}", functools.partial(build, name=role), inner, sample_shape)
