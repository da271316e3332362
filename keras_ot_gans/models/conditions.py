"""Class labels, or vectors, on their way through a round of the game."""

from typing import Any

import keras
import tensorflow as tf

from keras_ot_gans.models import replicas
from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.side_vectors import SideVectors

Condition = Labels | SideVectors


def checked(labels: Condition | None) -> Condition | None:
    """Return a model's `labels`, or say what they must be.

    Args:
        labels: what the model was given.

    Returns:
        The same.

    Raises:
        TypeError: if it is something else than `ops.Labels`, `ops.SideVectors` or None.

    Example:
        >>> checked(10)
        Traceback (most recent call last):
        ...
        TypeError: `labels` must be None, an `ops.Labels` or an `ops.SideVectors`. Received: 10. \
Pass `ops.Labels(num_classes)`.
    """
    if labels is not None and not isinstance(labels, Condition):
        raise TypeError(
            "`labels` must be None, an `ops.Labels` or an `ops.SideVectors`. "
            f"Received: {labels!r}. Pass `ops.Labels(num_classes)`."
        )
    return labels


def real_labels(data: Any, labels: Condition | None, index: int) -> tf.Tensor | None:
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
    packed = len(y.shape) == 2 + len(labels.shape)
    labels.check_form(y.shape, y.dtype.name, packed)
    return tf.cast(y[:, index] if packed else y, labels.dtype)


def fake_labels(
    labels: Condition | None, n: tf.Tensor | int, stream: keras.random.SeedGenerator
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
