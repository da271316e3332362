"""What the networks, latents and steps of `AGE` and `VAE` must satisfy."""

from collections.abc import Mapping
from typing import Any

import keras

from keras_ot_gans.divergences.bidirectional import BidirectionalObjective
from keras_ot_gans.ops.priors import Normal

FOREIGN = ("generator_steps", "critic_steps", "labels")  # a round has one update of the players


def check_objective(objective: Any) -> None:
    """Check that an objective is one.

    Args:
        objective: anything.

    Raises:
        TypeError: if it is not a `BidirectionalObjective`.
    """
    if not isinstance(objective, BidirectionalObjective):
        raise TypeError(
            "`objective` must be a value of `divergences.bidirectional`. Received: "
            f"{objective!r}. Try `bidirectional.age(f_divergence.kl)`."
        )


def check_steps(discriminator_steps: int) -> None:
    """Check the number of discriminator updates.

    Args:
        discriminator_steps: int.

    Raises:
        ValueError: if there is none.
    """
    if discriminator_steps < 1:
        raise ValueError(
            "`discriminator_steps` must be at least 1. Received: "
            f"discriminator_steps={discriminator_steps}. To keep the discriminator fixed, "
            "`freeze('discriminator')`."
        )


def check_foreign(kwargs: Mapping[str, Any]) -> None:
    """Refuse the arguments of the base class that mean nothing with an encoder.

    Args:
        kwargs: further arguments of the model.

    Raises:
        ValueError: if one of `FOREIGN` is given.
    """
    foreign = set(FOREIGN) & set(kwargs)
    if foreign:
        raise ValueError(
            f"`{sorted(foreign)[0]}` has no meaning here. Received: {sorted(foreign)}. A round has "
            "`discriminator_steps` updates of the discriminator and one of the others."
        )


def code_dim(
    generator: keras.Model, encoder: keras.Model | None, discriminator: keras.Model
) -> int | None:
    """Return the width of the code, checked against all networks.

    Args:
        generator: `keras.Model` of latents.
        encoder: `keras.Model` or None.
        discriminator: `keras.Model`.

    Returns:
        int, or None without an encoder.

    Raises:
        ValueError: if the networks do not fit each other.
    """
    sample = tuple(generator.output_shape[1:])
    _check_scores(discriminator)
    seen = _shapes(discriminator)
    if encoder is None:
        if seen != [sample]:
            raise ValueError(
                f"`discriminator` must take samples of shape {sample} alone, where there is no "
                f"`encoder`. Received: inputs of shapes {seen}."
            )
        return None
    return _code_of(encoder, generator, [sample], seen)


def _code_of(encoder: keras.Model, generator: keras.Model, sample: list, seen: list) -> int:
    code = _code_shape(encoder, generator)
    if seen != [*sample, code]:
        raise ValueError(
            f"`discriminator` must take pairs [x, z] of shapes {[*sample, code]}. Received: inputs "
            f"of shapes {seen}. What `encoder` returns is the `z` that it sees."
        )
    return code[0]


def _code_shape(encoder: keras.Model, generator: keras.Model) -> tuple[int]:
    sample = tuple(generator.output_shape[1:])
    shapes = _shapes(encoder)
    if shapes[0] != sample or len(shapes) > 2 or any(len(shape) != 1 for shape in shapes[1:]):
        raise ValueError(
            f"`encoder` must take samples of shape {sample}, or [x, noise (B, m)]. Received: "
            f"inputs of shapes {shapes}. `networks.implicit_encoder` joins several noises."
        )
    code, latent_dim = tuple(encoder.output_shape[1:]), generator.input_shape[-1]
    if len(code) != 1 or code[0] > latent_dim:
        raise ValueError(
            f"`encoder` must return codes (B, k) with k at most the generator's {latent_dim} "
            f"latents. Received: output of shape {code}. A Gaussian encoder is made by "
            "`networks.gaussian_encoder`, from a network of 2k outputs."
        )
    return code


def check_noise(code_dim: int | None, latent_dim: int, prior: Any) -> None:
    """Check that latents which are not part of the code come from a normal prior.

    Args:
        code_dim: int or None.
        latent_dim: int.
        prior: value of `ops`.

    Raises:
        ValueError: if they are not.
    """
    if code_dim is not None and code_dim < latent_dim and not isinstance(prior, Normal):
        raise ValueError(
            f"`encoder` returns {code_dim} codes and `generator` takes {latent_dim} latents: the "
            f"others are noise, and `prior` must then be `ops.Normal()`. Received: prior={prior}."
        )


def noise_dim(encoder: keras.Model | None) -> int:
    """Return the width of the noise that an encoder takes, 0 if none.

    Args:
        encoder: `keras.Model` or None.

    Returns:
        int >= 0.
    """
    shapes = [] if encoder is None else _shapes(encoder)
    return shapes[1][0] if len(shapes) == 2 else 0


def check_elbo(generator: keras.Model, encoder: keras.Model, code_dim: int) -> None:
    """Check that generator and encoder of a `VAE` are Gaussian in the same code.

    Args:
        generator: `keras.Model` of `[z, noise]`.
        encoder: `keras.Model` of `[x, noise]`.
        code_dim: int, what the generator's density is conditional on.

    Raises:
        ValueError: if the widths differ.
    """
    code = _code_shape(encoder, generator)
    if code != (code_dim,):
        raise ValueError(
            f"`encoder` must return the generator's code (B, {code_dim}). Received: output of "
            f"shape {code}."
        )


def _shapes(network: keras.Model) -> list[tuple]:
    shapes = network.input_shape
    shapes = shapes if isinstance(shapes, list) else [shapes]
    return [tuple(shape[1:]) for shape in shapes]


def _check_scores(discriminator: keras.Model) -> None:
    if tuple(discriminator.output_shape[1:]) != (1,):
        raise ValueError(
            "`discriminator` must return one score per pair, (B, 1). Received: output shape "
            f"{discriminator.output_shape}."
        )
