"""Functions that return untrained `keras.Model`s."""

from keras_ot_gans.networks.classifier import small_classifier
from keras_ot_gans.networks.dcgan import dcgan_critic, dcgan_generator
from keras_ot_gans.networks.mlp import mlp
from keras_ot_gans.networks.navigator import difference_navigator

__all__ = ["dcgan_critic", "dcgan_generator", "difference_navigator", "mlp", "small_classifier"]
