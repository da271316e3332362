"""Fresh real batches for every update of a round of the game."""

import tensorflow as tf

from keras_ot_gans.datasets.checks import check_positive_int


def in_rounds(dataset: tf.data.Dataset, updates: int) -> tf.data.Dataset:
    """Pack several batches into one element, along axis 1.

    One `fit` step is one round of the game and may hold several updates of
    the players. A round made of plain batches reuses one batch for all of them;
    a round made by this function has a fresh batch for each. The batch stays
    axis 0, the only axis that distribution strategies split.

    Args:
        dataset: batches `(B, ...)` of a fixed size `B`, or a nest of them such
            as (images, labels), of known or infinite cardinality.
        updates: int > 0, batches per round.

    Returns:
        Dataset of `(B, updates, ...)`: update `k` uses `x[:, k]`. Also for
        `updates=1` the axis is there. The cardinality is that of `dataset`
        divided by `updates`; remaining batches of an epoch are dropped.

    Raises:
        ValueError: if the batch size varies, the cardinality is unknown, or an
            epoch has fewer than `updates` batches.

    Example:
        >>> import numpy as np
        >>> from keras_ot_gans.datasets import from_array
        >>> rounds = in_rounds(from_array(np.zeros((100, 2)), batch_size=10), updates=3)
        >>> rounds.element_spec.shape, int(rounds.cardinality())
        (TensorShape([10, 3, 2]), 3)
    """
    check_positive_int("updates", updates)
    for spec in tf.nest.flatten(dataset.element_spec):
        if spec.shape.rank is None or spec.shape.rank < 1 or spec.shape[0] is None:
            raise ValueError(
                "`dataset` must hold batches of one fixed size. "
                f"Received: an element of shape {spec.shape}. "
                "Batch it with `drop_remainder=True`."
            )
    batches = int(dataset.cardinality())
    if batches == tf.data.UNKNOWN_CARDINALITY:
        raise ValueError(
            "`dataset` must have a known number of batches. Received: unknown cardinality. "
            "Count them once and apply `tf.data.experimental.assert_cardinality(count)`."
        )
    if 0 <= batches < updates:
        raise ValueError(
            f"`updates` must not exceed the batches of an epoch, {batches}. "
            f"Received: updates={updates}. Use a smaller batch size or a repeated dataset."
        )

    def swap(x):
        return tf.transpose(x, [1, 0, *range(2, x.shape.rank)])

    rounds = dataset.batch(updates, drop_remainder=True)
    rounds = rounds.map(
        lambda *element: tf.nest.map_structure(swap, element if len(element) > 1 else element[0])
    ).prefetch(tf.data.AUTOTUNE)
    if hasattr(dataset, "epoch_shuffle"):
        rounds.epoch_shuffle = dataset.epoch_shuffle
    return rounds
