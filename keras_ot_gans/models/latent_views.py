"""What models with an encoder share: its noise, and what they show of the latent space."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.models import replicas
from keras_ot_gans.models.age_checks import FOREIGN
from keras_ot_gans.models.sampling import in_batches
from keras_ot_gans.ops import random


class LatentViews:
    """Methods of models with an `encoder`, a `code_dim` and a `noise_dim`.

    The views run in inference mode, without touching the training's seeds.
    """

    def encoder_noise(self, n: tf.Tensor | int, training: bool) -> tf.Tensor:
        """Draw this replica's part of a global draw of the encoder's noise.

        Args:
            n: int or scalar tensor, rows per replica.
            training: bool, whether this is a training step.

        Returns:
            float32 tensor `(n, noise_dim)`, standard normal.
        """
        stream = self.stream(training)
        return replicas.own_part(lambda rows: random.normal((rows, self.noise_dim), stream), n)

    def encode(
        self, x: np.ndarray, seed: int | None = None, noise: bool = True, batch_size: int = 256
    ) -> np.ndarray:
        """Infer codes of data.

        Args:
            x: array `(n, ...)`, images in [-1, 1].
            seed: int for the same noise at each call, None for new noise.
            noise: bool; False sets the noise of the encoder to 0: a Gaussian one returns its mean.
            batch_size: int, samples per call of the encoder.

        Returns:
            float32 array `(n, k)`.

        Raises:
            ValueError: if the model has no encoder, or `x` has another shape than its samples.
        """
        x = self._checked_data(x, "x")
        drawn = self._view_noise((len(x), self.noise_dim), seed, noise)
        given = [x, drawn] if self.noise_dim else [x]
        return in_batches(self._compiled_encoder(), given, batch_size, (self.code_dim,))

    def reconstruct(
        self,
        x: np.ndarray,
        seed: int | None = None,
        noise: bool = True,
        batch_size: int = 256,
        use_ema: bool = True,
    ) -> np.ndarray:
        """Encode and generate again.

        Args:
            x: array `(n, ...)`, images in [-1, 1].
            seed: int for the same noise at each call, None for new noise.
            noise: bool; False sets the noise of encoder and generator to 0.
            batch_size: int.
            use_ema: bool, take the moving average of the generator where there is one.

        Returns:
            float32 array `(n, ...)`.

        Raises:
            ValueError: as `encode`.
        """
        codes = self.encode(x, seed, noise, batch_size)
        return self.decode(codes, None if seed is None else seed + 1, noise, batch_size, use_ema)

    def decode(
        self,
        codes: np.ndarray,
        seed: int | None = None,
        noise: bool = True,
        batch_size: int = 256,
        use_ema: bool = True,
    ) -> np.ndarray:
        """Generate from codes; noise of the generator's own is drawn.

        Args:
            codes: array `(n, k)`.
            seed: int for the same noise at each call, None for new noise.
            noise: bool; False sets the generator's noise to 0.
            batch_size: int.
            use_ema: bool, take the moving average of the generator where there is one.

        Returns:
            float32 array `(n, ...)`.

        Raises:
            ValueError: if the codes have another width.
        """
        codes = np.asarray(codes, "float32")
        if self.encoder is None or codes.ndim != 2 or codes.shape[1] != self.code_dim:
            raise ValueError(
                f"`codes` must have shape (n, {self.code_dim}), of a model with an encoder. "
                f"Received: shape {codes.shape}."
            )
        rest = self._view_noise((len(codes), self.latent_dim - self.code_dim), seed, noise)
        return self.generate(np.concatenate([codes, rest], axis=1), batch_size, use_ema)

    def interpolate(
        self, x1: np.ndarray, x2: np.ndarray, steps: int = 8, use_ema: bool = True
    ) -> np.ndarray:
        """Generate along the straight line between the codes of two samples, without noise.

        Args:
            x1: array `(n, ...)`, where the lines begin.
            x2: array `(n, ...)`, where they end.
            steps: int >= 2, points on a line, with its ends.
            use_ema: bool, take the moving average of the generator where there is one.

        Returns:
            float32 array `(n, steps, ...)`; the first and the last are reconstructions.

        Raises:
            ValueError: if there are fewer than two steps, or not as many ends as beginnings.
        """
        if steps < 2 or len(x1) != len(x2):
            raise ValueError(
                "`steps` must be at least 2, and `x1` and `x2` of one length. Received: "
                f"steps={steps}, {len(x1)} and {len(x2)} samples."
            )
        first, last = (self.encode(x, noise=False)[:, None] for x in (x1, x2))
        codes = first + np.linspace(0.0, 1.0, steps, dtype="float32")[:, None] * (last - first)
        samples = self.decode(codes.reshape(-1, self.code_dim), noise=False, use_ema=use_ema)
        return samples.reshape(len(x1), steps, *samples.shape[1:])

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        config = super().get_config()
        for name in FOREIGN:
            del config[name]
        return {**config, "encoder": keras.saving.serialize_keras_object(self.encoder)}

    def _checked_data(self, x: np.ndarray, name: str) -> np.ndarray:
        if self.encoder is None:
            raise ValueError(
                f"`{name}` cannot be encoded: the model has no encoder. Received: encoder=None. "
                "Give it one when it is made."
            )
        x, shape = np.asarray(x, "float32"), tuple(self.generator.output_shape[1:])
        if x.shape[1:] != shape:
            raise ValueError(f"`{name}` must have shape (n, {shape}). Received: {x.shape}.")
        return x

    def _view_noise(self, shape: tuple[int, int], seed: int | None, noise: bool) -> np.ndarray:
        if not noise or not shape[1]:
            return np.zeros(shape, "float32")
        stream = self.sample_seed if seed is None else keras.random.SeedGenerator(seed)
        return random.normal(shape, stream).numpy()

    def _compiled_encoder(self) -> Callable:
        if "encoder" not in self._generate:
            inputs = self.encoder.inputs
            signature = [tf.TensorSpec((None, *i.shape[1:]), tf.float32) for i in inputs]

            def encode(*given):
                code = self.encoder(list(given) if len(given) > 1 else given[0], training=False)
                return tf.cast(code, tf.float32)

            self._generate["encoder"] = tf.function(encode, input_signature=signature)
        return self._generate["encoder"]
