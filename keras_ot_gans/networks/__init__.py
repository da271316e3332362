"""Functions that return untrained `keras.Model`s."""

from keras_ot_gans.networks.age_mlp import age_mlp_discriminator, age_mlp_encoder, age_mlp_generator
from keras_ot_gans.networks.age_resnet_encoder import age_resnet_encoder
from keras_ot_gans.networks.age_sagan import age_sagan_discriminator, age_sagan_generator
from keras_ot_gans.networks.age_stacked_mnist import (
    age_stacked_mnist_discriminator,
    age_stacked_mnist_encoder,
    age_stacked_mnist_generator,
)
from keras_ot_gans.networks.classifier import small_classifier
from keras_ot_gans.networks.dcgan import dcgan_critic, dcgan_generator
from keras_ot_gans.networks.mlp import mlp
from keras_ot_gans.networks.navigator import difference_navigator
from keras_ot_gans.networks.ot_gan import ot_gan_critic, ot_gan_generator
from keras_ot_gans.networks.sndcgan import sndcgan_critic, sndcgan_generator
from keras_ot_gans.networks.sngan_resnet import sngan_resnet_critic, sngan_resnet_generator
from keras_ot_gans.networks.stochastic import (
    code_dim,
    gaussian_encoder,
    gaussian_generator,
    gaussian_parameters,
    implicit_encoder,
    implicit_generator,
    is_gaussian,
)
from keras_ot_gans.networks.wgan_gp_resnet import wgan_gp_resnet_critic, wgan_gp_resnet_generator

__all__ = [
    "age_mlp_discriminator",
    "age_mlp_encoder",
    "age_mlp_generator",
    "age_resnet_encoder",
    "age_sagan_discriminator",
    "age_sagan_generator",
    "age_stacked_mnist_discriminator",
    "age_stacked_mnist_encoder",
    "age_stacked_mnist_generator",
    "code_dim",
    "dcgan_critic",
    "dcgan_generator",
    "difference_navigator",
    "gaussian_encoder",
    "gaussian_generator",
    "gaussian_parameters",
    "implicit_encoder",
    "implicit_generator",
    "is_gaussian",
    "mlp",
    "small_classifier",
    "ot_gan_critic",
    "ot_gan_generator",
    "sndcgan_critic",
    "sndcgan_generator",
    "sngan_resnet_critic",
    "sngan_resnet_generator",
    "wgan_gp_resnet_critic",
    "wgan_gp_resnet_generator",
]
