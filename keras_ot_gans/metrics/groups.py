"""Which group each row of a stream belongs to."""

from collections.abc import Iterator


class ContiguousGroups:
    """Says which group each row of a stream belongs to, chunk by chunk.

    Group `g` holds the rows `g * total // groups` up to `(g + 1) * total // groups`, so
    every row has a group and sizes differ by at most one: the bounds of the original
    Inception-score code.

    Args:
        groups: int > 0.
        total: int >= `groups`, rows in the whole stream.

    Raises:
        ValueError: if there are fewer rows than groups.

    Example:
        >>> stream = ContiguousGroups(groups=3, total=10)
        >>> list(stream.cut(7))
        [(0, slice(0, 3, None)), (1, slice(3, 6, None)), (2, slice(6, 7, None))]
        >>> list(stream.cut(3))
        [(2, slice(0, 3, None))]
    """

    def __init__(self, groups: int, total: int):
        if groups < 1:
            raise ValueError(
                f"`groups` must be positive. Received: groups={groups}. "
                "Try 10, the splits of the Inception score."
            )
        if total < groups:
            raise ValueError(
                f"`total` must be at least the number of groups or splits, {groups}, so that each "
                f"holds a sample. Received: total={total}. Draw more samples, or use fewer groups."
            )
        self.groups, self.total, self.count = int(groups), int(total), 0

    def bounds(self, group: int) -> tuple[int, int]:
        """Return the first row of a group and the first row after it."""
        return group * self.total // self.groups, (group + 1) * self.total // self.groups

    def cut(self, rows: int) -> Iterator[tuple[int, slice]]:
        """Take the next `rows` rows of the stream.

        Args:
            rows: int >= 0, rows of the chunk.

        Returns:
            Iterator of `(group, slice of the chunk)`, in order.

        Raises:
            ValueError: if the stream gets longer than `total`; nothing is counted then.
        """
        if self.count + rows > self.total:
            raise ValueError(
                f"The stream must hold `total` = {self.total} rows. Received: {rows} more after "
                f"{self.count}. Build the object with the number of rows it will see."
            )
        start = self.count
        self.count += rows
        return self._parts(start, self.count)

    def _parts(self, start: int, stop: int) -> Iterator[tuple[int, slice]]:
        """Return the groups that meet `range(start, stop)`."""
        for group in range(self.groups):
            first, end = self.bounds(group)
            if first < stop and end > start:
                yield group, slice(max(first, start) - start, min(end, stop) - start)

    def check_complete(self) -> None:
        """Raise `ValueError` unless all `total` rows were seen."""
        if self.count != self.total:
            raise ValueError(
                f"The stream must be complete: `total` = {self.total} rows. Received: {self.count} "
                "so far. Feed the rest, or build the object with the smaller total."
            )


class AlternatingGroups:
    """Deals the rows of a stream out in turn: row `i` belongs to group `i % groups`.

    For streams whose length is not known before, such as the rows of one class.

    Args:
        groups: int > 0.

    Raises:
        ValueError: if it is not.

    Example:
        >>> list(AlternatingGroups(groups=2).cut(3))
        [(0, slice(0, None, 2)), (1, slice(1, None, 2))]
    """

    def __init__(self, groups: int):
        if groups < 1:
            raise ValueError(f"`groups` must be positive. Received: groups={groups}. Try 10.")
        self.groups, self.count = int(groups), 0

    def cut(self, rows: int) -> Iterator[tuple[int, slice]]:
        """Take the next `rows` rows of the stream.

        Args:
            rows: int >= 0, rows of the chunk.

        Returns:
            Iterator of `(group, slice of the chunk)`, each with a row at least.
        """
        start = self.count
        self.count += rows
        turns = range(min(rows, self.groups))
        return (((start + i) % self.groups, slice(i, None, self.groups)) for i in turns)

    def check_complete(self) -> None:
        """Do nothing: such a stream may end anywhere."""
