"""Sliced Wasserstein distance: the average of exact 1-D distances over random directions."""

from dataclasses import dataclass

import keras
from keras import ops

from keras_ot_gans.divergences.wasserstein_1d import sorted_squared_distance
from keras_ot_gans.ops import random
from keras_ot_gans.ops.numerics import Tensor, as_float32, unit_vectors
from keras_ot_gans.ops.shapes import check_rank, check_same_last_dim


def sliced_wasserstein(x_real: Tensor, x_fake: Tensor, directions: Tensor) -> Tensor:
    """Mean squared 2-Wasserstein distance of the projections on given directions.

    Args:
        x_real: float tensor `(n, d)`.
        x_fake: float tensor `(m, d)`.
        directions: float tensor `(k, d)`, scaled to unit length here.

    Returns:
        Scalar, in the squared unit of the data; never above `W2^2`, because each projection is
        1-Lipschitz.

    Raises:
        ValueError: if a rank is not 2 or the widths differ.

    Example:
        >>> x, y = [[0.0, 0.0]], [[3.0, 4.0]]
        >>> round(float(sliced_wasserstein(x, y, [[1.0, 0.0], [0.0, 2.0]])), 4)   # (9 + 16) / 2
        12.5

    Source: Deshpande et al., "Generative Modeling Using the Sliced Wasserstein Distance",
        CVPR 2018, eq. 6; the baseline of Zheng and Zhou, "ACT", 2020, Figs. 4 and 10.
    Differs: averages over the batch, where the code of the ACT authors sums.
    """
    for name, x in (("x_real", x_real), ("x_fake", x_fake), ("directions", directions)):
        check_rank(name, x, 2, "(n, d)")
    check_same_last_dim("x_real", x_real, "x_fake", x_fake)
    check_same_last_dim("x_real", x_real, "directions", directions)
    directions = unit_vectors(directions)
    real = ops.matmul(directions, ops.transpose(as_float32(x_real)))
    fake = ops.matmul(directions, ops.transpose(as_float32(x_fake)))
    return ops.mean(sorted_squared_distance(real, fake))


@keras.saving.register_keras_serializable(package="keras_ot_gans")
@dataclass(frozen=True)
class SlicedWasserstein:
    """Sliced Wasserstein distance with fresh random directions at each call.

    Attributes:
        num_directions: int > 0. 1000: the toy code of the ACT authors.

    Example:
        >>> seed = keras.random.SeedGenerator(0)
        >>> value = SlicedWasserstein(4000)([[0.0, 0.0]], [[3.0, 4.0]], seed)
        >>> abs(float(value) - 12.5) < 1.0      # |y|^2 / d, up to the directions' noise
        True
    """

    num_directions: int = 1000

    def __post_init__(self):
        """Check the number of directions."""
        if self.num_directions < 1:
            raise ValueError(
                "`num_directions` must be at least 1. "
                f"Received: num_directions={self.num_directions}. Try 1000."
            )

    def __call__(self, x_real: Tensor, x_fake: Tensor, seed: keras.random.SeedGenerator) -> Tensor:
        """Compute the distance.

        Args:
            x_real: float tensor `(n, d)`.
            x_fake: float tensor `(m, d)`.
            seed: `keras.random.SeedGenerator`, advanced by one draw of the directions.

        Returns:
            Scalar, in the squared unit of the data.
        """
        x_real = as_float32(x_real)
        check_rank("x_real", x_real, 2, "(n, d)")
        directions = random.normal((self.num_directions, x_real.shape[-1]), seed)
        return sliced_wasserstein(x_real, x_fake, directions)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {"num_directions": self.num_directions}

    @classmethod
    def from_config(cls, config: dict):
        """Build from `get_config`."""
        return cls(**config)
