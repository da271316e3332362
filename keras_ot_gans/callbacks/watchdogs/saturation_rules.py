"""Signs that a game has no gradient any more, read from the logs of its epochs."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from keras_ot_gans.callbacks.watchdogs.rule import Rule
from keras_ot_gans.callbacks.watchdogs.watch_events import Finding
from keras_ot_gans.ops.costs import cosine


class PlanEntropy(Rule):
    """Fires where `plan_entropy` falls to 0 or rises to its maximum, in nats per point.

    A matching that is 0 or maximal from the beginning, as random and uniform ones are by design,
    is left in peace.

    Args:
        low: float in (0, 1), share of its highest value so far. 0.05: in healthy runs of OT-GAN
            on digits the entropy falls to a quarter while the samples become good.
        high: float in (0, 1), share of the maximum, the logarithm of `points`.
        points: int > 1, points of a plan, half a batch in OT-GAN; None: only the fall is seen.
        epochs: int > 0, epochs in a row.

    Example:
        >>> rule = PlanEntropy(points=100)
        >>> [len(rule.look({"plan_entropy": e})) for e in (2.0, 0.5, 0.01, 0.01)]
        [0, 0, 0, 1]
    """

    def __init__(
        self, low: float = 0.05, high: float = 0.98, points: int | None = None, epochs: int = 2
    ) -> None:
        """Begin without a look."""
        super().__init__(epochs)
        self.low, self.high, self.points = low, high, points
        self._highest, self._lowest = 0.0, math.inf

    def judge(self, values: Mapping[str, float]) -> list[tuple[str, Finding | None]]:
        """Compare with the highest so far and with the maximum."""
        if "plan_entropy" not in values:
            return []
        value = values["plan_entropy"]
        self._highest = max(self._highest, value)
        self._lowest = min(self._lowest, value)
        concentrated = self._highest > 0.05 and value < self.low * self._highest
        found = [("low", self._concentrated(value) if concentrated else None)]
        if self.points is not None:
            most = math.log(self.points)
            uniform = value > self.high * most and self._lowest < 0.9 * most
            found.append(("high", self._uniform(value, most) if uniform else None))
        return found

    def _concentrated(self, value: float) -> Finding:
        return Finding(
            "plan_concentrated",
            f"`plan_entropy` has fallen from {self._highest:.4g} to {value:.4g} nats.",
            "The costs have become large beside epsilon: each real sample is matched with one "
            "generated sample, whatever they look like.",
            "Raise `epsilon`, or look whether the critic's features have blown up.",
            {"value": value, "highest": self._highest},
        )

    def _uniform(self, value: float, most: float) -> Finding:
        return Finding(
            "plan_uniform",
            f"`plan_entropy` has risen to {value:.4g} nats; a plan without preferences has "
            f"{most:.4g}.",
            "The critic's features no longer tell samples apart.",
            "Lower the critic's learning rate, or `epsilon`.",
            {"value": value, "maximum": most},
        )


class SaturatedCost(Rule):
    """Fires where a cosine cost between real and generated samples is near its maximum of 2.

    Args:
        limit: float in (0, 2). 1.95: runs of ACT on digits that learn stay below 1.4; those
            that do not are at 1.999.
        names: logged mean costs between real and generated samples.
        epochs: int > 0, epochs in a row.

    Example:
        >>> rule = SaturatedCost()
        >>> [len(rule.look({"transport_cost": c})) for c in (1.8, 1.999, 2.0)]
        [0, 0, 1]
    """

    def __init__(
        self,
        limit: float = 1.95,
        names: Sequence[str] = ("transport_cost", "cross"),
        epochs: int = 2,
    ) -> None:
        """Keep the threshold."""
        super().__init__(epochs)
        self.limit, self.names = limit, tuple(names)

    def fits(self, model: Any) -> bool:
        """Return whether the model's cost is the cosine cost; others have no maximum."""
        return getattr(model, "cost", None) is cosine

    def judge(self, values: Mapping[str, float]) -> list[tuple[str, Finding | None]]:
        """Compare with the maximum."""
        return [
            (name, self._finding(name, values[name]) if values[name] > self.limit else None)
            for name in self.names
            if name in values
        ]

    def _finding(self, name: str, value: float) -> Finding:
        return Finding(
            "saturated_cost",
            f"`{name}` is {value:.4g}; a cosine cost is at most 2.",
            "The critic maps real and generated samples to opposite features, where the cost has "
            "no gradient: the generator stops learning.",
            "Lower the critic's learning rate or let it rise slowly (warmup_updates), give the "
            "generator more updates in a round, or use spectral normalisation.",
            {"value": value},
        )


class SaturatedCritic(Rule):
    """Fires where a critic tells real and generated samples apart without a doubt.

    Either its loss has fallen into `[0, floor]` from ten times as much and more: the losses that
    are never negative (logistic, hinge, least squares) are 0 there and have no gradient. An f-GAN's
    is 0 where the samples are right; there `real_score` and `fake_score`, if both are logged, are
    not `apart`. Or `real_score - fake_score`, of logits, exceeds `gap`.

    Args:
        floor: float > 0.
        apart: float, the least `real_score - fake_score` where the loss is low. 0.5: least squares
            end at 1 and more, hinge at 2, logistic at 9; an f-GAN at 0.
        gap: float > 0. 20: a fake at -10 gets a gradient of 5e-5 from a logistic loss.
        names: logged losses of critics.
        epochs: int > 0, epochs in a row.

    Example:
        >>> rule = SaturatedCritic()
        >>> [len(rule.look({"critic_loss": c})) for c in (1.3, 0.4, 0.004, 0.001)]
        [0, 0, 0, 1]
    """

    def __init__(
        self,
        floor: float = 0.02,
        apart: float = 0.5,
        gap: float = 20.0,
        names: Sequence[str] = ("critic_loss", "discriminator_loss"),
        epochs: int = 2,
    ) -> None:
        """Keep the thresholds."""
        super().__init__(epochs)
        self.floor, self.apart, self.gap = floor, apart, gap
        self.names, self._highest = tuple(names), {}

    def judge(self, values: Mapping[str, float]) -> list[tuple[str, Finding | None]]:
        """Compare losses and scores."""
        found, scored = [], {"real_score", "fake_score"} <= values.keys()
        gap = values["real_score"] - values["fake_score"] if scored else math.inf
        for name in self.names:
            if name in values:
                value, highest = values[name], max(values[name], self._highest.get(name, 0.0))
                self._highest[name] = highest
                low = 0.0 <= value <= self.floor and highest > 10 * self.floor
                low = low and gap > self.apart
                what = f"`{name}` has fallen from {highest:.4g} to {value:.2g}."
                found.append((name, self._finding(what) if low else None))
        if scored:
            real, fake = values["real_score"], values["fake_score"]
            what = f"Real samples score {real:.4g}, generated ones {fake:.4g}."
            found.append(("gap", self._finding(what) if gap > self.gap else None))
        return found

    def _finding(self, what: str) -> Finding:
        return Finding(
            "critic_saturated",
            what,
            "The critic tells real and generated samples apart without a doubt, and gives the "
            "generator no gradient.",
            "Lower the critic's learning rate, give the generator more updates, or bound the "
            "critic's slope (a penalty, spectral normalisation).",
        )
