"""Checks and preparations of the networks and optimizers that play the game."""

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from keras_ot_gans.layers.spectral_normalization import SpectralNormalization
from keras_ot_gans.models.conditions import Condition


def checked_optimizers(
    optimizers: Mapping[str, keras.optimizers.Optimizer], networks: Mapping[str, Sequence]
) -> dict[str, keras.optimizers.Optimizer]:
    """Return one optimizer per role, or explain which is missing.

    Args:
        optimizers: `{role: optimizer}`, objects or what `keras.optimizers.get` takes.
        networks: the model's layers by role.

    Returns:
        `{role: keras.optimizers.Optimizer}` in the order of `networks`.

    Raises:
        ValueError: if a role is missing, unknown, or shares its optimizer with another.

    Example:
        >>> checked_optimizers({"critic": "adam"}, {"generator": []})
        Traceback (most recent call last):
        ...
        ValueError: `optimizers` must have exactly the roles ['generator']. Received: \
['critic']; missing ['generator'], unknown ['critic']. Pass \
optimizers={role: keras.optimizers.Adam()}.
    """
    roles, given = set(networks), set(optimizers)
    if roles != given:
        raise ValueError(
            f"`optimizers` must have exactly the roles {sorted(roles)}. Received: "
            f"{sorted(given)}; missing {sorted(roles - given)}, unknown "
            f"{sorted(given - roles)}. Pass optimizers={{role: keras.optimizers.Adam()}}."
        )
    made = {role: keras.optimizers.get(optimizers[role]) for role in networks}
    if len({id(optimizer) for optimizer in made.values()}) < len(made):
        raise ValueError(
            "`optimizers` must give each role an optimizer of its own. Received: one object "
            "for several roles. Create one per role; their slots and steps are separate."
        )
    return made


def with_loss_scale(
    optimizer: keras.optimizers.Optimizer, networks: Sequence[keras.layers.Layer]
) -> keras.optimizers.Optimizer:
    """Wrap an optimizer for loss scaling if a network computes in float16.

    Args:
        optimizer: `keras.optimizers.Optimizer`.
        networks: the layers of its role.

    Returns:
        The optimizer, or a `keras.optimizers.LossScaleOptimizer` around it.
    """
    halves = any(part.compute_dtype == "float16" for part in _parts(networks))
    if halves and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def latent_dim_of(
    generator: keras.Model, latent_dim: int | None, labels: Condition | None = None
) -> int:
    """Return the latent width, checked against the generator's input.

    Args:
        generator: `keras.Model` `(B, latent_dim) -> (B, ...)`.
        latent_dim: int, or None to read it from the generator.
        labels: what it is told beside latents, `[z, labels]`, or None.

    Returns:
        int.

    Raises:
        ValueError: if the generator is not built, or the widths differ.
    """
    received = getattr(generator, "input_shape", None) if generator.built else None
    shape = received
    if labels is not None:
        pair = isinstance(received, list) and len(received) == 2
        shape = received[0] if pair and tuple(received[1][1:]) == labels.shape else None
    if not isinstance(shape, tuple) or len(shape) != 2:
        takes, also = "latents (B, latent_dim)", ""
        if labels is not None:
            second = str((None, *labels.shape)).replace("None", "B")
            takes = f"latents and labels [(B, latent_dim), {second}]"
            also = f" and `keras.Input({labels.shape}, dtype={labels.dtype!r})`"
        raise ValueError(
            f"`generator` must be a built model of {takes}. Received: {generator.name!r} with "
            f"input shape {received}. Begin it with `keras.Input((latent_dim,))`{also}."
        )
    if latent_dim is not None and latent_dim != shape[-1]:
        raise ValueError(
            f"`latent_dim` must equal the generator's input width {shape[-1]}. "
            f"Received: latent_dim={latent_dim}. Leave it out to read it from the generator."
        )
    return shape[-1]


def loss_scale(optimizer: keras.optimizers.Optimizer) -> tf.Tensor | float:
    """Return the factor that an optimizer expects its loss to be multiplied by.

    Args:
        optimizer: `keras.optimizers.Optimizer`.

    Returns:
        float or scalar tensor, 1.0 without loss scaling.
    """
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer.scale_loss(tf.constant(1.0))
    return 1.0 if optimizer.loss_scale_factor is None else optimizer.loss_scale_factor


def take_power_steps(networks: Sequence[keras.layers.Layer]) -> None:
    """Let every spectral normalisation follow the kernels of a role that has just moved.

    Args:
        networks: the layers of the role, searched with their inner layers.
    """
    for part in _parts(networks):
        if isinstance(part, SpectralNormalization):
            part.power_step()


def _parts(networks: Sequence[keras.layers.Layer]) -> list[keras.layers.Layer]:
    """List layers with all their inner ones, each once; `layers` misses a layer's own."""
    found = {id(part): part for network in networks for part in network._flatten_layers()}
    return list(found.values())
