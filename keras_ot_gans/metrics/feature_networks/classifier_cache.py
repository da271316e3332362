"""Trained classifiers on disk: written whole, checked when read."""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_ot_gans.files import replacing
from keras_ot_gans.metrics.feature_networks.weight_files import sha256_of_arrays

# Part of every hash: raise it when the classifier or its training changes.
_VERSION = 1


def settings_hash(images: np.ndarray, labels: np.ndarray, settings: Mapping[str, Any]) -> str:
    """Hash of everything that a trained classifier depends on.

    Args:
        images: array `(n, H, W, C)`.
        labels: array `(n,)`.
        settings: numbers by name.

    Returns:
        First 32 hexadecimal digits of a SHA-256.

    Example:
        >>> x, y = np.zeros((1, 4, 4, 1)), np.zeros(1)
        >>> settings_hash(x, y, {"seed": 0}) == settings_hash(x, y, {"seed": 1})
        False
    """
    described = json.dumps({"version": _VERSION, **settings}, sort_keys=True, default=float)
    both = f"{described}{sha256_of_arrays([images, labels])}"
    return hashlib.sha256(both.encode()).hexdigest()[:32]


def save_classifier(path: Path, weights: Sequence[np.ndarray], accuracy: float) -> None:
    """Write weights and accuracy in one step, with their own hash.

    Args:
        path: file to write; its folder is made.
        weights: arrays.
        accuracy: float.

    Raises:
        OSError: if it cannot be written; nothing partial stays.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "c.npz")
        >>> save_classifier(path, [np.ones(2)], 0.5)
        >>> load_classifier(path, [(2,)])
        ([array([1., 1.])], 0.5)
    """
    arrays = {f"weight_{i:03d}": np.asarray(array) for i, array in enumerate(weights)}
    arrays["accuracy"] = np.float64(accuracy)
    arrays["sha256"] = np.array(_hash(arrays))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)
    except OSError as error:
        raise OSError(
            error.errno,
            f"The trained classifier could not be written ({error.strerror}); nothing partial was "
            "left. Free some space, or pass another `cache_dir` or None",
            os.fspath(path),
        ) from error


def load_classifier(
    path: Path, shapes: Sequence[tuple[int, ...]]
) -> tuple[list[np.ndarray], float]:
    """Read what `save_classifier` wrote.

    Args:
        path: the file.
        shapes: shapes that the weights must have.

    Returns:
        Weights and accuracy.

    Raises:
        ValueError: if the file is damaged or holds other weights; names it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "c.npz")
        >>> _ = path.write_text("damaged")
        >>> load_classifier(path, [(2,)])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: The cached classifier ... is damaged (...).
    """
    try:
        # Opened here, because np.load leaves a damaged file open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)
        expected = str(arrays.pop("sha256"))
        if _hash(arrays) != expected:
            raise ValueError("its numbers have another hash")
        accuracy = float(arrays.pop("accuracy"))
        weights = [arrays[name] for name in sorted(arrays)]
        if [weight.shape for weight in weights] != [tuple(shape) for shape in shapes]:
            raise ValueError("its weights have other shapes")
    except (
        ValueError,
        KeyError,
        EOFError,
        OSError,
        TypeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as e:
        raise ValueError(f"The cached classifier {str(path)!r} is damaged ({e}).") from e
    return weights, accuracy


def _hash(arrays: Mapping[str, np.ndarray]) -> str:
    """Hash of the weights and the accuracy, without the hash itself."""
    return sha256_of_arrays(arrays[name] for name in sorted(arrays) if name != "sha256")
