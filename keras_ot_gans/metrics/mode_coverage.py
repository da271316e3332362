"""Which modes of a known mixture a generator reaches, and in which shares."""

from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import rel_entr

from keras_ot_gans.metrics.points import as_point_pair


class ModeCoverageResult(NamedTuple):
    """What `mode_coverage` found.

    Attributes:
        modes_captured: int, modes that hold enough samples.
        num_modes: int, `k`.
        high_quality_share: float in `[0, 1]`, share of all samples that lie within the
            radius of their nearest centre; 1.0 without a radius.
        histogram: float64 array `(k,)`, each mode's share of ALL samples; its sum is
            `high_quality_share`.
        reverse_kl: float >= 0, `KL(histogram / sum || weights)` in nats; infinite where
            no sample was counted.
        missing: tuple of int, the modes that were not captured.
    """

    modes_captured: int
    num_modes: int
    high_quality_share: float
    histogram: np.ndarray
    reverse_kl: float
    missing: tuple[int, ...]


def mode_coverage(
    fake: Any,
    centres: Any,
    scale: Any,
    weights: Any = None,
    radius_in_scales: float | None = 3.0,
    min_share: float = 0.1,
) -> ModeCoverageResult:
    """Modes captured, share of good samples, and reverse KL of the mode histogram.

    A sample counts for its nearest centre, if it lies within `radius_in_scales * scale`
    of it (without condition where the radius is `None`). Mode `k` is captured when it
    holds at least `min_share * weights[k]` of all samples.

    Report both readings. With a radius of 3 the score also judges sharpness: a real
    2-D sample lies inside with probability `1 - exp(-4.5) = 0.989`, but a generator of
    narrow modes can be right about every mode with hardly one sample inside. Without a
    radius only the shares count, and samples strewn between the modes count too.

    Args:
        fake: array `(n, d)`, generated samples.
        centres: array `(k, d)`, the modes' means.
        scale: float > 0 or array `(k,)`, standard deviation of one coordinate in a mode.
        weights: array `(k,)` of positive weights that sum to 1, the true shares;
            `None` for equal ones.
        radius_in_scales: float > 0, or `None` to count every sample. 3.0: the usual
            "within three standard deviations".
        min_share: float in `(0, 1]`, the part of its due share that captures a mode.
            0.1: a mode at a tenth of its weight is one that a picture no longer shows,
            while a single stray sample (the weakest rule in use) does not make it
            captured once there are more than `10 / weights[k]` samples; and 500 real
            samples of 25 modes, 20 due to each, reach it with probability > 0.9999.

    Returns:
        `ModeCoverageResult`, computed in float64.

    Raises:
        ValueError: if shapes disagree or a number is out of its range.

    Example:
        >>> result = mode_coverage([[0.0], [0.2], [9.0]], centres=[[0.0], [5.0]], scale=0.1)
        >>> result.modes_captured, result.missing, round(result.high_quality_share, 4)
        (1, (1,), 0.6667)
        >>> mode_coverage([[0.0], [0.2], [9.0]], [[0.0], [5.0]], 0.1, radius_in_scales=None).missing
        ()

    Source: the mode counts usual for mixtures of Gaussians in the GAN literature.
    Differs: the threshold is a share of the mode's weight and not a count, so that it
        means the same for any `n` and for unequal weights.
    """
    fake, centres = as_point_pair("fake", fake, "centres", centres)
    k = len(centres)
    scale = _per_mode("scale", scale, k)
    weights = np.full(k, 1.0 / k) if weights is None else _per_mode("weights", weights, k)
    if abs(weights.sum() - 1.0) > 1e-6:  # float32 weights sum to 1 within this
        raise ValueError(
            f"`weights` must sum to 1. Received: a sum of {weights.sum():.6g}. "
            "Divide them by their sum."
        )
    if radius_in_scales is not None and not radius_in_scales > 0:
        raise ValueError(
            f"`radius_in_scales` must be positive or None. Received: {radius_in_scales}. "
            "Try 3.0, or None to count each sample for its nearest centre."
        )
    if not 0 < min_share <= 1:
        raise ValueError(
            f"`min_share` must lie in (0, 1]. Received: min_share={min_share}. "
            "It is a part of the mode's due share of samples; try 0.1."
        )
    distances = cdist(fake, centres)
    nearest = np.argmin(distances, axis=1)
    if radius_in_scales is not None:
        inside = distances[np.arange(len(fake)), nearest] <= radius_in_scales * scale[nearest]
        nearest = nearest[inside]
    histogram = np.bincount(nearest, minlength=k) / len(fake)
    # The slack lets 10 of 2500 pass a threshold of 0.1 * 0.04, which rounds up.
    captured = histogram >= min_share * weights * (1 - 1e-9)
    counted = len(nearest) / len(fake)
    return ModeCoverageResult(
        modes_captured=int(captured.sum()),
        num_modes=k,
        high_quality_share=counted,
        histogram=histogram,
        reverse_kl=float(rel_entr(histogram / counted, weights).sum()) if counted else np.inf,
        missing=tuple(int(mode) for mode in np.flatnonzero(~captured)),
    )


def _per_mode(name: str, values: Any, k: int) -> np.ndarray:
    """Return one positive float64 per mode, spreading a scalar."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim and array.shape != (k,):
        raise ValueError(
            f"`{name}` must have one value per centre, shape ({k},). "
            f"Received: shape {array.shape}. Pass as many as `centres` has rows."
        )
    if not np.all(np.isfinite(array) & (array > 0)):
        raise ValueError(
            f"`{name}` must be positive and finite. Received: {name}={array.tolist()}. "
            "Leave out the modes that have no share."
        )
    return np.broadcast_to(array, (k,))
