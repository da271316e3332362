"""Small Lipschitz GANs of every kind, whose steps `lipschitz_reference.py` knows."""

import keras
import numpy as np

from keras_ot_gans import losses, models, ops
from keras_ot_gans.losses import penalties, phi
from tests.models.lipschitz_reference import RATE, networks_of

B, G_BATCH, D = 4, 6, 2
LABELS = ops.Labels(3, (1.0, 2.0, 3.0))
METHODS = {
    "wgan_gp": (phi.linear, penalties.gradient_penalty(0.5), losses.linear_generator_loss),
    "wgan_lp": (phi.linear, penalties.lipschitz_penalty(2.0), losses.linear_generator_loss),
    "lsgan": (phi.LeastSquares(-0.5, 1.5), None, losses.non_saturating_generator_loss),
    "hinge": (phi.hinge, None, losses.linear_generator_loss),
    "gan": (phi.logistic, None, losses.minimax_generator_loss),
    "r1": (phi.logistic, penalties.r1(2.0), losses.non_saturating_generator_loss),
    "r2": (phi.square_root, penalties.r2(2.0), losses.linear_generator_loss),
    "max_gp": (
        phi.exponential,
        penalties.max_gradient_penalty(0.7, 0.3),
        losses.linear_generator_loss,
    ),
    "max_gp_without_buffer": (
        phi.linear,
        penalties.max_gradient_penalty(0.7, buffer_fraction=0.0),
        losses.linear_generator_loss,
    ),
}


def gan(method, labels=None, **kwargs):
    keras.utils.set_random_seed(0)
    chosen, penalty, psi = METHODS[method]
    model = models.LipschitzGAN(
        *networks_of(3, D, labels),
        phi=chosen,
        penalty=penalty,
        generator_loss=psi,
        labels=labels,
        **{"batch_size": B, "generator_batch": G_BATCH, "critic_steps": 2, "seed": 1, **kwargs},
    )
    optimizers = {role: keras.optimizers.SGD(RATE) for role in model.networks}
    model.compile(optimizers, run_eagerly=True)
    return model


def packed(seed, steps=2):
    return np.random.default_rng(seed).normal(size=(B, steps, D)).astype("float32")


def weights(model, role):
    return [v.numpy() for v in model.variables_of(role)]
