"""What the networks and batches of `OTGAN` must satisfy."""

from typing import Any

import keras
import tensorflow as tf

from keras_ot_gans.models import real_data
from keras_ot_gans.models.feature_tape import check_micro_batch


def check_networks(
    generator: keras.Model,
    critic: keras.Model | None,
    critic_steps: int,
    micro_batch: int | None,
    labels: Any,
) -> None:
    """Check that a critic fits a generator, and both the micro-batches.

    Args:
        generator: `keras.Model`.
        critic: `keras.Model` or None.
        critic_steps: int.
        micro_batch: int or None.
        labels: `ops.Labels`, `ops.SideVectors` or None.

    Raises:
        ValueError: if they do not fit.
    """
    if critic is None and critic_steps:
        raise ValueError(
            "`critic` must be given with `critic_steps`. Received: critic=None, "
            f"critic_steps={critic_steps}. Without a critic the cost is a fixed one of the data."
        )
    if critic is None and labels is not None:
        raise ValueError(
            "`critic` must be given with `labels`: it makes features of pairs (sample, label). "
            "Received: critic=None. Try `networks.ot_gan_critic(num_classes=...)`."
        )
    if critic is not None:
        expected = tuple(generator.output_shape[1:])
        received = critic.input_shape
        received = received[0] if isinstance(received, list) else received
        if tuple(received[1:]) != expected:
            raise ValueError(
                "`critic` must take what `generator` makes, samples of shape "
                f"{expected}. Received: a critic of {tuple(received[1:])}."
            )
        if isinstance(critic.input_shape, list) != (labels is not None):
            needed = "[x, labels]" if labels is not None else "x"
            raise ValueError(
                f"`critic` must take {needed} {'with' if labels is not None else 'without'} "
                f"`labels`. Received: input shape {critic.input_shape}."
            )
    check_micro_batch(micro_batch, {"generator": generator, "critic": critic})


def check_even(x: Any, batch_size: int | None) -> None:
    """Refuse batches of `fit` that cannot be halved, where their size is known.

    Args:
        x: array or dataset.
        batch_size: int or None, of an array.

    Raises:
        ValueError: if the size is odd, or an array leaves an odd rest.
    """
    odd = [size for size in real_data.batch_sizes(x, batch_size) if size % 2]
    if odd:
        raise ValueError(
            "`x` must come in batches of even size: two independent halves. Received: a batch of "
            f"{odd[0]}. Use an even `batch_size`, and a multiple of it for the data, or a dataset "
            "with `drop_remainder=True`."
        )


def halvable(real: tf.Tensor, fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return two batches whose size, where a graph does not know it, is checked when it runs.

    Args:
        real: tensor `(B, ...)`, of all replicas.
        fake: tensor `(B, ...)`.

    Returns:
        The same.
    """
    if real.shape[0] is not None:
        return real, fake  # seen by `check_even`, or by the distance
    size = tf.shape(real)[0]
    text = (
        "`x` must come in batches of even size: two independent halves. Received: a batch of {}. "
        "Use an even batch size that divides the data, or `drop_remainder=True`."
    )
    even = tf.debugging.Assert(tf.equal(size % 2, 0), [tf.strings.format(text, [size])])
    with tf.control_dependencies([even]):
        return tf.identity(real), tf.identity(fake)
