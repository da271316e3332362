"""Adversarial gradient estimation: an f-divergence's gradient from a log-ratio, by scaling it."""

from dataclasses import dataclass

import keras
from keras import ops

from keras_ot_gans.divergences.bidirectional.objective import (
    BidirectionalObjective,
    check_scores,
    logistic_discriminator_loss,
)
from keras_ot_gans.divergences.f_divergence import (
    FDivergence,
    check_f_divergence,
    check_r0,
    scalings,
)
from keras_ot_gans.ops.numerics import Tensor


def _mean_product(scaling: Tensor, scores: Tensor) -> Tensor:
    # Divided first: the sum of a batch of e^80 * 80 would overflow float32.
    size = ops.cast(ops.shape(scores)[0], scaling.dtype)
    return ops.sum(scaling / size * scores)


@dataclass(frozen=True)
class _ScaledLoss:
    """An f-divergence and the bound of its ratio, which the two losses below share."""

    f_divergence: FDivergence
    r0: float | None = None

    def __post_init__(self):
        """Check the arguments."""
        check_f_divergence(self.f_divergence)
        check_r0(self.r0)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        value = keras.saving.serialize_keras_object(self.f_divergence)
        return {"f_divergence": value, "r0": self.r0}

    @classmethod
    def from_config(cls, config: dict) -> "_ScaledLoss":
        """Build from `get_config`."""
        value = keras.saving.deserialize_keras_object(config["f_divergence"])
        return cls(value, config["r0"])


@keras.saving.register_keras_serializable(package="keras_ot_gans>bidirectional")
@dataclass(frozen=True)
class ScaledEncoderLoss(_ScaledLoss):
    """`mean s_phi D(x, E(x))`, with `s_phi = r f''(r)` held constant.

    Attributes:
        f_divergence: value of `divergences.f_divergence`.
        r0: float in (0, 1], or None: see `scalings`.

    Example:
        >>> from keras_ot_gans.divergences import f_divergence
        >>> float(ScaledEncoderLoss(f_divergence.kl)([[1.0], [3.0]]))      # s_phi = 1
        2.0

    Source: Shen et al., 2020, Algorithm 1, line 9.
    """

    def __call__(self, real_scores: Tensor) -> Tensor:
        """Return the loss of scores `(B, 1)`."""
        scores = check_scores("real_scores", real_scores)
        return _mean_product(scalings(scores, self.f_divergence, self.r0).encoder, scores)


@keras.saving.register_keras_serializable(package="keras_ot_gans>bidirectional")
@dataclass(frozen=True)
class ScaledGeneratorLoss(_ScaledLoss):
    """`-mean s_theta D(G(z), z)`, with `s_theta = r^2 f''(r)` held constant.

    Attributes:
        f_divergence: value of `divergences.f_divergence`.
        r0: float in (0, 1], or None: see `scalings`.

    Example:
        >>> from keras_ot_gans.divergences import f_divergence
        >>> float(ScaledGeneratorLoss(f_divergence.reverse_kl)([[1.0], [3.0]]))      # s_theta = 1
        -2.0

    Source: Shen et al., 2020, Algorithm 1, line 8.
    """

    def __call__(self, fake_scores: Tensor) -> Tensor:
        """Return the loss of scores `(B, 1)`."""
        scores = check_scores("fake_scores", fake_scores)
        return -_mean_product(scalings(scores, self.f_divergence, self.r0).generator, scores)


def age(f_divergence: FDivergence, r0: float | None = None) -> BidirectionalObjective:
    """Adversarial gradient estimation of an f-divergence.

    The discriminator learns `log p_e / p_g` by logistic regression, whatever the divergence. The
    losses of encoder and generator have the gradient of the divergence; their values mean nothing.

    Args:
        f_divergence: value of `divergences.f_divergence`, or one of your own, which is checked.
            `all_divergences`: AGE-ALL, the paper's choice for images.
        r0: float in (0, 1], or None. The ratio is clamped to `[r0, 1 / r0]` before it scales, never
            in the discriminator's loss. 0.5: the paper's on images, where None does poorly. None:
            the paper's on mixtures.

    Returns:
        `BidirectionalObjective`.

    Raises:
        TypeError: if `f_divergence` is something else, such as a name.
        ValueError: if `r0` is outside (0, 1], or the formulas of `f_divergence` do not agree.

    Example:
        >>> from keras_ot_gans.divergences import f_divergence
        >>> age(f_divergence.kl, r0=0.5).name
        'age_kl_r0_0.5'
        >>> round(float(age(f_divergence.kl).generator_loss([[1.0]])), 4)      # -e D
        -2.7183

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, theorem 1 and Algorithm 1; clipping (AGE-SC): section 3.2, appendix D.
    Differs: without clipping the authors' code takes a loss whose gradient this is, such as `-e^D`
        for `kl`; values differ, gradients do not.
    """
    encoder, generator = ScaledEncoderLoss(f_divergence, r0), ScaledGeneratorLoss(f_divergence, r0)
    name = f"age_{f_divergence.name}" + ("" if r0 is None else f"_r0_{r0:g}")
    return BidirectionalObjective(name, logistic_discriminator_loss, encoder, generator)
