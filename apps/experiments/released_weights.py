"""The DOT paper's released networks of the plane, as Keras models."""

from pathlib import Path

import keras
import numpy as np

SLOPE = 0.2  # Chainer's leaky ReLU; Keras's own default is 0.3
# The layers of each role in their order. The generator has no l3.
LAYERS = {"G": ("l0", "l1", "l2", "l4"), "D": ("l1", "l2", "l3", "l4")}
# What the authors' program gives at some points, to five digits.
LATENTS = ((0.0, 0.0), (0.5, -0.5), (-0.9, 0.3), (1.0, 1.0))
POINTS = ((0.0, 0.0), (0.7072, 0.7072), (-1.4144, 0.0), (0.35, 0.35))
GOLDEN = {
    "25gaussians": {
        "G": ((0.00669, 0.02012), (1.13086, 1.02141), (-0.37404, -1.34927), (-1.32276, 1.38162)),
        "D": ((0.73019,), (1.15572,), (0.29087,), (0.32146,)),
    },
    "swissroll": {
        "G": ((0.70886, -0.12003), (0.10543, 0.99379), (1.21113, -1.00965), (0.65403, 1.97075)),
        "D": ((0.18252,), (0.85054,), (0.38443,), (0.48982,)),
    },
}


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


def check(folder: str | Path, data: str) -> None:
    """Check that the networks of a folder are the released ones.

    Args:
        folder: as `load`.
        data: as `load`.

    Raises:
        ValueError: as `load`, and if they give other values.
    """
    for role, given in (("G", LATENTS), ("D", POINTS)):
        found = np.asarray(load(folder, role, data)(np.array(given, "float32")))
        expected = np.array(GOLDEN[data][role])
        # Four digits behind the point, and float32 sums of hundreds of terms.
        if found.shape != expected.shape or not np.allclose(found, expected, atol=1e-4):
            raise ValueError(
                "`data_dir` must hold the networks that the DOT paper's authors released. Received:"
                f" {role}_{data}_WGAN-GP.npz of another network, {np.round(found, 5).tolist()} at "
                f"{given} instead of {expected.tolist()}. Take the file of their repository."
            )
