"""Stacked MNIST: colour images of three digits, put together when they are asked for."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from keras_ot_gans.datasets.arrays import from_array, to_unit_range
from keras_ot_gans.datasets.checks import check_labels, check_positive_int
from keras_ot_gans.datasets.epoch_shuffle import EpochShuffle
from keras_ot_gans.datasets.images import load_image_set


@dataclasses.dataclass(frozen=True, eq=False)
class StackedMNIST:
    """Images of three random digits, of which only the three indices are stored.

    128,000 images of 28 x 28 x 3 would take 1.1 GiB as float32; the indices take 3 MiB
    beside the digits' 45 MiB.

    Attributes:
        digits: uint8 array `(n, height, width, 1)`.
        digit_labels: int64 array `(n,)`, values in `[0, 10)`.
        triples: int64 array `(size, 3)`, the digits in channels 0, 1 and 2 of each image.

    Example:
        >>> digits = np.arange(3, dtype="uint8").reshape(3, 1, 1, 1)
        >>> stacked = stacked_mnist(digits, [7, 8, 9], size=5)
        >>> len(stacked), stacked.images([0, 3]).shape
        (5, (2, 1, 1, 3))
        >>> stacked.dataset(batch_size=2).element_spec.shape
        TensorShape([2, 1, 1, 3])
    """

    digits: np.ndarray
    digit_labels: np.ndarray
    triples: np.ndarray

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.triples)

    @property
    def labels(self) -> np.ndarray:
        """Mode of each image, int64 `(size,)`: `100 a + 10 b + c` for its digits a, b, c."""
        return self.digit_labels[self.triples] @ np.array([100, 10, 1])

    @property
    def mode_weights(self) -> np.ndarray:
        """Probability of each mode, float64 `(1000,)`.

        Products of the digits' frequencies. The paper calls them uniform, which they are
        only nearly: for MNIST's training set `KL(these || uniform)` is 0.0043 nats.
        """
        shares = np.bincount(self.digit_labels, minlength=10) / len(self.digit_labels)
        return np.einsum("i,j,k->ijk", shares, shares, shares).ravel()

    def images(self, index: Any) -> np.ndarray:
        """Put some images together.

        Args:
            index: int array `(B,)` or slice, which ones.

        Returns:
            Float32 array `(B, height, width, 3)` in [-1, 1].
        """
        return to_unit_range(_stack(self.digits, self.triples[index])).numpy()

    def dataset(
        self,
        batch_size: int,
        *,
        with_labels: bool = False,
        seed: int | EpochShuffle = 0,
        shuffle: bool = True,
        drop_remainder: bool = True,
        repeat: bool = False,
    ) -> tf.data.Dataset:
        """Batches in an order that depends only on (seed, epoch), as `from_array`.

        Args:
            batch_size: int > 0, B. 64: AGE E.2.
            with_labels: bool. True gives pairs with the int64 modes `(B,)`.
            seed: int >= 0, or an `EpochShuffle`, of the order; the images are given.
            shuffle: bool. False keeps the images' order.
            drop_remainder: bool. True drops the last partial batch.
            repeat: bool. True makes one pass run on without end.

        Returns:
            `tf.data.Dataset` of float32 `(B, height, width, 3)` in [-1, 1], or of pairs with
            labels; known cardinality, prefetched. The attribute `epoch_shuffle` is the order's,
            `num_samples` the int `size`, `labels` the modes of all images before shuffling.

        Raises:
            ValueError: if there is no full batch, or `batch_size` or `seed` does not fit.
        """
        modes = self.labels
        with tf.device("CPU:0"):  # as `from_array`: not in an accelerator's memory
            digits, labels = tf.constant(self.digits), tf.constant(modes)
            triples = tf.constant(self.triples)

        def fetch(_, index):
            batch = to_unit_range(_stack(digits, tf.gather(triples, index)))
            return (batch, tf.gather(labels, index)) if with_labels else batch

        # The order is `from_array`'s: it deals out the images' numbers as labels of nothing.
        numbers = from_array(
            np.zeros((len(self), 1), np.float32),
            batch_size,
            np.arange(len(self)),
            seed=seed,
            shuffle=shuffle,
            drop_remainder=drop_remainder,
            repeat=repeat,
        )
        dataset = numbers.map(fetch, num_parallel_calls=2, deterministic=True)
        dataset = dataset.prefetch(tf.data.AUTOTUNE)
        dataset.epoch_shuffle, dataset.num_samples = numbers.epoch_shuffle, len(self)
        dataset.labels = modes
        return dataset


def _stack(digits: Any, triples: Any) -> tf.Tensor:
    """Gather digits `(B, 3, height, width, 1)` and make the second axis the channels."""
    return tf.transpose(tf.gather(digits, triples)[..., 0], [0, 2, 3, 1])


def stacked_mnist(digits: Any, labels: Any, size: int = 128_000, seed: int = 0) -> StackedMNIST:
    """Stack three digits, drawn at random with replacement, into the channels of an image.

    Args:
        digits: uint8 array `(n, height, width, 1)`, such as MNIST's `(60000, 28, 28, 1)`.
        labels: int array `(n,)`, the digits' classes, in `[0, 10)`.
        size: int > 0, number of images. 128,000: AGE E.2.
        seed: int >= 0. The same seed and digits give the same images.

    Returns:
        `StackedMNIST`: images float32 `(height, width, 3)` in [-1, 1] with a mode in
        `[0, 1000)`.

    Raises:
        TypeError: if the digits are not uint8 or the labels not integers.
        ValueError: if a shape, a label or a number does not fit.

    Example:
        >>> digits = np.zeros((10, 28, 28, 1), "uint8")
        >>> stacked = stacked_mnist(digits, np.arange(10), size=1000)
        >>> stacked.images([0]).shape, stacked.mode_weights.shape
        ((1, 28, 28, 3), (1000,))

    Source: Metz et al., "Unrolled Generative Adversarial Networks", ICLR 2017, section 3.3;
        the size and the order of channels as AGE and PacGAN have them.
    Differs: the published sets are not to be had as files, so their draws are not these.
    """
    digits = np.asarray(digits)
    if digits.dtype != np.uint8:
        raise TypeError(
            f"`digits` must be uint8 with values in [0, 255]. Received: dtype {digits.dtype}. "
            "Pass the images as they come from the files, not scaled."
        )
    if digits.ndim != 4 or digits.shape[3] != 1 or digits.size == 0:
        raise ValueError(
            "`digits` must have axes (n, height, width, 1) and hold at least one image. "
            f"Received: shape {digits.shape}. Add the channel by `digits[..., None]`."
        )
    labels = check_labels(labels, len(digits))
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"`labels` must be integers. Received: dtype {labels.dtype}. Pass the digits 0 to 9."
        )
    if labels.ndim != 1 or labels.min() < 0 or labels.max() > 9:
        raise ValueError(
            "`labels` must be one digit in [0, 10) per image. Received: shape "
            f"{labels.shape}, values {labels.min()} to {labels.max()}. Pass no one-hot rows."
        )
    check_positive_int("size", size)
    triples = np.random.default_rng(seed).integers(0, len(digits), (int(size), 3))
    return StackedMNIST(digits, labels.astype(np.int64), triples)


def load_stacked_mnist(
    split: str = "train",
    size: int = 128_000,
    *,
    seed: int = 0,
    data_dir: str | None = None,
    download: bool = False,
) -> StackedMNIST:
    """Read MNIST from tensorflow-datasets and stack its digits.

    Args:
        split: tensorflow-datasets split of MNIST, "train" or "test", or a part of one.
        size: int > 0, number of images. 128,000: AGE E.2.
        seed: int >= 0, of the draws.
        data_dir: folder of tensorflow-datasets. Default: its own.
        download: bool, see `load_image_set`.

    Returns:
        `StackedMNIST`.

    Raises:
        ValueError: if the split does not exist or `size` does not fit.
        FileNotFoundError: if MNIST is not prepared and `download` is False.

    Example:
        stacked = load_stacked_mnist(download=True)
        age.fit(stacked.dataset(batch_size=64), epochs=50)

    Source: AGE E.2.
    Differs: see `stacked_mnist`.
    """
    check_positive_int("size", size)  # before minutes of reading
    batches = load_image_set(
        "mnist",
        split,
        batch_size=1000,
        data_dir=data_dir,
        with_labels=True,
        shuffle=False,
        drop_remainder=False,
        download=download,
    )
    images, labels = zip(*batches.as_numpy_iterator(), strict=True)
    # Back to bytes, without loss: float32 resolves far more than 256 levels.
    digits = np.concatenate([np.rint((x + 1.0) * 127.5).astype(np.uint8) for x in images])
    return stacked_mnist(digits, np.concatenate(labels), size, seed)
