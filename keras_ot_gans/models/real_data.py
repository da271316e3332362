"""Checks of the real data that `fit` and `evaluate` receive."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.models import conditions

_IMAGE_RANK = 4
_EDGE = 1.001  # rounding may leave [-1, 1] by this much


def _check_values(x: np.ndarray, name: str) -> None:
    """Refuse non-finite values, and images outside [-1, 1]."""
    finite = np.isfinite(x)
    if not finite.all():
        row = int(np.argmin(finite.reshape(len(x), -1).all(axis=1)))
        raise ValueError(_not_finite(name, row))
    if x.ndim >= _IMAGE_RANK and (x.min() < -_EDGE or x.max() > _EDGE):
        raise ValueError(_out_of_range(name, f"{x.min():.4g}", f"{x.max():.4g}"))


def _not_finite(name: str, row: Any) -> str:
    return (
        f"`{name}` must be finite. Received: NaN or infinity, first in row {row}. "
        "Remove or repair such rows."
    )


def _out_of_range(name: str, low: Any, high: Any) -> str:
    return (
        f"`{name}` must hold images in [-1, 1]. Received: values from {low} to {high}. "
        "Use `datasets.from_array`, or x / 127.5 - 1."
    )


def _check_batch(x: tf.Tensor, name: str) -> list[tf.Operation]:
    """Return the same checks as operations of an input pipeline."""
    finite = tf.reduce_all(tf.math.is_finite(tf.reshape(x, (tf.shape(x)[0], -1))), axis=1)
    row = tf.argmin(tf.cast(finite, tf.int32))
    checks = [(tf.reduce_all(finite), _not_finite(name, "{} of its batch"), [row])]
    if len(x.shape) >= _IMAGE_RANK:
        low, high = tf.reduce_min(x), tf.reduce_max(x)
        inside = (low >= -_EDGE) & (high <= _EDGE)
        checks.append((inside, _out_of_range(name, "{}", "{}"), [low, high]))
    return [
        tf.debugging.Assert(good, [tf.strings.format(text, received)])
        for good, text, received in checks
    ]


def _check_form(shape: tuple, dtype: Any, sample_shape: tuple, passes: int, name: str) -> None:
    """Compare a batch's shape and dtype with those of the generator's samples."""
    packed = len(shape) == len(sample_shape) + 2
    received = shape[2:] if packed else shape[1:]
    fits = len(received) == len(sample_shape) and all(
        r is None or s is None or r == s for r, s in zip(received, sample_shape, strict=True)
    )
    if not fits:
        expected = ", ".join(str(s) for s in sample_shape)
        raise ValueError(
            f"`{name}` must have the shape of the generator's samples, (B, {expected}). "
            f"Received: shape {shape}. Reshape or resize the data, or change the generator."
        )
    if packed and shape[1] is not None and shape[1] != passes:
        raise ValueError(
            f"`{name}` must hold {passes} batches along axis 1, one per update of a round. "
            f"Received: shape {shape}. Use `datasets.in_rounds(dataset, {passes})`."
        )
    if not tf.as_dtype(dtype).is_floating:
        raise ValueError(
            f"`{name}` must be floating point. Received: dtype {tf.as_dtype(dtype).name}. "
            "Scale uint8 images to float32 in [-1, 1]: `datasets.from_array` does."
        )


def _check_batch_labels(y: Any, labels: conditions.Condition) -> list[tf.Operation]:
    """Return the check of a batch's labels as an operation of an input pipeline."""
    good, text, received = labels.batch_check(y)
    return [tf.debugging.Assert(good, [tf.strings.format(text, received)])]


def checked(
    x: Any,
    sample_shape: tuple,
    passes: int,
    name: str = "x",
    labels: conditions.Condition | None = None,
) -> Any:
    """Check real data against the generator that must imitate them.

    An array is checked at once. A dataset's form is checked at once, its values as they come
    through the pipeline (looking at a batch here would disturb the order of the epochs);
    `teaching_errors` turns what the pipeline then raises into a `ValueError`.

    Args:
        x: array `(n, ...)`, or `tf.data.Dataset` of batches. Other inputs pass unchecked.
        sample_shape: shape of one generated sample.
        passes: int, updates in one round; packed batches have that many along axis 1.
        name: the argument's name, for the message.
        labels: what a conditional model is told, to check the `y` of a dataset of `(x, y)` too;
            None ignores it.

    Returns:
        `x`, or the dataset that checks its values.

    Raises:
        ValueError: if rank, size, dtype or values do not fit.

    Example:
        >>> _ = checked(np.zeros((8, 3), "float32"), (2,), 1)
        Traceback (most recent call last):
        ...
        ValueError: `x` must have the shape of the generator's samples, (B, 2). Received: \
shape (8, 3). Reshape or resize the data, or change the generator.
    """
    if isinstance(x, tf.data.Dataset):
        first, second, _ = keras.utils.unpack_x_y_sample_weight(x.element_spec)
        _check_form(tuple(first.shape), first.dtype, sample_shape, passes, name)
        if labels is not None and second is not None:
            packed = len(first.shape) == len(sample_shape) + 2
            labels.check_form(tuple(second.shape), second.dtype.name, packed)

        def check_batch(*batch):
            real, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
            checks = _check_batch(real, name)
            if labels is not None and y is not None:
                checks += _check_batch_labels(y, labels)
            with tf.control_dependencies(checks):
                real = tf.identity(real)
            return (real, *batch[1:]) if len(batch) > 1 else real

        return without_autotuner(x.map(check_batch).prefetch(tf.data.AUTOTUNE))
    if hasattr(x, "shape"):
        if len(x) == 0:
            raise ValueError(
                f"`{name}` must not be empty. Received: shape {tuple(x.shape)}. Give it rows."
            )
        _check_form(tuple(x.shape), x.dtype, sample_shape, passes, name)
        _check_values(np.asarray(x), name)
    return x


def batch_sizes(x: Any, batch_size: int | None) -> list[int]:
    """List the sizes of the batches that `fit` will bring, as far as they are known.

    Args:
        x: array or dataset.
        batch_size: int or None, of an array; None is Keras's 32.

    Returns:
        List of int > 0: of a dataset the one size of its batches, none if it is not fixed; of an
        array that of all batches and that of the last, where it is smaller.

    Example:
        >>> batch_sizes(np.zeros((70, 2)), None), batch_sizes(np.zeros((64, 2)), 16)
        ([32, 6], [16])
        >>> batch_sizes(tf.data.Dataset.from_tensors(np.zeros((5, 2))), None)
        [5]
    """
    if isinstance(x, tf.data.Dataset):
        first = keras.utils.unpack_x_y_sample_weight(x.element_spec)[0]
        sizes = [tf.nest.flatten(first)[0].shape[0]]
    elif hasattr(x, "shape") and len(x):
        size = min(batch_size or 32, len(x))
        sizes = [size, len(x) % size]
    else:
        sizes = []
    return [size for size in sizes if size]


def without_autotuner(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Switch off a pipeline's tuning thread, unless its maker has decided about it.

    The thread sleeps for twice as long each time, up to a minute, and the end of an iterator waits
    until it wakes: `fit` of ten seconds took fifteen. Without it, `AUTOTUNE` means all cores.

    Args:
        dataset: `tf.data.Dataset`.

    Returns:
        `tf.data.Dataset` of the same elements.

    Example:
        >>> without_autotuner(tf.data.Dataset.range(3)).options().autotune.enabled
        False
    """
    if dataset.options().autotune.enabled is not None:
        return dataset
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


@contextmanager
def teaching_errors() -> Iterator[None]:
    """Turn what a checked pipeline raises into a `ValueError` with the same advice.

    Yields:
        None.

    Raises:
        ValueError: if the wrapped code met a batch that `checked` refuses.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        _, found, text = error.message.partition("assertion failed: [")
        if not found or "` must " not in text:
            raise
        # TensorFlow adds what it compared, and where.
        text = re.split(r"\] \[Condition|\][\n\t]", text)[0]
        raise ValueError(text.replace("\\'", "'").rstrip("] ")) from None


def with_known_length(
    x: Any, steps: int | None, name: str = "x", steps_name: str = "steps_per_epoch"
) -> Any:
    """Count a dataset whose length Keras could not know.

    Keras runs the end of each epoch of such a dataset as one more step, which advances seeds and
    optimizer counters and scales the metrics.

    Args:
        x: data of `fit` or `evaluate`.
        steps: int or None, how many batches the caller asked for.
        name: the argument's name, for the message.
        steps_name: name of the argument `steps` came from, for the message.

    Returns:
        `x`, with its cardinality asserted where it was unknown.

    Raises:
        ValueError: if the dataset is empty, or endless and `steps` is not given.

    Example:
        >>> uncounted = tf.data.Dataset.range(3).filter(lambda i: i < 2)
        >>> int(with_known_length(uncounted, None).cardinality())
        2
    """
    if not isinstance(x, tf.data.Dataset) or steps is not None:
        return x
    cardinality = int(x.cardinality())
    if cardinality == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            f"`{steps_name}` must be given with an endless `{name}`. Received: "
            f"{steps_name}=None. Pass the number of rounds that you want to call an epoch."
        )
    if cardinality == tf.data.UNKNOWN_CARDINALITY:
        cardinality = int(x.reduce(np.int64(0), lambda n, *_: n + 1))
        x = x.apply(tf.data.experimental.assert_cardinality(cardinality))
    if cardinality == 0:
        raise ValueError(
            f"`{name}` must not be empty. Received: a dataset without a batch. "
            "With `drop_remainder=True` the batch size must not exceed the data."
        )
    return x
