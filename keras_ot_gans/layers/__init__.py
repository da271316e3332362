"""Layers that Keras does not have."""

from keras_ot_gans.layers.conditional_batch_norm import ConditionalBatchNormalization
from keras_ot_gans.layers.data_initialisation import initialise_from_data
from keras_ot_gans.layers.gated import GLU, CReLU
from keras_ot_gans.layers.pairwise import PairwiseDistance
from keras_ot_gans.layers.projection import ClassProjection
from keras_ot_gans.layers.side_information import AppendSideInformation
from keras_ot_gans.layers.spectral_normalization import SpectralNormalization
from keras_ot_gans.layers.weight_normalization import WeightNormalization

__all__ = [
    "AppendSideInformation",
    "CReLU",
    "ClassProjection",
    "ConditionalBatchNormalization",
    "GLU",
    "PairwiseDistance",
    "SpectralNormalization",
    "WeightNormalization",
    "initialise_from_data",
]
