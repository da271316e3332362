"""Penalties on the slopes of a critic: the size of its input gradient, sample by sample.

All take SQUARED slopes `(B,)`, as `ops.squared_slopes` gives them: what needs no square root never
takes one. With several replicas, hand over the gathered slopes of all.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import ops

from keras_ot_gans.losses.slope_forms import one_sided, two_sided
from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.shapes import check_one_of, check_rank

PLACES = ("blend", "real", "fake")
REDUCTIONS = ("mean", "max")


@keras.saving.register_keras_serializable(package="keras_ot_gans>penalties")
@dataclass(frozen=True)
class Penalty:
    """Penalty on a critic's slopes, as a value: `weight * mean(form(slopes, target))`.

    Attributes:
        form: `two_sided`, `one_sided`, or a function `(squared_slopes, target)` of its shape.
        reduction: "mean" over the batch, or "max": `form` then sees the largest slope only, an
            estimate of the Lipschitz constant, and the gradient flows through that sample alone.
        weight: float >= 0, `lambda` of the papers.
        target: float >= 0, `k0` of the paper.
        where: points of the slopes: "blend" (on lines between real and fake), "real" or "fake".
        buffer_fraction: float in [0, 1], part of the batch of blends that `models.SlopeBuffer`
            replaces by the steepest points so far. 0: no buffer. 1: no fresh points at all.

    Raises:
        TypeError: if `form` is not a function.
        ValueError: if an argument is out of range, or a buffer is asked for away from blends.

    Example:
        >>> penalty = Penalty(two_sided, "mean", weight=10.0, target=1.0)
        >>> float(penalty([0.0, 4.0]))      # 10 (1 + 1) / 2
        10.0
    """

    form: Callable[[Tensor, float], Tensor]
    reduction: str = "mean"
    weight: float = 1.0
    target: float = 0.0
    where: str = "blend"
    buffer_fraction: float = 0.0

    def __post_init__(self):
        """Check the arguments."""
        if not callable(self.form):
            raise TypeError(
                "`form` must be a function of squared slopes and a target. "
                f"Received: {self.form!r}. Try `losses.penalties.two_sided`."
            )
        check_one_of("reduction", self.reduction, REDUCTIONS)
        check_one_of("where", self.where, PLACES)
        for name, advice in (("weight", "10"), ("target", "0 or 1")):
            value = getattr(self, name)
            if not 0.0 <= value < math.inf:
                raise ValueError(
                    f"`{name}` must be finite and >= 0. Received: {name}={value}. Try {advice}."
                )
        check_buffer_fraction(self.buffer_fraction)
        if self.buffer_fraction and self.where != "blend":
            raise ValueError(
                "`buffer_fraction` must be 0 unless `where` is 'blend'. Received: buffer_fraction="
                f"{self.buffer_fraction}, where={self.where!r}. The buffer replaces blends."
            )

    def __call__(self, squared_slopes: Tensor) -> Tensor:
        """Compute the penalty.

        Args:
            squared_slopes: float tensor `(B,)`, >= 0.

        Returns:
            Scalar >= 0.

        Raises:
            ValueError: if the slopes are not of rank 1.
        """
        check_rank("squared_slopes", squared_slopes, 1, "(B,)")
        slopes = as_float32(squared_slopes)
        if self.reduction == "max":
            slopes = ops.max(slopes, keepdims=True)
        return self.weight * ops.mean(self.form(slopes, self.target))

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        form = keras.saving.serialize_keras_object(self.form)
        names = ("reduction", "weight", "target", "where", "buffer_fraction")
        return {"form": form, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_config(cls, config: dict):
        """Build from `get_config`."""
        return cls(**{**config, "form": keras.saving.deserialize_keras_object(config["form"])})


def check_buffer_fraction(fraction: float) -> None:
    """Refuse a part of a batch outside [0, 1].

    Args:
        fraction: float.

    Raises:
        ValueError: if it is outside.

    Example:
        >>> check_buffer_fraction(-0.25)
        Traceback (most recent call last):
        ...
        ValueError: `buffer_fraction` must be in [0, 1]. Received: buffer_fraction=-0.25. \
Try 0.5, the paper's.
    """
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(
            "`buffer_fraction` must be in [0, 1]. "
            f"Received: buffer_fraction={fraction}. Try 0.5, the paper's."
        )


def gradient_penalty(weight: float = 10.0, target: float = 1.0) -> Penalty:
    """WGAN-GP: mean of `(slope - 1)^2` at blends.

    Args:
        weight: float >= 0, `lambda`. 10: the paper. The toy code of ACT uses 0.1.
        target: float >= 0. 0 is the zero-centred penalty at blends.

    Returns:
        `Penalty`.

    Example:
        >>> float(gradient_penalty()([4.0]))
        10.0

    Source: Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, eq. 3.
    """
    return Penalty(two_sided, "mean", weight, target)


def lipschitz_penalty(weight: float = 10.0, target: float = 1.0) -> Penalty:
    """WGAN-LP: mean of `max(0, slope - 1)^2` at blends.

    Args:
        weight: float >= 0, `lambda`. 10: that of `gradient_penalty`, for comparison.
        target: float >= 0.

    Returns:
        `Penalty`.

    Example:
        >>> float(lipschitz_penalty()([0.25]))
        0.0

    Source: Petzka et al., "On the Regularization of Wasserstein GANs", ICLR 2018, eq. 8.
    """
    return Penalty(one_sided, "mean", weight, target)


def r1(gamma: float = 10.0) -> Penalty:
    """R1: `gamma / 2` times the mean squared slope at real samples.

    Args:
        gamma: float >= 0; the paper's half is included, so `weight` is `gamma / 2`.

    Returns:
        `Penalty`.

    Example:
        >>> float(r1()([2.0]))      # 10 / 2 * 2
        10.0

    Source: Mescheder et al., "Which Training Methods for GANs do actually Converge?", ICML 2018,
        eq. 9.
    Differs: the authors' code leaves the half out; for its `reg_param` pass `2 * reg_param`.
    """
    return Penalty(two_sided, "mean", gamma / 2.0, 0.0, "real")


def r2(gamma: float = 10.0) -> Penalty:
    """R2: `gamma / 2` times the mean squared slope at fakes.

    Args:
        gamma: float >= 0, as in `r1`.

    Returns:
        `Penalty`.

    Example:
        >>> r2().where
        'fake'

    Source: Mescheder et al., 2018, eq. 10.
    """
    return Penalty(two_sided, "mean", gamma / 2.0, 0.0, "fake")


def max_gradient_penalty(
    weight: float = 0.1, target: float = 0.0, buffer_fraction: float = 0.5
) -> Penalty:
    """MaxGP: the square of the largest slope at blends, `weight * (max slope - target)^2`.

    Args:
        weight: float >= 0, `lambda`. The paper gives none; its code takes 0.1 for 2-D toys and
            CIFAR-10, 1 for the ten-image toy.
        target: float >= 0, `k0`. 0: the paper.
        buffer_fraction: float in [0, 1], size of `S_max` in batches. 1/2: the paper; its code has
            no buffer for CIFAR-10 and 1/8 for toys.

    Returns:
        `Penalty`.

    Example:
        >>> round(float(max_gradient_penalty()([1.0, 4.0])), 4)      # 0.1 * 4
        0.4

    Source: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
        Adversarial Nets", 2018, eq. 18 and appendix E.
    """
    return Penalty(two_sided, "max", weight, target, "blend", buffer_fraction)
