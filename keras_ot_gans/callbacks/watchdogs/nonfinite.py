"""Numbers that are not finite: where they are, which role had them first, and why."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_ot_gans.callbacks.watchdogs.role_health import RoleHealth, RoleState, first_role
from keras_ot_gans.callbacks.watchdogs.watch_events import Finding

_GREAT_GROWTH = 100.0


class Diagnosis(NamedTuple):
    """What a look has found.

    Attributes:
        broken: roles whose weights or optimizer slots are not finite; they cannot recover.
        finding: `Finding`.
    """

    broken: tuple[str, ...]
    finding: Finding


class NonfiniteWatch:
    """Looks for NaN and infinity in logs, weights and optimizer slots.

    Args:
        model: compiled `AdversarialModel`; its weights are looked at once, to compare with.
    """

    def __init__(self, model: Any) -> None:
        """Take the first look."""
        self._health, self._known = RoleHealth(model), set()
        self._start = self._before = self._health.look()

    def begin_epoch(self) -> None:
        """Forget which values were not finite: means begin anew."""
        self._known = set()

    def unusual(self, logs: Mapping[str, Any] | None) -> list[str]:
        """Return the names of logged values that are not finite, and were before in this epoch.

        Args:
            logs: what Keras hands over at the end of a batch.

        Returns:
            List of str.
        """
        names = [name for name, value in (logs or {}).items() if not np.all(np.isfinite(value))]
        return [name for name in names if name not in self._known]

    def examine(
        self, logs: Mapping[str, Any] | None = None, unusual: Sequence[str] = ()
    ) -> Diagnosis | None:
        """Look at the weights and slots of all roles now.

        Args:
            logs: the logged values.
            unusual: those among them that are not finite.

        Returns:
            `Diagnosis`, or None if all is well.
        """
        states = self._health.look()
        broken = tuple(role for role, state in states.items() if not state.finite)
        self._known |= set(unusual)
        if broken:
            first = first_role(broken, logs or {}, unusual)
            return Diagnosis(broken, self._broken(broken, first, states, unusual))
        self._before = states
        return Diagnosis((), _only_values(unusual)) if unusual else None

    def _broken(
        self,
        broken: tuple[str, ...],
        first: str | None,
        states: Mapping[str, RoleState],
        unusual: Sequence[str],
    ) -> Finding:
        """Describe broken roles."""
        subject = ", ".join(broken) if first is None else first
        what = f"Weights or optimizer slots are not finite: {subject}"
        if first is None:
            what += " (which of them was first cannot be seen any more)"
        elif len(broken) > 1:
            what += f" first, then {', '.join(role for role in broken if role != first)}"
        if unusual:
            what += f"; nor are the logged {', '.join(unusual)}"
        growths = {
            role: _growth(self._start[role], state if state.finite else self._before[role])
            for role, state in states.items()
        }
        cause, advice = _cause(subject, growths, first)
        details = {
            "first_role": first,
            "roles": list(broken),
            "values": list(unusual),
            "growths": {r: g if math.isfinite(g) else None for r, g in growths.items()},
            "slots_finite": {role: math.isfinite(states[role].slots) for role in broken},
        }
        return Finding("nonfinite_weights", what + ".", cause, advice, details)


def _cause(subject: str, growths: Mapping[str, float], first: str | None) -> tuple[str, str]:
    """Return the likely cause and what to do, from how much the weights of all roles had grown."""
    if math.isinf(max(growths.values())):
        return "They were so when the training began.", "Load other weights."
    grown = [role for role, growth in growths.items() if growth > _GREAT_GROWTH]
    advice = (
        f"Lower the learning rate of {', '.join(grown) or subject}, or clip the gradients "
        "(`clipnorm`)."
    )
    if first is None:
        advice += " `weights_every=1` looks after each group of steps, and more often tells."
    sizes = ", ".join(f"{role} {growth:.3g}" for role, growth in growths.items())
    told = f"when last seen finite, weights were so many times as large as at the start: {sizes}."
    if grown:
        return f"A learning rate is too high, or a batch was extreme; {told}", advice
    return (
        "An operation without a gradient where it was (the root or logarithm of 0), an extreme "
        f"batch, or a learning rate so high that few steps sufficed; {told}",
        advice,
    )


def _growth(start: RoleState, now: RoleState) -> float:
    """Return by how much the weights have grown, infinity if they never were finite."""
    if not start.finite:
        return math.inf
    return now.weights / start.weights if start.weights else 1.0


def _only_values(names: Sequence[str]) -> Finding:
    return Finding(
        "nonfinite_value",
        f"The logged {', '.join(names)} {'is' if len(names) == 1 else 'are'} not finite, all "
        "weights are.",
        "The value has overflowed; an optimizer that scales its loss skips such updates, and one "
        "that clips values bounds them.",
        "If it stays so, lower the learning rates, or compute in float32.",
        {"values": list(names)},
    )
