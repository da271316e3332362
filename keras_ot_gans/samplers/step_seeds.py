"""Seeds beside those of users: of steps inside a compiled loop, and of a sampler's own draws."""

import keras
import tensorflow as tf

_TOP = tf.int32.min  # users' seeds are below 2**31: with this bit flipped, none is one of theirs
_USES = ("labels", "burn_in", "burn_in_labels", "slopes", "scores")
_DRAWS = 24  # bits that count a stream's draws


def reserved_stream(use: str, seed: int = 0) -> keras.random.SeedGenerator:
    """Return seeds that no stream of a user's has, and no other use.

    What is measured once, and then used to draw samples, must not be measured on their latents.

    Args:
        use: "labels", "burn_in", "burn_in_labels", "slopes" or "scores".
        seed: int in [0, 2**31).

    Returns:
        `keras.random.SeedGenerator`.

    Example:
        >>> reserved_stream("labels", 3).state.numpy().tolist()
        [-2147483645, 16777216]
    """
    stream = keras.random.SeedGenerator(seed)
    # Keys of batches have the same first number, and as the second a count of draws from 0.
    stream.state.assign([seed + _TOP, (1 + _USES.index(use)) << _DRAWS])
    return stream


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
    state = tf.bitwise.bitwise_xor(state, tf.constant([_TOP, 0]))
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
