"""Image sets too large for memory: read in order, shuffled in a buffer."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_ot_gans.datasets.arrays import mirror, to_unit_range
from keras_ot_gans.datasets.checks import check_fills_a_batch, check_positive_int
from keras_ot_gans.datasets.epoch_shuffle import EpochShuffle, as_epoch_shuffle


def from_stream(
    images: tf.data.Dataset,
    batch_size: int,
    *,
    seed: int | EpochShuffle = 0,
    shuffle: bool = True,
    buffer_size: int = 10_000,
    drop_remainder: bool = True,
    repeat: bool = False,
    flip: bool = False,
) -> tf.data.Dataset:
    """Batches of a stream of uint8 images, in an order given by (seed, epoch).

    As `from_array`, for images that are read anew in each epoch. The shuffle
    is local, within `buffer_size` images, so the stream should come in random
    order already, as the files of tensorflow-datasets do. Given a deterministic
    stream the order is a function of (seed, epoch).

    Args:
        images: dataset of single uint8 images `(height, width, channels)`, or
            of pairs (image, label), of one static shape and known cardinality.
        batch_size: int > 0, B.
        seed: int >= 0, or an `EpochShuffle`.
        shuffle: bool. False keeps the stream's order.
        buffer_size: int > 0, images held for shuffling.
        drop_remainder: bool. True drops the last partial batch.
        repeat: bool. True makes one pass run on without end.
        flip: bool. True mirrors each image with probability 1/2, anew in each
            epoch, by (seed, epoch, place in the stream).

    Returns:
        `tf.data.Dataset` of float32 `(B, height, width, channels)` in [-1, 1],
        or of pairs with labels, with the attributes `epoch_shuffle` and
        `num_samples`, the int n.

    Raises:
        ValueError: if the elements are not uint8 images of one known shape, or
            the cardinality is unknown.
    """
    check_positive_int("buffer_size", buffer_size)
    n = _check_stream(images)
    check_fills_a_batch(n, batch_size, drop_remainder)
    order = as_epoch_shuffle(seed)
    with_labels = isinstance(images.element_spec, tuple)
    numbered = images.enumerate()

    def of_epoch(epoch):
        key, flips = tf.numpy_function(
            lambda e: (order.stream_seed(e), order.flips(n, e)), [epoch], (tf.int64, tf.bool)
        )
        elements = numbered
        if shuffle:
            elements = elements.shuffle(
                buffer_size, seed=tf.ensure_shape(key, []), reshuffle_each_iteration=False
            )
        flips = tf.ensure_shape(flips, [n])
        return elements.map(lambda index, element: (flips[index], element)).batch(
            batch_size, drop_remainder
        )

    def finish(flips, element):
        batch, labels = element if with_labels else (element, None)
        batch = to_unit_range(mirror(batch, flips) if flip else batch)
        return (batch, labels) if with_labels else batch

    dataset = order.epochs(repeat).flat_map(of_epoch)
    dataset = dataset.map(finish, num_parallel_calls=2, deterministic=True)
    batches = n // batch_size if drop_remainder else -(-n // batch_size)
    if repeat:
        batches = tf.data.INFINITE_CARDINALITY
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(batches))
    dataset = dataset.prefetch(tf.data.AUTOTUNE)
    dataset.epoch_shuffle, dataset.num_samples = order, n
    return dataset


def _check_stream(images: tf.data.Dataset) -> int:
    """Return the number of images, after checking what they are."""
    spec = images.element_spec
    spec = spec[0] if isinstance(spec, tuple) else spec
    if spec.dtype != tf.uint8 or spec.shape.rank != 3 or not spec.shape.is_fully_defined():
        raise ValueError(
            "`images` must hold single uint8 images of one static shape, axes (height, width, "
            f"channels). Received: {spec}. Map `prepare_image` over it first."
        )
    n = int(images.cardinality())
    if n < 0:
        raise ValueError(
            "`images` must have a known, finite cardinality. "
            f"Received: cardinality {n}. Count it once and apply "
            "`tf.data.experimental.assert_cardinality(count)`."
        )
    return n


def to_memory(images: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a stream into arrays.

    Args:
        images: dataset as for `from_stream`.

    Returns:
        uint8 array `(n, height, width, channels)` and the labels `(n, ...)` or
        None, in the stream's order.
    """
    n = _check_stream(images)
    with_labels = isinstance(images.element_spec, tuple)
    arrays = None
    start = 0
    for batch in images.batch(256).prefetch(2).as_numpy_iterator():
        parts = batch if with_labels else (batch,)
        if arrays is None:  # one allocation: joining pieces would need twice the memory
            arrays = [np.empty((n, *part.shape[1:]), part.dtype) for part in parts]
        for array, part in zip(arrays, parts, strict=True):
            array[start : start + len(part)] = part
        start += len(parts[0])
    return arrays[0], arrays[1] if with_labels else None
