"""What an objective of bidirectional models is: three losses of discriminator scores."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32

_LOSSES = ("discriminator_loss", "encoder_loss", "generator_loss")


@keras.saving.register_keras_serializable(package="keras_ot_gans>bidirectional")
@dataclass(frozen=True, repr=False)
class BidirectionalObjective:
    """The losses of discriminator, encoder and generator, each to be minimised.

    Real scores are those of pairs `(x, E(x))`, fake ones those of `(G(z), z)`; both `(B, 1)`. The
    objective is saved with its losses, so those of your own must be known to
    `keras.saving.register_keras_serializable`; let them call `check_scores`.

    Attributes:
        name: str.
        discriminator_loss: function `(real_scores, fake_scores) -> scalar`.
        encoder_loss: function `(real_scores) -> scalar`. Only its gradient need mean anything.
        generator_loss: function `(fake_scores) -> scalar`, likewise.

    Raises:
        TypeError: if one of the losses is not a function.

    Example:
        >>> from keras_ot_gans.divergences import bidirectional
        >>> float(bidirectional.hinge.discriminator_loss([[3.0]], [[0.5]]))      # 0 + 1.5
        1.5

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, section 3.3: the "GAN form" of Table 2.
    """

    name: str
    discriminator_loss: Callable[[Tensor, Tensor], Tensor]
    encoder_loss: Callable[[Tensor], Tensor]
    generator_loss: Callable[[Tensor], Tensor]

    def __post_init__(self):
        """Check that the losses are functions."""
        for name in _LOSSES:
            if not callable(getattr(self, name)):
                raise TypeError(
                    f"`{name}` must be a function of scores. Received: {getattr(self, name)!r}. "
                    "Try `divergences.bidirectional.age(divergences.f_divergence.kl)`, an "
                    "objective with all three."
                )

    def __repr__(self) -> str:
        return f"BidirectionalObjective({self.name!r})"

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        serialize = keras.saving.serialize_keras_object
        return {"name": self.name, **{key: serialize(getattr(self, key)) for key in _LOSSES}}

    @classmethod
    def from_config(cls, config: dict) -> "BidirectionalObjective":
        """Build from `get_config`."""
        deserialize = keras.saving.deserialize_keras_object
        return cls(config["name"], *(deserialize(config[key]) for key in _LOSSES))


def check_scores(name: str, scores: Tensor) -> Tensor:
    """Check and widen the scores of a batch of pairs.

    Args:
        name: the argument's name, for the message.
        scores: float tensor `(B, 1)`.

    Returns:
        The tensor, float32 for half precision.

    Raises:
        ValueError: if the shape is another.

    Example:
        >>> check_scores("real_scores", [0.0, 1.0])
        Traceback (most recent call last):
        ...
        ValueError: `real_scores` must have shape (B, 1), one score for each pair. Received: \
shape (2,). Keep the last axis of the discriminator's output.

    Differs: the authors' discriminator for images adds scores `(B,)` to `(B, 1)`, which makes
        `(B, B)`: hence no other shape is taken.
    """
    scores = as_float32(scores)
    shape = tuple(scores.shape)
    if len(shape) != 2 or shape[-1] not in (1, None):
        raise ValueError(
            f"`{name}` must have shape (B, 1), one score for each pair. Received: shape {shape}. "
            "Keep the last axis of the discriminator's output."
        )
    return scores


@keras.saving.register_keras_serializable(package="keras_ot_gans>bidirectional")
def logistic_discriminator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Logistic regression, `mean softplus(-real) + mean softplus(fake)`.

    Its minimiser over all functions is `log p_e / p_g`, which is what AGE needs.

    Args:
        real_scores: float tensor `(B, 1)`, of `(x, E(x))`.
        fake_scores: float tensor `(B, 1)`, of `(G(z), z)`.

    Returns:
        Scalar >= 0; `2 log 2` where the discriminator knows nothing.

    Raises:
        ValueError: if a shape is another.

    Example:
        >>> round(float(logistic_discriminator_loss([[0.0]], [[0.0]])), 4)
        1.3863

    Source: Shen et al., 2020, Algorithm 1, line 6.
    """
    real = check_scores("real_scores", real_scores)
    fake = check_scores("fake_scores", fake_scores)
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
