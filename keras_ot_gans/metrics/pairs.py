"""Squared distances of many pairs: fast within a known error, or exact for a few."""

import numpy as np

from keras_ot_gans.metrics.features import BLOCK_ROWS, row_blocks


def squares(x: np.ndarray, y: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, float]:
    """Squared distances of all pairs by a matrix product, and a bound of their error.

    Args:
        x: array `(n, d)`, any real dtype.
        y: array `(m, d)`.
        centre: float64 array `(d,)`, taken from both; near the data's mean, it makes the
            error small.

    Returns:
        float64 array `(n, m)`, and a float that no entry is further off than.

    Example:
        >>> distances, error = squares(np.array([[3.0]]), np.array([[5.0]]), np.array([4.0]))
        >>> float(distances[0, 0]), error < 1e-13
        (4.0, True)
    """
    x, y = x - centre, y - centre
    x_norms, y_norms = np.einsum("ij,ij->i", x, x), np.einsum("ij,ij->i", y, y)
    distances = x @ y.T
    distances *= -2.0
    distances += x_norms[:, None]
    distances += y_norms
    # Each of the three sums of d products has an error of at most d + 2 roundings of the sum of
    # absolute values, centring two more: Higham, "Accuracy and Stability", 2002, eq. 3.5.
    largest = float(x_norms.max(initial=0.0) + y_norms.max(initial=0.0))
    return distances, 4.0 * (x.shape[1] + 8) * float(np.finfo(np.float64).eps) * largest


def direct_squares(
    x: np.ndarray, y: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Squared distances of named pairs, each as the sum of `(x - y)^2` in float64.

    The result of a pair does not depend on the others or on which of the two comes first.

    Args:
        x: array `(n, d)`, any real dtype.
        y: array `(m, d)`.
        rows: int array `(p,)`, indices into `x`.
        columns: int array `(p,)`, indices into `y`.

    Returns:
        float64 array `(p,)`; exactly 0.0 for equal points.

    Example:
        >>> direct_squares(np.eye(2), np.eye(2), np.array([0, 1]), np.array([0, 0])).tolist()
        [0.0, 2.0]
    """
    found = np.empty(len(rows))
    for part in row_blocks(len(rows)):
        gaps = np.subtract(x[rows[part]], y[columns[part]], dtype=np.float64)
        found[part] = np.einsum("ij,ij->i", gaps, gaps)
    return found


def nearest_squares(
    x: np.ndarray, neighbours: int, centre: np.ndarray, block_size: int = BLOCK_ROWS
) -> np.ndarray:
    """Squared distances from each point to its nearest other points.

    Each block of pairs is computed once and serves its rows and its columns. Which points
    are near is found by `squares`, how near by `direct_squares`; where two are equally
    near within the error of the former, either may be taken.

    Args:
        x: array `(n, d)`, any real dtype; `n > neighbours`.
        neighbours: int > 0.
        centre: float64 array `(d,)`, as in `squares`.
        block_size: int > 0, rows per block.

    Returns:
        float64 array `(n, neighbours)`, increasing along each row. A copy of a point is
        another point, at distance 0.

    Example:
        >>> nearest_squares(np.array([[0.0], [1.0], [3.0]]), 2, np.array([1.0])).tolist()
        [[1.0, 9.0], [1.0, 4.0], [4.0, 9.0]]
    """
    best = np.full((len(x), neighbours), np.inf)
    index = np.zeros((len(x), neighbours), np.intp)
    blocks = list(row_blocks(len(x), block_size))
    for number, rows in enumerate(blocks):
        for columns in blocks[number:]:
            distances, _ = squares(x[rows], x[columns], centre)
            if rows == columns:
                np.fill_diagonal(distances, np.inf)
            else:
                _keep_nearest(best, index, columns, distances.T, rows.start)
            _keep_nearest(best, index, rows, distances, columns.start)
    every = np.arange(len(x))
    for column in range(neighbours):
        best[:, column] = direct_squares(x, x, every, index[:, column])
    best.sort(axis=1)
    return best


def _keep_nearest(
    best: np.ndarray, index: np.ndarray, rows: slice, distances: np.ndarray, first: int
) -> None:
    """Merge a block of distances into the nearest ones so far, in place."""
    neighbours = best.shape[1]
    if distances.shape[1] > neighbours:
        chosen = np.argpartition(distances, neighbours - 1, axis=1)[:, :neighbours]
    else:
        chosen = np.broadcast_to(np.arange(distances.shape[1]), distances.shape)
    values = np.hstack([best[rows], np.take_along_axis(distances, chosen, axis=1)])
    indices = np.hstack([index[rows], chosen + first])
    order = np.argpartition(values, neighbours - 1, axis=1)[:, :neighbours]
    best[rows] = np.take_along_axis(values, order, axis=1)
    index[rows] = np.take_along_axis(indices, order, axis=1)
