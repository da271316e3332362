"""f-GAN with pairs: the variational bound of an f-divergence, as a minimax game."""

from dataclasses import dataclass

import keras
from keras import ops

from keras_ot_gans.divergences.bidirectional.objective import BidirectionalObjective, check_scores
from keras_ot_gans.divergences.f_divergence import FDivergence, check_f_divergence
from keras_ot_gans.ops.numerics import Tensor


@dataclass(frozen=True)
class _VariationalLoss:
    """The two terms of the bound, of which the three losses below are made."""

    f_divergence: FDivergence

    def __post_init__(self):
        """Check that the f-divergence has what the bound needs."""
        check_f_divergence(self.f_divergence)
        for name in ("conjugate", "activation"):
            if getattr(self.f_divergence, name) is None:
                raise ValueError(
                    "`f_divergence` must have a `conjugate` and an `activation` for f-GAN. "
                    f"Received: {self.f_divergence} with {name}=None. "
                    "Try `divergences.f_divergence.kl`, or `bidirectional.age`, which needs none."
                )

    def real_term(self, real_scores: Tensor) -> Tensor:
        """Return `mean a_f(D)` of scores `(B, 1)`, a scalar."""
        return ops.mean(self.f_divergence.activation(check_scores("real_scores", real_scores)))

    def fake_term(self, fake_scores: Tensor) -> Tensor:
        """Return `mean f*(a_f(D))` of scores `(B, 1)`, a scalar."""
        scores, value = check_scores("fake_scores", fake_scores), self.f_divergence
        if value.activated_conjugate is not None:
            return ops.mean(value.activated_conjugate(scores))
        return ops.mean(value.conjugate(value.activation(scores)))

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {"f_divergence": keras.saving.serialize_keras_object(self.f_divergence)}

    @classmethod
    def from_config(cls, config: dict) -> "_VariationalLoss":
        """Build from `get_config`."""
        return cls(keras.saving.deserialize_keras_object(config["f_divergence"]))


@keras.saving.register_keras_serializable(package="keras_ot_gans>bidirectional")
@dataclass(frozen=True)
class VariationalDiscriminatorLoss(_VariationalLoss):
    """`mean f*(a_f(D(G(z), z))) - mean a_f(D(x, E(x)))`: minus a lower bound of the divergence.

    Attributes:
        f_divergence: value of `divergences.f_divergence` with `conjugate` and `activation`.
    """

    def __call__(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Return the loss of scores `(B, 1)`."""
        return self.fake_term(fake_scores) - self.real_term(real_scores)


@keras.saving.register_keras_serializable(package="keras_ot_gans>bidirectional")
@dataclass(frozen=True)
class VariationalEncoderLoss(_VariationalLoss):
    """`mean a_f(D(x, E(x)))`.

    Attributes:
        f_divergence: value of `divergences.f_divergence` with `conjugate` and `activation`.
    """

    def __call__(self, real_scores: Tensor) -> Tensor:
        """Return the loss of scores `(B, 1)`."""
        return self.real_term(real_scores)


@keras.saving.register_keras_serializable(package="keras_ot_gans>bidirectional")
@dataclass(frozen=True)
class VariationalGeneratorLoss(_VariationalLoss):
    """`-mean f*(a_f(D(G(z), z)))`.

    Attributes:
        f_divergence: value of `divergences.f_divergence` with `conjugate` and `activation`.
    """

    def __call__(self, fake_scores: Tensor) -> Tensor:
        """Return the loss of scores `(B, 1)`."""
        return -self.fake_term(fake_scores)


def f_gan(f_divergence: FDivergence) -> BidirectionalObjective:
    """f-GAN on pairs: a discriminator that maximises a lower bound of the divergence.

    At its optimum `a_f(D) = f'(r)`: the score is `log r` for `reverse_kl` and `jensen_shannon`,
    `1 + log r` for `kl`, half of `log r` for `squared_hellinger`.

    Args:
        f_divergence: value of `divergences.f_divergence` with `conjugate` and `activation`, or one
            of your own, which is checked.

    Returns:
        `BidirectionalObjective`.

    Raises:
        TypeError: if `f_divergence` is something else, such as a name.
        ValueError: if a function that the bound needs is missing (`all_divergences` has none), or
            the formulas do not agree.

    Example:
        >>> from keras_ot_gans.divergences import f_divergence
        >>> float(f_gan(f_divergence.kl).discriminator_loss([[3.0]], [[1.0]]))      # e^0 - 3
        -2.0

    Source: Nowozin, Cseke and Tomioka, "f-GAN", NeurIPS 2016, section 2 and Table 2; on pairs:
        Shen et al., 2020, section 3.3 and Table 2.
    """
    return BidirectionalObjective(
        f"f_gan_{getattr(f_divergence, 'name', '')}",
        VariationalDiscriminatorLoss(f_divergence),
        VariationalEncoderLoss(f_divergence),
        VariationalGeneratorLoss(f_divergence),
    )
