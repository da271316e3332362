"""Exact squared 2-Wasserstein distance on the line, as a loss."""

import keras
import numpy as np
from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32
from keras_ot_gans.ops.shapes import check_rank


def quantile_pairs(n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Index pairs and masses of the optimal plan between two sorted samples of sizes n and m.

    Args:
        n: int, size of the first sample.
        m: int, size of the second.

    Returns:
        `(i, j, mass)`, each of length `n + m - gcd(n, m)`: the quantile functions are constant on
        these pieces. `mass` is float64 and sums to 1.

    Example:
        >>> i, j, mass = quantile_pairs(1, 2)
        >>> i.tolist(), j.tolist(), mass.tolist()
        ([0, 0], [0, 1], [0.5, 0.5])
    """
    # In units of 1 / (n m) all break points are integers: no rounding decides a tie.
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    starts = np.concatenate([[0], ends[:-1]])
    return starts // m, starts // n, (ends - starts) / (n * m)


def sorted_squared_distance(real: Tensor, fake: Tensor) -> Tensor:
    """Squared `W2` of each row of two batches of one-dimensional samples.

    Args:
        real: float tensor `(k, n)`, each row a sample.
        fake: float tensor `(k, m)`; `n != m` is allowed, also where a size is only known at run
            time.

    Returns:
        Float tensor `(k,)`, in the squared unit of the data.

    Raises:
        ValueError: if a rank is not 2.

    Example:
        >>> sorted_squared_distance([[0.0, 1.0]], [[3.0, 2.0]]).numpy().tolist()
        [4.0]
    """
    check_rank("real", real, 2, "(k, n)")
    check_rank("fake", fake, 2, "(k, m)")
    real, fake = ops.sort(as_float32(real), axis=1), ops.sort(as_float32(fake), axis=1)
    n, m = ops.shape(real)[1], ops.shape(fake)[1]
    static = isinstance(n, int) and isinstance(m, int)
    if static and n == m:
        return ops.mean(ops.square(real - fake), axis=1)
    i, j, mass = quantile_pairs(n, m) if static else _quantile_pairs_at_run_time(n, m)
    gaps = ops.take(real, i, axis=1) - ops.take(fake, j, axis=1)
    return ops.sum(ops.square(gaps) * ops.cast(mass, real.dtype), axis=1)


def _quantile_pairs_at_run_time(n: Tensor, m: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return `quantile_pairs` of tensors; shared break points stay, as pieces of mass 0."""
    n, m = ops.cast(n, "int64"), ops.cast(m, "int64")
    ends = ops.sort(ops.concatenate([(ops.arange(n) + 1) * m, (ops.arange(m) + 1) * n]))
    starts = ops.concatenate([ops.zeros((1,), "int64"), ends[:-1]])
    mass = ops.cast(ends - starts, "float64") / ops.cast(n * m, "float64")
    return ops.minimum(starts // m, n - 1), ops.minimum(starts // n, m - 1), mass


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def wasserstein_1d(
    x_real: Tensor, x_fake: Tensor, seed: keras.random.SeedGenerator | None = None
) -> Tensor:
    """Squared 2-Wasserstein distance between two samples on the line, exact by sorting.

    The gradient is that of the sorted matching: `2 (y_(k) - x_(k)) / n` for the k-th smallest.

    Args:
        x_real: float tensor `(n, 1)`.
        x_fake: float tensor `(m, 1)`.
        seed: ignored; batch divergences share one signature.

    Returns:
        Scalar, in the squared unit of the data.

    Raises:
        ValueError: if the data are not one-dimensional.

    Example:
        >>> float(wasserstein_1d([[0.0], [1.0]], [[3.0], [2.0]]))
        4.0

    Source: Peyre and Cuturi, "Computational Optimal Transport", 2019, remark 2.30; the baseline
        of Zheng and Zhou, "ACT", 2020, Fig. 3.
    """
    del seed
    for name, x in (("x_real", x_real), ("x_fake", x_fake)):
        check_rank(name, x, 2, "(n, 1)")
        if ops.shape(x)[-1] != 1:
            raise ValueError(
                f"`{name}` must be one-dimensional, axes (n, 1). Received: shape "
                f"{tuple(ops.shape(x))}. Use `SlicedWasserstein` for wider data."
            )
    return sorted_squared_distance(ops.transpose(x_real), ops.transpose(x_fake))[0]
