"""Objectives of critic and discriminator outputs: eq. 1 of the Lipschitz GAN paper.

The critic minimises `E phi(f(G(z))) + E varphi(f(x))`, the generator `E psi(f(G(z)))`. A `psi` is a
function `(fake_logits, phi) -> scalar`, because two of the three depend on the critic's `phi`.
"""

import keras
from keras import ops

from keras_ot_gans.losses.phi import Phi, logistic, varphi
from keras_ot_gans.ops.numerics import Tensor, as_float32


def critic_loss(real_logits: Tensor, fake_logits: Tensor, phi: Phi) -> Tensor:
    """Critic objective of a `phi`: `mean phi(fake) + mean varphi(real)`.

    Args:
        real_logits: float tensor of any shape, one logit per real sample.
        fake_logits: float tensor of any shape, one logit per fake sample.
        phi: a value of `losses.phi`, or a function of your own (see `check_phi`).

    Returns:
        Scalar, to be minimised by the critic. Half precision is widened before `phi`.

    Example:
        >>> from keras_ot_gans.losses import phi
        >>> float(critic_loss([3.0], [1.0], phi.linear))      # 1 - 3: minus a Wasserstein distance
        -2.0
        >>> float(critic_loss([0.5], [0.5], phi.hinge))      # 1.5 + 0.5
        2.0

    Source: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
        Adversarial Nets", 2018, eq. 1 (`J_D`).
    """
    fake = phi(as_float32(fake_logits))
    return ops.mean(fake) + ops.mean(varphi(phi, real_logits))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def linear_generator_loss(fake_logits: Tensor, phi: Phi | None = None) -> Tensor:
    """Generator objective `psi(x) = -x`, whatever the critic's `phi`.

    Args:
        fake_logits: float tensor of any shape.
        phi: not used.

    Returns:
        Scalar.

    Example:
        >>> float(linear_generator_loss([1.0, 3.0]))
        -2.0

    Source: Zhou et al., 2018, section 5.3: all rows of Table 2.
    """
    del phi
    return -ops.mean(as_float32(fake_logits))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def non_saturating_generator_loss(fake_logits: Tensor, phi: Phi = logistic) -> Tensor:
    """Generator objective `psi = varphi`: fakes pay what a real sample would.

    `-log D(G(z))` for the logistic `phi`; `(f - real_target)^2` for least squares.

    Args:
        fake_logits: float tensor of any shape.
        phi: the critic's `phi`.

    Returns:
        Scalar.

    Example:
        >>> round(float(non_saturating_generator_loss([0.0])), 4)      # log 2
        0.6931

    Source: Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, section 3.
    """
    return ops.mean(varphi(phi, fake_logits))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def minimax_generator_loss(fake_logits: Tensor, phi: Phi = logistic) -> Tensor:
    """Generator objective `psi = -phi`: the zero-sum game.

    `log(1 - D(G(z)))` for the logistic `phi`, which saturates while fakes are easy to tell.

    Args:
        fake_logits: float tensor of any shape.
        phi: the critic's `phi`.

    Returns:
        Scalar.

    Example:
        >>> round(float(minimax_generator_loss([0.0])), 4)      # log 1/2
        -0.6931

    Source: Goodfellow et al., 2014, eq. 1.
    """
    return -ops.mean(phi(as_float32(fake_logits)))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def discriminator_cross_entropy(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Discriminator loss of the original GAN, from logits.

    `mean softplus(-real) + mean softplus(fake)`, which is `-log D(x) - log(1 - D(y))` without
    overflow: `critic_loss` of the logistic `phi`.

    Args:
        real_logits: float tensor of any shape, one logit per real sample.
        fake_logits: float tensor of any shape, one logit per fake sample.

    Returns:
        Scalar >= 0; `2 log 2` where the discriminator knows nothing.

    Example:
        >>> round(float(discriminator_cross_entropy([0.0], [0.0])), 4)
        1.3863

    Source: Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, eq. 1; used to train
        ACT's critic in Zheng and Zhou, "ACT", 2020, Fig. 19.
    """
    return critic_loss(real_logits, fake_logits, logistic)
