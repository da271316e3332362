"""What every feature network offers: images in, features and logits out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np


class Features(NamedTuple):
    """What a feature network says of a batch.

    Attributes:
        features: float32 array `(B, d)`.
        logits: float32 array `(B, k)`, before softmax and with the bias added; `None`
            where the network has no classes.
    """

    features: np.ndarray
    logits: np.ndarray | None


class WeightsMissing(RuntimeError):
    """Published weights could not be had; the message says how to get them."""


@dataclass(frozen=True, eq=False)
class FeatureNetwork:
    """A frozen network with the facts that make a score reproducible.

    Call it with images `(B, H, W, C)`, values in [0, 255] and NOT in [-1, 1], uint8 or
    float. Values are not rounded here: whether images are quantised is the protocol's
    choice. Grey images are repeated to three channels where the network has three. The
    whole batch is run at once, so pass a stream in batches (50 to 200 images).

    Attributes:
        name: which network; `"inception_2015_12_05"` is the one of the literature.
        weights_hash: SHA-256 in hexadecimal, of the weights' file or of the arrays.
        comparable: whether scores may stand beside published ones: true only for the
            real weights of 2015-12-05.
        resize: what is done to the size of images, `"none"` for nothing.
        feature_dim: int, `d`.
        num_classes: int, `k`, or `None` without logits.
        logit_bias: float32 array `(k,)` that is part of the logits, or `None`. Old
            Inception scores drop it: `logits - logit_bias`.
        channels: int, channels of the images, 1 or 3.
        image_size: `(height, width)` that images must have; `None` for any.
        test_accuracy: float in [0, 1] on held-out data for a classifier trained here.
        forward: the network itself: float32 `(B, H, W, channels)` in [0, 255] to features
            `(B, d)` and logits `(B, k)` or `None`; call the `FeatureNetwork` instead.

    Example:
        >>> mean = lambda images: (images.mean(axis=(1, 2)), None)
        >>> network = FeatureNetwork("mean colour", "0" * 64, False, "none", 3, forward=mean)
        >>> network(np.full((1, 2, 2, 1), 7, dtype="uint8")).features.tolist()
        [[7.0, 7.0, 7.0]]
    """

    name: str
    weights_hash: str
    comparable: bool
    resize: str
    feature_dim: int
    num_classes: int | None = None
    logit_bias: np.ndarray | None = field(default=None, repr=False)
    channels: int = 3
    image_size: tuple[int, int] | None = None
    test_accuracy: float | None = None
    forward: Callable[[np.ndarray], tuple[Any, Any]] = field(kw_only=True, repr=False)

    def __call__(self, images: Any) -> Features:
        """Compute the features of a batch.

        Args:
            images: array `(B, H, W, C)` of uint8 or float in [0, 255], `C` being 1 or
                `channels`.

        Returns:
            `Features(features, logits)`.

        Raises:
            ValueError: if rank, channels, size or range are wrong, if there is no image,
                a value is not finite, or the network's output has another shape.
            TypeError: if the images are not numbers.
        """
        images = self._checked(images)
        features, logits = self.forward(images)
        features = np.asarray(features, dtype=np.float32)
        if features.shape != (len(images), self.feature_dim):
            raise ValueError(
                f"`forward` must give features ({len(images)}, {self.feature_dim}). "
                f"Received: shape {features.shape}. Give one row per image."
            )
        return Features(features, None if logits is None else np.asarray(logits, np.float32))

    def _checked(self, images: Any) -> np.ndarray:
        """Images as float32 with the network's number of channels."""
        images = np.asarray(images)
        if images.dtype.kind not in "uif":
            raise TypeError(
                "`images` must be uint8 or float values in [0, 255]. "
                f"Received: dtype {images.dtype}. Convert them to uint8."
            )
        if images.ndim != 4 or images.size == 0:
            raise ValueError(
                "`images` must have axes (B, H, W, C) and hold at least one image. "
                f"Received: shape {images.shape}. Put single images into a batch."
            )
        if images.shape[3] not in (1, self.channels):
            raise ValueError(
                f"`images` must have {self.channels} channels, or 1, on the last axis. "
                f"Received: shape {images.shape}. Move the channels to the end, drop the "
                "alpha channel, or average the colours of an image for a grey network."
            )
        if self.image_size is not None and images.shape[1:3] != self.image_size:
            raise ValueError(
                f"`images` must be {self.image_size[0]} x {self.image_size[1]} for "
                f"{self.name!r}, which does not resize. Received: shape {images.shape}."
                " Resize them, or use the network that was made for this size."
            )
        if images.dtype != np.uint8:
            _check_range(images)
        images = images.astype(np.float32)
        return np.broadcast_to(images, (*images.shape[:3], self.channels))


def _check_range(images: np.ndarray) -> None:
    """Refuse values that are not finite or not in [0, 255]."""
    low, high = float(images.min()), float(images.max())  # a NaN reaches both
    if not np.isfinite([low, high]).all():
        bad = int(images.size - np.count_nonzero(np.isfinite(images)))
        raise ValueError(
            f"`images` must be finite. Received: {bad} of {images.size} values are NaN or "
            "infinite. If they are generated, the training has diverged."
        )
    if -1.0 <= low < 0.0 and high <= 1.0:
        hint = "They look like [-1, 1]: pass 127.5 * (images + 1)."
    elif low < 0.0 or high > 255.0:
        hint = "Pass uint8 images, or 127.5 * (images + 1) of images in [-1, 1]."
    elif high <= 1.0 and np.any(images != np.round(images)):
        hint = "They look like [0, 1]: pass 255 * images."
    else:
        return
    raise ValueError(
        f"`images` must have values in [0, 255]. Received: values in [{low:.4g}, {high:.4g}]. "
        f"{hint}"
    )
