"""Objectives of critic outputs: the `phi` family, generator objectives, penalties on slopes."""

from keras_ot_gans.losses import penalties, phi
from keras_ot_gans.losses.adversarial import (
    critic_loss,
    discriminator_cross_entropy,
    linear_generator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
)
from keras_ot_gans.losses.consistency import Consistency
from keras_ot_gans.losses.penalties import Penalty
from keras_ot_gans.losses.phi_check import PhiReport, check_phi, examine_phi

__all__ = [
    "Consistency",
    "Penalty",
    "PhiReport",
    "check_phi",
    "critic_loss",
    "discriminator_cross_entropy",
    "examine_phi",
    "linear_generator_loss",
    "minimax_generator_loss",
    "non_saturating_generator_loss",
    "penalties",
    "phi",
]
