"""Ground costs: functions of two batches that return the matrix of all pairs.

Every cost takes `(x_real (n, d), x_fake (m, d))` and returns `(n, m)`, has finite gradients where
two points coincide, and computes in float32 (float64 if given) whatever the policy.
"""

import keras
from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32, safe_sqrt, unit_vectors
from keras_ot_gans.ops.shapes import check_rank, check_same_last_dim

# Up to this width the differences are formed directly: exact, and as cheap as a product.
_DIRECT_WIDTH = 4


def _check_pair(x_real: Tensor, x_fake: Tensor) -> None:
    check_rank("x_real", x_real, 2, "(n, d)")
    check_rank("x_fake", x_fake, 2, "(m, d)")
    check_same_last_dim("x_real", x_real, "x_fake", x_fake)


def squared_differences(x_real: Tensor, x_fake: Tensor) -> Tensor:
    """Element-wise squared differences of all pairs, the input of a learned distance.

    Args:
        x_real: float tensor `(n, d)`.
        x_fake: float tensor `(m, d)`.

    Returns:
        Float tensor `(n, m, d)`; it needs `4 n m d` bytes.

    Raises:
        ValueError: if a rank is not 2 or the widths differ.

    Example:
        >>> squared_differences([[0.0, 1.0]], [[2.0, 1.0]]).numpy().tolist()
        [[[4.0, 0.0]]]
    """
    _check_pair(x_real, x_fake)
    x_real, x_fake = as_float32(x_real), as_float32(x_fake)
    return ops.square(ops.expand_dims(x_real, 1) - ops.expand_dims(x_fake, 0))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def squared_euclidean(x_real: Tensor, x_fake: Tensor) -> Tensor:
    """Squared Euclidean cost `|x_i - y_j|^2` of all pairs, not halved.

    Args:
        x_real: float tensor `(n, d)`.
        x_fake: float tensor `(m, d)`.

    Returns:
        Float tensor `(n, m)`, non-negative, in the squared unit of the data. For `d <= 4` the
        differences are formed directly. Above, `|x|^2 + |y|^2 - 2 x.y` after subtracting the mean
        of `x_fake` (distances do not change, cancellation shrinks), cut at 0: the absolute error
        is a few float32 roundings of the largest squared norm.

    Raises:
        ValueError: if a rank is not 2 or the widths differ.

    Example:
        >>> squared_euclidean([[0.0, 0.0], [3.0, 0.0]], [[0.0, 4.0]]).numpy().tolist()
        [[16.0], [25.0]]
    """
    _check_pair(x_real, x_fake)
    x_real, x_fake = as_float32(x_real), as_float32(x_fake)
    width = x_real.shape[-1]
    if width is not None and width <= _DIRECT_WIDTH:
        columns = [
            ops.square(x_real[:, k : k + 1] - ops.transpose(x_fake[:, k : k + 1]))
            for k in range(width)
        ]
        return sum(columns[1:], start=columns[0])
    centre = ops.stop_gradient(ops.mean(x_fake, axis=0, keepdims=True))
    x_real, x_fake = x_real - centre, x_fake - centre
    real_norms = ops.sum(ops.square(x_real), axis=1, keepdims=True)
    fake_norms = ops.transpose(ops.sum(ops.square(x_fake), axis=1, keepdims=True))
    products = ops.matmul(x_real, ops.transpose(x_fake))
    return ops.maximum(real_norms + fake_norms - 2.0 * products, 0.0)


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def euclidean(x_real: Tensor, x_fake: Tensor) -> Tensor:
    """Euclidean cost `|x_i - y_j|` of all pairs.

    Args:
        x_real: float tensor `(n, d)`.
        x_fake: float tensor `(m, d)`.

    Returns:
        Float tensor `(n, m)`, non-negative, in the unit of the data. The gradient at coincident
        points is 0, a valid subgradient.

    Raises:
        ValueError: if a rank is not 2 or the widths differ.

    Example:
        >>> euclidean([[0.0, 0.0]], [[3.0, 4.0]]).numpy().tolist()
        [[5.0]]
    """
    return safe_sqrt(squared_euclidean(x_real, x_fake))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def cosine(x_real: Tensor, x_fake: Tensor) -> Tensor:
    """Cosine cost `1 - cos(x_i, y_j)` of all pairs, between 0 and 2.

    Args:
        x_real: float tensor `(n, d)`.
        x_fake: float tensor `(m, d)`.

    Returns:
        Float tensor `(n, m)` in [0, 2] up to rounding. A zero vector has cosine 0 with everything.

    Raises:
        ValueError: if a rank is not 2 or the widths differ.

    Example:
        >>> cosine([[2.0, 0.0]], [[1.0, 0.0], [0.0, 3.0], [-1.0, 0.0]]).numpy().tolist()
        [[0.0, 1.0, 2.0]]

    Source: Zheng and Zhou, "ACT: Asymptotic Conditional Transport", 2020, eq. 15; Salimans et
        al., "Improving GANs Using Optimal Transport", ICLR 2018.
    Differs: the extracted eq. 15 seems to take the absolute value of the product; the authors'
        code does not, and neither do we (opposite features are far apart, not equal).
    """
    _check_pair(x_real, x_fake)
    return 1.0 - ops.matmul(unit_vectors(x_real), ops.transpose(unit_vectors(x_fake)))
