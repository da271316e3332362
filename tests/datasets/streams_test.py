"""Streams: same values as arrays, an order that is a function of (seed, epoch)."""

import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.datasets import EpochShuffle, from_array, from_stream
from keras_ot_gans.datasets.streams import to_memory

N = 40
IMAGES = np.random.default_rng(0).integers(0, 255, (N, 2, 2, 3)).astype(np.uint8)


def stream(labels=True):
    parts = (IMAGES, np.arange(N)) if labels else IMAGES
    return tf.data.Dataset.from_tensor_slices(parts)


def labels_of(dataset, batches=None):
    taken = dataset if batches is None else dataset.take(batches)
    return np.concatenate([y for _, y in taken]).tolist()


def test_values_are_those_of_the_array():
    for images, labels in from_stream(stream(), 8, seed=0):
        np.testing.assert_allclose(images, IMAGES[labels] / 127.5 - 1, atol=2.5e-7)
    streamed = list(from_stream(stream(labels=False), 16, shuffle=False, drop_remainder=False))
    held = list(from_array(IMAGES, 16, shuffle=False, drop_remainder=False))
    for a, b in zip(streamed, held, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("buffer_size", [10, 1000])
def test_order_can_be_resumed(buffer_size):
    straight = from_stream(stream(), 8, seed=1, buffer_size=buffer_size)
    epochs = [labels_of(straight) for _ in range(4)]
    assert all(sorted(e) == list(range(N)) for e in epochs)
    assert len({tuple(e) for e in epochs}) == 4
    order = EpochShuffle(seed=1)
    resumed = from_stream(stream(), 8, seed=order, buffer_size=buffer_size)
    order.set_epoch(2)
    assert [labels_of(resumed) for _ in range(2)] == epochs[2:]
    repeated = from_stream(stream(), 8, seed=order, buffer_size=buffer_size, repeat=True)
    order.set_epoch(1)
    assert labels_of(repeated, batches=10) == epochs[1] + epochs[2]
    assert int(straight.cardinality()) == 5


def test_flips_belong_to_the_place_in_the_stream():
    order = EpochShuffle(seed=3)
    dataset = from_stream(stream(), 8, seed=order, flip=True)
    for epoch in range(2):
        flips = order.flips(N, epoch)
        for images, labels in dataset:
            want = IMAGES[labels] / 127.5 - 1
            mirrored = flips[labels.numpy()][:, None, None, None]
            np.testing.assert_allclose(
                images, np.where(mirrored, want[:, :, ::-1], want), atol=2.5e-7
            )


def test_to_memory_keeps_order_and_labels():
    images, labels = to_memory(stream())
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, np.arange(N))
    images, labels = to_memory(stream(labels=False))
    assert images.dtype == np.uint8 and labels is None


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (stream().map(lambda x, y: (tf.cast(x, tf.float32), y)), "single uint8 images of one"),
        (stream(labels=False).batch(2), "single uint8 images of one static shape"),
        (stream().filter(lambda x, y: True), "known, finite cardinality"),
        (stream().repeat(), "known, finite cardinality"),
    ],
)
def test_bad_streams_are_named(images, message):
    with pytest.raises(ValueError, match=message):
        from_stream(images, 2)
