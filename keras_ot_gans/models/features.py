"""Features of the real and the generated batch, ready to be compared over all replicas."""

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.models import replicas


def couples_samples(network: keras.layers.Layer) -> bool:
    """Tell whether a network's output for a sample depends on the rest of its batch.

    Args:
        network: `keras.layers.Layer`, searched with its inner layers.

    Returns:
        bool, True where there is a batch normalisation.

    Example:
        >>> couples_samples(keras.Sequential([keras.layers.BatchNormalization()]))
        True
    """
    parts = network._flatten_layers()  # `layers` misses a layer's own
    return any(isinstance(part, keras.layers.BatchNormalization) for part in parts)


def of_both(
    network: keras.layers.Layer, x_real: tf.Tensor, x_fake: tf.Tensor, training: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Apply a network to both batches, in one call where that gives the same result.

    Args:
        network: `keras.layers.Layer`.
        x_real: tensor `(n, ...)`.
        x_fake: tensor `(m, ...)`.
        training: bool.

    Returns:
        `(features of x_real, features of x_fake)`. With batch normalisation in training, each
        batch is normalised by itself.
    """
    if training and couples_samples(network):
        return network(x_real, training=True), network(x_fake, training=True)
    both = network(tf.concat([x_real, x_fake], axis=0), training=training)
    n = tf.shape(x_real)[0]
    return both[:n], both[n:]


def comparable(
    network: keras.layers.Layer | None, x_real: tf.Tensor, x_fake: tf.Tensor, training: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return flat features of both batches, gathered over the replicas.

    Args:
        network: `keras.layers.Layer`, or None for the data themselves.
        x_real: tensor `(n/R, ...)`, this replica's real batch.
        x_fake: tensor `(m/R, ...)`, this replica's generated batch.
        training: bool.

    Returns:
        `((n, d), (m, d))`, the features of the whole batch, on every replica.
    """
    x_real = tf.cast(x_real, x_fake.dtype)  # a dataset may hold float64, which nothing narrows
    if network is not None:
        x_real, x_fake = of_both(network, x_real, x_fake, training)
    real, fake = (
        replicas.gather(tf.reshape(x, (tf.shape(x)[0], int(np.prod(x.shape[1:])))))
        for x in (x_real, x_fake)
    )
    return real, fake
