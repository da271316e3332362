"""Seeds for samplers that go on drawing while they run, inside one compiled loop."""

import keras
import tensorflow as tf


def batch_key(stream: keras.random.SeedGenerator) -> tf.Tensor:
    """Make a key of the batch whose latents were drawn last, beside the stream.

    The stream does not advance: a sampler that draws more than latents begins each of its batches
    at the same latents as one that does not.

    Args:
        stream: seeds, after one draw for this batch.

    Returns:
        int32 tensor `(2,)`.

    Example:
        >>> stream = keras.random.SeedGenerator(3)
        >>> bool(tf.reduce_all(batch_key(stream) == batch_key(stream)))
        True
    """
    state = tf.cast(keras.ops.convert_to_numpy(stream.state), tf.int32)
    # Users' seeds are small: with the top bit flipped, no stream of theirs has these states.
    state = tf.bitwise.bitwise_xor(state, tf.constant([tf.int32.min, 0]))
    return tf.random.stateless_uniform((2,), state, None, None, tf.int32, alg="philox")


class StepSeeds:
    """Seeds of one step of a loop, with the one method that `ops.random` asks a stream for.

    Args:
        key: int32 tensor `(2,)`, of `batch_key`.
        step: int, or scalar int32 tensor: the loop's counter.

    Example:
        >>> seeds = StepSeeds(tf.constant([7, 9]), step=2)
        >>> seeds.next().numpy().tolist(), seeds.next().numpy().tolist()
        ([9, 10], [9, 11])
    """

    def __init__(self, key: tf.Tensor, step: int | tf.Tensor):
        self._key, self._step, self._drawn = key, step, 0

    def next(self) -> tf.Tensor:
        """Return the next seed of this step.

        Returns:
            int32 tensor `(2,)`.
        """
        self._drawn += 1
        return self._key + tf.stack([self._step, self._drawn])
