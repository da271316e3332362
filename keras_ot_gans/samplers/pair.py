"""A trained generator and a critic, checked once and called on tensors."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.networks.conditioning import with_labels
from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.samplers.pair_checks import (
    REFUSALS,
    check_kinds,
    check_range,
    checked_box,
    checked_latent_dim,
    misfit,
    one_for_each,
    said,
)

Network = Callable[..., Any]
# A prime that is no usual size of data, so that other axes are not taken for the batch's.
_PROBED = 13
_RANGED = 64  # samples that show the generator's range


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
        box: (low, high), the range of the data that the critic was trained on, (-1.0, 1.0) for
            images of this library. Some samples are generated to see whether they lie about in it
            and fill both of its halves. None checks nothing.

    Attributes:
        sample_shape: tuple, shape of one sample.

    Raises:
        ValueError: if the latents' width is unknown or is not the generator's, the critic does not
            take the generator's samples, does not return one number for each, or is of data in
            another range.
        TypeError: if `prior`, `labels` or `latent_dim` is of another type.

    Example:
        >>> grey = lambda z: keras.ops.sigmoid(z)
        >>> Pair(grey, lambda x: x[:, 0], latent_dim=2, box=(-1, 1))
        Traceback (most recent call last):
        ...
        ValueError: `box` must hold the generator's samples, all but a few, in both of its halves. \
Received: box=(-1, 1), samples from 0.0786 to 0.8795. Is the critic of data in another range, such \
as [0, 255] or [0, 1]? Rescale the generator's output.
    """

    def __init__(
        self,
        generator: Network,
        critic: Network | None = None,
        *,
        latent_dim: int | None = None,
        prior: Normal | Uniform | None = None,
        labels: Labels | None = None,
        box: tuple[float, float] | None = None,
    ):
        self.generator, self.critic = generator, critic
        self.prior, self.labels = Normal() if prior is None else prior, labels
        check_kinds(self.prior, labels)
        self.latent_dim = checked_latent_dim(generator, latent_dim)
        self.box = checked_box(box)
        self.sample_shape = tuple(self._probe().shape[1:])

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
            ValueError: if there is no critic, or it does not return one number for each sample.
        """
        if self.critic is None:
            raise ValueError(
                "`critic` must be given to score samples. Received: None. Pass the critic (or "
                "discriminator) that was trained on the same data."
            )
        return one_for_each(_infer(self.critic, with_labels(x, labels)), x)

    def score_latents(self, z: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Return the critic's values of what latents become, `D(G(z))`.

        Args:
            z: float32 tensor `(B, latent_dim)`.
            labels: int32 tensor `(B,)`, or None.

        Returns:
            float32 tensor `(B,)`; differentiable in `z`.
        """
        return self.score(self.generate(z, labels), labels)

    def _probe(self) -> tf.Tensor:
        """Run both networks once, so that what does not fit is said before any work."""
        n = _PROBED if self.box is None else _RANGED
        stream = keras.random.SeedGenerator(0)
        z = tf.convert_to_tensor(self.prior.sample((n, self.latent_dim), stream))
        labels = None if self.labels is None else self.labels.sample((n,), stream)
        try:
            x = self.generate(z, labels)
        except REFUSALS as error:
            raise ValueError(
                f"`generator` must take latents (B, {self.latent_dim})"
                f"{'' if labels is None else ' and labels (B,)'}. Received: one that refuses them "
                f"({said(error)}). Check `latent_dim` and `labels`."
            ) from error
        if self.box is not None:
            check_range(self.box, np.asarray(x))
        x, labels = x[:_PROBED], None if labels is None else labels[:_PROBED]
        if self.critic is None:
            return x
        takes = getattr(self.critic, "input_shape", None)
        if takes is not None:
            shapes = takes if isinstance(takes, list) else [takes]
            wanted = 1 if labels is None else 2
            if len(shapes) != wanted or not x.shape.is_compatible_with(shapes[0]):
                raise misfit(x, f"one of {takes}", labels)
        try:
            values = _infer(self.critic, with_labels(x, labels))
        except REFUSALS as error:
            raise misfit(x, f"one that refuses them ({said(error)})", labels) from error
        one_for_each(values, x)
        return x


def _infer(network: Network, inputs: Any) -> Any:
    """Call a network in inference mode; a plain function has no modes."""
    if isinstance(network, keras.layers.Layer):
        return network(inputs, training=False)
    return network(inputs)
