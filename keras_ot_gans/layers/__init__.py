"""Layers that Keras does not have."""

from keras_ot_gans.layers.conditional_batch_norm import ConditionalBatchNormalization
from keras_ot_gans.layers.pairwise import PairwiseDistance
from keras_ot_gans.layers.projection import ClassProjection
from keras_ot_gans.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "ClassProjection",
    "ConditionalBatchNormalization",
    "PairwiseDistance",
    "SpectralNormalization",
]
