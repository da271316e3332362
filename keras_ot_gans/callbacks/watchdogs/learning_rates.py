"""Lower the learning rates of all roles in the middle of a training, schedules included."""

from collections.abc import Mapping
from typing import Any

import keras

Rates = dict[str, dict[str, float]]


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class ScaledRate(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule times a constant: the same rise and fall, lower.

    Args:
        schedule: `keras.optimizers.schedules.LearningRateSchedule`.
        scale: float > 0.

    Example:
        >>> fall = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=100)
        >>> [round(float(ScaledRate(fall, 0.5)(step)), 4) for step in (0, 50, 100)]
        [0.05, 0.025, 0.0]
    """

    def __init__(
        self, schedule: keras.optimizers.schedules.LearningRateSchedule, scale: float
    ) -> None:
        """Keep both."""
        super().__init__()
        self.schedule, self.scale = schedule, scale

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step."""
        return self.schedule(step) * self.scale

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        serialized = keras.optimizers.schedules.serialize(self.schedule)
        return {"schedule": serialized, "scale": self.scale}

    @classmethod
    def from_config(cls, config: dict) -> "ScaledRate":
        """Build the schedule from `get_config`."""
        schedule = keras.optimizers.schedules.deserialize(config["schedule"])
        return cls(schedule, config["scale"])


def rates_of(model: Any) -> Rates:
    """Read how each role's learning rate is set.

    Args:
        model: compiled `AdversarialModel`.

    Returns:
        `{role: {"rate": float}}`, and `{role: {"scale": float}}` for a role with a schedule.

    Raises:
        ValueError: if a rate is a function, which cannot be lowered.
    """
    found = {}
    for role in model.networks:
        rate = _rate(model.optimizer_of(role))
        if isinstance(rate, keras.Variable):
            found[role] = {"rate": float(keras.ops.convert_to_numpy(rate))}
        elif isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            found[role] = {"scale": rate.scale if isinstance(rate, ScaledRate) else 1.0}
        else:
            raise ValueError(
                f"`optimizers` must have a learning rate that can be lowered. Received: {rate!r} "
                f"for {role}. Use a float or a `keras.optimizers.schedules.LearningRateSchedule`."
            )
    return found


def scales_of(model: Any) -> dict[str, float]:
    """Read by how much the schedules of roles have been multiplied.

    Args:
        model: compiled `AdversarialModel`.

    Returns:
        dict of role to float; roles whose rate is no schedule, or one never multiplied, are left
        out.
    """
    rates = {role: _rate(model.optimizer_of(role)) for role in model.networks}
    return {role: rate.scale for role, rate in rates.items() if isinstance(rate, ScaledRate)}


def lowered(rates: Rates, factor: float) -> Rates:
    """Multiply all rates.

    Args:
        rates: what `rates_of` returned.
        factor: float > 0.

    Returns:
        The same, multiplied.

    Example:
        >>> lowered({"critic": {"rate": 0.5}, "generator": {"scale": 1.0}}, 0.5)
        {'critic': {'rate': 0.25}, 'generator': {'scale': 0.5}}
    """
    return {role: {k: v * factor for k, v in kept.items()} for role, kept in rates.items()}


def set_rates(model: Any, rates: Mapping[str, Mapping[str, float]]) -> None:
    """Set each role's learning rate, at once, also while `fit` runs.

    A schedule keeps its place and shape and is multiplied; as the compiled step knows the old one,
    the next step is compiled anew. A plain rate is a variable, saved with the model; the scale of
    a schedule is saved with its optimizer's config but not with weights.

    Args:
        model: compiled `AdversarialModel`.
        rates: as `rates_of` returns them; roles may be left out.
    """
    for role, kept in rates.items():
        optimizer = model.optimizer_of(role)
        if "rate" in kept:
            optimizer.learning_rate = kept["rate"]
            continue
        schedule = _rate(optimizer)
        if isinstance(schedule, ScaledRate):
            schedule = schedule.schedule
        optimizer.learning_rate = ScaledRate(schedule, kept["scale"])
    model.make_train_function(force=True)


def _rate(optimizer: keras.optimizers.Optimizer) -> Any:
    inner = getattr(optimizer, "inner_optimizer", optimizer)  # under loss scaling
    return inner._learning_rate  # the public name gives a schedule's value, not the schedule
