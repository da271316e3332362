"""Sampling from a model's generator."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.networks.conditioning import with_labels
from keras_ot_gans.ops.spread import spread


class Sampling:
    """Methods of `AdversarialModel` that draw samples, in inference mode.

    They use a seed stream of their own: looking at samples does not change the training.
    """

    def sample_latents(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draw latents from the prior.

        Args:
            n: int, how many.
            seed: int for the same latents at each call; None goes on in the model's own stream,
                which is not the training's.

        Returns:
            float32 array `(n, latent_dim)`.
        """
        stream = self.sample_seed if seed is None else keras.random.SeedGenerator(seed)
        return self.prior.sample((n, self.latent_dim), stream).numpy()

    def sample_labels(self, n: int, seed: int | None = None) -> np.ndarray | None:
        """Draw labels as the model is asked for them.

        Args:
            n: int, how many.
            seed: int for the same labels at each call, None to go on in the model's own stream.

        Returns:
            int32 array `(n,)`; None for a model that is not conditional.
        """
        if self.labels is None:
            return None
        stream = self.sample_seed if seed is None else keras.random.SeedGenerator(seed + 1)
        return self.labels.sample((n,), stream).numpy()

    def generate(
        self,
        z: np.ndarray,
        batch_size: int = 256,
        use_ema: bool = True,
        labels: np.ndarray | None = None,
    ) -> np.ndarray:
        """Generate from given latents, in inference mode.

        Args:
            z: float array `(n, latent_dim)`.
            batch_size: int, latents per call.
            use_ema: bool, take the moving average of the generator where there is one.
            labels: int array `(n,)` of a conditional model, one per latent, or float `(n, dim)` of
                one of vectors; else None.

        Returns:
            float32 array `(n, ...)`, in the range of the generator.

        Raises:
            ValueError: if `z` has another width than `latent_dim`, or `labels` are missing,
                superfluous or out of range.
        """
        z = np.asarray(z, "float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(
                f"`z` must have shape (n, {self.latent_dim}). Received: shape {z.shape}. "
                "Draw it with `sample_latents(n)`."
            )
        labels = self._checked_labels(labels, len(z))
        given = [z] if labels is None else [z, labels]
        run = self._compiled_generator(use_ema and self.ema_generator is not None)
        return in_batches(run, given, batch_size, self.generator.output_shape[1:])

    def _checked_labels(self, labels: np.ndarray | None, n: int) -> np.ndarray | None:
        if (labels is None) != (self.labels is None):
            needed = "None" if self.labels is None else "given"
            raise ValueError(
                f"`labels` must be {needed} for this model. Received: labels={labels}. "
                "Conditional models are made with `labels=ops.Labels(num_classes)`."
            )
        if labels is None:
            return None
        labels = self.labels.checked(labels, "labels")
        if len(labels) != n:
            raise ValueError(
                f"`labels` must hold one label per sample, {n}. Received: {len(labels)}."
            )
        return labels

    def _compiled_generator(self, averaged: bool) -> Callable[..., tf.Tensor]:
        if averaged not in self._generate:
            network = self.ema_generator if averaged else self.generator
            signature = [tf.TensorSpec((None, self.latent_dim), tf.float32)]
            if self.labels is not None:
                signature.append(tf.TensorSpec((None, *self.labels.shape), self.labels.dtype))

            def generate(z, labels=None):
                return network(with_labels(z, labels), training=False)

            run = tf.function(generate, input_signature=signature)
            self._generate[averaged] = spread(run)
        return self._generate[averaged]

    def sample(
        self,
        n: int,
        seed: int | None = None,
        batch_size: int = 256,
        use_ema: bool = True,
        labels: np.ndarray | None = None,
    ) -> np.ndarray:
        """Draw samples from the generator, in inference mode.

        Args:
            n: int, how many.
            seed: int for the same latents at each call, None for new ones.
            batch_size: int, samples per call of the generator.
            use_ema: bool, take the moving average of the generator where there is one.
            labels: int array `(n,)` for samples of these classes; None draws them. Float array
                `(n, dim)` for a model of vectors, which cannot be drawn.

        Returns:
            float32 array `(n, ...)`, in the range of the generator.

        Raises:
            ValueError: if labels are superfluous, out of range or not `n`.
        """
        if labels is None:
            labels = self.sample_labels(n, seed)
        return self.generate(self.sample_latents(n, seed), batch_size, use_ema, labels)

    @property
    def step(self) -> int:
        """Number of generator updates so far."""
        return int(keras.ops.convert_to_numpy(self.generator_updates))


def in_batches(
    run: Callable[..., tf.Tensor], given: Sequence[np.ndarray], batch_size: int, shape: tuple
) -> np.ndarray:
    """Apply a compiled function to arrays, part by part.

    Args:
        run: function of as many tensors as there are arrays.
        given: arrays of one length `n`.
        batch_size: int, rows at a time.
        shape: shape of one row of the result.

    Returns:
        float32 array `(n, *shape)`.
    """
    starts = range(0, len(given[0]), batch_size)
    parts = [run(*(v[i : i + batch_size] for v in given)).numpy() for i in starts]
    return np.concatenate(parts) if parts else np.zeros((0, *shape), "float32")
