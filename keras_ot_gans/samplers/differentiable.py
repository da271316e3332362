"""Whether a critic can be climbed, asked before any work."""

import keras
import tensorflow as tf

from keras_ot_gans.samplers.pair import Pair


def check_differentiable(pair: Pair, in_data_space: bool) -> None:
    """Check that the critic's values can be climbed.

    Args:
        pair: generator and critic.
        in_data_space: bool, climb in data space; False in latent space.

    Raises:
        ValueError: if the gradient does not reach the samples, or the latents.
    """
    stream = keras.random.SeedGenerator(0)
    z = tf.convert_to_tensor(pair.prior.sample((2, pair.latent_dim), stream))
    labels = None if pair.labels is None else pair.labels.sample((2,), stream)
    points = pair.generate(z, labels) if in_data_space else z
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(points)
        samples = points if in_data_space else pair.generate(points, labels)
        values = pair.score(samples, labels)
    if tape.gradient(values, points) is None:
        what = "`critic`" if in_data_space else "`critic` and `generator`"
        raise ValueError(
            f"{what} must be differentiable in what they take. Received: no gradient. Compute "
            "with the argument that is given, by TensorFlow or `keras.ops`, not by NumPy."
        )
