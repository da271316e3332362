"""Optimal-transport and Lipschitz GANs for Keras 3 on TensorFlow."""

from keras_ot_gans import (
    callbacks,
    datasets,
    divergences,
    layers,
    losses,
    metrics,
    models,
    networks,
    ops,
    optimizers,
    samplers,
)

__version__ = "0.1.0"

__all__ = [
    "callbacks",
    "datasets",
    "divergences",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "ops",
    "optimizers",
    "samplers",
]
