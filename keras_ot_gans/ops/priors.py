"""Priors of the latent variable `z`, with the projections that keep an update inside them."""

from dataclasses import dataclass

import keras
from keras import ops

from keras_ot_gans.ops import random
from keras_ot_gans.ops.numerics import Tensor


@keras.saving.register_keras_serializable(package="keras_ot_gans")
@dataclass(frozen=True)
class Normal:
    """Standard normal prior `z ~ N(0, I)`.

    Example:
        >>> z = Normal().sample((4, 2), keras.random.SeedGenerator(0))
        >>> tuple(z.shape)
        (4, 2)
    """

    def sample(self, shape: tuple, seed: keras.random.SeedGenerator) -> Tensor:
        """Draw latents.

        Args:
            shape: tuple, `(n, latent_dim)`.
            seed: `keras.random.SeedGenerator`, advanced by one draw.

        Returns:
            float32 tensor of `shape`.
        """
        return random.normal(shape, seed)

    def project(self, z: Tensor) -> Tensor:
        """Return `z` itself: every point has positive density.

        Args:
            z: float tensor `(n, d)`.

        Returns:
            `z`.
        """
        return z

    def tangent(self, z: Tensor, g: Tensor) -> Tensor:
        """Remove from `g` its component along `z`.

        In high dimension the prior's mass lies on a sphere around 0; moving along its tangent
        keeps the length of `z`.

        Args:
            z: float tensor `(n, d)`.
            g: float tensor `(n, d)`, an update direction.

        Returns:
            Float tensor `(n, d)`, orthogonal to `z` row by row; `g` where `z` is 0.

        Source: Tanaka, "Discriminator Optimal Transport", NeurIPS 2019, section 3.
        Differs: divides by `|z|^2`, which makes it a projection; the paper divides by `sqrt(d)`.
        """
        along = ops.sum(g * z, axis=-1, keepdims=True)
        length = ops.maximum(ops.sum(ops.square(z), axis=-1, keepdims=True), 1e-12)
        return g - z * along / length

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {}

    @classmethod
    def from_config(cls, config: dict):
        """Build from `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_ot_gans")
@dataclass(frozen=True)
class Uniform:
    """Uniform prior on a box.

    Attributes:
        low: float, lower bound of every coordinate.
        high: float, upper bound of every coordinate.

    Example:
        >>> Uniform().project(ops.convert_to_tensor([[2.0, 0.5]])).numpy().tolist()
        [[1.0, 0.5]]
    """

    low: float = -1.0
    high: float = 1.0

    def __post_init__(self):
        """Check the bounds."""
        if not self.low < self.high:
            raise ValueError(
                "`low` must be smaller than `high`. "
                f"Received: low={self.low}, high={self.high}. Swap them?"
            )

    def sample(self, shape: tuple, seed: keras.random.SeedGenerator) -> Tensor:
        """Draw latents.

        Args:
            shape: tuple, `(n, latent_dim)`.
            seed: `keras.random.SeedGenerator`, advanced by one draw.

        Returns:
            float32 tensor of `shape` in `[low, high)`.
        """
        return self.low + (self.high - self.low) * random.uniform(shape, seed)

    def project(self, z: Tensor) -> Tensor:
        """Clip to the box.

        Args:
            z: float tensor `(n, d)`.

        Returns:
            Float tensor `(n, d)`, the nearest point of the box.
        """
        return ops.clip(z, self.low, self.high)

    def tangent(self, z: Tensor, g: Tensor) -> Tensor:
        """Return `g` itself: inside the box every direction is allowed.

        Args:
            z: float tensor `(n, d)`.
            g: float tensor `(n, d)`.

        Returns:
            `g`.
        """
        return g

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {"low": self.low, "high": self.high}

    @classmethod
    def from_config(cls, config: dict):
        """Build from `get_config`."""
        return cls(**config)
