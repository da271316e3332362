"""Sums of several `phi`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras

from keras_ot_gans.losses.phi.functions import Phi, linear, logistic, varphi
from keras_ot_gans.ops.numerics import Tensor


@keras.saving.register_keras_serializable(package="keras_ot_gans>phi")
@dataclass(frozen=True)
class Combination:
    """Weighted sum of several `phi`: in the family of eq. 12 if its parts share a balance point.

    Attributes:
        phis: sequence of `phi`.
        weights: sequence of floats >= 0, one for each, not all 0.

    Raises:
        TypeError: if a part is not a function.
        ValueError: if the lengths differ, a weight is negative, or all are 0.

    Example:
        >>> phi = Combination((logistic, linear), (1.0, 0.01))
        >>> round(float(phi(2.0)), 4)      # log(1 + e^2) + 0.02
        2.1469

    Source: Zhou et al., 2018, section 3.1.
    """

    phis: Sequence[Phi]
    weights: Sequence[float]

    def __post_init__(self):
        """Check the parts."""
        object.__setattr__(self, "phis", tuple(self.phis))
        object.__setattr__(self, "weights", tuple(float(weight) for weight in self.weights))
        if not all(callable(phi) for phi in self.phis):
            raise TypeError(
                "`phis` must be functions of logits. "
                f"Received: {self.phis}. Try (phi.logistic, phi.linear)."
            )
        good = all(0.0 <= weight < math.inf for weight in self.weights) and sum(self.weights) > 0
        if len(self.phis) != len(self.weights) or not good:
            raise ValueError(
                "`weights` must hold one number >= 0 for each of `phis`, not all 0. Received: "
                f"{len(self.phis)} phis, weights={self.weights}. Try (1.0, 0.01)."
            )

    def __call__(self, logits: Tensor) -> Tensor:
        """Return what fake logits pay, of the same shape."""
        return sum(w * phi(logits) for phi, w in zip(self.phis, self.weights, strict=True))

    def varphi(self, logits: Tensor) -> Tensor:
        """Return what real logits pay.

        Args:
            logits: float tensor of any shape.

        Returns:
            Float tensor of the same shape.
        """
        return sum(w * varphi(phi, logits) for phi, w in zip(self.phis, self.weights, strict=True))

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        phis = [keras.saving.serialize_keras_object(phi) for phi in self.phis]
        return {"phis": phis, "weights": list(self.weights)}

    @classmethod
    def from_config(cls, config: dict):
        """Build from `get_config`."""
        phis = [keras.saving.deserialize_keras_object(phi) for phi in config["phis"]]
        return cls(phis, config["weights"])


# `-log sigmoid(-x) + 0.01 x`, the last row of the paper's Table 2: slope in (0.01, 1.01).
LOGISTIC_LINEAR = Combination((logistic, linear), (1.0, 0.01))
