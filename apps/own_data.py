"""A user's own data: a folder of pictures or a file of arrays, as the data section says."""

import functools
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from apps.look_up import call
from keras_ot_gans import datasets
from keras_ot_gans.datasets import folders, npz, picture_files


class Kind(NamedTuple):
    """A kind of own data.

    Attributes:
        read: function that makes batches of it.
        what: what `data_dir` must be, in words.
        example: a value for `--data_dir`.
    """

    read: Callable[..., tf.data.Dataset]
    what: str
    example: str


KINDS = {
    "folder": Kind(datasets.from_folder, "a folder of pictures", "FOLDER"),
    "npz": Kind(datasets.from_npz, "a .npz or .npy file", "FILE.npz"),
}
"""`data.name` to what it stands for; `data_dir` says where it lies."""

# Keys of the stock configs that are about their own set, and mean nothing for another one.
STOCK = ("split", "n", "size", "seed", "weights", "side", "majority", "minority")
WHOLE = "whole"  # a crop policy that flags can spell: the library's None


def without_stock(section: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a config says about its own set where another one is named.

    Args:
        section: the data section.

    Returns:
        dict, the section.

    Example:
        >>> without_stock({"name": "npz", "split": "train", "flip": True})
        {'name': 'npz', 'flip': True}
        >>> without_stock({"name": "mnist", "split": "train"})
        {'name': 'mnist', 'split': 'train'}
    """
    own = section["name"] in KINDS
    return {key: value for key, value in section.items() if not (own and key in STOCK)}


def read(section: Mapping[str, Any], data_dir: str | None) -> tf.data.Dataset:
    """Read own data.

    Args:
        section: dict, the data section and what else the library's function takes.
        data_dir: folder or file.

    Returns:
        `tf.data.Dataset` of batches.

    Raises:
        ValueError: if `data_dir` is missing, a key does not belong there, or the data cannot be
            used.
        FileNotFoundError: if the data are not there.
    """
    path = place(section["name"], data_dir)
    if section["name"] == "folder" and section.get("image_size") is None:
        raise ValueError(
            "`data.image_size` must be given for a folder of pictures. Received: a config without "
            "it, such as those of points. Begin with a config of images, such as "
            "configs/act_mnist.py; points are read by --config.data.name=npz."
        )
    function, section = with_crop(KINDS[section["name"]].read, dict(section))
    return call("data", function, section, path)


def place(name: str, data_dir: str | None) -> str:
    """Return where own data lie.

    Args:
        name: key of `KINDS`.
        data_dir: what the user gave.

    Returns:
        str, path.

    Raises:
        ValueError: if nothing was given.
    """
    if not data_dir:  # an empty one would be where we are
        kind = KINDS[name]
        raise ValueError(
            f"`data_dir` must be {kind.what} where data.name is {name!r}. Received: {data_dir!r}. "
            f"Pass --data_dir={kind.example}."
        )
    return os.path.expanduser(data_dir)


def with_crop(function: Callable, section: dict[str, Any]) -> tuple[Callable, dict[str, Any]]:
    """Turn a crop policy that a flag can spell into the library's.

    Args:
        function: function with the argument `crop`.
        section: dict, the data section; `crop` may be "square", "whole", a number of pixels, a
            part of the shorter side, or None for the function's default.

    Returns:
        `(function, section)` to be called with each other.

    Example:
        >>> with_crop(dict, {"crop": "0.5"})[1], with_crop(dict, {"crop": "64"})[1]
        ({'crop': 0.5}, {'crop': 64})
        >>> function, section = with_crop(dict, {"crop": "whole"})
        >>> function(**section)
        {'crop': None}
    """
    crop = section.get("crop")
    if crop == WHOLE:  # a None in a section would mean the default
        rest = {key: value for key, value in section.items() if key != "crop"}
        return functools.partial(function, crop=None), rest
    if isinstance(crop, str):
        for number in (int, float):
            try:
                return function, section | {"crop": number(crop)}
            except ValueError:
                continue  # a word, which the library knows or refuses
    return function, section


def classes(section: Mapping[str, Any], data_dir: str | None, decode: bool = False) -> np.ndarray:
    """Return the classes of own data.

    Args:
        section: dict, the data section.
        data_dir: folder or file.
        decode: bool. True leaves pictures out that `skip_unreadable` would; each is then decoded.

    Returns:
        int64 array `(n,)`.

    Raises:
        ValueError: if there are none, or one is left without pictures.
        FileNotFoundError: if the data are not there.
    """
    path = place(section["name"], data_dir)
    if section["name"] == "folder":
        if decode and section.get("skip_unreadable"):
            return folders.readable_classes(path, section.get("channels") or 3)
        return picture_files.class_indices(path, picture_files.find_images(path))
    keys = {key: section.get(key) for key in ("key", "label_key")}
    return call("data", npz.read_labels, keys, path)


def class_names(section: Mapping[str, Any], data_dir: str | None) -> list[str] | None:
    """Return the names of the classes of own data.

    Args:
        section: dict, the data section.
        data_dir: folder or file.

    Returns:
        List of str, class 0 first; None where there are none, or numbers only.
    """
    if section["name"] != "folder" or not section.get("with_labels", False):
        return None
    root = Path(place(section["name"], data_dir))
    return picture_files.class_names(root, picture_files.find_images(root))


class _Once(logging.Filter):
    """Lets a text pass once: the scores of a run read its folder again."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        new = text not in self.seen
        self.seen.add(text)
        return new


for _module in (folders, picture_files):
    logging.getLogger(_module.__name__).addFilter(_Once())
