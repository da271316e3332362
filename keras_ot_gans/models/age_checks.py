"""What the networks, latents and steps of `AGE` and `VAE` must satisfy."""

from collections.abc import Mapping
from typing import Any

import keras

from keras_ot_gans.divergences.bidirectional import BidirectionalObjective
from keras_ot_gans.networks import stochastic
from keras_ot_gans.ops.arguments import check_int
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


def check_steps(discriminator_steps: int) -> int:
    """Check the number of discriminator updates.

    Args:
        discriminator_steps: int.

    Returns:
        int >= 1.

    Raises:
        TypeError: if it is no integer.
        ValueError: if there is none.
    """
    advice = "To keep the discriminator fixed, `freeze('discriminator')`."
    return check_int("discriminator_steps", discriminator_steps, 1, advice)


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
    code = check_encoder(encoder, generator)
    if seen != [*sample, (code,)]:
        raise ValueError(
            f"`discriminator` must take pairs [x, z] of shapes {[*sample, (code,)]}. Received: "
            f"inputs of shapes {seen}. What `encoder` returns is the `z` that it sees."
        )
    return code


def check_encoder(encoder: keras.Model, generator: keras.Model) -> int:
    """Check that an encoder takes what a generator returns, and returns its code.

    Args:
        encoder: `keras.Model` of `x`, or of `[x, noise]`.
        generator: `keras.Model` of latents.

    Returns:
        int, the width of the code.

    Raises:
        ValueError: if they do not fit each other.
    """
    sample = tuple(generator.output_shape[1:])
    shapes = _shapes(encoder)
    if shapes[0] != sample or len(shapes) > 2 or any(len(shape) != 1 for shape in shapes[1:]):
        raise ValueError(
            f"`encoder` must take samples of shape {sample}, or [x, noise (B, m)]. Received: "
            f"inputs of shapes {shapes}. `networks.implicit_encoder` joins several noises."
        )
    code, latent_dim = stochastic.code_dim(generator), generator.input_shape[-1]
    received = tuple(encoder.output_shape[1:])
    if received != (code,):
        rest = f" and {latent_dim - code} noise" if code < latent_dim else ", none of them noise"
        raise ValueError(
            f"`encoder` must return the generator's code (B, {code}): of the {latent_dim} latents "
            f"that `generator` takes, {code} are code{rest}. Received: output of shape (B, "
            f"{', '.join(map(str, received))}). Give the encoder {code} outputs, or 2 * {code} "
            "inside `networks.gaussian_encoder`. `networks.gaussian_generator` and "
            "`implicit_generator` tell a generator's noise apart."
        )
    return code


def check_noise(generator: keras.Model, prior: Any) -> None:
    """Check that latents which are not part of the code come from a normal prior.

    Args:
        generator: `keras.Model` of latents.
        prior: value of `ops`.

    Raises:
        ValueError: if they are not.
    """
    code, latent_dim = stochastic.code_dim(generator), generator.input_shape[-1]
    if code < latent_dim and not isinstance(prior, Normal):
        raise ValueError(
            f"`generator` takes {latent_dim} latents of which {code} are its code: the others are "
            f"noise, and `prior` must then be `ops.Normal()`. Received: prior={prior}."
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
