"""Going back to a good state with lower learning rates, a few times."""

from collections.abc import Callable, Mapping
from typing import Any

from keras_ot_gans.callbacks.watchdogs import learning_rates
from keras_ot_gans.callbacks.watchdogs.watch_events import Finding

Rewind = Callable[[Any, tuple[int, ...]], int | None]
_ACTIONS = ("warn", "stop", "rewind")


class DivergedError(ValueError):
    """A training whose weights are not finite, and that was not to go on or could not."""


def diverged(finding: Finding, step: int, advice: str) -> DivergedError:
    """Make the error of a training that ends here.

    Args:
        finding: what was found.
        step: int, generator updates.
        advice: what to do, after the finding's own.

    Returns:
        `DivergedError`.
    """
    return DivergedError(
        f"`fit` must keep all weights finite. Received, at step {step:,}: {finding.what} "
        f"Likely cause: {finding.cause} {finding.advice} {advice}"
    )


class Rewinds:
    """Restores a model and lowers the rates of all its roles.

    Args:
        rewind: function `(model, been) -> step`: restores the model to a good state, if it can to
            one whose step is not in `been`, to which it has gone back before; None if there is
            no good state.
        factor: float in (0, 1), by which all learning rates are multiplied each time.
        most: int >= 0, how often.
    """

    def __init__(self, rewind: Rewind, factor: float, most: int) -> None:
        """Begin with none."""
        self.rewind, self.factor, self.most = rewind, factor, most
        self.been: tuple[int, ...] = ()

    def back(self, model: Any, finding: Finding, step: int) -> tuple[Finding, int]:
        """Go back once.

        Args:
            model: compiled `AdversarialModel`.
            finding: why.
            step: int, generator updates.

        Returns:
            `(finding, step)`, what was done and where the model is now.

        Raises:
            DivergedError: if it has gone back often enough, or there is nothing to go back to.
        """
        if len(self.been) >= self.most:
            raise diverged(finding, step, f"It went back {self.most} times; it ends here.")
        before = learning_rates.rates_of(model)  # restoring may restore higher ones
        to = self.rewind(model, self.been)
        if to is None:
            raise diverged(finding, step, "There is no finite state to go back to; it ends here.")
        rates = learning_rates.lowered(before, self.factor)
        learning_rates.set_rates(model, rates)
        model.reset_metrics()  # their means are spoilt for the rest of the epoch
        self.been = (*self.been, to)
        done = Finding(
            "rewind",
            f"Back to step {to:,}, with all learning rates multiplied by {self.factor:g}; "
            f"{len(self.been)} of at most {self.most} times.",
            finding.cause,
            finding.advice,
            {
                "to_step": to,
                "rates": rates,
                "first_role": (finding.details or {}).get("first_role"),
            },
        )
        return done, to

    def get_state(self, model: Any) -> dict[str, Any]:
        """Return where it has gone back to, and the scales of schedules.

        Plain learning rates are variables, saved with the model.

        Args:
            model: compiled `AdversarialModel`.

        Returns:
            dict of JSON values, `been` and `scales`.
        """
        return {"been": list(self.been), "scales": learning_rates.scales_of(model)}

    def set_state(self, model: Any, state: Mapping[str, Any]) -> None:
        """Go on from a state.

        Args:
            model: compiled `AdversarialModel`, its weights loaded.
            state: what `get_state` returned; empty for a run that begins.
        """
        self.been = tuple(state.get("been", ()))
        scales = {role: {"scale": scale} for role, scale in state.get("scales", {}).items()}
        if scales:
            learning_rates.set_rates(model, scales)


def check_action(action: str, rewind: Any, factor: float) -> None:
    """Check what is to be done about weights that are not finite.

    Args:
        action: one of "warn", "stop" and "rewind".
        rewind: function for "rewind".
        factor: float in (0, 1).

    Raises:
        ValueError: if one of them cannot be used.
    """
    if action not in _ACTIONS:
        raise ValueError(
            f"`on_nonfinite` must be one of {', '.join(_ACTIONS)}. Received: {action!r}. "
            "Try 'stop'."
        )
    if action == "rewind" and not callable(rewind):
        raise ValueError(
            "`rewind` must be a function `(model, been) -> step` with on_nonfinite='rewind'. "
            f"Received: rewind={rewind!r}. Give one, or take on_nonfinite='stop'."
        )
    if not 0 < factor < 1:
        raise ValueError(
            f"`rate_factor` must be in (0, 1). Received: rate_factor={factor}. Try 0.5."
        )
