"""What all rules of a watchdog have in common: they look at one epoch's logs after the other."""

import math
import numbers
from collections.abc import Mapping
from typing import Any

from keras_ot_gans.callbacks.watchdogs.watch_events import Finding


class Rule:
    """Looks at one epoch's logs after the other. A subclass gives `judge`.

    Args:
        epochs: int > 0, a rule fires when it holds in so many looks in a row; epochs whose logs
            lack its values are not counted.
    """

    def __init__(self, epochs: int = 2) -> None:
        """Begin without a look."""
        self.epochs, self._held = epochs, {}

    def fits(self, model: Any) -> bool:
        """Return whether the rule has a meaning for a model."""
        return True

    def look(self, logs: Mapping[str, Any]) -> list[Finding]:
        """Look at an epoch's logs.

        Args:
            logs: dict of name to value; values that are no finite number are left out.

        Returns:
            List of `Finding`, at each look for as long as they hold.
        """
        values = {
            name: float(value)
            for name, value in logs.items()
            if isinstance(value, numbers.Real) and math.isfinite(value)
        }
        found = []
        for name, finding in self.judge(values):
            self._held[name] = 0 if finding is None else self._held.get(name, 0) + 1
            if self._held[name] >= self.epochs:
                found.append(finding)
        return found

    def judge(self, values: Mapping[str, float]) -> list[tuple[str, Finding | None]]:
        """Return, for each condition whose values are there, its name and what holds, or None."""
        raise NotImplementedError(f"`{type(self).__name__}` must define `judge(values)`.")
