"""Layers that Keras does not have."""

from keras_ot_gans.layers.conditional_batch_norm import ConditionalBatchNormalization
from keras_ot_gans.layers.data_initialisation import initialise_from_data
from keras_ot_gans.layers.gated import GLU, CReLU
from keras_ot_gans.layers.gaussian_draw import GaussianDraw
from keras_ot_gans.layers.latent_part import LatentPart
from keras_ot_gans.layers.noise_injection import NoiseInjection
from keras_ot_gans.layers.pairwise import PairwiseDistance
from keras_ot_gans.layers.projection import ClassProjection
from keras_ot_gans.layers.self_attention import SelfAttention
from keras_ot_gans.layers.side_information import AppendSideInformation
from keras_ot_gans.layers.spectral_normalization import SpectralNormalization
from keras_ot_gans.layers.weight_normalization import WeightNormalization

__all__ = [
    "AppendSideInformation",
    "CReLU",
    "ClassProjection",
    "ConditionalBatchNormalization",
    "GLU",
    "GaussianDraw",
    "LatentPart",
    "NoiseInjection",
    "PairwiseDistance",
    "SelfAttention",
    "SpectralNormalization",
    "WeightNormalization",
    "initialise_from_data",
]
