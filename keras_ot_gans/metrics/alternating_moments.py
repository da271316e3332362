"""Moments of a stream of unknown length, dealt out to groups in turn."""

from typing import Any

import numpy as np

from keras_ot_gans.metrics.features import as_features
from keras_ot_gans.metrics.moments import Moments


class AlternatingMoments:
    """Moments of `groups` parts of a stream: row `i` belongs to group `i % groups`.

    For streams whose length is not known before, such as the rows of one class. From the parts
    come the moments of everything and of all but one group (a jackknife). Holds
    `8 * groups * dim**2` bytes.

    Args:
        dim: int > 0, width of a feature.
        groups: int > 0.

    Raises:
        ValueError: if a number is out of its range.

    Example:
        >>> dealt = AlternatingMoments(dim=1, groups=2)
        >>> dealt.update([[0.0], [2.0], [4.0]])
        >>> dealt.count, float(dealt.total().mean[0]), float(dealt.without(0).mean[0])
        (3, 2.0, 2.0)
    """

    def __init__(self, dim: int, groups: int):
        if groups < 1:
            raise ValueError(f"`groups` must be positive. Received: groups={groups}. Try 10.")
        self._moments = [Moments(dim) for _ in range(groups)]

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self._moments)

    @property
    def count(self) -> int:
        """Rows seen so far."""
        return sum(part.count for part in self._moments)

    def update(self, features: Any) -> None:
        """Add the next rows; a chunk that is refused changes nothing.

        Args:
            features: array `(B, dim)`.

        Raises:
            TypeError: as `Moments.update`.
            ValueError: as `Moments.update`.
        """
        seen = self.count
        features = as_features("features", features, self._moments[0].dim, seen)
        turns = (seen + np.arange(len(features))) % self.groups
        for group, part in enumerate(self._moments):
            if np.any(turns == group):
                part.update(features[turns == group])

    def total(self) -> Moments:
        """Return the moments of all rows."""
        return self._merged(None)

    def without(self, group: int) -> Moments:
        """Return the moments of all groups but one.

        Args:
            group: int in `[0, groups)`.

        Returns:
            `Moments`; without rows where there is one group only.
        """
        return self._merged(group)

    def _merged(self, left_out: int | None) -> Moments:
        merged = Moments(self._moments[0].dim)
        for group, part in enumerate(self._moments):
            if group != left_out:
                merged.merge(part)
        return merged
