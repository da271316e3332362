"""Rounds hold fresh batches along axis 1."""

import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.datasets import EpochShuffle, from_array, in_rounds


def test_rounds_hold_consecutive_batches_along_axis_1():
    x = np.arange(20, dtype=np.float32)[:, None]
    order = EpochShuffle(seed=1)
    rounds = in_rounds(from_array(x, 2, seed=order), updates=3)
    assert int(rounds.cardinality()) == 3  # 10 batches: one is left over
    assert rounds.element_spec.shape == [2, 3, 1]
    assert rounds.epoch_shuffle is order
    for epoch in range(2):
        batches = order.permutation(20, epoch).reshape(10, 2)
        elements = [e.numpy() for e in rounds]
        assert len(elements) == 3
        for number, element in enumerate(elements):
            for update in range(3):
                want = batches[3 * number + update]
                np.testing.assert_array_equal(element[:, update, 0], want)


def test_labels_move_along():
    images = np.random.default_rng(0).integers(0, 255, (8, 2, 2, 1)).astype(np.uint8)
    rounds = in_rounds(from_array(images, 2, labels=np.arange(8)), updates=2)
    for batch, labels in rounds:
        assert batch.shape == (2, 2, 2, 2, 1) and labels.shape == (2, 2)
        np.testing.assert_allclose(batch, images[labels.numpy()] / 127.5 - 1, atol=2.5e-7)


def test_one_update_keeps_the_axis_and_repeat_stays_infinite():
    rounds = in_rounds(from_array(np.zeros((4, 3)), 2, repeat=True), updates=1)
    assert rounds.element_spec.shape == [2, 1, 3]
    assert int(rounds.cardinality()) == tf.data.INFINITE_CARDINALITY


@pytest.mark.parametrize(
    ("dataset", "updates", "message"),
    [
        (from_array(np.zeros((4, 1)), 2), 0, "`updates` must be a positive int"),
        (from_array(np.zeros((4, 1)), 2), 3, "must not exceed the batches of an epoch, 2"),
        (from_array(np.zeros((5, 1)), 2, drop_remainder=False), 2, "batches of one fixed size"),
        (tf.data.Dataset.range(4), 2, "batches of one fixed size"),
        (
            from_array(np.zeros((4, 1)), 2).filter(lambda x: True),
            1,
            "known number of batches. Received: unknown cardinality",
        ),
    ],
)
def test_bad_input_is_named(dataset, updates, message):
    with pytest.raises(ValueError, match=message):
        in_rounds(dataset, updates)
