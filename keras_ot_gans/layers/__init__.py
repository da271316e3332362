"""Layers that Keras does not have."""

from keras_ot_gans.layers.pairwise import PairwiseDistance
from keras_ot_gans.layers.spectral_normalization import SpectralNormalization

__all__ = ["PairwiseDistance", "SpectralNormalization"]
