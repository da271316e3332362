"""Image scores from names: feature networks, and the real images they compare with."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from apps import own_data, sources, stacked_digits
from apps.look_up import call, look_up
from keras_ot_gans import datasets
from keras_ot_gans.callbacks.generator_scores import usable
from keras_ot_gans.metrics.feature_networks import (
    FeatureNetwork,
    from_keras,
    inception_from_graph,
    inception_from_torch,
    keras_applications_inception,
    trained_classifier,
)
from keras_ot_gans.metrics.image_scores import ImageScores
from keras_ot_gans.metrics.quantise import to_pixels
from keras_ot_gans.metrics.score_names import SCORES
from keras_ot_gans.metrics.statistics_cache import default_cache_dir
from keras_ot_gans.models import AdversarialModel
from keras_ot_gans.models.exported import load_keras

CLASSIFIER = "classifier"
NETWORKS = {
    "inception_graph": inception_from_graph,
    "inception_torch": inception_from_torch,
    "keras_applications": lambda weights: keras_applications_inception(weights or "imagenet"),
}
BATCH = 100


def network_maker(
    name: str, weights: str | None = None, labelled: Callable[[], Any] | None = None
) -> Callable[[], FeatureNetwork]:
    """Return a function that makes a feature network when it is first needed.

    Args:
        name: key of `NETWORKS`, "classifier", or a `.keras` file whose outputs are features, or
            features and logits, of images in [-1, 1].
        weights: file of the network's weights; None to fetch them.
        labelled: function that returns batches of labelled images, for the classifier.

    Returns:
        Function without arguments.

    Raises:
        ValueError: if there is no such network.
    """
    if name.endswith(".keras"):
        return lambda: _from_file(Path(name).expanduser())
    known = {**NETWORKS, CLASSIFIER: None}
    make = look_up("network", name, known)
    if make is not None:
        return lambda: make(weights)
    if labelled is None:
        raise ValueError(
            "`network` must not be 'classifier' where the real images have no labels. Received: "
            "images without labels. Choose another network."
        )
    return lambda: _classifier(labelled)


def check(config: ConfigDict) -> None:
    """Check what the watch section says about image scores, before anything is loaded.

    Args:
        config: the whole config; configs of points may leave these keys out.

    Raises:
        ValueError: if a name is unknown, a number out of range, or the data are no images.
    """
    watch = config.watch
    for name in watch.get("scores", ()):
        look_up("watch.scores", name, SCORES)
    if not watch.get("scores", ()):
        return
    if config.data.name in sources.TOYS:
        raise ValueError(
            "`watch.scores` must be empty where the data are points. Received: "
            f"{', '.join(watch.scores)} for {config.data.name}. Use watch.metrics."
        )
    make = network_maker(watch.network, watch.weights, labelled=list)
    if watch.network.endswith(".keras"):
        make()  # said now, not once the folder is begun
    if watch.num_scored < 2:
        raise ValueError(f"`watch.num_scored` must be at least 2. Received: {watch.num_scored}.")
    labelled = [name for name in watch.scores if SCORES[name].labels]
    if labelled and not config.data.get("with_labels", False):
        raise ValueError(
            "`watch.scores` must be scores without labels where data.with_labels is not True. "
            f"Received: {', '.join(labelled)}. Leave them out, or train with labels."
        )


def without_classes(config: ConfigDict, data_dir: str | None) -> str | None:
    """Say why the classifier of a run's scores has nothing to learn, if so. No image is decoded.

    Args:
        config: the whole config, of data that have been found.
        data_dir: folder of the data, as for training.

    Returns:
        str, a line for the user; None where the scores need no classes, or the data have them.
    """
    names = ", ".join(config.watch.get("scores", ()))
    if not names or config.watch.network != CLASSIFIER:
        return None
    section = own_data.without_stock(config.data)
    try:
        if section["name"] in own_data.KINDS:
            number = len(np.unique(own_data.classes(section, data_dir)))
        elif section["name"] == stacked_digits.NAME:
            return None  # modes are there, and finding out would decode all digits
        else:
            real_images(section, data_dir, with_labels=True)
            return None
    except ValueError:
        number = 0
    if number > 1:
        return None
    return (
        f"Without the scores {names}: their network, a classifier, is trained on the classes of "
        f"the data, which have {number or 'none'}. Pictures in a folder for each class, or "
        "labels in a .npz file, are classes; --config.watch.network=inception_graph needs none."
    )


def run_network(config: ConfigDict, data_dir: str | None) -> Callable[[], FeatureNetwork]:
    """Return a function that makes the feature network of a run's scores.

    Args:
        config: the whole config, of images.
        data_dir: folder of the data, as for training.

    Returns:
        Function without arguments.

    Raises:
        ValueError: if there is no such network.
    """
    section = own_data.without_stock(config.data)

    def labelled() -> tf.data.Dataset:
        return real_images(section, data_dir, with_labels=True)

    return network_maker(config.watch.network, config.watch.weights, labelled)


def run_scores(config: ConfigDict, data_dir: str | None) -> list[ImageScores]:
    """Build the image scores of a run, against all images of its own data.

    Args:
        config: the whole config.
        data_dir: folder of the data, as for training.

    Returns:
        List of one `ImageScores`; of none where none are asked for, or `without_classes`.
    """
    if not config.watch.get("scores", ()) or without_classes(config, data_dir):
        return []
    return [_scores(config, data_dir)]


def usable_scores(
    config: ConfigDict, model: AdversarialModel, data_dir: str | None
) -> list[ImageScores]:
    """Build the image scores of a run and make what they need: network and real statistics.

    Args:
        config: the whole config.
        model: the run's model, whose replicas share the images.
        data_dir: folder of the data, as for training.

    Returns:
        List as of `run_scores`, without those whose network cannot be had: a line says so.

    Raises:
        ValueError: if a network or the real images cannot be used.
    """
    lacking = without_classes(config, data_dir)
    if lacking is not None:
        print(lacking)
    if lacking is not None or not config.watch.get("scores", ()):
        return []
    return usable([_scores(config, data_dir)], model)


def real_images(
    section: dict[str, Any], data_dir: str | None, with_labels: bool = False
) -> tf.data.Dataset:
    """Return the real images of a data section: all of them, once, in order, never mirrored.

    Args:
        section: dict of `name` and what else `datasets.load_image_set` or
            `own_data.read` takes.
        data_dir: folder or file of the data.
        with_labels: bool.

    Returns:
        `tf.data.Dataset` of float32 `(b, height, width, channels)` in [-1, 1], or pairs; read
        from the disk as it goes.

    Raises:
        ValueError: if the section does not fit.
        FileNotFoundError: if the data are not there.
    """
    section = {**section, "flip": False, "with_labels": with_labels}
    batching = {"batch_size": BATCH, "shuffle": False, "drop_remainder": False}
    if section["name"] == stacked_digits.NAME:
        return stacked_digits.read(section, data_dir, **batching)
    section |= batching
    if section["name"] in own_data.KINDS:
        return own_data.read(section, data_dir)
    name = section["name"].removeprefix(sources.TFDS)
    section |= {"data_dir": data_dir, "memory_limit": 0}  # bytes: streams instead of loading
    load, section = own_data.with_crop(datasets.load_image_set, section)
    return call("data", load, section, name)


def _scores(config: ConfigDict, data_dir: str | None) -> ImageScores:
    """Build the image scores that a run asks for."""
    watch = config.watch
    section = own_data.without_stock(config.data)

    def labelled() -> tf.data.Dataset:
        return real_images(section, data_dir, with_labels=True)

    needs_labels = any(SCORES[name].labels for name in watch.scores)
    return ImageScores(
        run_network(config, data_dir),
        labelled if needs_labels else lambda: real_images(section, data_dir),
        tuple(watch.scores),
        real_name=config.data.name,
        split=str(section.get("split", "all")),
        num=watch.num_scored,
        seed=config.train.seed,
        verbose=int(sys.stdout.isatty()),
    )


def _classifier(labelled: Callable[[], Any]) -> FeatureNetwork:
    """Train the small classifier on labelled images, or read it from the cache."""
    try:
        batches = labelled()
    except ValueError as error:
        raise ValueError(
            "`network` must not be 'classifier' where the real images have no classes. Received: "
            f"images whose labels cannot be had ({error}). Choose another network, such as "
            "inception_graph."
        ) from error
    found = [(to_pixels(images).astype(np.uint8), labels) for images, labels in batches]
    images, labels = (np.concatenate(parts) for parts in zip(*found, strict=True))
    folder = default_cache_dir().parent / "classifiers"
    return trained_classifier(images, labels, folder, verbose=int(sys.stdout.isatty()))


def _from_file(path: Path) -> FeatureNetwork:
    try:
        model = load_keras(path, "network")
    except ValueError as error:
        raise ValueError(
            "`network` must be a .keras file that can be read. "
            f"Received: {path} ({error}). Save the model by `model.save(path)`."
        ) from error
    return from_keras(model, name=path.stem)
