"""Real data from the data section of a config."""

import functools
import math
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from apps import own_data, stacked_digits
from apps.data_advice import advice_in_flags
from apps.look_up import call, look_up
from keras_ot_gans import datasets


class Toy(NamedTuple):
    """A toy set: a function that draws points, and one that knows their modes."""

    points: Callable[..., np.ndarray]
    mixture: Callable[..., datasets.GaussianMixture] | None = None


# The keys of the data section are read from the signature.
@functools.wraps(datasets.imbalanced_grid)
def _imbalanced_grid(**kwargs) -> np.ndarray:
    return datasets.imbalanced_grid(**kwargs).points


TOYS = {
    "bimodal_1d": Toy(datasets.bimodal_1d, datasets.bimodal_1d_mixture),
    "eight_gaussians": Toy(datasets.eight_gaussians, datasets.eight_gaussians_mixture),
    "imbalanced_grid": Toy(_imbalanced_grid, datasets.imbalanced_grid_mixture),
    "half_moons": Toy(datasets.half_moons),
    "swiss_roll": Toy(datasets.swiss_roll),
    "twenty_five_gaussians": Toy(
        datasets.twenty_five_gaussians, datasets.twenty_five_gaussians_mixture
    ),
}
TFDS = "tfds/"  # before the name of any other set of tensorflow-datasets
_LOOKED_AT, _LOOKED_AT_BYTES = 2000, 2**28  # images at most, for a picture of the data or codes
_OF_CODES = ("codes", "neighbours")  # pictures that 64 images do not fill


class Source(NamedTuple):
    """Real data, ready to be trained on and looked at.

    Attributes:
        batches: one pass over the data, `(B, ...)` or pairs with labels `(B,)`, of known length.
        order: what decides the order of each pass.
        real: array `(n, ...)`, some or all of the data.
        labels: their labels `(n,)`, None for data without.
        mixture: the modes where they are known, else None.
    """

    batches: tf.data.Dataset
    order: datasets.EpochShuffle
    real: np.ndarray
    labels: np.ndarray | None
    mixture: datasets.GaussianMixture | None

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return tuple(tf.nest.flatten(self.batches.element_spec)[0].shape[1:])

    @property
    def num_samples(self) -> int:
        """Number of samples."""
        return self.batches.num_samples

    def first(self, n: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Read the beginning of the first pass.

        Args:
            n: int > 0.

        Returns:
            `(samples, labels)`: arrays `(n, ...)` and `(n,)`, fewer where there are no more; None
            for data without labels.
        """
        self.order.set_epoch(0)
        return first_of(self.batches, n)

    def sample(self) -> tuple[np.ndarray, np.ndarray | None, int]:
        """Read enough to tell what the data are like.

        Returns:
            `(samples, labels, total)`: the beginning of the first pass, its labels if there are
            any, and `num_samples`.
        """
        if len(self.sample_shape) == 1:
            return self.real, self.labels, self.num_samples
        return *self.first(_enough(self.sample_shape)), self.num_samples

    def rounds(self, updates: int, first: int) -> tuple[tf.data.Dataset, int]:
        """Return the endless sequence of rounds, from a given one on.

        The sequence is a function of the seed alone: what comes after round `first` does not
        depend on whether a run was interrupted there.

        Args:
            updates: int, batches in a round.
            first: int, index of the first round.

        Returns:
            `(dataset, pass)`: rounds `(B, updates, ...)`, plain batches where `updates` is 1,
            labels packed alike, and the pass over the data in which they begin:
            `order.set_epoch(pass)` before use.
        """
        passes, skipped = divmod(first * updates, int(self.batches.cardinality()))
        # Of several workers each reads everything, and takes its part of every batch.
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = (
            tf.data.experimental.AutoShardPolicy.DATA
        )
        dataset = self.batches.with_options(options).repeat().skip(skipped)
        if updates > 1:
            return datasets.in_rounds(dataset, updates), passes
        return dataset.prefetch(tf.data.AUTOTUNE), passes


def build_source(config: ConfigDict, data_dir: str | None = None, download: bool = False) -> Source:
    """Load the data of a config.

    Args:
        config: the whole config; `data`, `train` and `watch` are read.
        data_dir: folder of tensorflow-datasets, or own data; toy sets need none.
        download: bool, prepare a missing set of tensorflow-datasets.

    Returns:
        `Source`.

    Raises:
        ValueError: if a name is unknown, a key does not belong there, or the data are unusable.
        FileNotFoundError: if the data are not there.
    """
    check_name(config)
    name, batch_size = config.data.name, config.train.batch_size
    data_dir = None if data_dir is None else os.path.expanduser(data_dir)
    section, order = own_data.without_stock(config.data), datasets.EpochShuffle(config.train.seed)
    with advice_in_flags(name in own_data.KINDS):
        if name in TOYS:
            points = call("data", TOYS[name].points, section)
            batches = datasets.from_array(points, batch_size, seed=order)
            return Source(batches, order, points, None, toy_mixture(config))
        batching = {"seed": order, "batch_size": batch_size}
        if name == stacked_digits.NAME:  # has a seed of its own
            batches = stacked_digits.read(section, data_dir, download, **batching)
        elif name in own_data.KINDS:
            batches = own_data.read(section | batching, data_dir)
        else:
            section |= {**batching, "data_dir": data_dir, "download": download}
            load, section = own_data.with_crop(datasets.load_image_set, section)
            batches = call("data", load, section, name.removeprefix(TFDS))
    return Source(batches, order, *_some(batches, order, config), None)


def tfds_set(config: ConfigDict, data_dir: str | None) -> tuple[Any, str] | None:
    """Find the set of tensorflow-datasets that a config's data are, or are made of. Reads nothing.

    Args:
        config: the whole config, whose data have been found.
        data_dir: folder of tensorflow-datasets.

    Returns:
        `(tfds.core.DatasetBuilder, split)`; None for other data.
    """
    name = config.data.name
    name = stacked_digits.OF if name == stacked_digits.NAME else name
    entry = datasets.IMAGE_SETS.get(name.removeprefix(TFDS))
    if name in TOYS or name in own_data.KINDS or (entry is not None and entry.tfds_name is None):
        return None
    import tensorflow_datasets as tfds  # other data need none of it

    data_dir = None if data_dir is None else os.path.expanduser(data_dir)
    builder = tfds.builder(entry.tfds_name if entry else name.removeprefix(TFDS), data_dir=data_dir)
    return builder, config.data.get("split") or (entry.split if entry else "train")


def check_name(config: ConfigDict) -> None:
    """Check that a config names data that are known.

    Args:
        config: the whole config.

    Raises:
        ValueError: if `data.name` is neither a toy set nor an image set nor a kind of own data.
    """
    name = config.data.name
    if not name.startswith(TFDS):
        known = [*TOYS, *own_data.KINDS, f"{TFDS}NAME", stacked_digits.NAME, *datasets.IMAGE_SETS]
        look_up("data.name", name, dict.fromkeys(known))


def toy_points(config: ConfigDict) -> np.ndarray | None:
    """Return the points of a config of toy data, which need no files.

    Args:
        config: the whole config.

    Returns:
        float32 array `(n, d)`, or None for other data.
    """
    if config.data.name not in TOYS:
        return None
    return call("data", TOYS[config.data.name].points, dict(config.data))


def toy_mixture(config: ConfigDict) -> datasets.GaussianMixture | None:
    """Return the modes of a config's data.

    Args:
        config: the whole config.

    Returns:
        `datasets.GaussianMixture`, or None where they are not known.
    """
    toy = TOYS.get(config.data.name)
    if toy is None or toy.mixture is None:
        return None
    section = {key: value for key, value in config.data.items() if key not in ("n", "seed")}
    return call("data", toy.mixture, section)


def _some(
    batches: tf.data.Dataset, order: datasets.EpochShuffle, config: ConfigDict
) -> tuple[np.ndarray, np.ndarray | None]:
    """Read what the pictures and metrics look at: images of the first pass."""
    wanted = config.watch.num_pictured
    if config.watch.metrics:  # twice as many: a metric's floor compares real with real
        wanted = max(wanted, 2 * config.watch.num_evaluated)
    if any(name in config.watch.pictures for name in _OF_CODES):
        shape = tf.nest.flatten(batches.element_spec)[0].shape[1:]
        wanted = max(wanted, _enough(shape))
    order.set_epoch(0)
    return first_of(batches, wanted)


def _enough(sample_shape: Sequence[int]) -> int:
    """Return how many images tell what the data are like, and fit into memory."""
    return max(1, min(_LOOKED_AT, _LOOKED_AT_BYTES // (4 * math.prod(sample_shape))))


def first_of(batches: tf.data.Dataset, n: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Read the first samples, and their labels where there are any.

    Args:
        batches: arrays `(B, ...)`, or pairs with labels `(B,)`.
        n: int > 0.

    Returns:
        `(samples, labels)`, fewer than `n` where there are no more; None for data without labels.
    """
    found, count = [], 0
    for batch in batches.as_numpy_iterator():
        found.append(tf.nest.flatten(batch))
        count += len(found[-1][0])
        if count >= n:
            break
    samples, *labels = (np.concatenate(parts)[:n] for parts in zip(*found, strict=True))
    return samples, labels[0] if labels else None
