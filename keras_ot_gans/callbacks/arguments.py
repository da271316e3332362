"""Checks that every callback makes when it is constructed, before hours of training."""

import os
from typing import Any


def make_folder(name: str, path: Any) -> str:
    """Make a folder at once, so that a wrong path fails before the training.

    Args:
        name: the argument's name.
        path: str or path-like.

    Returns:
        The path as `str`; the folder exists.

    Raises:
        ValueError: if a file is in the way or the folder cannot be written to.
        TypeError: if `path` is no path.

    Example:
        >>> make_folder("directory", None)
        Traceback (most recent call last):
        ...
        TypeError: `directory` must be a path. Received: None. Pass the run's folder.
    """
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise TypeError(f"`{name}` must be a path. Received: {path!r}. Pass the run's folder.")
    path = os.fspath(path)
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"`{name}` must be a folder that can be made. Received: {path!r} ({error}). "
            "Remove the file in its way, or choose another folder."
        ) from error
    if not os.access(path, os.W_OK):
        raise ValueError(
            f"`{name}` must be a folder that can be written to. Received: {path!r}. "
            "Change its permissions, or choose another folder."
        )
    return path


def check_offers(callback: Any, model: Any, *methods: str) -> None:
    """Check that a model has the methods that a callback is going to call.

    Args:
        callback: the callback, for its name.
        model: the model that `fit` handed over.
        *methods: names of methods or properties.

    Raises:
        ValueError: if one is missing.

    Example:
        >>> check_offers("text", 1, "plans")
        Traceback (most recent call last):
        ...
        ValueError: `str` needs a model that offers `plans`. Received: a model of class int. \
Fit one of `keras_ot_gans.models` that does, or leave the callback out.
    """
    for method in methods:
        if not hasattr(model, method):
            raise ValueError(
                f"`{type(callback).__name__}` needs a model that offers `{method}`. "
                f"Received: a model of class {type(model).__name__}. "
                "Fit one of `keras_ot_gans.models` that does, or leave the callback out."
            )
