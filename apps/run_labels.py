"""Labels of a conditional run: counted in its data, kept in its folder, drawn for its samples."""

import json

import keras
import numpy as np
from ml_collections import ConfigDict

from apps import own_data, sources, stacked_digits
from apps.atomic import replacing
from apps.run_folder import RunFolder
from keras_ot_gans.datasets import IMAGE_SETS
from keras_ot_gans.ops.labels import Labels


def of_run(
    config: ConfigDict,
    folder: RunFolder | None,
    data_dir: str | None,
    source: sources.Source | None = None,
) -> Labels | None:
    """Return the labels of a run: those it was begun with, or those of its data.

    Args:
        config: the whole config.
        folder: the run's folder, begun or not; None for a run without one.
        data_dir: folder of the data, which have been found there.
        source: the data, if they have been read.

    Returns:
        `ops.Labels`, None where `data.with_labels` is not set.

    Raises:
        ValueError: if the data have no classes, or what the folder holds cannot be read.
    """
    if not config.data.get("with_labels", False):
        return None
    if folder is not None and folder.labels.exists():
        return read(folder, config)
    return of_data(config, data_dir, source)


def of_data(
    config: ConfigDict, data_dir: str | None = None, source: sources.Source | None = None
) -> Labels:
    """Count the labels of a config's images.

    None is decoded, but for digits that are stacked, and pictures of a folder with
    `data.skip_unreadable`: those that are left out do not count.

    Args:
        config: the whole config.
        data_dir: folder of tensorflow-datasets, or of pictures in a folder per class, or a file
            of arrays.
        source: the data, if they have been read: own pictures are then not decoded again.

    Returns:
        `ops.Labels` whose frequencies are the counts; uniform for Tiny ImageNet, whose classes
        are equally large.

    Raises:
        ValueError: if the labels are no classes.
        FileNotFoundError: if the data are not there.
    """
    if config.data.name in own_data.KINDS:
        if source is None:
            found = own_data.classes(config.data, data_dir, decode=True)
        else:
            found = source.batches.arrays[1].numpy()
        return Labels.of_data(found, int(found.max()) + 1)
    if config.data.name == stacked_digits.NAME:
        section = own_data.without_stock(config.data)
        batches = source.batches if source else stacked_digits.read(section, data_dir, batch_size=1)
        return Labels.of_data(batches.labels, stacked_digits.MODES)
    found = sources.tfds_set(config, data_dir)
    if found is None:
        return Labels(IMAGE_SETS[config.data.name.removeprefix(sources.TFDS)].classes)
    import tensorflow_datasets as tfds  # other data need none of it

    builder, split = found
    num_classes = getattr(builder.info.features["label"], "num_classes", None)
    if num_classes is None:
        raise ValueError(
            "`data.with_labels` must be False where the labels are no classes. Received: "
            f"data.name={config.data.name!r} with {builder.info.features['label']}. "
            "Train without labels."
        )
    elements = builder.as_dataset(
        split=split,
        decoders={"image": tfds.decode.SkipDecoding()},
        shuffle_files=False,
        read_config=tfds.ReadConfig(try_autocache=False),
    )
    batches = elements.map(lambda element: element["label"]).batch(1024).as_numpy_iterator()
    return Labels.of_data(np.concatenate(list(batches)), num_classes)


def keep(folder: RunFolder, labels: Labels | None) -> None:
    """Write a run's labels into its folder, where later starts, samples and scores find them.

    Args:
        folder: the run's folder, begun.
        labels: `ops.Labels`; None writes nothing.
    """
    if labels is not None and not folder.labels.exists():
        with replacing(folder.labels) as temporary:
            temporary.write_text(json.dumps(labels.get_config()) + "\n")


def read(folder: RunFolder, config: ConfigDict) -> Labels | None:
    """Return the labels that a run was begun with.

    Args:
        folder: the run's folder.
        config: its config.

    Returns:
        `ops.Labels`, None for a run without labels.

    Raises:
        ValueError: if those of a conditional run cannot be read.
    """
    if not config.data.get("with_labels", False):
        return None
    try:
        return Labels.from_config(json.loads(folder.labels.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(
            f"`--workdir` must hold the labels of its run. Received: {folder.labels}, which "
            f"cannot be read ({error}). Put back a copy, or train anew."
        ) from error


def draw(labels: Labels | None, num: int, seed: int, label: int | None = None) -> np.ndarray | None:
    """Choose the labels of samples as `AdversarialModel.sample` does.

    Args:
        labels: `ops.Labels` of a conditional run, else None.
        num: int, how many.
        seed: int >= 0, seed of the samples.
        label: int for samples of one class; None draws labels as the run does.

    Returns:
        int32 array `(num,)`, None for a run without labels.

    Raises:
        ValueError: if a label is asked for that the run does not have.

    Example:
        >>> draw(Labels(3), 4, seed=0, label=2).tolist()
        [2, 2, 2, 2]
        >>> draw(None, 4, seed=0) is None
        True
    """
    if labels is None:
        if label is not None:
            raise ValueError(
                "`label` must be left out for a run without labels. Received: "
                f"label={label}. Runs with data.with_labels=True have classes."
            )
        return None
    if label is None:
        return labels.sample((num,), keras.random.SeedGenerator(seed + 1)).numpy()
    if not 0 <= label < labels.num_classes:
        raise ValueError(
            f"`label` must be a class of the run, 0 to {labels.num_classes - 1}. Received: "
            f"label={label}. Leave it out for samples of all classes."
        )
    return np.full(num, label, "int32")
