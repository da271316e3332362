"""What one slope pays: functions of SQUARED slopes and a target, element by element."""

import keras
from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32, safe_sqrt


@keras.saving.register_keras_serializable(package="keras_ot_gans>penalties")
def two_sided(squared_slopes: Tensor, target: float) -> Tensor:
    """`(slope - target)^2`: pulls slopes up as well as down.

    Args:
        squared_slopes: float tensor >= 0 of any shape.
        target: float >= 0. At 0 the result is the input, without a square root.

    Returns:
        Float tensor >= 0 of the same shape. Where the slope is 0 and the target is not, the
        gradient is taken as 0 (it has no direction there).

    Example:
        >>> [float(v) for v in two_sided([0.0, 4.0, 9.0], 1.0)]
        [1.0, 1.0, 4.0]

    Source: Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, eq. 3.
    """
    squared_slopes = as_float32(squared_slopes)
    return squared_slopes if target == 0 else ops.square(safe_sqrt(squared_slopes) - target)


@keras.saving.register_keras_serializable(package="keras_ot_gans>penalties")
def one_sided(squared_slopes: Tensor, target: float) -> Tensor:
    """`max(0, slope - target)^2`: only slopes above the target pay.

    Args:
        squared_slopes: float tensor >= 0 of any shape.
        target: float >= 0. At 0 the result is the input, without a square root.

    Returns:
        Float tensor >= 0 of the same shape.

    Example:
        >>> [float(v) for v in one_sided([0.0, 4.0, 9.0], 1.0)]
        [0.0, 1.0, 4.0]

    Source: Petzka et al., "On the Regularization of Wasserstein GANs", ICLR 2018, eq. 8.
    """
    squared_slopes = as_float32(squared_slopes)
    if target == 0:
        return squared_slopes
    return ops.square(ops.relu(safe_sqrt(squared_slopes) - target))
