"""Self-attention over the pixels of a feature map, as SAGAN has it."""

import keras
from keras import layers, ops

from keras_ot_gans.layers.spectral_normalization import SpectralNormalization
from keras_ot_gans.ops.numerics import Tensor


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class SelfAttention(layers.Layer):
    """Let every pixel add what it finds at others that fit it: `x + gate * attention(x)`.

    `theta(x)` asks, `phi(x)` answers and `g(x)` is what is found. Answers and findings are
    2x2-max-pooled, so a pixel chooses among `h w / 4` places, with softmax weights. The gate starts
    at 0: an untrained layer is the identity, and only the gate has a gradient.

    Args:
        spectral_norm: bool, normalise the four 1x1 convolutions.
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        x: float tensor `(B, h, w, c)`. Memory grows with `B (h w)^2 / 4`.

    Returns:
        Float tensor `(B, h, w, c)`. The softmax is taken in float32 under any policy.

    Raises:
        ValueError: if height, width or channels are not known, or there are not two places to
            choose from.

    Example:
        >>> layer = SelfAttention()
        >>> x = ops.reshape(ops.arange(64.0), (1, 2, 4, 8))
        >>> bool(ops.all(layer(x) == x))      # the gate is closed
        True

    Source: Zhang et al., "Self-Attention Generative Adversarial Networks", ICML 2019, section 3.
    Differs: as in that paper's code, `g` has `c / 2` channels where its text has `c / 8`, and
        `phi` and `g` are pooled. AGE's code has biases in the convolutions, SAGAN has not. Below
        8 channels, `theta` and `phi` have one.
    """

    def __init__(self, spectral_norm: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.spectral_norm = spectral_norm
        self.theta = self.phi = self.g = self.output_conv = self.gate = None

    def build(self, input_shape: tuple) -> None:
        """Build the convolutions, and the gate at 0."""
        shape = tuple(input_shape)
        known = len(shape) == 4 and None not in shape[1:]
        if not known or (shape[1] // 2) * (shape[2] // 2) < 2:
            raise ValueError(
                "`x` must have axes (B, height, width, channels), all but B known, and at least "
                f"two 2x2 places. Received: shape {shape}. Attend at a larger, fixed size."
            )
        channels = shape[-1]
        narrow, half = max(channels // 8, 1), max(channels // 2, 1)
        self.theta = self._conv(narrow, "theta", shape)
        self.phi = self._conv(narrow, "phi", shape)
        self.g = self._conv(half, "g", shape)
        self.output_conv = self._conv(channels, "output", (*shape[:-1], half))
        self.gate = self.add_weight(shape=(), initializer="zeros", name="gate")

    def _conv(self, filters: int, name: str, input_shape: tuple) -> layers.Layer:
        """Return a built 1x1 convolution."""
        conv = layers.Conv2D(filters, 1, use_bias=False, name=name, dtype=self.dtype_policy)
        conv = SpectralNormalization(conv, name=name) if self.spectral_norm else conv
        conv.build(input_shape)
        return conv

    def call(self, x: Tensor) -> Tensor:
        """Attend (see the class)."""
        answers = _rows(ops.max_pool(self.phi(x), 2))
        logits = ops.matmul(_rows(self.theta(x)), ops.swapaxes(answers, 1, 2))
        weights = ops.cast(ops.softmax(ops.cast(logits, "float32")), x.dtype)
        found = ops.matmul(weights, _rows(ops.max_pool(self.g(x), 2)))
        found = ops.reshape(found, (-1, *x.shape[1:3], found.shape[-1]))
        return x + self.gate * self.output_conv(found)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the shape of the input."""
        return tuple(input_shape)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        return {**super().get_config(), "spectral_norm": self.spectral_norm}


def _rows(x: Tensor) -> Tensor:
    """List the pixels: `(B, h, w, c)` to `(B, h w, c)`."""
    return ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))
