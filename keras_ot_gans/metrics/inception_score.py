"""The Inception score of class probabilities, at once or as a stream."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax, xlogy

from keras_ot_gans.metrics.features import as_features, row_blocks
from keras_ot_gans.metrics.groups import ContiguousGroups

# Rows of half-precision softmax outputs miss 1 by up to about this.
_SUM_TOLERANCE = 1e-2


class InceptionScoreResult(NamedTuple):
    """Mean and spread of the scores of the splits.

    Attributes:
        mean: float in `[1, k]`.
        std: float >= 0, standard deviation over the splits, divided by their number as in
            the original code; 0.0 for one split. Not the standard error of `mean`, which is
            `std / sqrt(splits - 1)`.
    """

    mean: float
    std: float


def class_probabilities(logits: Any, bias: Any = None) -> np.ndarray:
    """Softmax in float64, with the last layer's bias or, as old code has it, without.

    Args:
        logits: array `(n, k)`, with the bias in it.
        bias: array `(k,)` to take out of the logits; `None` leaves them as they are. The
            original Inception-score code multiplies the pooled features by the weights
            only.

    Returns:
        float64 array `(n, k)`; rows sum to 1.

    Raises:
        TypeError: if `logits` is not numeric.
        ValueError: if `logits` is not `(n, k)` and finite, or `bias` not `(k,)` and finite.

    Example:
        >>> class_probabilities([[1000.0, 1000.0]]).tolist()
        [[0.5, 0.5]]
        >>> class_probabilities([[3.0, 1.0]], bias=[2.0, 0.0]).tolist()
        [[0.5, 0.5]]

    Source: Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016, code.
    """
    logits = np.asarray(as_features("logits", logits), np.float64)
    if bias is not None:
        bias = np.asarray(bias, np.float64)
        if bias.shape != logits.shape[1:] or not np.isfinite(bias).all():
            raise ValueError(
                f"`bias` must be finite, of shape {logits.shape[1:]}. Received: shape "
                f"{bias.shape}. Pass the bias of the layer that made the logits."
            )
        logits = logits - bias
    return softmax(logits, axis=1)


class InceptionScore:
    """Inception score of a stream of known length, in constant memory.

    `exp(mean_n KL(p(y|x_n) || mean_n p(y|x_n)))` of each contiguous split. A split's
    score needs only its sum of `p log p` and its sum of `p`.

    Args:
        num_classes: int > 1, `k`: 1008 for the 2015-12-05 network.
        splits: int > 0, contiguous parts of the stream. They hold `total // splits` rows or
            one more; none is dropped (see `ContiguousGroups`).
        total: int >= `splits`, rows in the whole stream.

    Raises:
        ValueError: if a number is out of its range.

    Example:
        >>> score = InceptionScore(num_classes=2, splits=1, total=2)
        >>> score.update([[1.0, 0.0]])
        >>> score.update([[0.0, 1.0]])
        >>> round(score.result().mean, 4)
        2.0

    Source: Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016, section 4
        and code.
    Differs: float64, and `0 log 0 = 0`, where theirs is a NaN.
    """

    def __init__(self, num_classes: int, splits: int, total: int):
        if num_classes < 2:
            raise ValueError(
                f"`num_classes` must be at least 2. Received: num_classes={num_classes}. "
                "Pass the number of columns of the probabilities."
            )
        self._stream = ContiguousGroups(splits, total)
        self._negative_entropy = np.zeros(splits)
        self._marginal = np.zeros((splits, num_classes))

    def update(self, probabilities: Any) -> None:
        """Add the next rows of the stream; a chunk that is refused changes nothing.

        Args:
            probabilities: array `(B, num_classes)`, rows in `[0, 1]` that sum to 1, such as
                `class_probabilities` gives.

        Raises:
            TypeError: if they are not numeric.
            ValueError: if the width is wrong, a row is no distribution, or the stream gets
                longer than `total`.
        """
        classes = self._marginal.shape[1]
        rows = as_features("probabilities", probabilities, classes, self._stream.count)
        for block in row_blocks(len(rows)):
            sums = rows[block].sum(axis=1, dtype=np.float64)
            bad = (np.abs(sums - 1.0) > _SUM_TOLERANCE) | (rows[block].min(axis=1) < 0)
            if bad.any():
                row = int(np.argmax(bad))
                raise ValueError(
                    "`probabilities` must be >= 0 and sum to 1 in every row. Received: a sum of "
                    f"{sums[row]:.6g} in row {block.start + row + self._stream.count}. If these "
                    "are logits, pass `class_probabilities(logits)`."
                )
        for split, part in self._stream.cut(len(rows)):
            mine = rows[part]
            for block in row_blocks(len(mine)):
                chunk = np.asarray(mine[block], np.float64)
                self._negative_entropy[split] += xlogy(chunk, chunk).sum()
                self._marginal[split] += chunk.sum(axis=0)

    def split_scores(self) -> np.ndarray:
        """Return the score of each split.

        Returns:
            float64 array `(splits,)`, for `intervals.mean_interval`.

        Raises:
            ValueError: if the stream is not complete.
        """
        return np.array([self._score([split]) for split in range(self._stream.groups)])

    def result(self) -> InceptionScoreResult:
        """Return mean and standard deviation over the splits.

        Raises:
            ValueError: if the stream is not complete.
        """
        scores = self.split_scores()
        return InceptionScoreResult(float(scores.mean()), float(scores.std()))

    def unsplit(self) -> float:
        """Return the score of all rows as one split: what `splits=1` gives.

        Raises:
            ValueError: if the stream is not complete.
        """
        return self._score(list(range(self._stream.groups)))

    def without(self, split: int) -> float:
        """Return the score of all rows but one split's, as one: for `jackknife_interval`.

        Args:
            split: int in `[0, splits)`.

        Raises:
            ValueError: if there is no such split, or no other, or the stream is not complete.
        """
        splits = self._stream.groups
        if not 0 <= split < splits or splits < 2:
            raise ValueError(
                f"`split` must be one of several, in [0, {splits}). Received: split={split}. "
                "Build the object with more splits, such as 10."
            )
        return self._score([other for other in range(splits) if other != split])

    def _score(self, splits: list[int]) -> float:
        self._stream.check_complete()
        bounds = (self._stream.bounds(split) for split in splits)
        count = sum(end - first for first, end in bounds)
        marginal = self._marginal[splits].sum(axis=0) / count
        divergence = self._negative_entropy[splits].sum() / count - xlogy(marginal, marginal).sum()
        return float(np.exp(divergence))


def inception_score(probabilities: Any, splits: int = 10) -> InceptionScoreResult:
    """Inception score of an array of class probabilities.

    Args:
        probabilities: array `(n, k)`, rows in `[0, 1]` that sum to 1; `n >= splits`.
        splits: int > 0. 10: the original code; the order of the rows decides the splits.

    Returns:
        `InceptionScoreResult`: `mean` and `std` over the splits.

    Raises:
        TypeError: if the array is not numeric.
        ValueError: if there are fewer rows than splits, or a row is no distribution.

    Example:
        >>> inception_score([[0.5, 0.5], [0.5, 0.5]], splits=2)
        InceptionScoreResult(mean=1.0, std=0.0)

    Source: as `InceptionScore`.
    """
    probabilities = as_features("probabilities", probabilities)
    rows, classes = probabilities.shape
    score = InceptionScore(classes, splits, rows)
    score.update(probabilities)
    return score.result()
