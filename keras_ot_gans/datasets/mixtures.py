"""Mixtures of equally wide, round Gaussians: what most toy densities are."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from keras_ot_gans.datasets.checks import check_positive_int

if TYPE_CHECKING:
    import tensorflow_probability as tfp


@dataclasses.dataclass(frozen=True, eq=False)
class GaussianMixture:
    """A mixture of `k` Gaussians with one common standard deviation.

    The record holds all that a mode-coverage metric needs: where the modes
    are, how wide they are and how much of the mass each should get.

    Args:
        name: str, used in messages and titles.
        centres: float array `(k, d)`, the means.
        scale: float > 0, the standard deviation along every axis.
        weights: float array `(k,)`, non-negative. It is divided by its sum.
            Default: uniform.

    Raises:
        ValueError: if shapes or values do not describe a mixture.

    Example:
        >>> mixture = GaussianMixture("pair", [[-1.0], [1.0]], scale=0.5)
        >>> mixture.sample(6, seed=0).shape
        (6, 1)
        >>> mixture.weights
        array([0.5, 0.5])
    """

    name: str
    centres: np.ndarray
    scale: float
    weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check the fields and store them as float64 arrays."""
        centres = np.array(self.centres, dtype=np.float64)
        if centres.ndim != 2 or centres.size == 0:
            raise ValueError(
                f"`centres` must have rank 2, axes (k, d). Received: shape {centres.shape}. "
                "In one dimension use `[[-1.0], [1.0]]`."
            )
        if not np.isfinite(self.scale) or self.scale <= 0:
            raise ValueError(
                f"`scale` must be positive. Received: scale={self.scale}. "
                "It is the standard deviation of a mode."
            )
        modes = len(centres)
        weights = np.ones(modes) if self.weights is None else np.array(self.weights, np.float64)
        if weights.shape != (modes,) or not np.all(weights >= 0) or not 0 < weights.sum() < np.inf:
            raise ValueError(
                f"`weights` must be {modes} non-negative numbers, one per mode, with a positive "
                f"sum. Received: {self.weights!r}. See `imbalanced_weights` for an example."
            )
        # The record is frozen: this is the one place where its fields are set.
        object.__setattr__(self, "centres", centres)
        object.__setattr__(self, "scale", float(self.scale))
        object.__setattr__(self, "weights", weights / weights.sum())

    def sample(self, n: int, seed: int = 0, balanced: bool = False) -> np.ndarray:
        """Draw points.

        Args:
            n: int > 0, how many.
            seed: int >= 0. The same seed gives the same points.
            balanced: bool. True gives every mode `n // k` points and spreads
                the remaining `n % k` over different random modes (`weights`
                must be uniform); False draws each point's mode by `weights`.

        Returns:
            Float32 array `(n, d)`, in random order.

        Raises:
            ValueError: if `n` is not positive, or for `balanced` with unequal
                weights.
        """
        check_positive_int("n", n)
        modes = len(self.centres)
        rng = np.random.default_rng(seed)
        if balanced:
            if not np.allclose(self.weights, 1 / modes):
                raise ValueError(
                    "`balanced` needs equal weights. "
                    f"Received: balanced=True, weights={self.weights}. Pass `balanced=False`."
                )
            rest = rng.choice(modes, size=n % modes, replace=False)
            mode = rng.permutation(np.concatenate([np.tile(np.arange(modes), n // modes), rest]))
        else:
            mode = rng.choice(modes, size=n, p=self.weights)
        noise = rng.standard_normal((n, self.centres.shape[1]))
        return (self.centres[mode] + self.scale * noise).astype(np.float32)

    def distribution(self) -> tfp.distributions.MixtureSameFamily:
        """Return the density as a tensorflow-probability distribution.

        Returns:
            `tfp.distributions.MixtureSameFamily`, float32, event shape `(d,)`:
            `log_prob` maps `(n, d)` to `(n,)`.

        Example:
            >>> density = GaussianMixture("one", [[0.0, 0.0]], scale=1.0).distribution()
            >>> round(float(density.log_prob([0.0, 0.0])), 4)     # -log(2 pi)
            -1.8379
        """
        # Imported here: it costs a second that most users of the samples do not need.
        import tensorflow_probability as tfp

        centres = self.centres.astype(np.float32)
        return tfp.distributions.MixtureSameFamily(
            tfp.distributions.Categorical(probs=self.weights.astype(np.float32)),
            tfp.distributions.MultivariateNormalDiag(
                loc=centres, scale_diag=np.full_like(centres, self.scale)
            ),
            name=self.name,
        )
