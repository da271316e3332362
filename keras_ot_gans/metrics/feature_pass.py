"""What one pass over images gathers, for all scores that share a feature network."""

import numpy as np

from keras_ot_gans.metrics.feature_networks import FeatureNetwork
from keras_ot_gans.metrics.grouped_moments import GroupedMoments
from keras_ot_gans.metrics.inception_score import InceptionScore, class_probabilities
from keras_ot_gans.metrics.kept_features import KeptFeatures
from keras_ot_gans.metrics.presets import Protocol

_CLASS_BYTES = 2**31


class FeaturePass:
    """Moments, class probabilities and a few kept features of a stream of images.

    Memory does not grow with the stream: `8 * groups * d**2` bytes for the moments (320 MiB for
    10 groups at 2048), `4 * max_stored * d` for kept features (78 MiB), and for moments of classes
    2 GiB in as many groups as they have room for, but at least `8 * d**2` for each class.

    Args:
        network: `FeatureNetwork`.
        protocol: `Protocol`.
        total: int > 0, images in the whole stream.
        groups: int > 0, contiguous groups for intervals.
        moments: bool, gather moments.
        kept: bool, keep features.
        probabilities: bool, gather class probabilities; the network needs classes.
        classes: bool, gather moments of each class and count right answers; each batch then
            needs labels.

    Raises:
        ValueError: if there are fewer images than splits of the Inception score.
    """

    def __init__(
        self,
        network: FeatureNetwork,
        protocol: Protocol,
        total: int,
        groups: int = 1,
        *,
        moments: bool = True,
        kept: bool = True,
        probabilities: bool = False,
        classes: bool = False,
    ) -> None:
        """Make the accumulators."""
        dim = network.feature_dim
        self.network, self.protocol, self.total = network, protocol, total
        self.groups, self.count = min(groups, total), 0
        self.moments = GroupedMoments(dim, self.groups, total) if moments else None
        self.kept = KeptFeatures(protocol.max_stored, dim) if kept else None
        self.inception = None
        if probabilities:
            # One split is scored as a whole; more of them then serve its interval.
            splits = self.groups if protocol.splits == 1 else protocol.splits
            self.inception = InceptionScore(network.num_classes, splits, total)
        self.by_class: dict[int, GroupedMoments] | None = {} if classes else None
        matrices = _CLASS_BYTES // (8 * dim**2 * (network.num_classes or 10))
        self._class_groups = max(1, min(self.groups, matrices))
        self.right = 0

    def update(
        self, pixels: np.ndarray, keys: np.ndarray, labels: np.ndarray | None = None
    ) -> None:
        """Run the network over a batch and gather.

        Args:
            pixels: float32 array `(b, height, width, channels)` in [0, 255].
            keys: uint64 array `(b,)`, which decide the features to keep.
            labels: int array `(b,)`, or None.

        Raises:
            ValueError: if labels are needed and there are none.
        """
        features, logits = self.network(pixels)
        self.count += len(pixels)
        if self.moments is not None:
            self.moments.update(features)
        if self.kept is not None:
            self.kept.update(features, keys)
        if self.inception is not None:
            bias = None if self.protocol.softmax_bias else self.network.logit_bias
            self.inception.update(class_probabilities(logits, bias))
        if self.by_class is not None:
            self._gather_classes(features, logits, labels)

    def inception_score(self) -> tuple[float, float]:
        """Return mean and standard deviation over the protocol's splits."""
        if self.protocol.splits == 1:
            return self.inception.unsplit(), 0.0
        return tuple(self.inception.result())

    def _gather_classes(
        self, features: np.ndarray, logits: np.ndarray | None, labels: np.ndarray | None
    ) -> None:
        if labels is None:
            raise ValueError(
                "`labels` must come with the images for scores of classes. Received: images "
                "alone. Pass batches as tuples (images, labels)."
            )
        if logits is not None:
            self.right += int((logits.argmax(axis=1) == labels).sum())
        for label in np.unique(labels).tolist():
            if label not in self.by_class:
                self.by_class[label] = GroupedMoments(features.shape[1], self._class_groups)
            self.by_class[label].update(features[labels == label])
