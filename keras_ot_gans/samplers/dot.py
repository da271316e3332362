"""Discriminator optimal transport: samples moved to where the critic sends them."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.ops.priors import Uniform
from keras_ot_gans.samplers.differentiable import check_differentiable
from keras_ot_gans.samplers.dot_arguments import (
    check_numbers,
    checked_k_eff,
    describe_k_eff,
)
from keras_ot_gans.samplers.dot_loop import DOTLoop, Moved
from keras_ot_gans.samplers.dot_objective import (
    check_projection,
    latent_direction,
    latent_step,
)
from keras_ot_gans.samplers.dot_optimizer import describe_optimizer, sample_optimizer
from keras_ot_gans.samplers.lipschitz import check_estimate, pair_lipschitz
from keras_ot_gans.samplers.program import program
from keras_ot_gans.samplers.sampler import Sampler
from keras_ot_gans.samplers.transport import Transport


class DOTSampler(Sampler):
    """Moves generated samples along the transport to the data that a trained critic implies.

    From `z_y ~ prior` it descends `|z - z_y + delta 1| - D(G(z)) / k_eff` in latent space, or
    `|x - y + delta 1| - D(x) / K_eff` from `y = G(z_y)` in data space. The sum over the batch, so
    that each sample moves as if it were alone, by optimizer slots that begin at zero.

    Args:
        generator: as `Pair`.
        critic: as `Pair`; of any training, but best Lipschitz continuous.
        space: "latent" or "data". In data space images gather the noise of adversarial examples.
        updates: int >= 0; 0 is the plain sampler. 20: CIFAR-10 in section 4.1.
        optimizer: Keras optimizer, see `dot_optimizer.sample_optimizer`; copied. None is
            `SGD(0.01)`, section 4.1.
        k_eff: float > 0, the critic's effective Lipschitz constant in the space, or one per label;
            None estimates it at the first use. 1.0 is the paper's short cut.
        pairs: of the estimate, as `pair_lipschitz`.
        repeats: of the estimate, as `pair_lipschitz`.
        reduce: of the estimate, as `pair_lipschitz`.
        delta: float >= 0, as `dot_objective`. 1e-3: Table 1.
        projection: "corrected", "paper" or "none", of gradients of normal latents, see
            `latent_direction`, and of their steps, see `latent_step`. Uniform latents are clipped
            to their box after each update.
        box: as `Pair`. In data space, samples are also clipped to it after each update.
        naive: bool, climb the critic without the cost of moving: the paper's control.
        tolerance: float >= 0; a sample whose objective fell by less in its last update stops there.
            None makes all updates.
        **kwargs: of `Sampler`.

    Raises:
        TypeError: if `optimizer` is not one of Keras, or an argument of another type.
        ValueError: if an argument is out of range, the networks do not fit each other, or the
            gradient does not reach what is to be moved.

    Example:
        >>> hill = lambda x: -keras.ops.sum(x**2, axis=1) / 2.0
        >>> plane = DOTSampler(lambda z: z, hill, latent_dim=2, space="data", k_eff=1.0,
        ...     optimizer=keras.optimizers.SGD(0.1), updates=100, batch_size=1)
        >>> moved = plane.transport([[3.0, 4.0]])    # to where the slope of the hill is k_eff
        >>> [round(float(x), 2) for x in moved.samples[0]]
        [0.6, 0.8]

    Source: Tanaka, "Discriminator Optimal Transport", NeurIPS 2019, Algorithms 1, 2 and 3.
    Differs: the projection, see `latent_direction` and `latent_step`; the label reaches the
        estimate of `k_eff`, see `pair_lipschitz`; early stop. The authors' 2-D experiments take
        `keras.optimizers.Adam(0.01, beta_1=0.0, beta_2=0.9, epsilon=1e-8)`, 100 updates and a box
        of (-2, 2), which the paper does not say.
    """

    name = "dot"

    def __init__(
        self,
        generator: Any,
        critic: Any = None,
        *,
        space: str = "latent",
        updates: int = 20,
        optimizer: keras.optimizers.Optimizer | None = None,
        k_eff: float | Sequence[float] | None = None,
        pairs: int = 100,
        repeats: int = 1,
        reduce: str = "max",
        delta: float = 1e-3,
        projection: str = "corrected",
        box: tuple[float, float] | None = None,
        naive: bool = False,
        tolerance: float | None = None,
        **kwargs: Any,
    ):
        super().__init__(generator, critic, box=box, **kwargs)
        check_estimate(space, pairs, repeats, reduce)
        check_numbers(updates, delta, tolerance)
        check_projection(projection)
        self.space, self.updates, self.delta = space, updates, float(delta)
        self.projection, self.naive, self.tolerance = projection, naive, tolerance
        self._estimate = {"pairs": pairs, "repeats": repeats, "reduce": reduce}
        self._given = k_eff is not None
        self._k_eff = checked_k_eff(k_eff, self.pair) if self._given else None
        in_data = space == "data"
        check_differentiable(self.pair, in_data)
        self._generate = program(self.pair.generate)
        self._loop = DOTLoop(
            self.pair,
            self.batch_size,
            self.updates,
            sample_optimizer(optimizer),
            in_data_space=in_data,
            direction=self._direction,
            project=self._inside(),
            delta=self.delta,
            naive=naive,
            tolerance=tolerance,
        )

    @property
    def k_eff(self) -> float | np.ndarray:
        """The Lipschitz constant in use, float or float64 `(num_classes,)`; estimated if need be.

        Raises:
            ValueError: if the estimate is 0 or not finite.
        """
        return self.estimate_k_eff() if self._k_eff is None else self._k_eff

    def estimate_k_eff(self, seed: int = 0) -> float | np.ndarray:
        """Estimate the Lipschitz constant and use it from now on, as when the critic has changed.

        Args:
            seed: int, equal numbers for equal seeds.

        Returns:
            float, or float64 array `(num_classes,)`.

        Raises:
            ValueError: if the estimate is 0 or not finite.
        """
        found = pair_lipschitz(self.pair, self.space, **self._estimate, seed=seed)
        self._k_eff, self._given = checked_k_eff(found, self.pair), False
        return self._k_eff

    def transport(self, start: Any, labels: Any = None) -> Transport:
        """Move given points.

        Args:
            start: float array `(n, latent_dim)` of latents; in data space `(n, *sample_shape)` of
                samples. Any n; the last batch is filled up.
            labels: int array `(n,)` for a conditional pair, else None.

        Returns:
            `Transport(samples, latents, objective, updates)`.

        Raises:
            ValueError: if points or labels have another shape, or what is found is not finite.
        """
        start = np.asarray(start, "float32")
        shape = tuple(self._loop.shape[1:])
        if start.shape[1:] != shape or start.ndim != len(shape) + 1 or not len(start):
            raise ValueError(
                f"`start` must hold points of the {self.space} space, (n, "
                f"{', '.join(map(str, shape))}), n > 0. Received: shape {start.shape}."
            )
        if labels is None and self.pair.labels is not None:
            raise ValueError("`labels` must be given for this generator. Received: None.")
        labels = None if labels is None else self._checked(labels, len(start))
        moved = []
        for first in range(0, len(start), self.batch_size):
            rows = slice(first, first + self.batch_size)
            told = None if labels is None else np.resize(labels[rows], self.batch_size)
            origin = np.resize(start[rows], self._loop.shape)
            moved += self._move(origin, told, (self.updates,))
        return Transport.of_batches(moved, len(start), self.space == "data")

    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        """Draw one batch, as `Sampler.draw`."""
        return self.draw_along(stream, labels, (self.updates,))[0]

    def draw_along(
        self,
        stream: keras.random.SeedGenerator,
        labels: np.ndarray | None,
        stops: Sequence[int],
    ) -> list[np.ndarray]:
        """Draw one batch and look at it on its way.

        Args:
            stream: as `Sampler.draw`.
            labels: as `Sampler.draw`.
            stops: increasing ints in `[0, updates]`.

        Returns:
            For each stop, the samples after so many updates, float32 `(batch_size,
            *sample_shape)`: what a sampler of so many updates draws.

        Raises:
            ValueError: if the samples are not finite.
        """
        start = self.latents(stream)
        if self.space == "data":
            start = self._generate(start, labels)
        return [moved.samples.numpy() for moved in self._move(start, labels, stops)]

    def settings(self) -> dict[str, Any]:
        """Return all that the samples depend on besides the networks."""
        settings = {"space": self.space, "updates": self.updates}
        settings["optimizer"] = describe_optimizer(self._loop.optimizer)
        settings["k_eff"] = describe_k_eff(self.k_eff)
        if not self._given:
            settings |= self._estimate
        settings["delta"] = f"{self.delta:g}"
        in_data = self.space == "data"
        settings |= {"box": self.pair.box} if in_data else {"projection": self.projection}
        return settings | {"naive": self.naive, "tolerance": self.tolerance}

    def _direction(self, points: tf.Tensor, gradients: tf.Tensor) -> tf.Tensor:
        if self.space == "data":
            return gradients
        return latent_direction(self.pair.prior, points, gradients, self.projection)

    def _inside(self) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None:
        """Return what puts updated points back where they belong."""
        prior, projection, box = self.pair.prior, self.projection, self.pair.box
        if self.space == "latent":
            kept = isinstance(prior, Uniform) or projection == "corrected"
            return (lambda old, new: latent_step(prior, old, new, projection)) if kept else None
        return None if box is None else lambda _, new: tf.clip_by_value(new, *box)

    def _move(self, origin: Any, labels: np.ndarray | None, stops: Sequence[int]) -> list[Moved]:
        """Move one batch, and keep it at each stop."""
        k_eff = np.asarray(self.k_eff, "float32")
        if k_eff.ndim:
            k_eff = k_eff[labels]
        k_eff = np.broadcast_to(k_eff, (self.batch_size,))
        self._loop.begin(origin)
        told = [] if labels is None else [labels]
        kept = [self._loop.advance(origin, k_eff, stop, *told) for stop in stops]
        for moved in kept:
            if not (np.isfinite(moved.samples).all() and np.isfinite(moved.objective).all()):
                raise ValueError(
                    f"`optimizer` must keep samples finite. Received: {self.describe()}, which "
                    "diverged. Try a smaller learning rate or a larger `k_eff`."
                )
        return kept
