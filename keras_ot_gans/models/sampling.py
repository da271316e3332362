"""Sampling from a model's generator."""

import keras
import numpy as np
import tensorflow as tf


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

    def generate(self, z: np.ndarray, batch_size: int = 256, use_ema: bool = True) -> np.ndarray:
        """Generate from given latents, in inference mode.

        Args:
            z: float array `(n, latent_dim)`.
            batch_size: int, latents per call.
            use_ema: bool, take the moving average of the generator where there is one.

        Returns:
            float32 array `(n, ...)`, in the range of the generator.

        Raises:
            ValueError: if `z` has another width than `latent_dim`.
        """
        z = np.asarray(z, "float32")
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(
                f"`z` must have shape (n, {self.latent_dim}). Received: shape {z.shape}. "
                "Draw it with `sample_latents(n)`."
            )
        averaged = use_ema and self.ema_generator is not None
        if averaged not in self._generate:
            network = self.ema_generator if averaged else self.generator
            signature = [tf.TensorSpec((None, self.latent_dim), tf.float32)]
            run = tf.function(lambda z: network(z, training=False), input_signature=signature)
            self._generate[averaged] = run
        run = self._generate[averaged]
        parts = [run(z[i : i + batch_size]).numpy() for i in range(0, len(z), batch_size)]
        if not parts:
            return np.zeros((0, *self.generator.output_shape[1:]), "float32")
        return np.concatenate(parts)

    def sample(
        self, n: int, seed: int | None = None, batch_size: int = 256, use_ema: bool = True
    ) -> np.ndarray:
        """Draw samples from the generator, in inference mode.

        Args:
            n: int, how many.
            seed: int for the same latents at each call, None for new ones.
            batch_size: int, samples per call of the generator.
            use_ema: bool, take the moving average of the generator where there is one.

        Returns:
            float32 array `(n, ...)`, in the range of the generator.
        """
        return self.generate(self.sample_latents(n, seed), batch_size, use_ema)

    @property
    def step(self) -> int:
        """Number of generator updates so far."""
        return int(keras.ops.convert_to_numpy(self.generator_updates))
