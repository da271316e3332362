"""Images or points in a `.npz` or `.npy` file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_ot_gans.datasets.arrays import from_array
from keras_ot_gans.datasets.checks import check_samples
from keras_ot_gans.datasets.epoch_shuffle import EpochShuffle
from keras_ot_gans.datasets.fixed_size import with_channels, with_size
from keras_ot_gans.datasets.npz_files import choose, list_arrays, read_arrays
from keras_ot_gans.datasets.pixels import check_crop, check_image_size


def from_npz(
    path: str | Path,
    batch_size: int = 64,
    *,
    key: str | None = None,
    label_key: str = "labels",
    with_labels: bool = False,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    crop: str | int | float | None = "square",
    seed: int | EpochShuffle = 0,
    shuffle: bool = True,
    drop_remainder: bool = True,
    repeat: bool = False,
    flip: bool = False,
    memory_limit: int = 8 * 2**30,
) -> tf.data.Dataset:
    """Batches of the images or points in a file of NumPy arrays.

    Images are uint8, or floats in [-1, 1], of shape `(n, height, width)` or
    `(n, height, width, c)` with c = 1 (grey), 3 (colour) or 4 (with an alpha
    channel, which is laid on white). Points are floats `(n, d)`. Nothing in
    the file is executed or extracted: arrays of objects are refused.

    Args:
        path: `.npz` file, or `.npy` file of one array.
        batch_size: int > 0, B.
        key: name of the array. Default: the only one beside the labels.
        label_key: name of the labels, integers `(n,)` or `(n, 1)` from 0.
        with_labels: bool. True gives pairs (samples, int64 labels `(B,)`).
        image_size: int or (height, width) of the result. Default: the images
            keep their size.
        channels: 3 for colour, 1 for grey. Default: those of the images.
        crop: "square", None for the whole image, an int or a float, see
            `crop_image`; before resizing. "square" leaves images alone that
            have the size already; all others need `image_size`.
        seed: int >= 0, or an `EpochShuffle` to resume at an epoch.
        shuffle: bool. False keeps the file's order.
        drop_remainder: bool. True drops the last partial batch.
        repeat: bool. True makes one pass run on without end.
        flip: bool. True mirrors each image with probability 1/2.
        memory_limit: int, bytes, refused beyond. Default: 8 GiB.

    Returns:
        `tf.data.Dataset` as from `from_array`, float32
        `(B, height, width, channels)` in [-1, 1], or points `(B, d)`.

    Raises:
        FileNotFoundError: if there is no such file.
        TypeError: if the array is neither uint8 nor float.
        ValueError: if the file is damaged, has no such array, or holds
            something else, or an argument does not fit.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     images = np.zeros((8, 28, 28), np.uint8)
        ...     np.savez_compressed(f"{folder}/mine.npz", images=images, labels=np.arange(8) % 2)
        ...     dataset = from_npz(f"{folder}/mine.npz", batch_size=4, with_labels=True)
        >>> int(dataset.cardinality()), dataset.element_spec[0].shape
        (2, TensorShape([4, 28, 28, 1]))

    Differs: float images are rounded to 8 bits where their size or channels
        change.
    """
    size = None if image_size is None else check_image_size(image_size)
    check_crop(crop)
    if crop == "box" or (size is None and crop not in ("square", None)):
        raise ValueError(
            "`crop` must be 'square' or None without `image_size`, and never 'box'. "
            f"Received: crop={crop!r}, image_size={image_size!r}. Pass image_size=64."
        )
    if channels not in (None, 1, 3):
        raise ValueError(f"`channels` must be 1, 3 or None. Received: channels={channels!r}.")
    name = choose(path, list(list_arrays(path)), key, label_key)
    wanted = [name, label_key] if with_labels else [name]
    samples, *labels = read_arrays(path, wanted, memory_limit)
    samples = _check(name, samples)
    if samples.ndim == 4:
        samples = with_channels(samples, channels)
        samples = with_size(samples, size, crop, memory_limit)
    elif size is not None or channels is not None or flip:
        raise ValueError(
            "`image_size`, `channels` and `flip` must be left out for points, axes (n, d). "
            f"Received: image_size={image_size!r}, channels={channels!r}, flip={flip} for "
            f"{name!r} of shape {samples.shape}. Flat images: `x.reshape(n, height, width)`."
        )
    return from_array(
        samples,
        batch_size,
        check_classes(label_key, labels[0], len(samples)) if with_labels else None,
        seed=seed,
        shuffle=shuffle,
        drop_remainder=drop_remainder,
        repeat=repeat,
        flip=flip,
    )


def read_labels(path: str | Path, key: str | None = None, label_key: str = "labels") -> np.ndarray:
    """Read the labels of a file, as `from_npz` does.

    Args:
        path: `.npz` file.
        key: as for `from_npz`.
        label_key: name of the labels.

    Returns:
        int64 array `(n,)`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if there are none, or they are no classes.
    """
    choose(path, list(list_arrays(path)), key, label_key)
    (labels,) = read_arrays(path, [label_key], memory_limit=8 * 2**30)
    return check_classes(label_key, labels, len(labels) if labels.ndim else 0)


def check_classes(name: str, labels: np.ndarray, n: int) -> np.ndarray:
    """Check that there is one class number per sample.

    Args:
        name: the array's name, for the message.
        labels: array.
        n: int, the number of samples.

    Returns:
        int64 array `(n,)`.

    Raises:
        ValueError: if they are no integers, too few or too many, or no class numbers from 0 to
            at most `n - 1`.

    Example:
        >>> check_classes("labels", np.array([[0], [1]], np.uint8), 2).tolist()
        [0, 1]
        >>> check_classes("labels", np.array([1990, 2000]), 2)
        Traceback (most recent call last):
        ...
        ValueError: `labels` must be classes counted from 0, fewer than samples. Received: \
labels from 1990 to 2000 for 2 samples. Number them by `np.unique(labels, \
return_inverse=True)[1]`.
    """
    if labels.dtype.kind not in "iu" or labels.shape not in ((n,), (n, 1)) or not n:
        raise ValueError(
            f"`{name}` must be integers, one per sample. Received: shape {labels.shape}, dtype "
            f"{labels.dtype} for {n} samples. Take `argmax(axis=-1)` of one-hot labels."
        )
    labels = labels.reshape(-1)
    if labels.min() < 0 or labels.max() >= n:
        raise ValueError(
            f"`{name}` must be classes counted from 0, fewer than samples. Received: labels from "
            f"{labels.min()} to {labels.max()} for {n} samples. "
            f"Number them by `np.unique({name}, return_inverse=True)[1]`."
        )
    return labels.astype(np.int64)


def _check(name: str, x: np.ndarray) -> np.ndarray:
    """Return points `(n, d)` or images `(n, h, w, c)`, or say what they are instead."""
    if x.ndim == 3:
        x = x[..., None]
    x = check_samples(name, x)
    if x.ndim == 2:
        if x.dtype == np.uint8:
            raise ValueError(
                f"`{name}` must be floats where it holds points. Received: uint8 of shape "
                f"{x.shape}. Flat images: `{name}.reshape(n, height, width)`; points: "
                f"`{name}.astype('float32')`."
            )
        return x
    if x.shape[3] not in (1, 3, 4):
        hint = "Keep 1 or 3 of them."
        if x.shape[1] in (1, 3):
            hint = f"`{name}.transpose(0, 2, 3, 1)` puts the channels last."
        raise ValueError(
            f"`{name}` must hold images with 1, 3 or 4 channels, axes (n, height, width, "
            f"channels). Received: shape {x.shape}. {hint}"
        )
    if x.dtype != np.uint8 and x.min() >= 0:  # dark pixels are negative in [-1, 1]
        raise ValueError(
            f"`{name}` must be uint8 or float images in [-1, 1]. Received: values from "
            f"{x.min():.6g} to {x.max():.6g}, as of [0, 1]. Store `2 * {name} - 1`, or "
            f"`(255 * {name}).round().astype('uint8')`."
        )
    return x
