"""Moments of parts of a stream, for intervals and for several sample sizes, in one pass."""

from collections.abc import Iterable
from typing import Any

from keras_ot_gans.metrics.features import as_features
from keras_ot_gans.metrics.groups import AlternatingGroups, ContiguousGroups
from keras_ot_gans.metrics.moments import Moments


class GroupedMoments:
    """Moments of groups of a stream, in one pass.

    From them come, without another pass, the moments of everything, of all but one
    group (a jackknife), and of the first groups (FID at several sample sizes). All but
    one are merged from the others: subtracting a group would lose digits. The groups must
    be exchangeable: shuffled data, or samples in any order. Holds `8 * groups * dim**2`
    bytes (320 MiB for 10 groups at 2048), however long the stream.

    Args:
        dim: int > 0, width of a feature.
        groups: int > 0.
        total: int >= `groups`, rows in the whole stream, which is cut into contiguous groups
            (`ContiguousGroups`); None if it is not known before: rows are dealt out in turn.

    Raises:
        ValueError: if a number is out of its range.

    Example:
        >>> grouped = GroupedMoments(dim=1, groups=2, total=4)
        >>> grouped.update([[0.0], [2.0], [4.0]])
        >>> grouped.update([[6.0]])
        >>> float(grouped.total().mean[0]), float(grouped.without(0).mean[0])
        (3.0, 5.0)
    """

    def __init__(self, dim: int, groups: int, total: int | None = None):
        known = total is not None
        self._stream = ContiguousGroups(groups, total) if known else AlternatingGroups(groups)
        self._moments = [Moments(dim) for _ in range(groups)]

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self._moments)

    @property
    def count(self) -> int:
        """Rows seen so far."""
        return self._stream.count

    def update(self, features: Any) -> None:
        """Add the next rows of the stream; a chunk that is refused changes nothing.

        Args:
            features: array `(B, dim)`.

        Raises:
            TypeError: as `Moments.update`.
            ValueError: as `Moments.update`, and if the stream gets longer than `total`.
        """
        features = as_features("features", features, self._moments[0].dim, self.count)
        for group, part in self._stream.cut(len(features)):
            self._moments[group].update(features[part])

    def total(self) -> Moments:
        """Return the moments of the whole stream."""
        return self._merged(range(self.groups))

    def without(self, group: int) -> Moments:
        """Return the moments of all groups but one.

        Args:
            group: int in `[0, groups)`.

        Returns:
            `Moments`; without rows where there is one group only.

        Raises:
            ValueError: if there is no such group or the stream is not complete.
        """
        if not 0 <= group < self.groups:
            raise ValueError(
                f"`group` must lie in [0, {self.groups}). Received: group={group}. "
                "Count the groups from 0."
            )
        return self._merged(other for other in range(self.groups) if other != group)

    def first(self, groups: int) -> Moments:
        """Return the moments of the first groups.

        Args:
            groups: int in `[1, self.groups]`, how many.

        Returns:
            `Moments`.

        Raises:
            ValueError: if there are not as many groups or the stream is not complete.
        """
        if not 1 <= groups <= self.groups:
            raise ValueError(
                f"`groups` must lie in [1, {self.groups}]. Received: groups={groups}. "
                "Build the object with more groups."
            )
        return self._merged(range(groups))

    def _merged(self, groups: Iterable[int]) -> Moments:
        self._stream.check_complete()
        merged = Moments(self._moments[0].dim)
        for group in groups:
            merged.merge(self._moments[group])
        return merged
