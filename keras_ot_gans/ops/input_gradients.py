"""Gradients of a critic with respect to its input, sample by sample, and points between samples.

The critic must not couple samples: batch normalisation does. All of this is differentiable again,
with respect to the critic's weights.
"""

from collections.abc import Callable

import tensorflow as tf

from keras_ot_gans.ops.numerics import Tensor, as_float32, safe_sqrt
from keras_ot_gans.ops.shapes import check_rank

Critic = Callable[[Tensor], Tensor]


def input_gradients(critic: Critic, x: Tensor) -> Tensor:
    """Gradient of each sample's critic value with respect to the sample.

    Args:
        critic: function `(B, ...) -> (B,)` or `(B, 1)`, such as a `keras.Model` or
            `lambda x: model(x, training=True)`; labels are the closure's business.
        x: float tensor `(B, ...)`; half precision is widened first, the critic casts as its policy
            says.

    Returns:
        Float32 tensor (float64 for float64 points) of the shape of `x`.

    Raises:
        ValueError: if the critic does not give one number per sample, or not by way of `x`.

    Example:
        >>> input_gradients(lambda x: tf.reduce_sum(x**2, axis=1), [[1.0, 3.0]]).numpy().tolist()
        [[2.0, 6.0]]
    """
    x = tf.convert_to_tensor(as_float32(x))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        values = critic(x)
    _check_values(values, x)
    # One backward pass of the sum: no sample's value depends on another sample.
    gradients = tape.gradient(values, x)
    if gradients is None:
        raise ValueError(
            "`critic` must depend on `x` by differentiable operations. Received: no gradient. "
            "Compute with the argument it is given, by TensorFlow or `keras.ops`."
        )
    return gradients


def squared_slopes(critic: Critic, x: Tensor) -> Tensor:
    """Squared Euclidean length of each sample's input gradient, without a square root.

    Args:
        critic: function `(B, ...) -> (B,)` or `(B, 1)`.
        x: float tensor `(B, ...)`.

    Returns:
        Float32 tensor `(B,)`, >= 0 (float64 for float64 points), summed in that precision under
        any policy.

    Raises:
        ValueError: as `input_gradients`.

    Example:
        >>> squared_slopes(lambda x: 3.0 * x[:, 0] + 4.0 * x[:, 1], [[1.0, 7.0]]).numpy().tolist()
        [25.0]

    Source: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
        Adversarial Nets", 2018, the term inside eq. 18.
    """
    gradients = input_gradients(critic, x)
    return tf.reduce_sum(tf.square(gradients), axis=list(range(1, gradients.shape.rank)))


def slopes(critic: Critic, x: Tensor) -> Tensor:
    """Euclidean length of each sample's input gradient.

    Args:
        critic: function `(B, ...) -> (B,)` or `(B, 1)`.
        x: float tensor `(B, ...)`.

    Returns:
        Float32 tensor `(B,)`, >= 0 (float64 for float64 points). Its own gradient is 0, not NaN,
        where the slope is 0.

    Raises:
        ValueError: as `input_gradients`.

    Example:
        >>> slopes(lambda x: 3.0 * x[:, 0] + 4.0 * x[:, 1], [[1.0, 7.0]]).numpy().tolist()
        [5.0]

    Source: Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, inside eq. 3.
    """
    return safe_sqrt(squared_slopes(critic, x))


def blend(x_real: Tensor, x_fake: Tensor, u: Tensor) -> Tensor:
    """Points on the lines between real and fake samples, `u x_real + (1 - u) x_fake`.

    Args:
        x_real: float tensor `(B, ...)`.
        x_fake: float tensor of the same shape; row `i` is joined to row `i`.
        u: float tensor `(B,)` in [0, 1], one position per line: `ops.random.uniform((B,), seed)`.

    Returns:
        Float32 tensor (float64 for float64 samples) of the same shape.

    Raises:
        ValueError: if the shapes differ or `u` has another rank than 1.

    Example:
        >>> blend([[1.0], [1.0]], [[3.0], [3.0]], [0.0, 0.25]).numpy().tolist()
        [[3.0], [2.5]]

    Source: Gulrajani et al., 2017, Algorithm 1, line 6; `B(mu, nu)` of Zhou et al., 2018.
    """
    x_real, x_fake, u = (tf.convert_to_tensor(as_float32(x)) for x in (x_real, x_fake, u))
    check_rank("u", u, 1, "(B,)")
    if x_real.shape.rank == 0 or not x_real.shape.is_compatible_with(x_fake.shape):
        raise ValueError(
            "`x_real` and `x_fake` must have the same shape (B, ...). Received: "
            f"{tuple(x_real.shape)} and {tuple(x_fake.shape)}. Draw as many fakes as reals."
        )
    if not x_real.shape[:1].is_compatible_with(u.shape):
        raise ValueError(
            "`u` must hold one number per sample. Received: shape "
            f"{tuple(u.shape)} for {x_real.shape[0]} samples. Draw `random.uniform((B,), seed)`."
        )
    u = tf.reshape(tf.cast(u, x_real.dtype), [-1] + [1] * (x_real.shape.rank - 1))
    return u * x_real + (1.0 - u) * tf.cast(x_fake, x_real.dtype)


def _check_values(values: Tensor, x: tf.Tensor) -> None:
    """Refuse critics that give a batch's mean, or several numbers per sample."""
    shape = tuple(values.shape)
    batch = x.shape[0]
    one = bool(shape) and all(width in (1, None) for width in shape[1:])
    if not one or (batch is not None and shape[0] not in (batch, None)):
        raise ValueError(
            "`critic` must return one number per sample, (B,) or (B, 1). "
            f"Received: shape {shape} for x of shape {tuple(x.shape)}. "
            "End it with a dense layer of one unit, and take no mean."
        )
