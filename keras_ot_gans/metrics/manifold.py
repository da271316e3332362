"""Improved precision and recall, density and coverage, from one pass over the distances."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from keras_ot_gans.metrics.features import BLOCK_ROWS, as_feature_pair, row_blocks
from keras_ot_gans.metrics.pairs import direct_squares, nearest_squares, squares


class PrecisionRecall(NamedTuple):
    """Shares of samples inside the other side's manifold.

    Attributes:
        precision: float in `[0, 1]`, share of FAKE samples inside the REAL manifold: quality.
        recall: float in `[0, 1]`, share of REAL samples inside the FAKE manifold: variety.
        density: float >= 0, real balls that hold a fake sample, over `neighbours`; about 1
            for equal distributions, and it may exceed 1.
        coverage: float in `[0, 1]`, share of real balls that hold some fake sample.
    """

    precision: float
    recall: float
    density: float
    coverage: float


class ManifoldMembership(NamedTuple):
    """What `PrecisionRecall` averages, sample by sample, for `intervals.bootstrap_interval`.

    Attributes:
        fake_inside: bool array `(m,)`, fake sample inside the real manifold; mean: precision.
        real_inside: bool array `(n,)`, real sample inside the fake manifold; mean: recall.
        balls: float64 array `(m,)`, real balls around a fake sample, over `neighbours`; mean:
            density.
        covered: bool array `(n,)`, real ball holds some fake sample; mean: coverage.
    """

    fake_inside: np.ndarray
    real_inside: np.ndarray
    balls: np.ndarray
    covered: np.ndarray

    def means(self) -> PrecisionRecall:
        """Return the four scores."""
        return PrecisionRecall(*(float(np.mean(values)) for values in self))


def precision_recall(
    real: Any, fake: Any, neighbours: int = 3, block_size: int = BLOCK_ROWS
) -> PrecisionRecall:
    """Improved precision and recall, density and coverage.

    Convention, which others have swapped: precision asks of the FAKE samples whether they
    lie in the real manifold, recall of the REAL ones whether they lie in the fake one. A
    collapsed but sharp generator has precision near 1 and recall near 0. Several numbers
    of neighbours: `manifold_membership` makes one pass for all of them.

    Args:
        real: array `(n, d)`, features, any real dtype.
        fake: array `(m, d)`, features of the same network.
        neighbours: int in `[1, min(n, m))`. 3: Kynkaanniemi et al.; 5: Naeem et al.
        block_size: int > 0, rows per block; it decides memory and speed, not the result.

    Returns:
        `PrecisionRecall`.

    Raises:
        TypeError: as `manifold_membership`.
        ValueError: as `manifold_membership`.

    Example:
        >>> precision_recall([[0.0], [1.0], [5.0]], [[0.5], [0.6], [0.7]], neighbours=1).precision
        1.0
        >>> precision_recall([[0.0], [1.0], [5.0]], [[0.5], [0.6], [0.7]], neighbours=1).recall
        0.0

    Source: as `manifold_membership`.
    Differs: as `manifold_membership`.
    """
    return manifold_membership(real, fake, (neighbours,), block_size)[neighbours].means()


def manifold_membership(
    real: Any, fake: Any, neighbours: Iterable[int] = (3, 5), block_size: int = BLOCK_ROWS
) -> dict[int, ManifoldMembership]:
    """Which samples lie in the other side's manifold, for several numbers of neighbours.

    The manifold of a side is the union of closed balls around its samples, each with the
    distance to the sample's k-th nearest OTHER sample as radius. Distances come from
    `|x|^2 + |y|^2 - 2 x.y` on centred float64 blocks; a pair that this leaves undecided
    within its rounding error (a tie: copies of training data, say) is computed again from
    `x - y`, as all radii are. So ties fall as in the direct formula, whatever the blocks;
    float32 would leave 1e-4 of the squared norms undecided. Beyond the inputs, memory is
    a few blocks: under 100 MiB at width 2048, for any `n` and `m`.

    Args:
        real: array `(n, d)`, features, any real dtype.
        fake: array `(m, d)`, features of the same network.
        neighbours: ints in `[1, min(n, m))`. 3: Kynkaanniemi et al.; 5: Naeem et al.
        block_size: int > 0, rows per block.

    Returns:
        Dict from each number of neighbours to its `ManifoldMembership`.

    Raises:
        TypeError: if an array is not numeric.
        ValueError: if shapes disagree, a number is not finite, or a side has too few rows.

    Example:
        >>> both = manifold_membership([[0.0], [1.0], [5.0]], [[0.5], [9.0], [9.5]], (1, 2))
        >>> both[1].fake_inside.tolist(), both[2].fake_inside.tolist()
        ([True, True, False], [True, True, True])

    Source: Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative
        Models", NeurIPS 2019, eqs. 1 and 2; Naeem et al., "Reliable Fidelity and Diversity
        Metrics for Generative Models", ICML 2020, section 3.
    Differs: balls are closed for all four scores, as in Kynkaanniemi et al.; the code of Naeem
        et al. has open ones, which differ in ties only. Kynkaanniemi et al. take distances in
        half precision.
    """
    real, fake = as_feature_pair(real, fake)
    neighbours = sorted(set(neighbours))
    fewest = min(len(real), len(fake))
    if not neighbours or neighbours[0] < 1 or neighbours[-1] >= fewest:
        raise ValueError(
            f"`neighbours` must lie in [1, {fewest}), below the number of real and of fake rows. "
            f"Received: {neighbours} for {len(real)} and {len(fake)} rows. Try 3, on 10,000 rows."
        )
    # One centre for all: distances do not change, and their rounding error gets small.
    centre = real.mean(axis=0, dtype=np.float64)
    radii_real = nearest_squares(real, neighbours[-1], centre, block_size)
    radii_fake = nearest_squares(fake, neighbours[-1], centre, block_size)
    found = {
        k: ManifoldMembership(
            np.zeros(len(fake), bool),
            np.zeros(len(real), bool),
            np.zeros(len(fake)),
            np.zeros(len(real), bool),
        )
        for k in neighbours
    }
    for rows in row_blocks(len(real), block_size):
        for columns in row_blocks(len(fake), block_size):
            pairs = squares(real[rows], fake[columns], centre)
            for k, member in found.items():
                in_real = _within(pairs, real[rows], fake[columns], radii_real[rows, k - 1, None])
                in_fake = _within(pairs, real[rows], fake[columns], radii_fake[columns, k - 1])
                member.fake_inside[columns] |= in_real.any(axis=0)
                member.real_inside[rows] |= in_fake.any(axis=1)
                member.balls[columns] += in_real.sum(axis=0)
                member.covered[rows] |= in_real.any(axis=1)
    for k, member in found.items():
        member.balls[:] /= k
    return found


def _within(
    pairs: tuple[np.ndarray, float], x: np.ndarray, y: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """Return where squared distances are at most `radii`, deciding close calls exactly."""
    distances, error = pairs
    inside = distances <= radii + error
    surely = distances <= radii - error
    rows, columns = np.nonzero(inside != surely)
    if len(rows):
        exact = direct_squares(x, y, rows, columns)
        inside[rows, columns] = exact <= np.broadcast_to(radii, inside.shape)[rows, columns]
    return inside
