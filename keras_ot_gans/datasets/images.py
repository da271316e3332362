"""Image sets by name: those of the papers, and any of tensorflow-datasets."""

from __future__ import annotations

import logging
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_ot_gans.datasets.arrays import from_array
from keras_ot_gans.datasets.epoch_shuffle import EpochShuffle
from keras_ot_gans.datasets.folders import from_folder
from keras_ot_gans.datasets.image_sets import IMAGE_SETS, ImageSet
from keras_ot_gans.datasets.pixels import check_crop, check_image_size, prepare_image
from keras_ot_gans.datasets.streams import from_stream, to_memory

GIB = 2**30
_PAPER = "paper"


def load_image_set(
    name: str,
    split: str | None = None,
    image_size: int | tuple[int, int] | None = None,
    batch_size: int = 64,
    *,
    data_dir: str | None = None,
    seed: int | EpochShuffle = 0,
    with_labels: bool = False,
    crop: str | int | float | None = _PAPER,
    flip: bool | None = None,
    shuffle: bool = True,
    drop_remainder: bool = True,
    repeat: bool = False,
    download: bool = False,
    memory_limit: int = 2 * GIB,
) -> tf.data.Dataset:
    """Batches of an image set, prepared as in its paper.

    Images are decoded, cropped and resized once and kept in memory as uint8
    (CIFAR-10: 147 MiB); the order then depends on nothing but (seed, epoch),
    see `from_array`. A set larger than `memory_limit` is read anew in each
    epoch and shuffled within 10,000 images, see `from_stream`.

    Args:
        name: a name of `IMAGE_SETS`, or any image set of tensorflow-datasets.
        split: tensorflow-datasets split, such as "test" or "train[:1000]".
            Default: the paper's, "train" for sets outside of `IMAGE_SETS`.
        image_size: int or (height, width). Default: the paper's; sets outside
            of `IMAGE_SETS` keep their size if it is one and the same.
        batch_size: int > 0, B.
        data_dir: folder of tensorflow-datasets. Default: its own, which is
            `~/tensorflow_datasets`. For "tiny_imagenet": the folder that holds
            `tiny-imagenet-200`, or that folder itself.
        seed: int >= 0, or an `EpochShuffle` to resume at an epoch.
        with_labels: bool. True gives pairs (images, int64 labels `(B,)`).
        crop: None, "square", "box", an int or a float, see `crop_image`; before
            resizing. Default "paper": the paper's, "square" outside of
            `IMAGE_SETS`. An int larger than all images is refused where the
            set says their size.
        flip: bool, mirror at random. Default: as in the paper, else no.
        shuffle: bool. False keeps the files' order.
        drop_remainder: bool. True drops the last partial batch.
        repeat: bool. True makes one pass run on without end.
        download: bool. True downloads and prepares the set if it is not there.
            Without a network this takes minutes to fail, so it is never tried
            unasked.
        memory_limit: int, bytes. Larger sets are streamed. Default: 2 GiB.

    Returns:
        `tf.data.Dataset` of float32 `(B, height, width, channels)` in [-1, 1],
        or of pairs with labels; known cardinality, prefetched. The attribute
        `epoch_shuffle` is the `EpochShuffle` of the order.

    Raises:
        ValueError: if the set, the split or the labels do not exist, or an
            argument does not fit.
        FileNotFoundError: if the set is not prepared and `download` is False.

    Example:
        dataset = load_image_set("cifar10", batch_size=64, download=True)
        gan.fit(dataset, epochs=50)

    Source: see `IMAGE_SETS[name].source` for each set.
    Differs: resized images are rounded to 8 bits.
    """
    entry = IMAGE_SETS.get(name)
    crop = _default_crop(entry) if crop == _PAPER else crop
    check_crop(crop)
    size = check_image_size(image_size) if image_size is not None else None
    if size is None and entry is not None:
        size = check_image_size(entry.sizes[0])
    flip = (entry is not None and entry.flip) if flip is None else flip
    order = {"seed": seed, "shuffle": shuffle, "drop_remainder": drop_remainder}
    order.update({"repeat": repeat, "flip": flip})
    if entry is not None and entry.tfds_name is None:
        folder = _tiny_imagenet_folder(data_dir, split or entry.split)
        return from_folder(
            folder,
            size,
            batch_size,
            crop=crop,
            channels=entry.channels,
            with_labels=with_labels,
            **order,
        )
    split = split or (entry.split if entry else "train")
    builder = _builder(name, entry, data_dir)
    _check_features(builder, name, size, crop, with_labels)
    raw = _read(builder, name, split, download, crop == "box", with_labels)

    def prepare(element):
        box = element["bbox"] if crop == "box" else None
        image = prepare_image(element["image"], size, crop, box)
        return (image, element["label"]) if with_labels else image

    images = raw.map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    spec = images.element_spec[0] if with_labels else images.element_spec
    if int(images.cardinality()) * math.prod(spec.shape) > memory_limit:
        return from_stream(images, batch_size, **order)
    pixels, labels = to_memory(images)
    return from_array(pixels, batch_size, labels, **order)


def _default_crop(entry: ImageSet | None) -> str | int | float | None:
    return "square" if entry is None else entry.crop


def _tiny_imagenet_folder(data_dir: str | None, split: str) -> Path:
    """Find the folder of a split of the unpacked archive."""
    if data_dir is not None:
        for root in (Path(data_dir), Path(data_dir) / "tiny-imagenet-200"):
            if (root / split).is_dir():
                return root / split
    raise FileNotFoundError(
        "`data_dir` must hold the unpacked archive of Tiny ImageNet, with a folder "
        f"`tiny-imagenet-200/{split}`. Received: data_dir={data_dir!r}. "
        "Get http://cs231n.stanford.edu/tiny-imagenet-200.zip, unpack it there and try again."
    )


def _builder(name: str, entry: ImageSet | None, data_dir: str | None) -> Any:
    # Imported here: toy runs need none of it.
    import tensorflow_datasets as tfds

    try:
        if re.match(r"[^/]*:[^\d*]", name):  # others' sets, whose code would be fetched and run
            raise tfds.core.DatasetNotFoundError(f"{name} is of another collection")
        return tfds.builder(entry.tfds_name if entry else name, data_dir=data_dir)
    except (tfds.core.DatasetNotFoundError, ValueError, KeyError) as error:
        raise ValueError(
            f"`name` must be one of {', '.join(IMAGE_SETS)}, or an image set of "
            f"tensorflow-datasets. Received: name={name!r}. "
            "`tfds.list_builders()` lists the latter; for own pictures use `from_folder`."
        ) from error


def _check_features(
    builder: Any, name: str, size: tuple | None, crop: Any, with_labels: bool
) -> None:
    """Check that the set has what was asked for, before any file is read."""
    features = builder.info.features
    keys = list(features.keys()) if hasattr(features, "keys") else []
    if "image" not in keys:
        raise ValueError(
            f"`name` must be a set with the feature 'image'. Received: name={name!r} with "
            f"{keys}. Read it by tensorflow-datasets and pass arrays to `from_array`."
        )
    image = features["image"]
    if np.dtype(image.np_dtype) != np.uint8 or len(image.shape) != 3:
        raise ValueError(
            f"`name` must be a set of 8-bit images. Received: name={name!r} with {image}. "
            "Convert it by hand and use `from_array`."
        )
    if size is None and None in image.shape:
        raise ValueError(
            f"`image_size` is needed where images differ in size. Received: image_size=None "
            f"for name={name!r} with shape {image.shape}. Pass such as `image_size=64`."
        )
    if crop == "box" and "bbox" not in keys:
        raise ValueError(
            f"`crop` 'box' needs the feature 'bbox'. Received: name={name!r} with {keys}. "
            "Use crop='square'."
        )
    known = [side for side in image.shape[:2] if side is not None]
    if isinstance(crop, int) and known and crop > min(known):
        raise ValueError(
            f"`crop` must not exceed the images' sides. Received: crop={crop} for name={name!r} "
            f"with shape {image.shape}. Use crop='square'."
        )
    if with_labels and "label" not in keys:
        raise ValueError(
            f"`with_labels` needs the feature 'label'. Received: name={name!r} with {keys}. "
            "Pass `with_labels=False`."
        )


def _read(
    builder: Any, name: str, split: str, download: bool, box: bool, labels: bool
) -> tf.data.Dataset:
    """Open the set without waiting for a network, in a deterministic order."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    wanted = {"image"} | ({"bbox"} if box else set()) | ({"label"} if labels else set())
    # Leaving out features saves much where they are large (masks, attributes), but logs a
    # deprecation of tensorflow-datasets' own; plain numbers and strings cost nothing.
    large = any(features[key].shape != () for key in set(features.keys()) - wanted)
    decoders = tfds.decode.PartialDecoding(dict.fromkeys(wanted, True)) if large else None
    if download:
        logging.getLogger(__name__).warning("Preparing %s, downloading what is missing.", name)
        builder.download_and_prepare()
    try:
        return builder.as_dataset(
            split=split,
            decoders=decoders,
            shuffle_files=False,
            # A second cache beside the uint8 arrays would double the memory.
            read_config=tfds.ReadConfig(try_autocache=False),
        )
    except AssertionError as error:  # what tensorflow-datasets raises for a missing set
        raise FileNotFoundError(_how_to_prepare(builder, name)) from error
    except ValueError as error:
        raise ValueError(
            f"`split` must name splits of {name!r}, of {', '.join(builder.info.splits)}. "
            f"Received: split={split!r}. Parts are written 'train[:1000]', sums 'train+test'."
        ) from error


def _how_to_prepare(builder: Any, name: str) -> str:
    full_name = str(builder.info.full_name).rpartition("/")[0]
    text = (
        f"`name` must be a prepared set. Received: name={name!r}, not found in "
        f"{builder.data_path}. With a network, pass `download=True` once, or run\n"
        f'  python -c "import tensorflow_datasets as tfds; '
        f"tfds.load('{full_name}', data_dir=DIR)\"\n"
        "and pass that folder as `data_dir`."
    )
    manual = builder.MANUAL_DOWNLOAD_INSTRUCTIONS
    return f"{text}\nFiles to be fetched by hand first: {manual.strip()}" if manual else text
