"""Random floats made from integer bits: the same numbers with and without XLA.

TensorFlow's float generators give other values under `jit_compile=True` than without; only its
integer bits agree. A run must not change because it was compiled, so floats are made here.
"""

import math

import keras
import tensorflow as tf

_BITS = 24  # float32 has a 24-bit significand: every multiple of 2**-24 in [0, 1) is exact


def _bits(shape: tuple, seed: keras.random.SeedGenerator) -> tf.Tensor:
    """Draw unsigned 24-bit integers as float32."""
    state = tf.cast(seed.next(), tf.int32)
    bits = tf.random.stateless_uniform(shape, state, None, None, tf.uint32, alg="philox")
    return tf.cast(tf.bitwise.right_shift(bits, tf.constant(32 - _BITS, tf.uint32)), tf.float32)


def uniform(shape: tuple, seed: keras.random.SeedGenerator) -> tf.Tensor:
    """Uniform float32 numbers in [0, 1).

    Args:
        shape: tuple of int or scalar int tensors.
        seed: `keras.random.SeedGenerator`; advanced by one draw.

    Returns:
        float32 tensor of `shape`, multiples of 2**-24, bit-identical eager, in a graph and under
        XLA.

    Example:
        >>> a = uniform((2, 3), keras.random.SeedGenerator(7))
        >>> b = uniform((2, 3), keras.random.SeedGenerator(7))
        >>> bool(tf.reduce_all(a == b)), a.shape.as_list()
        (True, [2, 3])
    """
    return _bits(shape, seed) * 2.0**-_BITS


def normal(shape: tuple, seed: keras.random.SeedGenerator) -> tf.Tensor:
    """Standard normal float32 numbers by the Box-Muller transform.

    Args:
        shape: tuple of int or scalar int tensors.
        seed: `keras.random.SeedGenerator`; advanced by one draw.

    Returns:
        float32 tensor of `shape`. Equal within 5e-7 eager, in a graph and under XLA (log and cos
        round differently). The tails end at `sqrt(2 log 2**25)` = 5.89.

    Example:
        >>> z = normal((1000,), keras.random.SeedGenerator(0))
        >>> abs(float(tf.reduce_mean(z))) < 0.1
        True

    Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958.
    """
    size = tf.reduce_prod(tf.stack([tf.cast(n, tf.int32) for n in shape])) if shape else 1
    half = (size + 1) // 2
    bits = _bits((2, half), seed)
    # Half a step away from 0 keeps the logarithm finite.
    radius = tf.sqrt(-2.0 * tf.math.log((bits[0] + 0.5) * 2.0**-_BITS))
    angle = bits[1] * (2.0 * math.pi * 2.0**-_BITS)
    flat = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=0)
    return tf.reshape(flat[:size], shape)
