"""Whether the weights and optimizer slots of each role are finite, in one compiled look."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf


class RoleState(NamedTuple):
    """How large the numbers of a role are; a size is not finite if one of them is not.

    Attributes:
        weights: float, mean absolute weight, moving statistics and averages included.
        slots: float, mean absolute value of what its optimizer keeps; 0.0 if it keeps nothing.
    """

    weights: float
    slots: float

    @property
    def finite(self) -> bool:
        """Whether all of them are."""
        return self.weights < float("inf") and self.slots < float("inf")


class RoleHealth:
    """Looks at all weights and optimizer slots of a model: one call and one transfer for all.

    A gradient that is not finite shows in the slots and weights after its update. Sums of 3e38
    and more, which no weights in use have, also count as not finite.

    Args:
        model: compiled `AdversarialModel`.

    Example:
        >>> from keras_ot_gans.models import MinimumDistanceModel
        >>> from keras_ot_gans.divergences import SlicedWasserstein
        >>> generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model = MinimumDistanceModel(generator, SlicedWasserstein(4))
        >>> model.compile({"generator": keras.optimizers.SGD(0.1)})
        >>> health = RoleHealth(model)
        >>> health.look()["generator"].finite
        True
        >>> _ = generator.layers[0].bias.assign([float("nan")])
        >>> health.look()["generator"].finite
        False
    """

    def __init__(self, model: Any) -> None:
        """Collect the variables; they are read in `look`."""
        found = {role: (_weights(model, role), _slots(model, role)) for role in model.networks}
        self._roles = tuple(found)

        def sizes() -> tf.Tensor:
            return tf.stack([_mean_size(group) for both in found.values() for group in both])

        self._sizes = tf.function(sizes)

    def look(self) -> dict[str, RoleState]:
        """Look now.

        Returns:
            dict of role to `RoleState`.
        """
        sizes = self._sizes().numpy().reshape(-1, 2).tolist()
        return {role: RoleState(*pair) for role, pair in zip(self._roles, sizes, strict=True)}


def first_role(
    broken: Sequence[str], logs: Mapping[str, float], unusual: Sequence[str]
) -> str | None:
    """Say which of several roles with broken weights broke first, if that can be told.

    A role whose weights are not finite although its own loss still was has broken by itself; the
    others may have been broken by it.

    Args:
        broken: roles whose weights or slots are not finite.
        logs: the logged values.
        unusual: names of those that are not finite.

    Returns:
        The role, or None.

    Example:
        >>> logs = {"critic_loss": 1.0, "generator_loss": float("nan")}
        >>> first_role(["generator", "critic"], logs, ["generator_loss"])
        'critic'
        >>> first_role(["generator", "critic"], {}, []) is None
        True
    """
    if len(broken) == 1:
        return broken[0]
    by_itself = [r for r in broken if f"{r}_loss" in logs and f"{r}_loss" not in unusual]
    return by_itself[0] if len(by_itself) == 1 else None


def _weights(model: Any, role: str) -> list[keras.Variable]:
    """Return all weights of a role, moving statistics too: a bad batch stays in them."""
    layers = list(model.networks[role])
    if role == "generator" and getattr(model, "ema_generator", None) is not None:
        layers.append(model.ema_generator)
    return [v for layer in layers for v in layer.weights]


def _slots(model: Any, role: str) -> list[keras.Variable]:
    return list(model.optimizer_of(role).variables)


def _mean_size(variables: Sequence[keras.Variable]) -> tf.Tensor:
    """Return the mean absolute value of all floats; NaN and infinity survive a sum."""
    floats = [v for v in variables if tf.as_dtype(v.dtype).is_floating]
    if not floats:
        return tf.constant(0.0)
    sums = [tf.reduce_sum(tf.abs(tf.cast(v.value, tf.float32))) for v in floats]
    return tf.add_n(sums) / float(sum(math.prod(v.shape) for v in floats))
