"""Mean and covariance of a stream of features, in float64 and constant memory."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.linalg import blas

from keras_ot_gans.metrics.features import as_features, row_blocks


class Moments:
    """Running count, mean and covariance.

    Blocks of rows are centred on their own mean before they are multiplied, and joined
    by the rule of Chan et al., so that a mean far above the standard deviation costs no
    digits; the sum of `x x^T` is never formed. Holds `8 * dim**2` bytes (32 MiB at 2048),
    however long the stream.

    Args:
        dim: int > 0, width of a feature.

    Raises:
        ValueError: if `dim` is not positive.

    Example:
        >>> moments = Moments(2)
        >>> moments.update([[0.0, 1.0], [2.0, 3.0]])
        >>> moments.update([[4.0, 2.0]])
        >>> moments.count, moments.mean.tolist()
        (3, [2.0, 2.0])
        >>> moments.covariance().round(4).tolist()
        [[4.0, 1.0], [1.0, 1.0]]

    Source: Chan, Golub and LeVeque, "Algorithms for computing the sample variance",
        The American Statistician 37, 1983, eq. 1.5b, for matrices.
    Differs: the correction between two blocks is one more row of the same product.
    """

    def __init__(self, dim: int):
        if dim < 1:
            raise ValueError(
                f"`dim` must be positive. Received: dim={dim}. Pass the width of a feature row."
            )
        self.dim, self.count = int(dim), 0
        self._mean = np.zeros(dim)
        # Upper triangle of the summed (x - mean)(x - mean)^T; Fortran order, so that
        # BLAS adds to it in place.
        self._scatter = np.zeros((dim, dim), order="F")

    @property
    def mean(self) -> np.ndarray:
        """Mean, float64 `(dim,)`; a copy."""
        self._check_count(0)
        return self._mean.copy()

    def update(self, features: Any) -> None:
        """Add rows; a chunk that is refused changes nothing.

        Args:
            features: array `(B, dim)`, any real dtype; `B` may be 0.

        Raises:
            TypeError: if `features` is not numeric.
            ValueError: if its width is not `dim`, or a row is not finite: that row's number
                in the stream is named.
        """
        features = as_features("features", features, self.dim, first_row=self.count)
        for part in row_blocks(len(features)):
            # One row more than the block, for the correction.
            rows = np.empty((part.stop - part.start + 1, self.dim))
            block = rows[:-1]
            block[...] = features[part]
            mean = block.mean(axis=0)
            block -= mean
            # A mean of large numbers is rounded; the centred rows show by how much.
            rest = block.mean(axis=0)
            block -= rest
            self._join(rows, len(block), mean + rest)

    def merge(self, other: "Moments") -> None:
        """Add all rows that another `Moments` has seen.

        Args:
            other: `Moments` of the same `dim`; it stays as it is.

        Raises:
            ValueError: if the widths differ.
        """
        if other.dim != self.dim:
            raise ValueError(
                f"`other` must have dim={self.dim}. Received: dim={other.dim}. "
                "Both must come from the same feature network."
            )
        if other.count:
            # Before the join: `other` may be `self`.
            scatter = self._scatter + other._scatter
            self._scatter = np.asfortranarray(scatter)
            self._join(np.empty((1, self.dim)), other.count, other._mean)

    def covariance(self, ddof: int = 1) -> np.ndarray:
        """Covariance matrix of the rows so far.

        Args:
            ddof: int, 1 divides by `n - 1` (`np.cov`, TTUR), 0 by `n` (StyleGAN2-ADA).

        Returns:
            float64 array `(dim, dim)`, exactly symmetric.

        Raises:
            ValueError: if there are no more than `ddof` rows, or `ddof` is not 0 or 1.
        """
        if ddof not in (0, 1):
            raise ValueError(f"`ddof` must be 0 or 1. Received: ddof={ddof}. FID's code uses 1.")
        self._check_count(ddof)
        return self._full_scatter() / (self.count - ddof)

    def state(self) -> dict[str, np.ndarray]:
        """Return arrays from which `from_state` makes an equal object.

        Returns:
            Dict of `count` (int64 scalar), `mean` `(dim,)` and `scatter` `(dim, dim)`, the sum
            of outer products of centred rows; copies.
        """
        return {
            "count": np.asarray(self.count, np.int64),
            "mean": self._mean.copy(),
            "scatter": self._full_scatter(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Moments":
        """Return the object that `state` describes.

        Args:
            state: result of `state()`, such as a loaded `.npz`.

        Returns:
            `Moments`.

        Raises:
            ValueError: if an array is missing or has the wrong shape or content.
        """
        missing = [name for name in ("count", "mean", "scatter") if name not in state]
        if missing:
            raise ValueError(
                f"`state` must hold count, mean and scatter. Received: no {', '.join(missing)}. "
                "Pass what `Moments.state` returned."
            )
        mean = np.asarray(state["mean"], np.float64)
        scatter = np.asarray(state["scatter"], np.float64)
        count = int(state["count"])
        finite = np.isfinite(mean).all() and np.isfinite(scatter).all()
        if mean.ndim != 1 or scatter.shape != 2 * mean.shape or count < 0 or not finite:
            raise ValueError(
                "`state` must hold a count >= 0, a finite mean (d,) and a finite scatter (d, d). "
                f"Received: count={count}, shapes {mean.shape} and {scatter.shape}. "
                "The file is damaged: compute it anew."
            )
        moments = cls(len(mean))
        moments.count, moments._mean = count, mean.copy()
        moments._scatter = np.asfortranarray(np.triu(scatter))
        return moments

    def _full_scatter(self) -> np.ndarray:
        upper = np.triu(self._scatter)
        return upper + np.triu(upper, 1).T

    def _join(self, rows: np.ndarray, count: int, mean: np.ndarray) -> None:
        """Add centred rows, whose last one is free, and shift the mean towards `mean`."""
        total = self.count + count
        delta = mean - self._mean
        rows[-1] = math.sqrt(self.count * count / total) * delta
        self._mean = self._mean + delta * (count / total)
        self.count = total
        self._scatter = blas.dsyrk(1.0, rows.T, beta=1.0, c=self._scatter, overwrite_c=1)

    def _check_count(self, ddof: int) -> None:
        if self.count <= ddof:
            raise ValueError(
                f"The stream must hold more than {ddof} rows. Received: {self.count}. "
                "Call `update` with features first."
            )
