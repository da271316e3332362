"""Images from wherever they come, in batches a network can take."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np


class ImageBatch(NamedTuple):
    """A batch of a stream.

    Attributes:
        images: array `(b, height, width, channels)`, as it came.
        labels: int array `(b,)` or None.
    """

    images: np.ndarray
    labels: np.ndarray | None


def image_batches(
    source: Any, batch_size: int = 100, limit: int | None = None, name: str = "images"
) -> Iterator[ImageBatch]:
    """Iterate over images in batches of at most `batch_size`, never all at once.

    Args:
        source: one of

            - an array `(n, height, width, channels)`;
            - a pair (array, labels `(n,)`);
            - a `tf.data.Dataset`, list or other iterable of batches, or of pairs (batch,
              labels) as tuples;
            - a function without arguments that returns one of these.

        batch_size: int > 0, larger batches are cut.
        limit: int, stop after so many images; None for all.
        name: str, what the source is called in errors.

    Yields:
        `ImageBatch`.

    Raises:
        ValueError: if a batch has no image axes, or labels of another length.
        TypeError: if the source is none of these.

    Example:
        >>> source = [np.zeros((3, 2, 2, 1)), np.zeros((2, 2, 2, 1))]
        >>> [len(batch.images) for batch in image_batches(source, 2, limit=4)]
        [2, 1, 1]
    """
    if callable(source) and not hasattr(source, "__array__"):
        source = source()
    left = limit
    for number, (images, labels) in enumerate(_elements(source, name)):
        images = np.asarray(images)
        if images.ndim != 4:
            raise ValueError(
                f"`{name}` must come as images, axes (batch, height, width, channels). "
                f"Received: shape {images.shape} in batch {number}. Batch single images."
            )
        labels = None if labels is None else np.asarray(labels)
        if labels is not None and labels.shape != (len(images),):
            raise ValueError(
                f"`{name}` must have one label for each image. Received: labels of shape "
                f"{labels.shape} for {len(images)} images in batch {number}."
            )
        for start in range(0, len(images), batch_size):
            stop = start + batch_size if left is None else start + min(batch_size, left)
            part = images[start:stop]
            if not len(part):
                return
            left = None if left is None else left - len(part)
            yield ImageBatch(part, None if labels is None else labels[start:stop])


def _elements(source: Any, name: str) -> Iterator[tuple[Any, Any]]:
    """Yield pairs of images and labels or None."""
    if isinstance(source, np.ndarray) or hasattr(source, "__array__"):
        yield source, None
        return
    if isinstance(source, tuple) and len(source) == 2:
        yield source
        return
    if hasattr(source, "as_numpy_iterator"):
        source = source.as_numpy_iterator()
    if not hasattr(source, "__iter__"):
        raise TypeError(
            f"`{name}` must be an array of images, batches of them, or a function that returns "
            f"these. Received: {type(source).__name__}."
        )
    for element in source:
        yield element if isinstance(element, tuple) else (element, None)
