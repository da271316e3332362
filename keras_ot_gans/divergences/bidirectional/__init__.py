"""Objectives of bidirectional models: what discriminator, encoder and generator make of scores.

Scores of real pairs `(x, E(x))`, from `p_e`, and of fake pairs `(G(z), z)`, from `p_g`, are
`(B, 1)`. Except for `hinge` and `f_gan`, the discriminator's optimal score is `log p_e / p_g`.
"""

from keras_ot_gans.divergences.bidirectional.age import age
from keras_ot_gans.divergences.bidirectional.baselines import bigan, hinge, log_d_bigan
from keras_ot_gans.divergences.bidirectional.f_gan import f_gan
from keras_ot_gans.divergences.bidirectional.objective import (
    BidirectionalObjective,
    check_scores,
)

__all__ = [
    "BidirectionalObjective",
    "age",
    "bigan",
    "check_scores",
    "f_gan",
    "hinge",
    "log_d_bigan",
]
