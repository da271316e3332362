"""The one interface of all samplers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.samplers.arguments import check_seed
from keras_ot_gans.samplers.pair import Network, Pair
from keras_ot_gans.samplers.step_seeds import reserved_stream


class Sampler(ABC):
    """Draws samples from a trained generator, and a critic where it needs one. Abstract.

    A sampler draws batch by batch: the memory of `batches` does not grow with `n`, that of `sample`
    holds them all. The first samples of a seed are the same for every `n`. Samplers of one seed and
    one `batch_size` that begin at the generator's samples begin at the same ones.

    Args:
        generator: as `Pair`.
        critic: as `Pair`.
        latent_dim: as `Pair`.
        prior: as `Pair`.
        labels: as `Pair`.
        box: as `Pair`.
        batch_size: int > 0, samples per call of the networks.

    Raises:
        ValueError: if an argument is out of range, or the networks do not fit each other.
        TypeError: if an argument is of another type.
    """

    name: str
    needs_critic = True

    def __init__(
        self,
        generator: Network,
        critic: Network | None = None,
        *,
        latent_dim: int | None = None,
        prior: Normal | Uniform | None = None,
        labels: Labels | None = None,
        box: tuple[float, float] | None = None,
        batch_size: int = 100,
    ):
        if self.needs_critic and critic is None:
            raise ValueError(
                f"`critic` must be given for {type(self).__name__}. Received: None. Pass the "
                "critic (or discriminator) that was trained on the same data."
            )
        self.batch_size = check_int("batch_size", batch_size, 1, "Try 100.")
        self.pair = Pair(
            generator, critic, latent_dim=latent_dim, prior=prior, labels=labels, box=box
        )

    def sample(
        self, n: int, seed: int = 0, labels: Any = None, verbose: int | bool = 0
    ) -> np.ndarray:
        """Draw samples.

        Args:
            n: int >= 0, how many.
            seed: int in [0, 2**31), the same samples at each call.
            labels: int array `(n,)`, classes of a conditional generator; None draws them.
            verbose: 1 shows a progress bar.

        Returns:
            float32 array `(n, *sample_shape)`, in the range of the generator.

        Raises:
            ValueError: if `n` or `seed` is out of range, or labels are superfluous, out of range or
                not `n`.
            TypeError: if `n` or `seed` is no integer.
        """
        parts = list(self.batches(n, seed, labels, verbose))
        empty = np.zeros((0, *self.pair.sample_shape), "float32")
        return np.concatenate(parts) if parts else empty

    def batches(
        self, n: int, seed: int = 0, labels: Any = None, verbose: int | bool = 0
    ) -> Iterator[np.ndarray]:
        """Draw samples, batch by batch, in constant memory.

        Args:
            n: as `sample`.
            seed: as `sample`.
            labels: as `sample`.
            verbose: as `sample`.

        Returns:
            Iterator over float32 arrays `(b, *sample_shape)`, `b <= batch_size`, `n` samples in
            all.

        Raises:
            ValueError: as `sample`, at once.
            TypeError: as `sample`, at once.
        """
        n, seed = check_int("n", n, 0, "Try 64."), check_seed(seed)
        if labels is not None:
            labels = self._checked(labels, n)
        return self._drawn(n, seed, labels, verbose)

    def _drawn(
        self, n: int, seed: int, labels: np.ndarray | None, verbose: int | bool
    ) -> Iterator[np.ndarray]:
        stream, of_labels = keras.random.SeedGenerator(seed), reserved_stream("labels", seed)
        bar = keras.utils.Progbar(n, verbose=int(verbose), unit_name="sample")
        for start in range(0, n, self.batch_size):
            size = min(self.batch_size, n - start)
            given = None if labels is None else labels[start : start + size]
            yield self.draw(stream, self._full(given, of_labels))[:size]
            bar.update(start + size)

    @abstractmethod
    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        """Draw one batch.

        Args:
            stream: seeds, all that is random comes from it.
            labels: int32 array `(batch_size,)`, or None.

        Returns:
            float32 array `(batch_size, *sample_shape)`.
        """

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return what the samples depend on besides the networks, for the protocol card."""

    def describe(self) -> str:
        """Return the sampler and its settings in one line, for the protocol card.

        Returns:
            str, such as "truncation(threshold=0.7)".
        """
        inner = ", ".join(f"{name}={value}" for name, value in self.settings().items())
        return f"{self.name}({inner})"

    def latents(self, stream: keras.random.SeedGenerator) -> Any:
        """Draw a batch of latents from the prior.

        Args:
            stream: seeds.

        Returns:
            float32 tensor `(batch_size, latent_dim)`.
        """
        return self.pair.prior.sample((self.batch_size, self.pair.latent_dim), stream)

    def _checked(self, labels: Any, n: int) -> np.ndarray:
        if self.pair.labels is None:
            raise ValueError(
                "`labels` must be None for this generator. Received: labels. Conditional "
                "samplers are made with `labels=ops.Labels(num_classes)`."
            )
        labels = self.pair.labels.checked(labels, "labels")
        if len(labels) != n:
            raise ValueError(
                f"`labels` must hold one label per sample, {n}. Received: {len(labels)}."
            )
        return labels

    def _full(
        self, labels: np.ndarray | None, stream: keras.random.SeedGenerator
    ) -> np.ndarray | None:
        """Return the labels of a whole batch: compiled programs know one size."""
        if self.pair.labels is None:
            return None
        if labels is None:
            return np.asarray(self.pair.labels.sample((self.batch_size,), stream))
        return np.resize(labels, self.batch_size)
