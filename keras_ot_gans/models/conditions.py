"""Class labels on their way through a round of the game."""

from typing import Any

import keras
import tensorflow as tf

from keras_ot_gans.models import replicas
from keras_ot_gans.ops.labels import Labels


def checked(labels: Labels | None) -> Labels | None:
    """Return a model's `labels`, or say what they must be.

    Args:
        labels: what the model was given.

    Returns:
        The same.

    Raises:
        TypeError: if it is something else than `ops.Labels` or None.

    Example:
        >>> checked(10)
        Traceback (most recent call last):
        ...
        TypeError: `labels` must be None or an `ops.Labels`. Received: 10. Pass \
`ops.Labels(num_classes)`.
    """
    if labels is not None and not isinstance(labels, Labels):
        raise TypeError(
            f"`labels` must be None or an `ops.Labels`. Received: {labels!r}. "
            "Pass `ops.Labels(num_classes)`."
        )
    return labels


def real_labels(data: Any, labels: Labels | None, index: int) -> tf.Tensor | None:
    """Return the labels of one real batch of a round.

    Args:
        data: what `fit` hands to `train_step`: `x`, `(x,)` or `(x, y)`, with `y` `(B,)` or packed
            as `x` is, `(B, updates)`.
        labels: `ops.Labels` of a conditional model, or None.
        index: int, pass of the round.

    Returns:
        int32 tensor `(B,)`; None for a model that is not conditional.

    Raises:
        ValueError: if a conditional model gets no labels, or of a wrong rank or dtype.
    """
    if labels is None:
        return None
    y = keras.utils.unpack_x_y_sample_weight(data)[1]
    if y is None:
        raise ValueError(
            "`y` must hold the labels of a conditional model. Received: data without labels. "
            "Pass `fit(x, y)` or a dataset of (x, y), such as "
            "`datasets.load_image_set(..., with_labels=True)`, or leave `labels` out of the model."
        )
    check_form(y.shape, y.dtype, packed=len(y.shape) == 2)
    return tf.cast(y[:, index] if len(y.shape) == 2 else y, tf.int32)


def check_form(shape: tuple, dtype: Any, packed: bool) -> None:
    """Check the form of a batch's labels.

    Args:
        shape: shape of the labels.
        dtype: their dtype.
        packed: bool, whether the batch is packed into rounds.

    Raises:
        ValueError: if the labels are not integers, or not one per sample.

    Example:
        >>> check_form((8, 10), "float32", packed=False)
        Traceback (most recent call last):
        ...
        ValueError: `y` must hold integer labels (B,), one per sample. Received: shape (8, 10), \
dtype float32. Take `argmax(axis=-1)` of one-hot labels, `y[:, 0]` of a column.
    """
    dtype = tf.as_dtype(dtype)
    if not dtype.is_integer or len(shape) != (2 if packed else 1):
        form = "(B, updates), as `x` is packed" if packed else "(B,), one per sample"
        raise ValueError(
            f"`y` must hold integer labels {form}. Received: shape {tuple(shape)}, dtype "
            f"{dtype.name}. Take `argmax(axis=-1)` of one-hot labels, `y[:, 0]` of a column."
        )


def fake_labels(
    labels: Labels | None, n: tf.Tensor | int, stream: keras.random.SeedGenerator
) -> tf.Tensor | None:
    """Draw this replica's labels of a global draw.

    Args:
        labels: `ops.Labels` of a conditional model, or None.
        n: int or scalar tensor, labels per replica.
        stream: `keras.random.SeedGenerator`.

    Returns:
        int32 tensor `(n,)`; None for a model that is not conditional.
    """
    if labels is None:
        return None
    return replicas.own_part(lambda rows: labels.sample((rows,), stream), n)
