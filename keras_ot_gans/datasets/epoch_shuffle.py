"""An order of samples that depends on nothing but (seed, epoch)."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

# Keep the permutation, the mirror flips and the streams' seeds independent of each other.
_PERMUTATION, _FLIPS, _STREAM = 0, 1, 2


class EpochShuffle:
    """The order of every epoch, as a function of (seed, epoch).

    `tf.data`'s own `shuffle` restarts with the order of epoch 0 in a new
    process, so a resumed run sees other batches than an uninterrupted one.
    Here the order of epoch `e` can be had at any time. Each pass over a
    dataset asks for the next epoch: `fit` over `k` epochs runs through epochs
    0 to k - 1 by itself, a second `fit` goes on from there, and after
    `set_epoch(e)` the next pass is epoch `e`, whatever came before.

    A look at the data (`next(iter(dataset))`) also uses up one epoch, and so
    does Keras at the start of each `fit` under a distribution strategy, or of
    a model that is not built. Where that matters call `set_epoch` in the
    callback `on_epoch_begin`, which comes after all of these. Use one object
    per dataset: two datasets that share one would take turns.

    Args:
        seed: int >= 0.

    Example:
        >>> order = EpochShuffle(seed=0)
        >>> order.permutation(5, epoch=0).tolist() == order.permutation(5, epoch=0).tolist()
        True
        >>> order.set_epoch(7)
        >>> order.epoch
        7

    Differs: the state is a Python number read through `tf.numpy_function`, not
    a `tf.Variable`, so that a dataset may be made inside or outside of a
    distribution strategy's scope. The permutation is NumPy's: the same for one
    NumPy version.
    """

    def __init__(self, seed: int = 0) -> None:
        """Check the seed and start before epoch 0."""
        whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
        if not whole or seed < 0:
            raise ValueError(f"`seed` must be an int, 0 or more. Received: seed={seed!r}.")
        self.seed = int(seed)
        self._next_epoch = 0

    @property
    def epoch(self) -> int:
        """The epoch that the next pass over the dataset will be."""
        return self._next_epoch

    def set_epoch(self, epoch: int) -> None:
        """Make the next pass over the dataset epoch `epoch`.

        A pass that is under way goes on in its own order.

        Args:
            epoch: int >= 0.

        Raises:
            ValueError: if `epoch` is negative.
        """
        if int(epoch) < 0:
            raise ValueError(f"`epoch` must be 0 or more. Received: epoch={epoch}.")
        self._next_epoch = int(epoch)

    def permutation(self, n: int, epoch: int) -> np.ndarray:
        """Return the order of one epoch, int64 `(n,)`."""
        return self._rng(epoch, _PERMUTATION).permutation(n)

    def flips(self, n: int, epoch: int) -> np.ndarray:
        """Return which samples are mirrored in one epoch, bool `(n,)`, by sample index."""
        return self._rng(epoch, _FLIPS).random(n) < 0.5

    def stream_seed(self, epoch: int) -> np.int64:
        """Return a seed for the shuffle buffer of one epoch, for data too large to index."""
        return np.int64(self._rng(epoch, _STREAM).integers(1, 2**62))

    def _rng(self, epoch: int, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, int(epoch), purpose])

    def epochs(self, repeat: bool) -> tf.data.Dataset:
        """Return a dataset of epoch numbers: the next one, or all from there on.

        Args:
            repeat: bool. True counts on without end inside one pass.

        Returns:
            Dataset of int64 scalars. Drawing epoch `e` from it moves `epoch` to
            `e + 1`.
        """

        def first(_):
            return tf.numpy_function(lambda: np.int64(self._next_epoch), [], tf.int64)

        def drawn(epoch):
            return tf.ensure_shape(tf.numpy_function(self._draw, [epoch], tf.int64), [])

        # Read when a pass starts, not when it is set up.
        starts = tf.data.Dataset.from_tensors(0).map(first)
        if repeat:
            starts = starts.flat_map(
                lambda start: tf.data.Dataset.counter(tf.ensure_shape(start, []), dtype=tf.int64)
            )
        return starts.map(drawn)

    def _draw(self, epoch: np.int64) -> np.int64:
        self._next_epoch = int(epoch) + 1
        return np.int64(epoch)

    def index_batches(
        self,
        n: int,
        batch_size: int,
        *,
        shuffle: bool,
        flip: bool,
        drop_remainder: bool,
        repeat: bool,
    ) -> tf.data.Dataset:
        """Return a dataset of batches of sample indices, and of which are mirrored.

        Args:
            n: int > 0, the number of samples.
            batch_size: int > 0, B.
            shuffle: bool. False keeps the order 0 to n - 1.
            flip: bool. False mirrors nothing.
            drop_remainder: bool. True drops each epoch's last partial batch.
            repeat: bool. True goes on without end; no batch spans two epochs.

        Returns:
            Dataset of (int64 `(B,)`, bool `(B,)`).
        """

        def one_epoch(epoch):
            order = self.permutation(n, epoch) if shuffle else np.arange(n)
            flips = self.flips(n, epoch)[order] if flip else np.zeros(n, bool)
            return order.astype(np.int64), flips

        def batches(epoch):
            order, flips = tf.numpy_function(one_epoch, [epoch], (tf.int64, tf.bool))
            pairs = (tf.ensure_shape(order, [n]), tf.ensure_shape(flips, [n]))
            return tf.data.Dataset.from_tensor_slices(pairs).batch(batch_size, drop_remainder)

        return self.epochs(repeat).flat_map(batches)


def as_epoch_shuffle(seed: int | EpochShuffle) -> EpochShuffle:
    """Return `seed` if it is an `EpochShuffle` already, else a new one with that seed."""
    return seed if isinstance(seed, EpochShuffle) else EpochShuffle(seed)
