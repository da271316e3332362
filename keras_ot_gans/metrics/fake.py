"""The one pass over generated images."""

from typing import Any

import keras
import numpy as np

from keras_ot_gans.metrics.feature_pass import FeaturePass
from keras_ot_gans.metrics.image_stream import image_batches
from keras_ot_gans.metrics.protocol import ProtocolCard
from keras_ot_gans.metrics.quantise import to_pixels


def gather_fake(
    gathered: FeaturePass, fake: Any, card: ProtocolCard, batch_size: int, verbose: int
) -> None:
    """Check generated images and feed them to a pass, batch by batch.

    Args:
        gathered: `FeaturePass` of `card.n_fake` images.
        fake: see `image_batches`.
        card: `ProtocolCard`: shape, quantisation and seed.
        batch_size: int > 0.
        verbose: 0 or 1, show a progress bar.

    Raises:
        ValueError: if images are not finite, in another range, of another shape, or too few.
    """
    num, shape = card.n_fake, (*card.image_size, card.channels)
    rng = np.random.default_rng(card.seed)
    bar = keras.utils.Progbar(num, verbose=verbose, unit_name="fake image")
    for number, (images, labels) in enumerate(image_batches(fake, batch_size, num, "fake")):
        name = f"fake, batch {number}"
        pixels = to_pixels(images, card.quantise, name=name, channels=card.channels)
        if pixels.shape[1:] != shape:
            raise ValueError(
                f"`{name}` must have the shape of the real images, {shape}. "
                f"Received: {pixels.shape[1:]}. Compare images of one size."
            )
        keys = rng.integers(0, 2**63, size=len(pixels), dtype=np.uint64)
        gathered.update(pixels, keys, labels)
        bar.add(len(pixels))
    if gathered.count < num:
        raise ValueError(
            f"`fake` must hold num={num} images. Received: {gathered.count}. "
            f"Pass more of them, or num={gathered.count}."
        )
