"""A random subset of a stream of features, of bounded size."""

import numpy as np


class KeptFeatures:
    """Keeps the rows with the smallest keys: a uniform random subset where keys are random.

    Args:
        size: int > 0, rows kept at most.
        dim: int > 0, d.

    Attributes:
        features: float32 array `(m, d)`, `m <= size`, in the order of their keys: what comes
            first in the stream has no special place.

    Example:
        >>> kept = KeptFeatures(size=2, dim=1)
        >>> kept.update(np.array([[10.0], [20.0], [30.0]]), keys=np.array([3, 1, 2]))
        >>> kept.features.ravel().tolist()
        [20.0, 30.0]
    """

    def __init__(self, size: int, dim: int) -> None:
        """Begin with no row."""
        self.size = size
        self.features = np.empty((0, dim), np.float32)
        self._keys = np.empty(0, np.uint64)

    def update(self, features: np.ndarray, keys: np.ndarray) -> None:
        """Offer rows.

        Args:
            features: array `(b, d)`.
            keys: uint64 array `(b,)`.
        """
        keys = np.asarray(keys, np.uint64)
        if len(self._keys) == self.size:  # most rows of a long stream are turned away here
            useful = keys < self._keys[-1]
            features, keys = features[useful], keys[useful]
        if not len(keys):
            return
        joined = np.concatenate([self._keys, keys])
        order = np.argsort(joined, kind="stable")[: self.size]
        rows = np.concatenate([self.features, np.asarray(features, np.float32)])
        self.features, self._keys = rows[order], joined[order]
