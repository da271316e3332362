"""Real samples that a run was not trained on: critics are calibrated and samplers tuned by them."""

import inspect
import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from ml_collections import ConfigDict

from apps import judging, own_data, sources
from apps.look_up import call
from keras_ot_gans.datasets import IMAGE_SETS
from keras_ot_gans.datasets.npz_files import list_arrays

SPLITS = ("test", "validation")  # of tensorflow-datasets, in order of preference
TRAINING = "training"
_SEEDS = 10**6  # from the seed of a toy set to those of its fresh points


class Reals(NamedTuple):
    """Real samples.

    Attributes:
        samples: float32 array `(n, ...)`, fewer than were asked for where there are no more.
        labels: int array `(n,)`, or None for data without.
        origin: the split that they are of, "fresh" for points drawn anew, or `TRAINING` where
            nothing was held out.
    """

    samples: np.ndarray
    labels: np.ndarray | None
    origin: str


def read(config: ConfigDict, n: int, data_dir: str | None = None) -> Reals:
    """Read real samples that a run was not trained on, if there are any.

    They are fresh points for toy sets; for sets of tensorflow-datasets those of the split "test",
    else "validation"; for `.npz` files those of the arrays named alike ("x_test" for "x_train").
    A split that the run was trained on, or has no classes where the run needs some, is none.

    Args:
        config: the run's config.
        n: int > 0, how many at most.
        data_dir: folder or file of the data, as for training.

    Returns:
        `Reals`; the training data where there are no others.

    Raises:
        ValueError: if the data do not fit the config.
        FileNotFoundError: if the data are not there.
    """
    if config.data.name in sources.TOYS:
        return Reals(_fresh(config, n), None, "fresh")
    data_dir = None if data_dir is None else os.path.expanduser(data_dir)
    with_labels = config.data.get("with_labels", False)
    for split, section in _others(config, data_dir):
        batches = judging.real_images(section, data_dir, with_labels)
        samples, labels = sources.first_of(batches, n)
        if labels is None or labels.min() >= 0:  # -1: the class is a secret
            return Reals(samples, labels, split)
    return Reals(*sources.build_source(config, data_dir).first(n), TRAINING)


def whole_splits(split: str) -> set[str]:
    """Return the splits of which there are at least parts in one of tensorflow-datasets.

    Args:
        split: str.

    Returns:
        Set of str.

    Example:
        >>> sorted(whole_splits("train[:5]+test"))
        ['test', 'train']
    """
    return set(re.sub(r"\[[^\]]*\]", "", split).split("+"))


def _fresh(config: ConfigDict, n: int) -> np.ndarray:
    draw, section = sources.TOYS[config.data.name].points, dict(config.data)
    if "n" in inspect.signature(draw).parameters:
        section["n"] = n
    seed, found = (section.get("seed") or 0) + _SEEDS, []
    while sum(map(len, found)) < n:
        found.append(call("data", draw, section | {"seed": seed + len(found)}))
    return np.concatenate(found)[:n]


def _others(config: ConfigDict, data_dir: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield names and data sections of what the run was not trained on."""
    section = own_data.without_stock(config.data)
    if section["name"] in own_data.KINDS:
        yield from _other_arrays(section, data_dir)
        return
    entry = IMAGE_SETS.get(section["name"].removeprefix(sources.TFDS))
    if entry is not None and entry.tfds_name is None:
        return
    judging.real_images(section, data_dir)  # a name that is known, of a set that is there
    builder, split = sources.tfds_set(config, data_dir)
    trained_on = whole_splits(split)
    if "all" not in trained_on:
        for split in SPLITS:
            if split in builder.info.splits and split not in trained_on:
                yield split, section | {"split": split}


def _other_arrays(
    section: dict[str, Any], data_dir: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield sections of the arrays beside the training ones."""
    if section["name"] != "npz" or "train" not in (section.get("key") or ""):
        return
    keys = {"key": section["key"]}
    if section.get("with_labels"):
        keys["label_key"] = section.get("label_key") or "labels"
    names = list_arrays(own_data.place("npz", data_dir))
    for split, words in {"test": ("test",), "validation": ("validation", "val")}.items():
        for word in words:
            others = {key: name.replace("train", word) for key, name in keys.items()}
            if set(others.values()) <= set(names) and not set(others.values()) & set(keys.values()):
                yield split, section | others
