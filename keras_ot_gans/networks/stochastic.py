"""Generators and encoders with noise of their own: Gaussian or implicit, from plain networks.

The noise of a generator is the rest of its latent, `[z, noise]`: both are standard normal, so
sampling, moving averages and saving need not know that there is noise. The noise of an encoder is
its second input.
"""

import math

import keras

from keras_ot_gans.layers.gaussian_draw import GaussianDraw
from keras_ot_gans.layers.latent_part import LatentPart

_CODE = "code"  # the name of the part that is not noise


def gaussian_generator(parameters: keras.Model, name: str = "generator") -> keras.Model:
    """Return a generator `p(x|z) = N(mean(z), diag(variance(z)))`.

    Args:
        parameters: `keras.Model` `(B, k) -> (B, 2d)`, means first, then log-variances.
        name: the model's name.

    Returns:
        `keras.Model` `(B, k + d) -> (B, d)` of latents and noise.

    Raises:
        ValueError: if `parameters` returns no pairs of numbers.

    Example:
        >>> from keras_ot_gans.networks.mlp import mlp
        >>> generator = gaussian_generator(mlp(2, (8,), 6))
        >>> generator.input_shape, generator.output_shape
        ((None, 5), (None, 3))

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, section 5.1 and appendix C.
    """
    dim, code_dim = _number_of_means(parameters), parameters.input_shape[-1]
    inputs = keras.Input((code_dim + dim,), name="latents")
    of_z = parameters(LatentPart(0, (code_dim,), name=_CODE)(inputs))
    noise = LatentPart(code_dim, (dim,), name="noise")(inputs)
    return keras.Model(inputs, GaussianDraw(name="draw")(of_z, noise), name=name)


def implicit_generator(network: keras.Model, name: str = "generator") -> keras.Model:
    """Return a generator with noise in its layers; it has no density.

    Args:
        network: `keras.Model` of `[z, noise_1, ..., noise_L]`, `z` `(B, k)`.
        name: the model's name.

    Returns:
        `keras.Model` `(B, n) -> (B, ...)` of one flat latent, whose first `k` entries are `z`.

    Raises:
        ValueError: if `network` has no inputs for noise.

    Example:
        >>> z, noise = keras.Input((2,)), keras.Input((4, 4, 1))
        >>> image = keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(16)(z))
        >>> network = keras.Model([z, noise], keras.layers.Add()([image, noise]))
        >>> implicit_generator(network).input_shape
        (None, 18)

    Source: as `gaussian_generator`.
    """
    shapes = _noise_shapes(network)
    code_dim = network.input_shape[0][-1]
    inputs = keras.Input((code_dim + sum(map(math.prod, shapes)),), name="latents")
    z = LatentPart(0, (code_dim,), name=_CODE)(inputs)
    return keras.Model(inputs, network([z, *_noise_maps(inputs, code_dim, shapes)]), name=name)


def gaussian_encoder(parameters: keras.Model, name: str = "encoder") -> keras.Model:
    """Return an encoder `p(z|x) = N(mean(x), diag(variance(x)))`.

    Args:
        parameters: `keras.Model` `(B, ...) -> (B, 2k)`, means first, then log-variances.
        name: the model's name.

    Returns:
        `keras.Model` of `[x, noise (B, k)]`, `-> (B, k)`.

    Raises:
        ValueError: if `parameters` returns no pairs of numbers.

    Example:
        >>> from keras_ot_gans.networks.mlp import mlp
        >>> gaussian_encoder(mlp(3, (8,), 4)).input_shape
        [(None, 3), (None, 2)]

    Source: as `gaussian_generator`.
    """
    code_dim = _number_of_means(parameters)
    x = keras.Input(parameters.input_shape[1:], name="x")
    noise = keras.Input((code_dim,), name="noise")
    return keras.Model([x, noise], GaussianDraw(name="draw")(parameters(x), noise), name=name)


def implicit_encoder(network: keras.Model, name: str = "encoder") -> keras.Model:
    """Return an encoder with noise in its layers; it has no density.

    Args:
        network: `keras.Model` of `[x, noise_1, ..., noise_L]`.
        name: the model's name.

    Returns:
        `keras.Model` of `[x, noise (B, m)]`, `-> (B, k)`.

    Raises:
        ValueError: if `network` has no inputs for noise.

    Source: as `gaussian_generator`.
    """
    shapes = _noise_shapes(network)
    x = keras.Input(network.input_shape[0][1:], name="x")
    noise = keras.Input((sum(map(math.prod, shapes)),), name="noise")
    return keras.Model([x, noise], network([x, *_noise_maps(noise, 0, shapes)]), name=name)


def gaussian_parameters(model: keras.Model) -> keras.Model:
    """Return the network of means and log-variances inside a Gaussian generator or encoder.

    Args:
        model: what `gaussian_generator` or `gaussian_encoder` returned, also after loading.

    Returns:
        `keras.Model` `-> (B, 2k)`.

    Raises:
        ValueError: if the model is not Gaussian: a deterministic or implicit one has no density.

    Example:
        >>> from keras_ot_gans.networks.mlp import mlp
        >>> gaussian_parameters(gaussian_encoder(mlp(3, (8,), 4, name="inner"))).name
        'inner'
    """
    if not is_gaussian(model):
        raise ValueError(
            "`model` must be Gaussian, made by `networks.gaussian_generator` or "
            f"`networks.gaussian_encoder`. Received: {getattr(model, 'name', model)!r}, which has "
            "no density: likelihoods and ELBOs do not exist for it."
        )
    return _inner_models(model)[0]


def is_gaussian(model: keras.Model) -> bool:
    """Tell whether a model has means and log-variances inside, hence a density.

    Args:
        model: anything.

    Returns:
        bool, True for what `gaussian_generator` and `gaussian_encoder` return.

    Example:
        >>> from keras_ot_gans.networks.mlp import mlp
        >>> is_gaussian(mlp(3, (8,), 4)), is_gaussian(gaussian_encoder(mlp(3, (8,), 4)))
        (False, True)
    """
    layers = getattr(model, "layers", ())
    draws = any(isinstance(layer, GaussianDraw) for layer in layers)
    return draws and len(_inner_models(model)) == 1


def code_dim(generator: keras.Model) -> int:
    """Return how many of a generator's latents are its code: the first ones; others are its noise.

    Args:
        generator: `keras.Model` of latents `(B, n)`, also after loading.

    Returns:
        int, the width of the part that `gaussian_generator` and `implicit_generator` cut from the
        latents, also inside of other models. It is a `layers.LatentPart(0, (k,), name="code")`, by
        which a generator of your own tells its code too. `n` where there is none: no noise.

    Example:
        >>> from keras_ot_gans.networks.mlp import mlp
        >>> plain = mlp(2, (8,), 6)
        >>> code_dim(plain), code_dim(gaussian_generator(plain))
        (2, 2)
        >>> gaussian_generator(plain).input_shape
        (None, 5)
    """
    for part in generator._flatten_layers():  # `layers` misses a layer's own
        if isinstance(part, LatentPart) and part.name == _CODE and part.start == 0:
            return math.prod(part.shape)
    return generator.input_shape[-1]


def _inner_models(model: keras.Model) -> list[keras.Model]:
    return [layer for layer in model.layers if isinstance(layer, keras.Model)]


def _number_of_means(parameters: keras.Model) -> int:
    shape = parameters.output_shape
    if isinstance(shape, list) or len(shape) != 2 or shape[-1] % 2:
        raise ValueError(
            "`parameters` must return (B, 2k): k means, then k log-variances. Received: output "
            f"shape {shape}. Double the width of its last layer."
        )
    return shape[-1] // 2


def _noise_shapes(network: keras.Model) -> list[tuple]:
    shapes = network.input_shape
    if not isinstance(shapes, list) or len(shapes) < 2:
        raise ValueError(
            "`network` must take inputs for noise after its first. Received: input shape "
            f"{shapes}. A network without noise is used as it is."
        )
    return [shape[1:] for shape in shapes[1:]]


def _noise_maps(flat, start: int, shapes: list[tuple]) -> list:
    maps = []
    for index, shape in enumerate(shapes):
        maps.append(LatentPart(start, shape, name=f"noise_{index}")(flat))
        start += math.prod(shape)
    return maps
