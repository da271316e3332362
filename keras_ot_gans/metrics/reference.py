"""From real images to their reference statistics, in two passes."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_ot_gans.metrics.data_hash import DataHash
from keras_ot_gans.metrics.feature_networks import FeatureNetwork
from keras_ot_gans.metrics.feature_pass import FeaturePass
from keras_ot_gans.metrics.frechet import matrix_root
from keras_ot_gans.metrics.image_stream import image_batches
from keras_ot_gans.metrics.presets import Protocol
from keras_ot_gans.metrics.quantise import to_pixels
from keras_ot_gans.metrics.reference_statistics import ReferenceStatistics


class RealFacts(NamedTuple):
    """What a first look at the real images tells.

    Attributes:
        n_real: int, images.
        image_size: (height, width).
        channels: int.
        data_hash: str, see `DataHash`.
    """

    n_real: int
    image_size: tuple[int, int]
    channels: int
    data_hash: str


def real_quantise(protocol: Protocol) -> str:
    """Return how real images become pixels: they are 8-bit images, so they are never truncated.

    Args:
        protocol: `Protocol`.

    Returns:
        "none" where the protocol leaves floats, else "uint8".
    """
    return "none" if protocol.quantise == "none" else "uint8"


def look_at_real(
    source: Any, protocol: Protocol, batch_size: int, *, with_labels: bool = False
) -> RealFacts:
    """Count, check and hash the real images; no network is run.

    Args:
        source: see `image_batches`; at each pass it must give the same images, in any order.
        protocol: `Protocol`; its `n_real` limits the images.
        batch_size: int > 0.
        with_labels: bool, whether labels are part of the data.

    Returns:
        `RealFacts`.

    Raises:
        ValueError: if there are too few images, sizes differ, or labels are missing.
    """
    found, shape = DataHash(), None
    batches = image_batches(source, batch_size, protocol.n_real, "real")
    for number, (images, labels) in enumerate(batches):
        name = f"real, batch {number}"
        pixels = to_pixels(images, real_quantise(protocol), name=name)
        shape = pixels.shape[1:] if shape is None else shape
        if pixels.shape[1:] != shape:
            raise ValueError(
                f"`{name}` must have the shape of the images before, {shape}. "
                f"Received: {pixels.shape[1:]}. Resize the images to one size."
            )
        if with_labels and labels is None:
            raise ValueError(
                "`real` must come with labels for scores of classes. Received: images alone. "
                "Pass a pair (images, labels), or batches of such tuples."
            )
        found.update(pixels, labels if with_labels else None)
    wanted = 2 if protocol.n_real is None else protocol.n_real
    if found.count < wanted:
        raise ValueError(
            f"`real` must hold at least {wanted} images. Received: {found.count}. Pass all of the "
            "data, or a protocol with a smaller `n_real`."
        )
    return RealFacts(found.count, shape[:2], shape[2], found.hexdigest())


def compute_reference(
    network: FeatureNetwork,
    source: Any,
    protocol: Protocol,
    facts: RealFacts,
    real_side: dict[str, Any],
    *,
    batch_size: int,
    seed: int,
    with_classes: bool,
    verbose: int,
) -> ReferenceStatistics:
    """Run the network over the real images and reduce them to statistics.

    Args:
        network: `FeatureNetwork`.
        source: as for `look_at_real`.
        protocol: `Protocol`.
        facts: what `look_at_real` returned.
        real_side: `ProtocolCard.real_side()`, kept with the statistics.
        batch_size: int > 0.
        seed: int, chooses the kept features.
        with_classes: bool, also statistics of each class.
        verbose: 0 or 1, show a progress bar.

    Returns:
        `ReferenceStatistics`.

    Raises:
        ValueError: if the second pass gives other images than the first.
    """
    gathered = FeaturePass(
        network,
        protocol,
        facts.n_real,
        probabilities=network.num_classes is not None and facts.n_real >= protocol.splits,
        classes=with_classes,
    )
    hashed = DataHash(seed)
    bar = keras.utils.Progbar(facts.n_real, verbose=verbose, unit_name="real image")
    for images, labels in image_batches(source, batch_size, facts.n_real, "real"):
        pixels = to_pixels(images, real_quantise(protocol), name="real")
        keys = hashed.update(pixels, labels if with_classes else None)
        gathered.update(pixels, keys, labels)
        bar.add(len(pixels))
    if hashed.hexdigest() != facts.data_hash:
        raise ValueError(
            "`real` must give the same images at every pass. Received: other images in the "
            "second pass than in the first. Switch random flips and endless repetition off, and "
            "pass a function that makes a new iterator if it is a generator."
        )
    moments = gathered.moments.total()
    covariance = moments.covariance(protocol.covariance_ddof)
    score, std = (math.nan, math.nan)
    if gathered.inception is not None:
        score, std = gathered.inception_score()
    return ReferenceStatistics(
        real_side,
        moments.mean,
        covariance,
        matrix_root(covariance),
        moments.count,
        gathered.kept.features,
        score,
        std,
        **(_of_classes(gathered, protocol) if with_classes else {}),
    )


def _of_classes(gathered: FeaturePass, protocol: Protocol) -> dict[str, np.ndarray]:
    labels = sorted(gathered.by_class)
    found = [gathered.by_class[label].total() for label in labels]
    return {
        "class_labels": np.asarray(labels, np.int64),
        "class_counts": np.asarray([moments.count for moments in found], np.int64),
        "class_means": np.stack([moments.mean for moments in found]),
        # A class of one image has none; scores of classes refuse it later.
        "class_covariances": np.stack(
            [m.covariance(protocol.covariance_ddof if m.count > 1 else 0) for m in found]
        ),
    }
