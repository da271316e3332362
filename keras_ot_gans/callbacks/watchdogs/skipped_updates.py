"""Updates that loss scaling has skipped, because their gradients were not finite."""

from typing import Any

import keras

from keras_ot_gans.callbacks.watchdogs.watch_events import Finding


class SkippedUpdates:
    """Compares the updates of an epoch with those that were due, of roles that scale their loss.

    Args:
        share: float in (0, 1), skipped ones that are reported. 0.5; a healthy scale, which is
            raised after each 2,000 updates, skips one of them.
    """

    def __init__(self, share: float = 0.5) -> None:
        """Begin without a count."""
        self.share, self._before = share, {}

    def begin_epoch(self, model: Any) -> None:
        """Count before the epoch.

        Args:
            model: compiled `AdversarialModel`.
        """
        self._before = _updates(model)

    def forget(self) -> None:
        """Leave the rest of the epoch out: the counts have been set back."""
        self._before = {}

    def end_epoch(self, model: Any, rounds: int) -> Finding | None:
        """Count after the epoch.

        Args:
            model: compiled `AdversarialModel`.
            rounds: int, of the epoch.

        Returns:
            `Finding` for the role that skipped most, if it is one.
        """
        worst, most = None, self.share
        for role, now in _updates(model).items() if self._before else ():
            due = rounds * model.updates_per_round[role]
            if due and role not in model.frozen and 1.0 - (now - self._before[role]) / due >= most:
                worst, most = role, 1.0 - (now - self._before[role]) / due
        if worst is None:
            return None
        return Finding(
            "skipped_updates",
            f"Loss scaling skipped {most:.0%} of the updates of {worst} in an epoch.",
            "Its gradients overflow float16 at almost every step.",
            "Use bfloat16 or float32 for this role's networks, or lower its learning rate.",
            {"role": worst, "share": most},
        )


def _updates(model: Any) -> dict[str, int]:
    optimizers = {role: model.optimizer_of(role) for role in model.networks}
    return {
        role: int(keras.ops.convert_to_numpy(optimizer.iterations))
        for role, optimizer in optimizers.items()
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    }
