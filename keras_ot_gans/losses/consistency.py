"""The consistency term of CT-GAN: two dropout passes of a critic must agree at real samples."""

import math
from dataclasses import dataclass

import keras
from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.shapes import check_rank


@keras.saving.register_keras_serializable(package="keras_ot_gans")
@dataclass(frozen=True)
class Consistency:
    """`weight * mean max(0, d(outputs) + feature_weight * d(features) - margin)`.

    `d` is the squared difference of two passes of the critic over the same real batch, each with
    dropout of its own; of features the mean over their width.

    Attributes:
        weight: float >= 0, `lambda_2` of the paper.
        feature_weight: float >= 0, weight of the last hidden layer. 0.1: the paper.
        margin: float >= 0, `M'` of the paper, who try 0 to 0.2; disagreement below it is free.

    Raises:
        ValueError: if an argument is negative or not finite.

    Example:
        >>> term = Consistency(weight=2.0, feature_weight=0.1, margin=0.5)
        >>> outputs, features = ([1.0], [2.0]), ([[0.0, 0.0]], [[1.0, 3.0]])
        >>> round(float(term(*outputs, *features)), 4)      # 2 (1 + 0.1 * (1 + 9) / 2 - 0.5)
        2.0

    Source: Wei et al., "Improving the Improved Training of Wasserstein GANs: A Consistency Term and
        Its Dual Effect", ICLR 2018, eq. 4.
    Differs: squared differences, the mean over features: the authors' code, where the paper writes
        a distance. The margin is subtracted before `weight`, as in the paper; in the code after.
    """

    weight: float = 2.0
    feature_weight: float = 0.1
    margin: float = 0.0

    def __post_init__(self):
        """Check the arguments."""
        for name in ("weight", "feature_weight", "margin"):
            value = getattr(self, name)
            if not 0.0 <= value < math.inf:
                default = type(self).__dataclass_fields__[name].default
                raise ValueError(
                    f"`{name}` must be finite and >= 0. Received: {name}={value}. Try {default}."
                )

    def __call__(
        self,
        outputs_a: Tensor,
        outputs_b: Tensor,
        features_a: Tensor | None = None,
        features_b: Tensor | None = None,
    ) -> Tensor:
        """Compare two passes.

        Args:
            outputs_a: float tensor `(B,)` or `(B, 1)`, logits of the first pass.
            outputs_b: the second pass, of the same shape.
            features_a: float tensor `(B, ...)` or None, last hidden layer of the first pass.
            features_b: the second pass, of the same shape.

        Returns:
            Scalar >= 0. The gradient flows through both passes.

        Raises:
            ValueError: if the passes differ in shape, or only one has features.
        """
        outputs_a, outputs_b = _pair("outputs", outputs_a, outputs_b)
        apart = _mean_square(outputs_a - outputs_b)
        if (features_a is None) != (features_b is None):
            raise ValueError(
                "`features_a` and `features_b` must come together. "
                "Received: one of them. Pass the hidden layer of both passes, or of none."
            )
        if features_a is not None:
            features_a, features_b = _pair("features", features_a, features_b)
            apart = apart + self.feature_weight * _mean_square(features_a - features_b)
        check_rank("outputs_a", apart, 1, "(B,) or (B, 1)")
        return self.weight * ops.mean(ops.relu(apart - self.margin))

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        names = ("weight", "feature_weight", "margin")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict):
        """Build from `get_config`."""
        return cls(**config)


def _pair(name: str, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Widen two passes and refuse them if they would only fit by broadcasting."""
    a, b = as_float32(a), as_float32(b)
    if len(a.shape) == 0 or tuple(a.shape) != tuple(b.shape):
        raise ValueError(
            f"`{name}_a` and `{name}_b` must have the same shape (B, ...). Received: "
            f"{tuple(a.shape)} and {tuple(b.shape)}. Run the same batch through the critic twice."
        )
    return a, b


def _mean_square(difference: Tensor) -> Tensor:
    """Mean square over all axes but the first, `(B, ...) -> (B,)`."""
    if len(difference.shape) == 1:
        return ops.square(difference)
    return ops.mean(ops.square(difference), axis=tuple(range(1, len(difference.shape))))
