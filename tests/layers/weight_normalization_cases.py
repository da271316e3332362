"""Weight-normalised layers of every kind, and what they compute written out."""

import numpy as np
from keras import layers

from keras_ot_gans.layers import WeightNormalization

RNG = np.random.default_rng(0)
KINDS = {
    "dense": (lambda **k: layers.Dense(4, **k), (6,)),
    "conv1d": (lambda **k: layers.Conv1D(4, 3, strides=2, **k), (7, 3)),
    "conv2d": (lambda **k: layers.Conv2D(4, 3, padding="same", **k), (5, 5, 2)),
    "grouped": (lambda **k: layers.Conv2D(4, 3, groups=2, **k), (5, 5, 6)),
    "conv3d": (lambda **k: layers.Conv3D(4, 2, **k), (3, 3, 3, 2)),
    "transposed": (
        lambda **k: layers.Conv2DTranspose(3, 4, strides=2, padding="same", **k),
        (3, 3, 5),
    ),
}


def wrapped(kind, **kwargs):
    """A layer whose direction, gain and bias are drawn, and an input for it."""
    make, shape = KINDS[kind]
    layer = WeightNormalization(make(**kwargs))
    layer.build((None, *shape))
    for variable in layer.variables:
        variable.assign(RNG.normal(size=variable.shape))
    return layer, RNG.normal(2.0, 3.0, (8, *shape)).astype("float32")


def kernel_by_hand(layer, gain=None):
    """One output channel after the other, by the shapes that Keras documents; float64."""
    kernel = layer.kernel.numpy().astype("float64")
    gain = layer.gain.numpy() if gain is None else gain
    axis = 2 if isinstance(layer.layer, layers.Conv2DTranspose) else kernel.ndim - 1
    rows = np.moveaxis(kernel, axis, 0)
    rows = np.stack([g * v / np.sqrt((v**2).sum()) for g, v in zip(gain, rows, strict=True)])
    return np.moveaxis(rows, 0, axis)


def bare(layer, kind, kernel, bias, **kwargs):
    """Keras' own layer with this kernel and bias."""
    copy = KINDS[kind][0](**kwargs)
    copy.build((None, *KINDS[kind][1]))
    copy.set_weights([kernel, bias])
    return copy
