"""The DOT paper's released networks of the plane, as Keras models."""

from pathlib import Path

import keras
import numpy as np

SLOPE = 0.2  # Chainer's leaky ReLU; Keras's own default is 0.3
# The layers of each role in their order. The generator has no l3.
LAYERS = {"G": ("l0", "l1", "l2", "l4"), "D": ("l1", "l2", "l3", "l4")}


def load(folder: str | Path, role: str, data: str) -> keras.Model:
    """Read one network.

    Args:
        folder: folder of the authors' `.npz` files.
        role: "G" or "D".
        data: "25gaussians" or "swissroll".

    Returns:
        `keras.Model` `(B, 2) -> (B, 2)` of uniform latents in [-1, 1], or `(B, 2) -> (B, 1)`.

    Raises:
        ValueError: if the file is not there or not such a network.

    Source: `trained_models` of the authors' repository: `<layer>/W` of shape (out, in) and
        `<layer>/b`, leaky ReLU between the layers.
    """
    path = Path(folder) / f"{role}_{data}_WGAN-GP.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            weights = [(stored[f"{name}/W"].T, stored[f"{name}/b"]) for name in LAYERS[role]]
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            "`data_dir` must hold the networks that the DOT paper's authors released. Received: "
            f"{path}, which cannot be read ({error}). They are in `trained_models` of their "
            "repository."
        ) from error
    widths = [kernel.shape[1] for kernel, _ in weights]
    dense = [keras.layers.Dense(width) for width in widths]
    network = keras.Sequential([keras.Input((weights[0][0].shape[0],))], name=f"{role}_{data}")
    for layer in dense[:-1]:
        network.add(layer)
        network.add(keras.layers.LeakyReLU(SLOPE))
    network.add(dense[-1])
    for layer, values in zip(dense, weights, strict=True):
        layer.set_weights(values)
    return network
