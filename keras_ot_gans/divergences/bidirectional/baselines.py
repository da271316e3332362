"""Objectives of earlier bidirectional models: BiGAN, its logD form, and BigBiGAN's hinge."""

import keras
from keras import ops

from keras_ot_gans.divergences.bidirectional.objective import (
    BidirectionalObjective,
    check_scores,
    logistic_discriminator_loss,
)
from keras_ot_gans.ops.numerics import Tensor

_register = keras.saving.register_keras_serializable(package="keras_ot_gans>bidirectional")


@_register
def minimax_encoder_loss(real_scores: Tensor) -> Tensor:
    """`-mean softplus(-D(x, E(x)))`: the encoder's part of BiGAN's minimax game.

    Args:
        real_scores: float tensor `(B, 1)`.

    Returns:
        Scalar <= 0.

    Raises:
        ValueError: if the shape is another.

    Example:
        >>> round(float(minimax_encoder_loss([[0.0]])), 4)      # -log 2
        -0.6931
    """
    return -ops.mean(ops.softplus(-check_scores("real_scores", real_scores)))


@_register
def minimax_generator_loss(fake_scores: Tensor) -> Tensor:
    """`-mean softplus(D(G(z), z))`: the generator's part of BiGAN's minimax game.

    Args:
        fake_scores: float tensor `(B, 1)`.

    Returns:
        Scalar <= 0.

    Raises:
        ValueError: if the shape is another.

    Example:
        >>> round(float(minimax_generator_loss([[0.0]])), 4)      # -log 2
        -0.6931
    """
    return -ops.mean(ops.softplus(check_scores("fake_scores", fake_scores)))


@_register
def log_d_encoder_loss(real_scores: Tensor) -> Tensor:
    """`mean softplus(D(x, E(x)))`: what a fake pair pays the discriminator.

    Args:
        real_scores: float tensor `(B, 1)`.

    Returns:
        Scalar >= 0.

    Raises:
        ValueError: if the shape is another.

    Example:
        >>> round(float(log_d_encoder_loss([[0.0]])), 4)
        0.6931
    """
    return ops.mean(ops.softplus(check_scores("real_scores", real_scores)))


@_register
def log_d_generator_loss(fake_scores: Tensor) -> Tensor:
    """`mean softplus(-D(G(z), z))`: what a real pair pays the discriminator.

    Args:
        fake_scores: float tensor `(B, 1)`.

    Returns:
        Scalar >= 0.

    Raises:
        ValueError: if the shape is another.

    Example:
        >>> round(float(log_d_generator_loss([[0.0]])), 4)
        0.6931
    """
    return ops.mean(ops.softplus(-check_scores("fake_scores", fake_scores)))


@_register
def hinge_discriminator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """`mean max(0, 1 - D(x, E(x))) + mean max(0, 1 + D(G(z), z))`.

    Args:
        real_scores: float tensor `(B, 1)`.
        fake_scores: float tensor `(B, 1)`.

    Returns:
        Scalar >= 0.

    Raises:
        ValueError: if a shape is another.

    Example:
        >>> float(hinge_discriminator_loss([[0.5]], [[-3.0]]))
        0.5
    """
    real = check_scores("real_scores", real_scores)
    fake = check_scores("fake_scores", fake_scores)
    return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))


@_register
def linear_encoder_loss(real_scores: Tensor) -> Tensor:
    """`mean D(x, E(x))`.

    Args:
        real_scores: float tensor `(B, 1)`.

    Returns:
        Scalar.

    Raises:
        ValueError: if the shape is another.

    Example:
        >>> float(linear_encoder_loss([[1.0], [3.0]]))
        2.0
    """
    return ops.mean(check_scores("real_scores", real_scores))


@_register
def linear_generator_loss(fake_scores: Tensor) -> Tensor:
    """`-mean D(G(z), z)`.

    Args:
        fake_scores: float tensor `(B, 1)`.

    Returns:
        Scalar.

    Raises:
        ValueError: if the shape is another.

    Example:
        >>> float(linear_generator_loss([[1.0], [3.0]]))
        -2.0
    """
    return -ops.mean(check_scores("fake_scores", fake_scores))


# Donahue, Krahenbuhl and Darrell, "Adversarial Feature Learning", ICLR 2017, and Dumoulin et
# al., "Adversarially Learned Inference", ICLR 2017. Its gradients are those of
# `age(jensen_shannon)`: Shen et al., 2020, section 4.2.
bigan = BidirectionalObjective(
    "bigan", logistic_discriminator_loss, minimax_encoder_loss, minimax_generator_loss
)

# "logD-GAN" of Shen et al., 2020, section 5.2: BiGAN with the labels exchanged for encoder and
# generator, so that they do not saturate while the discriminator wins (Donahue et al., 2017).
log_d_bigan = BidirectionalObjective(
    "log_d_bigan", logistic_discriminator_loss, log_d_encoder_loss, log_d_generator_loss
)

# Donahue and Simonyan, "Large Scale Adversarial Representation Learning", NeurIPS 2019, section 2,
# without its unary terms, as in Shen et al., 2020. The score is no log-ratio.
hinge = BidirectionalObjective(
    "hinge", hinge_discriminator_loss, linear_encoder_loss, linear_generator_loss
)
