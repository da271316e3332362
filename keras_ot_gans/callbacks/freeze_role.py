"""Stop training one player at a given generator update."""

from typing import Any

import keras

from keras_ot_gans.callbacks.arguments import check_offers
from keras_ot_gans.ops.arguments import check_int

ROLES = ("critic", "discriminator", "encoder", "generator", "navigator")


class FreezeRole(keras.callbacks.Callback):
    """Freeze one role for the rest of the training, as in the paper's Figs. 10 to 13.

    Acts at the first batch end at or after `at_update`, and at the start of `fit` if the
    run is past it already (a continued run). With `steps_per_execution=s`, and with
    several generator updates in a round, Keras reports batches in groups: the role may
    be frozen up to a group later than asked. Choose them so that they divide
    `at_update` where the number matters.

    Args:
        role: str, one of `ROLES`, which the model must have.
        at_update: int >= 0, generator updates before the role is frozen.

    Raises:
        ValueError: if `role` is unknown or `at_update` negative; when `fit` starts, if
            the model does not have the role.
        TypeError: if `at_update` is no integer.

    Example:
        >>> FreezeRole("navigator", at_update=15_000).at_update
        15000
        >>> FreezeRole("navigater", at_update=15_000)
        Traceback (most recent call last):
        ...
        ValueError: `role` must be one of critic, discriminator, encoder, generator, \
navigator. Received: role='navigater'. Name a network of the model.

    Source: "ACT: Asymptotic Conditional Transport", ICLR 2021 submission, section 4 and
        Fig. 10.
    Differs: none.
    """

    def __init__(self, role: str, at_update: int) -> None:
        """Check the arguments."""
        super().__init__()
        if role not in ROLES:
            raise ValueError(
                f"`role` must be one of {', '.join(ROLES)}. Received: role={role!r}. "
                "Name a network of the model."
            )
        self.role = role
        self.at_update = check_int("at_update", at_update, 0, "It counts generator updates.")

    def on_train_begin(self, logs: Any = None) -> None:
        """Check that the model has the role; freeze it if the run is past the update."""
        check_offers(self, self.model, "freeze", "frozen", "step")
        if getattr(self.model, self.role, None) is None:
            raise ValueError(
                f"`role` must be a network that the model has. Received: role={self.role!r}, "
                f"a model of class {type(self.model).__name__} without one. "
                "Leave the callback out, or give the model that network."
            )
        self._freeze_if_due()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Freeze the role at or after the update."""
        self._freeze_if_due()

    def _freeze_if_due(self) -> None:
        if self.role not in self.model.frozen and int(self.model.step) >= self.at_update:
            self.model.freeze(self.role)
