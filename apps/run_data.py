"""What data a run was begun with: kept in its folder, compared where it goes on."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import tensorflow as tf
from ml_collections import ConfigDict

from apps import checkpoints, own_data, sources
from apps.atomic import replacing
from apps.differences import differences
from apps.run_folder import RunFolder

_PART = 2**24  # numbers that are hashed at a time


def describe(config: ConfigDict, source: sources.Source, data_dir: str | None) -> dict[str, Any]:
    """Say what tells a run's data from others. Where they lie does not.

    Args:
        config: the whole config.
        source: its data.
        data_dir: folder of the data.

    Returns:
        dict for JSON: number and shape of the samples; of a set of tensorflow-datasets, also one
        whose digits are stacked, its version and split; of arrays and pictures the SHA-256 of what
        is trained on, before it is shuffled, and the names of the classes. Toy data, and which
        digits are stacked, are a function of the config.
    """
    found = {"samples": source.num_samples, "shape": list(source.sample_shape)}
    if config.data.name in sources.TOYS:
        return found
    named = sources.tfds_set(config, data_dir)
    if named is not None:
        builder, split = named
        return found | {"set": builder.info.full_name, "split": split}
    names = own_data.class_names(config.data, data_dir)
    found |= {} if names is None else {"classes": names}
    return found | {"sha256": hash_of(source.batches.arrays)}


def hash_of(arrays: tuple[tf.Tensor, ...]) -> str:
    """Return the SHA-256 of types, shapes and values.

    Args:
        arrays: tensors `(n, ...)` in the memory of the host, which are copied part by part.

    Returns:
        str, 64 hexadecimal digits.

    Example:
        >>> hash_of((tf.constant([1, 2]),))[:8]
        '02d2bea3'
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.name} {array.shape.as_list()}".encode())
        rows = max(1, _PART // math.prod(array.shape[1:]))
        with tf.device("CPU:0"):
            for start in range(0, array.shape[0], rows):
                digest.update(array[start : start + rows].numpy())
    return digest.hexdigest()


def check_place(folder: RunFolder, config: ConfigDict, data_dir: str | None) -> None:
    """Refuse a run inside its own folder of pictures: what it draws would be data.

    Args:
        folder: the run's folder, begun or not.
        config: the whole config.
        data_dir: folder of the data.

    Raises:
        ValueError: if the run's folder lies there.
    """
    if config.data.name != "folder" or not data_dir:
        return
    pictures = Path(data_dir).expanduser().resolve()
    if folder.path.resolve().is_relative_to(pictures):
        raise ValueError(
            "`--workdir` must lie outside of --data_dir, all of whose pictures are data. Received: "
            f"{folder.path} inside {pictures}. Choose another --workdir."
        )


def check(folder: RunFolder, data: dict[str, Any], override: bool = False) -> list[str]:
    """Refuse other data than those that the run was begun with. Writes nothing.

    Args:
        folder: the run's folder, begun or not.
        data: what `describe` returned.
        override: bool, accept other data.

    Returns:
        List of str, the differences that were accepted.

    Raises:
        ValueError: if the data are others, or what the folder says of them cannot be read.
    """
    if not folder.config.exists() or not folder.data.exists():
        return []
    try:
        there = json.loads(folder.data.read_text(encoding="utf-8"))
        lines = differences(there, data, "data.")
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"`--workdir` must say what data its run has. Received: {folder.data}, which cannot be "
            f"read ({error}). Put back a copy; without that file, the data are not compared."
        ) from error
    if lines and not override:
        raise ValueError(
            "`--data_dir` must hold the data that the run was begun with. Received: others than "
            f"those of {folder.path}:\n  "
            + "\n  ".join(lines)
            + "\nGive the earlier ones, choose another --workdir, or go on with "
            "these by --override."
        )
    return lines


def keep(folder: RunFolder, data: dict[str, Any]) -> None:
    """Write what a run's data are into its folder, unless it says so.

    Args:
        folder: the run's folder, begun.
        data: what `describe` returned.
    """
    text = json.dumps(data, indent=2) + "\n"
    is_there = folder.data.exists()
    if not is_there and checkpoints.files(folder.checkpoints):
        print(f"{folder.data} was missing: the run is from now on one with these data.")
    if not is_there or folder.data.read_text(encoding="utf-8") != text:
        with replacing(folder.data) as temporary:
            temporary.write_text(text)
