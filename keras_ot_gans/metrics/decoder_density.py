"""The density that a Gaussian generator gives to a point, for likelihoods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_ot_gans.divergences.gaussian import gaussian_log_density
from keras_ot_gans.layers.latent_part import LatentPart
from keras_ot_gans.layers.noise_injection import NoiseInjection
from keras_ot_gans.networks.stochastic import gaussian_parameters, is_gaussian


def decoder_log_density(
    generator: keras.Model, data_dim: int
) -> Callable[[Any, Any], keras.KerasTensor]:
    """`log p(x | z)` of a Gaussian generator, for `annealed_log_likelihood`.

    Only a generator that returns the parameters of a factorised Gaussian has this density.
    A deterministic one puts all mass on a surface, and an implicit one, with noise inside,
    has a density that nobody can evaluate: both are refused here, by their shapes, and by the
    layers that cut noise from the latents or add it (`LatentPart`, `NoiseInjection`).

    Args:
        generator: what `networks.gaussian_generator` returns; or a built `keras.Model` of
            `z (B, latent_dim)` alone, with outputs `(B, 2 * data_dim)`: means first, then
            log-variances. Called with `training=False`.
        data_dim: int > 0, numbers in a point: 2 for points of the plane.

    Returns:
        Function of `x (B, ...)`, flattened to `(B, data_dim)`, and `z (B, latent_dim)`, to
        log densities `(B,)`, differentiable in both.

    Raises:
        TypeError: if `generator` is no built Keras model.
        ValueError: if its inputs or outputs are those of a generator without a density.

    Example:
        >>> layers = [keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="zeros")]
        >>> log_density = decoder_log_density(keras.Sequential(layers), data_dim=1)
        >>> round(float(log_density(ops.ones((1, 1)), ops.ones((1, 3)))[0]), 4)  # N(1; 0, 1)
        -1.4189

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial
        Gradient Estimation", section 5.1: both conditionals are factorised Gaussians there.
    """
    if not isinstance(generator, keras.Model) or not getattr(generator, "inputs", None):
        raise TypeError(
            "`generator` must be a functional or sequential Keras model that is built. Received: "
            f"{type(generator).__name__}. For a density of your own pass the function "
            "(x, z) -> (B,) itself to `annealed_log_likelihood`."
        )
    if not isinstance(data_dim, (int, np.integer)) or isinstance(data_dim, bool) or data_dim < 1:
        raise ValueError(f"`data_dim` must be a positive int. Received: data_dim={data_dim!r}.")
    if is_gaussian(generator):
        generator = gaussian_parameters(generator)
    # `layers` misses a layer's own.
    parts = generator._flatten_layers()
    noisy = [part.name for part in parts if isinstance(part, (LatentPart, NoiseInjection))]
    if noisy or len(generator.inputs) != 1:
        received = f"{len(generator.inputs)} inputs, {[entry.name for entry in generator.inputs]}"
        if len(generator.inputs) == 1:
            received = f"layers that take noise from its latents or add it, {noisy}"
        raise ValueError(
            "`generator` must have one input, z, and no noise inside, to have a density "
            f"p(x | z). Received: {received}: an implicit generator, which can be sampled but not "
            "evaluated. Judge its samples instead, or train one with Gaussian outputs."
        )
    shapes = [tuple(output.shape) for output in generator.outputs]
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][1] != 2 * data_dim:
        hint = "Give the generator 2 * data_dim outputs, means first, then log-variances."
        if shapes == [(shapes[0][0], data_dim)]:
            hint = (
                f"It gives points, not a Gaussian: a deterministic generator has no density. {hint}"
            )
        raise ValueError(
            f"`generator` must return Gaussian parameters (B, {2 * data_dim}) = mean and "
            f"log-variance of {data_dim} numbers. Received: outputs of shapes {shapes}. {hint}"
        )
    # The same layers, called with a tensor also where the generator was built with `[z]`.
    parameters_of = keras.Model(generator.inputs[0], generator.outputs[0])

    def log_density(x: Any, z: Any) -> keras.KerasTensor:
        parameters = parameters_of(z, training=False)
        rows = ops.cast(ops.reshape(x, (-1, data_dim)), parameters.dtype)
        return gaussian_log_density(rows, parameters)

    return log_density
