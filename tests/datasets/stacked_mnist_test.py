"""Stacked MNIST against NumPy."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_ot_gans import datasets
from keras_ot_gans.datasets import EpochShuffle, StackedMNIST, load_stacked_mnist, stacked_mnist

RNG = np.random.default_rng(0)
DIGITS = RNG.integers(0, 256, (60, 4, 5, 1)).astype(np.uint8)
LABELS = np.arange(60) % 10
# Of MNIST's 60,000 training images, as its files count them.
MNIST_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


def by_hand(stacked, row):
    """An image and its mode, digit by digit."""
    a, b, c = stacked.triples[row]
    image = np.dstack([DIGITS[a, ..., 0], DIGITS[b, ..., 0], DIGITS[c, ..., 0]])
    return image / 127.5 - 1, int(f"{LABELS[a]}{LABELS[b]}{LABELS[c]}")


def test_images_and_modes_by_hand():
    stacked = stacked_mnist(DIGITS, LABELS, size=50)
    assert len(stacked) == 50
    images = stacked.images(np.arange(50))
    assert images.shape == (50, 4, 5, 3) and images.dtype == np.float32
    assert stacked.labels.dtype == np.int64
    for row in range(50):
        image, mode = by_hand(stacked, row)
        np.testing.assert_allclose(images[row], image, atol=2.5e-7)  # float32 around 1
        assert stacked.labels[row] == mode
    np.testing.assert_array_equal(stacked.images(slice(3, 7)), images[3:7])


def test_channels_are_independent_uniform_draws():
    stacked = stacked_mnist(DIGITS, LABELS, size=30_000, seed=1)
    for channel in stacked.triples.T:
        # A test that a right sampler fails once in a thousand seeds.
        assert scipy.stats.chisquare(np.bincount(channel, minlength=60)).pvalue > 1e-3
    assert scipy.stats.chisquare(np.bincount(stacked.labels, minlength=1000)).pvalue > 1e-3


def test_seed_decides_the_images():
    first, second = (stacked_mnist(DIGITS, LABELS, size=20, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.triples, second.triples)
    assert (stacked_mnist(DIGITS, LABELS, size=20, seed=4).triples != first.triples).any()


def test_mode_weights_are_products_of_frequencies():
    labels = np.repeat(np.arange(10), MNIST_COUNTS)
    stacked = StackedMNIST(DIGITS, labels, np.zeros((1, 3), int))
    shares = np.array(MNIST_COUNTS) / 60_000
    weights = stacked.mode_weights
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(weights[407], shares[4] * shares[0] * shares[7], rtol=1e-12)
    # As stated where it is defined: four decimals of the divergence from uniform.
    assert round(float(np.sum(weights * np.log(1000 * weights))), 4) == 0.0043


def test_batches_are_the_images_in_the_order_of_from_array():
    stacked = stacked_mnist(DIGITS, LABELS, size=23)
    order = EpochShuffle(seed=5)
    dataset = stacked.dataset(batch_size=4, with_labels=True, seed=order)
    assert dataset.epoch_shuffle is order and dataset.num_samples == 23
    np.testing.assert_array_equal(dataset.labels, stacked.labels)
    assert int(dataset.cardinality()) == 5
    assert dataset.element_spec[0] == tf.TensorSpec([4, 4, 5, 3], tf.float32)
    assert dataset.element_spec[1] == tf.TensorSpec([4], tf.int64)
    for epoch in (0, 1):
        expected = EpochShuffle(seed=5).permutation(23, epoch)[:20].reshape(5, 4)
        for (images, labels), rows in zip(dataset, expected, strict=True):
            np.testing.assert_array_equal(images, stacked.images(rows))
            np.testing.assert_array_equal(labels, stacked.labels[rows])
    order.set_epoch(1)
    images, _ = next(iter(dataset))
    np.testing.assert_array_equal(images, stacked.images(expected[0]))


def test_last_batch_repetition_and_rounds():
    stacked = stacked_mnist(DIGITS, LABELS, size=10)
    plain = stacked.dataset(batch_size=4, shuffle=False, drop_remainder=False)
    np.testing.assert_array_equal(np.concatenate(list(plain)), stacked.images(slice(None)))
    endless = stacked.dataset(batch_size=4, repeat=True)
    assert int(endless.cardinality()) == tf.data.INFINITE_CARDINALITY
    assert len(list(endless.take(7))) == 7
    rounds = datasets.in_rounds(stacked.dataset(batch_size=5), updates=2)
    assert next(iter(rounds)).shape == (5, 2, 4, 5, 3)
    assert hasattr(rounds, "epoch_shuffle")


def test_full_size_holds_little_memory():
    digits = np.zeros((60_000, 28, 28, 1), np.uint8)
    stacked = stacked_mnist(digits, np.arange(60_000) % 10)
    assert len(stacked) == 128_000
    assert stacked.digits is digits  # not a copy
    assert stacked.triples.nbytes == 128_000 * 3 * 8  # 3 MB, where uint8 images take 301 MB
    assert stacked.images([0]).shape == (1, 28, 28, 3)


def test_load_reads_mnist(tmp_path):
    with tfds.testing.mock_data(num_examples=30):
        stacked = load_stacked_mnist(size=12, data_dir=str(tmp_path))
        raw = list(tfds.load("mnist", split="train", data_dir=str(tmp_path)).as_numpy_iterator())
    np.testing.assert_array_equal(stacked.digits, [element["image"] for element in raw])
    assert stacked.digits.dtype == np.uint8
    np.testing.assert_array_equal(stacked.digit_labels, [element["label"] for element in raw])
    assert stacked.images([0, 1]).shape == (2, 28, 28, 3)


def test_load_without_the_files_says_how_to_get_them(tmp_path):
    with pytest.raises(FileNotFoundError, match="`name` must be a prepared set"):
        load_stacked_mnist(data_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"digits": DIGITS / 255}, TypeError, "`digits` must be uint8.*float64"),
        ({"digits": DIGITS[..., 0]}, ValueError, r"axes \(n, height, width, 1\).*digits\[\.\.\."),
        ({"digits": np.repeat(DIGITS, 3, axis=3)}, ValueError, r"Received: shape \(60, 4, 5, 3\)"),
        ({"digits": DIGITS[:0], "labels": []}, ValueError, "at least one image"),
        ({"labels": LABELS[:-1]}, ValueError, "`labels` must hold one label per sample"),
        ({"labels": LABELS * 1.0}, TypeError, "`labels` must be integers. Received: dtype float64"),
        ({"labels": LABELS + 1}, ValueError, r"in \[0, 10\).*values 1 to 10"),
        ({"labels": np.eye(10, dtype=int)[LABELS]}, ValueError, "Pass no one-hot rows"),
        ({"size": 0}, ValueError, "`size` must be a positive int. Received: size=0"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        stacked_mnist(**({"digits": DIGITS, "labels": LABELS} | arguments))


def test_batch_that_cannot_be_filled():
    with pytest.raises(ValueError, match="`batch_size` must not exceed the number of samples, 5"):
        stacked_mnist(DIGITS, LABELS, size=5).dataset(batch_size=6)
