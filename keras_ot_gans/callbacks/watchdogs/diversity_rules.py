"""Signs that a generator loses modes, read from the logs of its epochs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.spatial.distance import pdist

from keras_ot_gans.callbacks.picture_callback import choose
from keras_ot_gans.callbacks.watchdogs.rule import Rule
from keras_ot_gans.callbacks.watchdogs.watch_events import Finding
from keras_ot_gans.ops.side_vectors import SideVectors


class FallingScore(Rule):
    """Fires where a score that was higher has fallen below a share of its best.

    Args:
        names: scores of which higher is better and 0 is the worst.
        to: float in (0, 1), the share of the best so far.
        epochs: int > 0, evaluations in a row.

    Example:
        >>> rule = FallingScore(("recall",), to=0.7, epochs=2)
        >>> [len(rule.look({"recall": r})) for r in (0.2, 0.6, 0.5, 0.4, 0.3)]
        [0, 0, 0, 0, 1]
    """

    def __init__(
        self,
        names: Sequence[str] = ("recall", "coverage", "modes_captured"),
        to: float = 0.7,
        epochs: int = 2,
    ) -> None:
        """Begin without a best."""
        super().__init__(epochs)
        self.names, self.to, self._best = tuple(names), to, {}

    def judge(self, values: Mapping[str, float]) -> list[tuple[str, Finding | None]]:
        """Compare with the best so far."""
        found = []
        for name in self.names:
            if name in values:
                value, best = values[name], max(values[name], self._best.get(name, 0.0))
                self._best[name] = best
                low = value < self.to * best
                found.append((name, self._finding(name, value, best) if low else None))
        return found

    def _finding(self, name: str, value: float, best: float) -> Finding:
        return Finding(
            f"{name}_fell",
            f"`{name}` has fallen from {best:.4g} to {value:.4g}.",
            "The generator is losing modes.",
            "Take the weights of the best epoch; lower the generator's learning rate, or use "
            "larger batches, whose plans see more modes.",
            {"value": value, "best": best},
        )


class LowDiversity(Rule):
    """Fires where samples are more alike than the data, in `sample_diversity`.

    Args:
        low: float in (0, 1), mean distance of two samples by that of two real ones. 0.2: no
            data set in use has a class this narrow.
        grace: int >= 0, looks before it fires where the diversity was never higher: untrained
            generators make samples that are all alike.
        epochs: int > 0, looks in a row.

    Example:
        >>> rule = LowDiversity(grace=5)
        >>> [len(rule.look({"sample_diversity": d})) for d in (0.1, 0.9, 0.1, 0.1)]
        [0, 0, 0, 1]
    """

    def __init__(self, low: float = 0.2, grace: int = 5, epochs: int = 2) -> None:
        """Begin without a look."""
        super().__init__(epochs)
        self.low, self.grace, self._seen, self._was_higher = low, grace, 0, False

    def judge(self, values: Mapping[str, float]) -> list[tuple[str, Finding | None]]:
        """Compare with the data."""
        if "sample_diversity" not in values:
            return []
        value, self._seen = values["sample_diversity"], self._seen + 1
        low = value < self.low
        self._was_higher |= not low
        if not low or not (self._was_higher or self._seen > self.grace):
            return [("low", None)]
        finding = Finding(
            "low_diversity",
            f"Two samples differ {value:.2g} times as much as two real ones.",
            "The generator has collapsed to a few samples.",
            "Go back to an earlier checkpoint; lower its learning rate, or give the critic more "
            "updates.",
            {"value": value},
        )
        return [("low", finding)]


class SampleSpread:
    """Measures how far samples of a model are from each other, always from the same latents.

    Args:
        num: int >= 0, samples; fewer than 2 measure nothing.
        seed: int >= 0.
        real: array `(n, ...)` to compare with, or None.
    """

    def __init__(self, num: int, seed: int, real: Any = None) -> None:
        """Measure the real data once."""
        self.num, self.seed, self._real = num, seed, 0.0
        if real is not None and num > 1:
            self._real = mean_distance(choose(real, num, seed))

    def values(self, model: Any) -> dict[str, float]:
        """Draw and measure; a model of vectors, whose labels cannot be drawn, is not asked.

        Args:
            model: offers `sample(n, seed)`.

        Returns:
            dict with `sample_distance`, and `sample_diversity` where there are real data.
        """
        if self.num < 2 or isinstance(getattr(model, "labels", None), SideVectors):
            return {}
        found = mean_distance(np.asarray(model.sample(self.num, seed=self.seed)))
        if not self._real:
            return {"sample_distance": found}
        return {"sample_distance": found, "sample_diversity": found / self._real}


def mean_distance(samples: np.ndarray) -> float:
    """Return the mean Euclidean distance of two different samples.

    Args:
        samples: array `(n, ...)`, `n >= 2`.

    Returns:
        float >= 0.

    Example:
        >>> mean_distance(np.array([[0.0], [1.0], [3.0]]))      # 1, 2 and 3
        2.0
    """
    flat = np.reshape(samples, (len(samples), -1)).astype(np.float64)
    return float(np.mean(pdist(flat)))
