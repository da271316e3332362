"""Least squares: a `phi` whose real loss is not its mirror image."""

import math
from dataclasses import dataclass

import keras
from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32


@keras.saving.register_keras_serializable(package="keras_ot_gans>phi")
@dataclass(frozen=True)
class LeastSquares:
    """`phi(x) = (x - fake_target)^2` and `varphi(x) = (x - real_target)^2`, not halved.

    The least-squares GAN. `phi` falls below `fake_target`: outside the family of eq. 12, although
    convex and balanced.

    Attributes:
        fake_target: float, `alpha` of the paper.
        real_target: float > `fake_target`, `beta` of the paper.

    Raises:
        ValueError: if the targets are not finite and in this order.

    Example:
        >>> phi = LeastSquares()
        >>> float(phi(0.5)), float(phi.varphi(0.5))      # 1.5^2, (-0.5)^2
        (2.25, 0.25)

    Source: Zhou et al., 2018, Table 1; targets -1 and 1: the authors' code.
    Differs: Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, halve both
        terms and also use the targets 0 and 1.
    """

    fake_target: float = -1.0
    real_target: float = 1.0

    def __post_init__(self):
        """Check the targets."""
        if not -math.inf < self.fake_target < self.real_target < math.inf:
            raise ValueError(
                "`fake_target` must be smaller than `real_target`, both finite. Received: "
                f"fake_target={self.fake_target}, real_target={self.real_target}. Try -1 and 1."
            )

    def __call__(self, logits: Tensor) -> Tensor:
        """Return what fake logits pay, of the same shape."""
        return ops.square(as_float32(logits) - self.fake_target)

    def varphi(self, logits: Tensor) -> Tensor:
        """Return what real logits pay.

        Args:
            logits: float tensor of any shape.

        Returns:
            Float tensor >= 0 of the same shape.
        """
        return ops.square(as_float32(logits) - self.real_target)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {"fake_target": self.fake_target, "real_target": self.real_target}

    @classmethod
    def from_config(cls, config: dict):
        """Build from `get_config`."""
        return cls(**config)
