"""Modes captured and reverse KL from the labels that a classifier gives to samples."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import rel_entr


class ModeHistogramScores(NamedTuple):
    """What `mode_histogram_scores` found.

    Attributes:
        modes: int, modes that hold enough samples.
        reverse_kl: float >= 0, `KL(histogram of the samples || real weights)` in nats;
            infinite where samples fall into a mode of real weight 0.
    """

    modes: int
    reverse_kl: float


def mode_histogram_scores(
    predicted_labels: Any, real_weights: Any, at_least: int = 1
) -> ModeHistogramScores:
    """Modes captured and reverse KL of the mode histogram, from labels.

    Reverse, since the other direction is infinite as soon as one mode is missing. Both
    numbers depend on the number of samples `n`: a perfect generator of `k` modes has a
    reverse KL of about `(k - 1) / (2 n)`, which is 0.0192 for 1,000 modes and 26,000
    samples, so compare at one `n` only.

    Args:
        predicted_labels: int array `(n,)`, values in `[0, k)`: the mode of each generated
            sample, from `mixture_labels`, `stacked_digit_labels` or any classifier.
        real_weights: array `(k,)` of non-negative weights that sum to 1, the real shares.
        at_least: int > 0, samples that capture a mode. 1: usual for Stacked MNIST.
            `mode_coverage` has a share of the mode's weight instead.

    Returns:
        `ModeHistogramScores(modes, reverse_kl)`, computed in float64.

    Raises:
        TypeError: if labels are not integers.
        ValueError: if a shape or a value is wrong.

    Example:
        >>> scores = mode_histogram_scores([0, 0, 1, 1], np.full(4, 0.25))
        >>> scores.modes, round(scores.reverse_kl, 4)                      # log 2
        (2, 0.6931)

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial
        Gradient Estimation", section 5.2; counts as in Srivastava et al., "VEEGAN", 2017.
    Differs: none; the paper does not say how many samples capture a mode.
    """
    weights = np.asarray(real_weights, dtype=np.float64)
    if weights.ndim != 1 or not weights.size or not np.all(np.isfinite(weights) & (weights >= 0)):
        raise ValueError(
            "`real_weights` must be finite and non-negative, shape (k,). "
            f"Received: shape {weights.shape}. For equal shares pass `np.full(k, 1 / k)`."
        )
    if abs(weights.sum() - 1.0) > 1e-6:  # float32 weights sum to 1 within this
        raise ValueError(
            f"`real_weights` must sum to 1. Received: a sum of {weights.sum():.6g}. "
            "Divide them by their sum."
        )
    if not isinstance(at_least, (int, np.integer)) or isinstance(at_least, bool) or at_least < 1:
        raise ValueError(f"`at_least` must be a positive int. Received: at_least={at_least!r}.")
    labels = _as_labels("predicted_labels", predicted_labels)
    k = len(weights)
    if labels.min() < 0 or labels.max() >= k:
        raise ValueError(
            f"`predicted_labels` must lie in [0, {k}), one number for each of `real_weights`. "
            f"Received: {labels.min()} to {labels.max()}. Count the modes from 0."
        )
    counts = np.bincount(labels, minlength=k)
    divergence = rel_entr(counts / len(labels), weights).sum()
    return ModeHistogramScores(int((counts >= at_least).sum()), float(divergence))


def reconstruction_accuracy(labels: Any, predicted: Any) -> float:
    """Share of reconstructions `G(E(x))` that a classifier gives the label of `x`.

    Args:
        labels: int array `(n,)`, the labels of `x`.
        predicted: int array `(n,)`, the classifier's for the reconstructions.

    Returns:
        float in `[0, 1]`; papers print it in per cent.

    Raises:
        TypeError: if labels are not integers.
        ValueError: if there are none, or not as many of both.

    Example:
        >>> reconstruction_accuracy([1, 22, 333], [1, 22, 334])      # all three digits count
        0.6666666666666666

    Source: Shen, Zhang and Chen, as above, section 5.3 and Table 5.
    Differs: none.
    """
    labels, predicted = _as_labels("labels", labels), _as_labels("predicted", predicted)
    if labels.shape != predicted.shape:
        raise ValueError(
            "`labels` and `predicted` must hold as many labels. Received: "
            f"{len(labels)} and {len(predicted)}. Reconstruct each sample once, in order."
        )
    return float(np.mean(labels == predicted))


def _as_labels(name: str, labels: Any) -> np.ndarray:
    """Return labels as a non-empty array of integers `(n,)`."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size:
        raise ValueError(
            f"`{name}` must have shape (n,), n > 0. Received: shape {labels.shape}. "
            "Pass class numbers, such as `logits.argmax(axis=1)`."
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"`{name}` must be integers. Received: dtype {labels.dtype}. Pass class numbers."
        )
    return labels
