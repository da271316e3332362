"""A score that knows its protocol."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

from keras_ot_gans.metrics.protocol import ProtocolCard, check_comparable


@dataclasses.dataclass(frozen=True)
class Score:
    """One score with its interval and the card it was made by.

    Args:
        name: str, such as "fid".
        value: float.
        low: float, lower end of the 95 % interval; NaN where none is known.
        high: float, upper end.
        higher_is_better: bool.
        card: `ProtocolCard`.
        std: float, standard deviation over splits or subsets, as papers print it; NaN for none.

    Example:
        >>> card = ProtocolCard("toy", "", "none", "none", (8, 8), 1, "toy", "", "", 9, 9, 1, True,
        ...     1, 1, 2, 1, 2, "raw", "prior", 0)
        >>> one = Score("fid", 3.0, 2.5, 3.5, False, card)
        >>> Score("fid", 2.0, 1.5, 2.5, False, card).better_than(one)
        True
        >>> other = dataclasses.replace(card, seed=1)
        >>> Score("fid", 2.0, 1.5, 2.5, False, other).better_than(one, may_differ=("seed",))
        True
    """

    name: str
    value: float
    low: float
    high: float
    higher_is_better: bool
    card: ProtocolCard
    std: float = math.nan

    def better_than(self, other: "Score", may_differ: Iterable[str] = ()) -> bool:
        """Whether this value is better, after checking that the two may be compared.

        Args:
            other: score of the same name.
            may_differ: fields of the cards that may differ.

        Returns:
            bool; False where they are equal or NaN.

        Raises:
            ValueError: if names or cards differ.
        """
        self._check(other, may_differ)
        return self.value > other.value if self.higher_is_better else self.value < other.value

    def clearly_better_than(self, other: "Score", may_differ: Iterable[str] = ()) -> bool:
        """Whether this is better with intervals that do not overlap.

        Args:
            other: score of the same name.
            may_differ: fields of the cards that may differ.

        Returns:
            bool; False where an interval is unknown.

        Raises:
            ValueError: if names or cards differ.
        """
        self._check(other, may_differ)
        return self.low > other.high if self.higher_is_better else self.high < other.low

    def as_dict(self) -> dict[str, Any]:
        """Return value, interval and direction as JSON values; NaN becomes None."""
        numbers = {key: getattr(self, key) for key in ("value", "low", "high", "std")}
        finite = {k: v if math.isfinite(v) else None for k, v in numbers.items()}
        return {**finite, "higher_is_better": self.higher_is_better}

    def _check(self, other: "Score", may_differ: Iterable[str]) -> None:
        if self.name != other.name:
            raise ValueError(
                "`other` must be a score of the same name. "
                f"Received: {other.name!r} to compare with {self.name!r}."
            )
        check_comparable(self.card, other.card, may_differ)


class Scores(dict[str, Score]):
    """Scores of one evaluation by name, all with one card.

    Args:
        scores: the scores.
        card: `ProtocolCard` of all of them.
        refused: dict of name to the reason why a score that was asked for is not there.

    Example:
        >>> card = ProtocolCard("toy", "", "none", "none", (8, 8), 1, "toy", "", "", 9, 9, 1, True,
        ...     1, 1, 2, 1, 2, "raw", "prior", 0)
        >>> scores = Scores([Score("fid", 3.0, 2.5, 3.5, False, card)], card)
        >>> scores.values_by_name()
        {'fid': 3.0}
        >>> print(scores.table())
        score               value   95 % interval
        fid                     3   [2.5, 3.5]
        toy-9-9-none-raw-9139980a
    """

    def __init__(
        self, scores: Iterable[Score], card: ProtocolCard, refused: dict[str, str] | None = None
    ) -> None:
        """Key the scores by their names."""
        super().__init__({score.name: score for score in scores})
        self.card, self.refused = card, dict(refused or {})

    def values_by_name(self) -> dict[str, float]:
        """Return the plain numbers."""
        return {name: score.value for name, score in self.items()}

    def as_dict(self) -> dict[str, Any]:
        """Return scores, refusals and the whole card with its hash, as JSON values."""
        return {
            "scores": {name: score.as_dict() for name, score in self.items()},
            "refused": self.refused,
            "card": self.card.as_dict(),
            "card_hash": self.card.hash,
        }

    def table(self) -> str:
        """Return a table for the terminal: values, intervals, refusals, the card's short form."""
        rows = [f"{'score':<16}{'value':>9}   95 % interval"]
        for name, score in self.items():
            known = math.isfinite(score.low) and math.isfinite(score.high)
            interval = f"   [{score.low:.5g}, {score.high:.5g}]" if known else ""
            std = f"   (std {score.std:.3g})" if math.isfinite(score.std) else ""
            rows.append(f"{name:<16}{score.value:>9.5g}{interval}{std}")
        rows += [f"{name:<16}{'-':>9}   {reason}" for name, reason in self.refused.items()]
        return "\n".join([*rows, self.card.short])
