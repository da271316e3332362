"""Residual blocks of image generators and critics, with their pre-activations."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from keras_ot_gans.networks import conditioning
from keras_ot_gans.networks.conditioning import Wrap


def up_block(
    x: Any,
    channels: int,
    name: str,
    norm: Callable[[Any, str], Any],
    initializer: Any,
    wrap: Wrap | None = None,
    after: Callable[[Any, str], Any] | None = None,
) -> Any:
    """Residual block that doubles the side.

    Branch: norm, ReLU, nearest x2, 3x3 convolution, norm, ReLU, 3x3 convolution. Shortcut: nearest
    x2 of a 1x1 convolution.

    Args:
        x: symbolic tensor `(B, size, size, c)`.
        channels: int, channels of both convolutions.
        name: prefix of the layers' names.
        norm: function `(tensor, name) -> tensor`, see `conditioning.batch_norm`.
        initializer: Keras initialiser of the 3x3 kernels; Glorot-uniform for the shortcut.
        wrap: function of a layer, see `conditioning.wrapper`; None leaves the layers as they are.
        after: function `(tensor, name) -> tensor` that each 3x3 convolution's output goes
            through, see `transformations.noise_injection`; None for none.

    Returns:
        Symbolic tensor `(B, 2 size, 2 size, channels)`.

    Source: Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, appendix F;
        Miyato et al., "Spectral Normalization for GANs", ICLR 2018, Figure 9 (a).
    Differs: no bias before a batch norm, where it has no effect. The shortcut is convolved before
        it is enlarged: the same numbers for a quarter of the work.
    """
    wrap = wrap or conditioning.wrapper(False)
    after = after or (lambda h, name: h)
    h = layers.ReLU(name=f"{name}_relu1")(norm(x, f"{name}_norm1"))
    h = layers.UpSampling2D(2, name=f"{name}_up")(h)
    h = wrap(_conv3(channels, f"{name}_conv1", initializer, use_bias=False))(h)
    h = norm(after(h, f"{name}_after1"), f"{name}_norm2")
    h = layers.ReLU(name=f"{name}_relu2")(h)
    h = after(wrap(_conv3(channels, f"{name}_conv2", initializer))(h), f"{name}_after2")
    shortcut = wrap(layers.Conv2D(channels, 1, name=f"{name}_shortcut"))(x)
    shortcut = layers.UpSampling2D(2, name=f"{name}_shortcut_up")(shortcut)
    return layers.Add(name=f"{name}_add")([h, shortcut])


def critic_block(
    x: Any,
    channels: int,
    name: str,
    wrap: Wrap,
    initializer: Any,
    *,
    down: bool,
    hidden: int | None = None,
) -> Any:
    """Residual block of a critic, without norm.

    Branch: ReLU, 3x3 convolution, ReLU, 3x3 convolution, and 2x2 mean pooling where it is to
    halve the side. Shortcut: `x` itself, or pooled through a 1x1 convolution where side or
    channels change.

    Args:
        x: symbolic tensor `(B, size, size, c)`.
        channels: int, channels of the output.
        name: prefix of the layers' names.
        wrap: function of a layer, see `conditioning.wrapper`.
        initializer: Keras initialiser of the 3x3 kernels; Glorot-uniform for the shortcut.
        down: bool, halve the side.
        hidden: int, channels between the convolutions; None for the `c` of the input.

    Returns:
        Symbolic tensor `(B, size / 2, size / 2, channels)`, or of the side of `x`.

    Source: as `up_block`.
    Differs: the shortcut is pooled before it is convolved: the same numbers for a quarter of the
        work.
    """
    h = layers.ReLU(name=f"{name}_relu1")(x)
    h = wrap(_conv3(hidden or x.shape[-1], f"{name}_conv1", initializer))(h)
    return _end(x, h, channels, name, wrap, initializer, down)


def first_critic_block(x: Any, channels: int, name: str, wrap: Wrap, initializer: Any) -> Any:
    """Residual block that takes the image: it does not begin with a ReLU, and halves the side.

    Branch: 3x3 convolution, ReLU, 3x3 convolution, 2x2 mean pooling. Shortcut: 1x1 convolution of
    the pooled image.

    Args:
        x: symbolic tensor `(B, size, size, c)`.
        channels: int, channels of both convolutions.
        name: prefix of the layers' names.
        wrap: function of a layer, see `conditioning.wrapper`.
        initializer: Keras initialiser of the 3x3 kernels; Glorot-uniform for the shortcut.

    Returns:
        Symbolic tensor `(B, size / 2, size / 2, channels)`.

    Source: the "optimized" block in the code of both papers that `up_block` names.
    """
    h = wrap(_conv3(channels, f"{name}_conv1", initializer))(x)
    return _end(x, h, channels, name, wrap, initializer, down=True)


def _end(x: Any, h: Any, channels: int, name: str, wrap: Wrap, initializer: Any, down: bool) -> Any:
    """Second half of a critic's block: `x` is its input, `h` its first convolution."""
    h = layers.ReLU(name=f"{name}_relu2")(h)
    h = wrap(_conv3(channels, f"{name}_conv2", initializer))(h)
    shortcut = x
    if down:
        h = layers.AveragePooling2D(2, name=f"{name}_pool")(h)
        shortcut = layers.AveragePooling2D(2, name=f"{name}_shortcut_pool")(shortcut)
    if down or x.shape[-1] != channels:
        shortcut = wrap(layers.Conv2D(channels, 1, name=f"{name}_shortcut"))(shortcut)
    return layers.Add(name=f"{name}_add")([h, shortcut])


def _conv3(channels: int, name: str, initializer: Any, **kwargs) -> layers.Layer:
    return layers.Conv2D(
        channels, 3, padding="same", kernel_initializer=initializer, name=name, **kwargs
    )


def generator(
    latent_dim: int,
    image_shape: tuple[int, int, int],
    base: int,
    channels: Sequence[int],
    initializer: Any,
    num_classes: int | None,
    name: str,
) -> keras.Model:
    """Build a generator of residual blocks: dense, a block per doubling, image.

    Args:
        latent_dim: int, width of `z`.
        image_shape: `(size, size, channels)`, `size` being `base` doubled once per block.
        base: int, side after the dense layer.
        channels: those after the dense layer, then those of each block.
        initializer: of the 3x3 kernels of the blocks.
        num_classes: int, for batch norms in the blocks that know the class; or None.
        name: the model's name.

    Returns:
        `keras.Model` of `z`, or of `[z, labels]`.
    """
    first, *widths = channels
    labels = conditioning.label_input(num_classes)
    norm = conditioning.batch_norm(labels, num_classes)
    z = layers.Input((latent_dim,), name="z")
    x = layers.Dense(base * base * first, name="dense")(z)
    x = layers.Reshape((base, base, first), name="reshape")(x)
    for k, width in enumerate(widths):
        x = up_block(x, width, f"block{k + 1}", norm, initializer)
    x = image_output(x, image_shape[-1], conditioning.batch_norm(None, None))
    return keras.Model(conditioning.with_labels(z, labels), x, name=name)


def image_output(
    x: Any, channels: int, norm: Callable[[Any, str], Any], wrap: Wrap | None = None
) -> Any:
    """Last layers of a generator: norm, ReLU, 3x3 convolution, tanh.

    Args:
        x: symbolic tensor `(B, size, size, c)`.
        channels: int, channels of the image.
        norm: function `(tensor, name) -> tensor`.
        wrap: function of a layer, see `up_block`.

    Returns:
        Symbolic float32 tensor `(B, size, size, channels)` in [-1, 1].
    """
    x = layers.ReLU(name="relu")(norm(x, "norm"))
    wrap = wrap or conditioning.wrapper(False)
    x = wrap(layers.Conv2D(channels, 3, padding="same", dtype="float32", name="image"))(x)
    return layers.Activation("tanh", dtype="float32", name="tanh")(x)
