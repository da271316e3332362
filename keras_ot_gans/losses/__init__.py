"""Objectives of critic outputs."""

from keras_ot_gans.losses.adversarial import discriminator_cross_entropy

__all__ = ["discriminator_cross_entropy"]
