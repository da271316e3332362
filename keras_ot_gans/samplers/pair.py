"""A trained generator and a critic, checked once and called on tensors."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_ot_gans.networks.conditioning import with_labels
from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.priors import Normal, Uniform

Network = Callable[..., Any]


class Pair:
    """A generator and the critic that judges its samples, both in inference mode.

    They need not have been trained together, nor by this library: it is enough that the critic
    takes what the generator makes.

    Args:
        generator: `keras.Model` or any function of float32 tensors, `(B, latent_dim) -> (B, ...)`;
            of `[z, labels]` where there are labels.
        critic: `keras.Model` or any function `(B, ...) -> (B, 1)` or `(B,)`, the larger the more
            real; of `[x, labels]` where there are labels. None for samplers that need none.
        latent_dim: int, width of the latents; None reads it from a `keras.Model`.
        prior: `ops.Normal()` or `ops.Uniform()` of the latents; None is the normal.
        labels: `ops.Labels` of a conditional generator and critic, or None.

    Attributes:
        sample_shape: tuple, shape of one sample.

    Raises:
        ValueError: if the latents' width is unknown or is not the generator's, the critic does not
            take the generator's samples, or does not return one number for each.
    """

    def __init__(
        self,
        generator: Network,
        critic: Network | None = None,
        *,
        latent_dim: int | None = None,
        prior: Normal | Uniform | None = None,
        labels: Labels | None = None,
    ):
        self.generator, self.critic = generator, critic
        self.prior, self.labels = prior or Normal(), labels
        self.latent_dim = _latent_dim(generator, latent_dim)
        z = tf.zeros((2, self.latent_dim))
        classes = None if labels is None else tf.zeros((2,), "int32")
        self.sample_shape = tuple(self._probe(z, classes).shape[1:])

    def generate(self, z: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Return samples.

        Args:
            z: float32 tensor `(B, latent_dim)`.
            labels: int32 tensor `(B,)`, or None.

        Returns:
            float32 tensor `(B, *sample_shape)`; differentiable in `z`.
        """
        return tf.cast(_infer(self.generator, with_labels(z, labels)), "float32")

    def score(self, x: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Return the critic's values.

        Args:
            x: float32 tensor `(B, *sample_shape)`.
            labels: int32 tensor `(B,)`, or None.

        Returns:
            float32 tensor `(B,)`; differentiable in `x`.

        Raises:
            ValueError: if there is no critic, or it returns features.
        """
        if self.critic is None:
            raise ValueError(
                "`critic` must be given to score samples. Received: None. Pass the critic (or "
                "discriminator) that was trained on the same data."
            )
        values = tf.convert_to_tensor(_infer(self.critic, with_labels(x, labels)))
        if values.shape.rank == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.shape.rank != 1:
            raise ValueError(
                "`critic` must return one number per sample, (B,) or (B, 1). Received: shape "
                f"{tuple(values.shape)}. A critic of features (ACT, OT-GAN) has no order of better "
                "and worse; take one with a single output."
            )
        return tf.cast(values, "float32")

    def score_latents(self, z: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Return the critic's values of what latents become, `D(G(z))`.

        Args:
            z: float32 tensor `(B, latent_dim)`.
            labels: int32 tensor `(B,)`, or None.

        Returns:
            float32 tensor `(B,)`; differentiable in `z`.
        """
        return self.score(self.generate(z, labels), labels)

    def _probe(self, z: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
        """Run both networks once, so that what does not fit is said before any work."""
        try:
            x = self.generate(z, labels)
        except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
            raise ValueError(
                f"`generator` must take latents (B, {self.latent_dim})"
                f"{'' if labels is None else ' and labels (B,)'}. Received: one that refuses them "
                f"({error}). Check `latent_dim` and `labels`."
            ) from error
        if self.critic is None:
            return x
        takes = getattr(self.critic, "input_shape", None)
        if takes is not None:
            shapes = takes if isinstance(takes, list) else [takes]
            wanted = 1 if labels is None else 2
            if len(shapes) != wanted or not x.shape.is_compatible_with(shapes[0]):
                raise _misfit(x, f"one of {takes}", labels)
        try:
            self.score(x, labels)
        except (TypeError, tf.errors.InvalidArgumentError) as error:
            raise _misfit(x, f"one that refuses them ({error})", labels) from error
        return x


def _misfit(x: tf.Tensor, received: str, labels: tf.Tensor | None) -> ValueError:
    told = "" if labels is None else " and their labels (B,)"
    return ValueError(
        f"`critic` must take the generator's samples, (B, {', '.join(map(str, x.shape[1:]))})"
        f"{told}. Received: {received}. Both must be of the same data, in the same range."
    )


def _infer(network: Network, inputs: Any) -> Any:
    """Call a network in inference mode; a plain function has no modes."""
    if isinstance(network, keras.layers.Layer):
        return network(inputs, training=False)
    return network(inputs)


def _latent_dim(generator: Network, latent_dim: int | None) -> int:
    shape = getattr(generator, "input_shape", None)
    if isinstance(shape, list) and shape:
        shape = shape[0]
    width = shape[-1] if isinstance(shape, tuple) and len(shape) == 2 else None
    if width is None and latent_dim is None:
        raise ValueError(
            "`latent_dim` must be given where the generator does not tell it. Received: "
            f"{generator!r}. Pass the width of its latents."
        )
    if width is not None and latent_dim not in (None, width):
        raise ValueError(
            f"`latent_dim` must equal the generator's input width {width}. "
            f"Received: latent_dim={latent_dim}. Leave it out to read it from the generator."
        )
    return width or latent_dim
