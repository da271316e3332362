"""Networks from the sections of a config."""

import functools
import inspect
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
    "ot_gan": networks.ot_gan_generator,
    "sndcgan": networks.sndcgan_generator,
    "sngan_resnet": networks.sngan_resnet_generator,
    "wgan_gp_resnet": networks.wgan_gp_resnet_generator,
}
CRITICS = {
    "dcgan": networks.dcgan_critic,
    "mlp": _mlp_features,
    "ot_gan": networks.ot_gan_critic,
    "sndcgan": networks.sndcgan_critic,
    "sngan_resnet": networks.sngan_resnet_critic,
    "wgan_gp_resnet": networks.wgan_gp_resnet_critic,
}
POINT_NETWORKS = ("mlp", "age_mlp")  # all others take images
NAVIGATORS = {**CRITICS, "difference": networks.difference_navigator}


def check_sample_rank(argument: str, name: str, sample_shape: tuple) -> None:
    """Refuse a network of points for images, and the reverse."""
    rank = 1 if name in POINT_NETWORKS else 3
    if len(sample_shape) != rank:
        kinds = {1: "points (d,)", 3: "images (height, width, channels)"}
        raise ValueError(
            f"`{argument}.name` must fit the data, samples of shape {sample_shape}. Received: "
            f"{name!r}, a network of {kinds[rank]}. Choose another network or other data."
        )


def _with_classes(
    argument: str, inner: Mapping, table: Mapping[str, Callable], num_classes: int | None
) -> Mapping:
    """Add the number of classes to a network's section, which must not hold it itself."""
    if inner.get("num_classes") is not None:
        raise ValueError(
            f"`{argument}.num_classes` must be left out: the data say it. Received: "
            f"{inner['num_classes']}. Set data.with_labels=True for a conditional model."
        )
    if num_classes is None:
        return inner
    able = [n for n, make in table.items() if "num_classes" in inspect.signature(make).parameters]
    if inner["name"] not in able:
        raise ValueError(
            f"`{argument}.name` must be one of {', '.join(able)} where data.with_labels is True. "
            f"Received: {inner['name']!r}, which takes no labels. Choose one of them, or train "
            "without labels."
        )
    return {**inner, "num_classes": num_classes}


def build_generator(
    section: Mapping, sample_shape: tuple, num_classes: int | None = None
) -> keras.Model:
    """Build the generator from the model's section.

    Args:
        section: the section `model`.
        sample_shape: shape of one real sample.
        num_classes: int for a class-conditional generator, else None.

    Returns:
        `keras.Model` of latents, or of `[latents, labels]`.

    Raises:
        ValueError: if a name or key is unknown, or the network does not fit the data or takes no
            labels.
    """
    inner = section["generator"]
    build = look_up("model.generator.name", inner["name"], GENERATORS)
    check_sample_rank("model.generator", inner["name"], sample_shape)
    inner = _with_classes("model.generator", inner, GENERATORS, num_classes)
    return call("model.generator", build, inner, section["latent_dim"], sample_shape)


def build_features(
    role: str,
    inner: Mapping,
    sample_shape: tuple,
    table: Mapping[str, Callable] = CRITICS,
    num_classes: int | None = None,
) -> keras.Model:
    """Build a network of samples: a critic, or a navigator's features.

    Args:
        role: "critic" or "navigator", for messages and the network's name.
        inner: the section of the role.
        sample_shape: shape of one real sample.
        table: the networks by name.
        num_classes: int for a projection critic, else None.

    Returns:
        `keras.Model` of samples, or of `[samples, labels]`.

    Raises:
        ValueError: if a name or key is unknown, or the network does not fit the data or takes no
            labels.
    """
    build = look_up(f"model.{role}.name", inner["name"], table)
    check_sample_rank(f"model.{role}", inner["name"], sample_shape)
    inner = _with_classes(f"model.{role}", inner, table, num_classes)
    return call(f"model.{role}", functools.partial(build, name=role), inner, sample_shape)
