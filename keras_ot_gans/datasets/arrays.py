"""Arrays in memory as datasets whose order can be resumed."""

from typing import Any

import tensorflow as tf

from keras_ot_gans.datasets.checks import check_fills_a_batch, check_labels, check_samples
from keras_ot_gans.datasets.epoch_shuffle import EpochShuffle, as_epoch_shuffle


def to_unit_range(images: tf.Tensor) -> tf.Tensor:
    """Scale uint8 images to float32 in [-1, 1].

    Args:
        images: uint8 tensor, any shape.

    Returns:
        Float32 tensor `images / 127.5 - 1`, the same shape.

    Example:
        >>> to_unit_range(tf.constant([0, 255], tf.uint8)).numpy().tolist()
        [-1.0, 1.0]
    """
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def mirror(images: tf.Tensor, flips: tf.Tensor) -> tf.Tensor:
    """Mirror some images of a batch left to right.

    Args:
        images: tensor `(B, height, width, channels)`.
        flips: bool tensor `(B,)`, which ones.

    Returns:
        Tensor of the same shape.
    """
    return tf.where(flips[:, None, None, None], tf.reverse(images, axis=[2]), images)


def from_array(
    x: Any,
    batch_size: int,
    labels: Any = None,
    *,
    seed: int | EpochShuffle = 0,
    shuffle: bool = True,
    drop_remainder: bool = True,
    repeat: bool = False,
    flip: bool = False,
) -> tf.data.Dataset:
    """Batches of an array, in an order that depends only on (seed, epoch).

    Every pass over the dataset is the next epoch, in a new order without
    replacement. To resume a run at epoch `e`, or to be sure of the order,
    pass an `EpochShuffle` as `seed` and call its `set_epoch(e)`. The array is
    held once in host memory in its own type and scaled batch by batch.

    Args:
        x: points `(n, d)` or images `(n, height, width, channels)`. uint8 is
            scaled to [-1, 1] by `x / 127.5 - 1`; float images must be in
            [-1, 1] already; float points are taken as they are.
        batch_size: int > 0, B.
        labels: array `(n, ...)` or None. With labels the elements are pairs.
        seed: int >= 0, or an `EpochShuffle`.
        shuffle: bool. False keeps the array's order.
        drop_remainder: bool. True drops the last partial batch, so that shapes
            are static.
        repeat: bool. True makes one pass run on without end, epoch after
            epoch: use `steps_per_epoch`. No batch spans two epochs.
        flip: bool. True mirrors each image left to right with probability 1/2,
            anew in each epoch, by (seed, epoch, index of the image).

    Returns:
        `tf.data.Dataset` of float32 `(B, ...)`, or of pairs with labels. Known
        cardinality, prefetched; the attribute `epoch_shuffle` is the order's
        `EpochShuffle`, `num_samples` the int n, `arrays` the tuple of the
        tensors in memory: the samples and, if there are any, the labels.

    Raises:
        TypeError: if `x` is neither uint8 nor float.
        ValueError: if a rank, range, length or value is wrong, or there is no
            full batch.

    Example:
        >>> import numpy as np
        >>> dataset = from_array(np.zeros((10, 4, 4, 1), np.uint8), batch_size=4)
        >>> int(dataset.cardinality()), dataset.element_spec.shape
        (2, TensorShape([4, 4, 4, 1]))
        >>> order = EpochShuffle(seed=0)
        >>> dataset = from_array(np.zeros((10, 2)), batch_size=4, seed=order)
        >>> order.set_epoch(3)                 # the next pass is that of epoch 3
    """
    x = check_samples("x", x)
    n = len(x)
    check_fills_a_batch(n, batch_size, drop_remainder)
    if flip and x.ndim != 4:
        raise ValueError(
            "`flip` needs images, axes (n, height, width, channels). "
            f"Received: flip=True, shape {x.shape}."
        )
    order = as_epoch_shuffle(seed)
    # On the host, or a large set would fill an accelerator's memory.
    with tf.device("CPU:0"):
        data = tf.constant(x)
        tags = None if labels is None else tf.constant(check_labels(labels, n))

    def fetch(index, flips):
        batch = tf.gather(data, index)
        if flip:
            batch = mirror(batch, flips)
        if data.dtype == tf.uint8:
            batch = to_unit_range(batch)
        return batch if tags is None else (batch, tf.gather(tags, index))

    dataset = order.index_batches(
        n,
        batch_size,
        shuffle=shuffle,
        flip=flip,
        drop_remainder=drop_remainder,
        repeat=repeat,
    )
    dataset = dataset.map(fetch, num_parallel_calls=2, deterministic=True)
    batches = n // batch_size if drop_remainder else -(-n // batch_size)
    if repeat:
        batches = tf.data.INFINITE_CARDINALITY
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(batches))
    dataset = dataset.prefetch(tf.data.AUTOTUNE)
    dataset.epoch_shuffle, dataset.num_samples = order, n
    dataset.arrays = (data,) if tags is None else (data, tags)
    return dataset
