"""Objectives of critic and discriminator outputs."""

import keras
from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def discriminator_cross_entropy(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Discriminator loss of the original GAN, from logits.

    `mean softplus(-real) + mean softplus(fake)`, which is `-log D(x) - log(1 - D(y))` without
    overflow.

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
    real, fake = as_float32(real_logits), as_float32(fake_logits)
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
