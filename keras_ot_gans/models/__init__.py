"""Methods: one final `keras.Model` each, whose `train_step` is its paper's algorithm."""

from keras_ot_gans.models.act_gan import ACTGAN
from keras_ot_gans.models.adversarial_model import AdversarialModel
from keras_ot_gans.models.age import AGE
from keras_ot_gans.models.lipschitz_gan import LipschitzGAN
from keras_ot_gans.models.minimum_distance import MinimumDistanceModel
from keras_ot_gans.models.ot_gan import OTGAN
from keras_ot_gans.models.vae import VAE

__all__ = [
    "ACTGAN",
    "AGE",
    "VAE",
    "AdversarialModel",
    "LipschitzGAN",
    "MinimumDistanceModel",
    "OTGAN",
]
