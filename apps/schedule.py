"""How a training is cut into epochs and rounds, and what is said of it."""

from typing import NamedTuple

from ml_collections import ConfigDict

from apps import builders, sources
from keras_ot_gans.models import AdversarialModel


class Schedule(NamedTuple):
    """How a training is cut into epochs and rounds.

    Attributes:
        epochs: int.
        rounds: int, rounds per epoch: the steps of `fit`.
        batches: int, real batches in a round: one for each of its updates, or one for all.
    """

    epochs: int
    rounds: int
    batches: int


def plan(config: ConfigDict, model: AdversarialModel) -> Schedule:
    """Cut the training into epochs and rounds.

    Args:
        config: the whole config.
        model: the model, which knows the updates of a round.

    Returns:
        `Schedule`.

    Raises:
        ValueError: if an epoch does not hold whole rounds, or whole calls of them.
    """
    train = config.train
    rounds, rest = divmod(train.updates_per_epoch, model.generator_steps)
    if rest or rounds % train.steps_per_execution:
        raise ValueError(
            "`train.updates_per_epoch` must be a multiple of model.generator_steps * "
            f"train.steps_per_execution. Received: {train.updates_per_epoch}, and "
            f"{model.generator_steps} * {train.steps_per_execution}. Change one of them."
        )
    epochs = train.generator_updates // train.updates_per_epoch
    batches = 1 if train.get("one_batch_per_round") else model.passes_per_round
    return Schedule(epochs, rounds, batches)


def describe(
    config: ConfigDict, model: AdversarialModel, source: sources.Source, schedule: Schedule
) -> str:
    """Say in a few lines what is trained on what.

    Args:
        config: the whole config.
        model: compiled model.
        source: real data.
        schedule: its epochs and rounds.

    Returns:
        str; a line of its own for a rate that is 0 before the end.
    """
    train = config.train
    classes = "" if model.labels is None else f", {model.labels.num_classes} classes"
    lines = [
        f"{type(model).__name__} on {config.data.name}, samples {source.sample_shape}{classes}"
    ]
    for role, parts in model.networks.items():
        parameters = sum(part.count_params() for part in parts)
        optimizer = config.optimizers[role]
        rate = f"{optimizer.name}, learning rate {optimizer.learning_rate:g}"
        lines.append(f"  {role:<10} {parameters:>12,} parameters, {rate}")
        total = schedule.epochs * schedule.rounds * model.updates_per_round.get(role, 0)
        lines += _rate_of_zero(role, optimizer, total)
    updates = ", ".join(f"{n} {role}" for role, n in model.updates_per_round.items())
    lines.append(
        f"{train.generator_updates:,} generator updates: {schedule.epochs} epochs of "
        f"{schedule.rounds:,} rounds, {updates} updates in a round, batch {train.batch_size}"
    )
    if schedule.batches < model.passes_per_round:
        lines.append("  all updates of a round are on one real batch (train.one_batch_per_round)")
    return "\n".join(lines)


def _rate_of_zero(role: str, optimizer: ConfigDict, total: int) -> list[str]:
    """Say where a rate has fallen to 0 before the training ends, and nothing is learned."""
    for key in builders.SCHEDULES:
        falls = optimizer.get(key)
        if falls is not None and falls < total:
            return [
                f"  {'':<10} its rate is 0 from update {falls:,} of {total:,} on: for a longer "
                f"training raise --config.optimizers.{role}.{key} too"
            ]
    return []
