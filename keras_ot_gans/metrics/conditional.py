"""How well samples fit the class they were asked for."""

from typing import Any, NamedTuple

import numpy as np

from keras_ot_gans.metrics.features import as_features
from keras_ot_gans.metrics.frechet import TooFewSamples, frechet_from_moments
from keras_ot_gans.metrics.moments import Moments


class IntraClassFrechet(NamedTuple):
    """Frechet distances class by class.

    Attributes:
        mean: float >= 0, unweighted mean over the classes.
        per_class: float64 array `(num_classes,)`.
    """

    mean: float
    per_class: np.ndarray


def conditional_hits(logits: Any, labels: Any) -> np.ndarray:
    """Where a classifier sees the label that the sample was generated for.

    Args:
        logits: array `(n, k)`, of samples; probabilities do as well.
        labels: int array `(n,)` in `[0, k)`, the conditions. Of equal largest logits the
            first counts.

    Returns:
        bool array `(n,)`; its mean is `conditional_accuracy`, its interval
        `intervals.bootstrap_interval`.

    Raises:
        TypeError: if `logits` is not numeric or `labels` not integer.
        ValueError: if shapes disagree, a number is not finite or a label out of its range.

    Example:
        >>> conditional_hits([[0.1, 0.9], [0.8, 0.2]], [1, 1]).tolist()
        [True, False]
    """
    logits = as_features("logits", logits)
    labels = _as_labels(labels, len(logits), logits.shape[1])
    return logits.argmax(axis=1) == labels


def conditional_accuracy(logits: Any, labels: Any) -> float:
    """Share of samples that a classifier gives the label they were generated for.

    Args:
        logits: array `(n, k)`, `n >= 1`.
        labels: int array `(n,)` in `[0, k)`.

    Returns:
        float in `[0, 1]`.

    Raises:
        TypeError: as `conditional_hits`.
        ValueError: as `conditional_hits`, and if there is no sample.

    Example:
        >>> conditional_accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
        0.5
    """
    hits = conditional_hits(logits, labels)
    if not len(hits):
        raise ValueError(
            "`logits` must hold at least one sample. Received: none. Generate some first."
        )
    return float(hits.mean())


class ClassMoments:
    """Mean and covariance per class of a labelled stream, in memory constant in its length.

    Holds `8 * num_classes * dim**2` bytes: 320 MiB for 10 classes at width 2048.

    Args:
        dim: int > 0, width of a feature.
        num_classes: int > 0.
        max_gib: float > 0, refuse to hold more GiB.

    Raises:
        ValueError: if a number is out of its range or the matrices would not fit.

    Example:
        >>> moments = ClassMoments(dim=1, num_classes=2)
        >>> moments.update([[0.0], [1.0], [4.0]], [0, 1, 0])
        >>> moments.counts().tolist(), moments.of(0).mean.tolist()
        ([2, 1], [2.0])
    """

    def __init__(self, dim: int, num_classes: int, max_gib: float = 4.0):
        if num_classes < 1:
            raise ValueError(
                f"`num_classes` must be positive. Received: num_classes={num_classes}. "
                "Pass the number of labels."
            )
        gib = 8.0 * num_classes * dim**2 / 2**30
        if gib > max_gib:
            raise ValueError(
                f"`num_classes` covariances must fit into `max_gib` = {max_gib} GiB. Received: "
                f"{num_classes} classes of width {dim}, {gib:.1f} GiB. Pass fewer classes at a "
                "time, narrower features, or a larger `max_gib`."
            )
        self.dim, self.num_classes = int(dim), int(num_classes)
        self._moments = [Moments(dim) for _ in range(num_classes)]

    def update(self, features: Any, labels: Any) -> None:
        """Add rows; a chunk that is refused changes nothing.

        Args:
            features: array `(B, dim)`.
            labels: int array `(B,)` in `[0, num_classes)`.

        Raises:
            TypeError: if `features` is not numeric or `labels` not integer.
            ValueError: if shapes disagree, a number is not finite or a label out of its range.
        """
        seen = int(self.counts().sum())
        features = as_features("features", features, self.dim, first_row=seen)
        labels = _as_labels(labels, len(features), self.num_classes)
        for label in np.unique(labels):
            self._moments[label].update(features[labels == label])

    def of(self, label: int) -> Moments:
        """Return the moments of one class, the object itself."""
        return self._moments[label]

    def counts(self) -> np.ndarray:
        """Return the rows of each class, int64 `(num_classes,)`."""
        return np.array([moments.count for moments in self._moments])


def intra_class_frechet(
    real: ClassMoments,
    fake: ClassMoments,
    *,
    ddof: int = 1,
    allow_rank_deficient: bool = False,
) -> IntraClassFrechet:
    """Mean over classes of the Frechet distance within the class: intra-FID.

    Args:
        real: `ClassMoments` of width `d`.
        fake: `ClassMoments` of the same classes and width.
        ddof: int, 0 or 1, of all covariances.
        allow_rank_deficient: bool, let classes have `d` samples or fewer, with a warning each;
            their distances are mostly bias. 2 are needed in any case.

    Returns:
        `IntraClassFrechet`.

    Raises:
        TooFewSamples: if classes have too few samples; all of them are named.
        ValueError: if the two differ in classes or width.

    Example:
        >>> real, fake = ClassMoments(1, 2), ClassMoments(1, 2)
        >>> real.update([[0.0], [2.0], [0.0], [2.0]], [0, 0, 1, 1])
        >>> fake.update([[3.0], [5.0], [1.0], [3.0]], [0, 0, 1, 1])
        >>> intra_class_frechet(real, fake).per_class.round(4).tolist()
        [9.0, 1.0]

    Source: Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018, section 4.1.
    Differs: they have 5,000 samples of each class; any number above `d` is taken here.
    """
    for name in ("num_classes", "dim"):
        if getattr(real, name) != getattr(fake, name):
            raise ValueError(
                f"`real` and `fake` must have the same `{name}`. Received: {getattr(real, name)} "
                f"and {getattr(fake, name)}. Build both for the same labels and features."
            )
    least = 2 if allow_rank_deficient else real.dim + 1
    few = [
        f"{name} class {label} has {count}"
        for name, side in (("real", real), ("fake", fake))
        for label, count in enumerate(side.counts())
        if count < least
    ]
    if few:
        raise TooFewSamples(
            f"Every class must hold at least {least} samples of width {real.dim}. Received: "
            f"{', '.join(few)}. Draw more of them, or use `kernel_distance` per class."
        )
    per_class = [
        frechet_from_moments(
            real.of(label), fake.of(label), ddof=ddof, allow_rank_deficient=allow_rank_deficient
        )
        for label in range(real.num_classes)
    ]
    return IntraClassFrechet(float(np.mean(per_class)), np.array(per_class))


def _as_labels(labels: Any, rows: int, num_classes: int) -> np.ndarray:
    array = np.asarray(labels)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(
            f"`labels` must be integers. Received: dtype {array.dtype}. "
            "Pass class numbers from 0, not one-hot rows."
        )
    if array.shape != (rows,):
        raise ValueError(
            f"`labels` must have one label per row, shape ({rows},). Received: shape "
            f"{array.shape}. Pass the labels that the samples were generated for."
        )
    if array.size and not 0 <= array.min() <= array.max() < num_classes:
        raise ValueError(
            f"`labels` must lie in [0, {num_classes}). Received: {array.min()} to {array.max()}. "
            "Count the classes from 0."
        )
    return array
