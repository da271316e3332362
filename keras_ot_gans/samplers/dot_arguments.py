"""Checks of what `DOTSampler` is given, before any work."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.samplers.pair import Pair

_PROBES = 64


def checked_k_eff(k_eff: Any, pair: Pair) -> float | np.ndarray:
    """Check a Lipschitz constant, given or estimated.

    Args:
        k_eff: number, or one per label.
        pair: whose labels count.

    Returns:
        float, or float64 array `(num_classes,)`.

    Raises:
        ValueError: if a number is not positive and finite, or there are too many or too few.
    """
    values = np.asarray(k_eff, "float64")
    classes = None if pair.labels is None else pair.labels.num_classes
    if values.ndim and values.shape != (classes,):
        wanted = "a number" if classes is None else f"a number, or one for each of {classes} labels"
        raise ValueError(f"`k_eff` must be {wanted}. Received: shape {values.shape}.")
    as_used = values.astype("float32")
    if not (np.isfinite(values) & (as_used > 0)).all():
        raise ValueError(
            f"`k_eff` must be positive and finite. Received: k_eff={k_eff}. Try 1.0, or None to "
            "estimate it; an estimate of 0 comes from a critic that gives every sample one value, "
            "NaN or infinity from one whose weights diverged."
        )
    return values if values.ndim else float(values)


def check_numbers(updates: int, delta: float, tolerance: float | None) -> None:
    """Check the numbers of the loop.

    Args:
        updates: as `DOTSampler`.
        delta: as `DOTSampler`.
        tolerance: as `DOTSampler`.

    Raises:
        ValueError: if one of them is negative or not finite.
    """
    if updates < 0 or updates != int(updates):
        raise ValueError(f"`updates` must be an int >= 0. Received: updates={updates}. Try 20.")
    if not 0 <= delta < np.inf:
        raise ValueError(f"`delta` must be >= 0 and finite. Received: delta={delta}. Try 1e-3.")
    if tolerance is not None and not 0 <= tolerance < np.inf:
        raise ValueError(
            f"`tolerance` must be None or >= 0 and finite. Received: tolerance={tolerance}. "
            "Try 1e-4, or None to make all updates."
        )


def checked_box(box: Any, pair: Pair) -> tuple[float, float] | None:
    """Check the box of the data, and that the generator's samples lie about in it.

    Args:
        box: (low, high), or None.
        pair: generator and critic.

    Returns:
        The box as floats, or None.

    Raises:
        ValueError: if it is no box, or samples leave it by more than its half width.
    """
    if box is None:
        return None
    if np.shape(box) != (2,) or not -np.inf < box[0] < box[1] < np.inf:
        raise ValueError(
            f"`box` must be (low, high), finite and in this order. Received: box={box}. "
            "Try (-1.0, 1.0) for images."
        )
    low, high = float(box[0]), float(box[1])
    x = np.asarray(pair.generate(*_probe(pair, _PROBES)))
    half = (high - low) / 2
    if x.min() < low - half or x.max() > high + half:
        raise ValueError(
            f"`box` must hold the generator's samples, all but a few. Received: box=({low:g}, "
            f"{high:g}), samples from {x.min():.4g} to {x.max():.4g}. Is the critic of data in "
            "another range, such as [0, 255] or [0, 1]? Rescale the generator's output."
        )
    return low, high


def check_differentiable(pair: Pair, in_data_space: bool) -> None:
    """Check that the critic's values can be climbed.

    Args:
        pair: generator and critic.
        in_data_space: bool, climb in data space; False in latent space.

    Raises:
        ValueError: if the gradient does not reach the samples, or the latents.
    """
    z, labels = _probe(pair, 2)
    points = pair.generate(z, labels) if in_data_space else z
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(points)
        samples = points if in_data_space else pair.generate(points, labels)
        values = pair.score(samples, labels)
    if tape.gradient(values, points) is None:
        what = "`critic`" if in_data_space else "`critic` and `generator`"
        raise ValueError(
            f"{what} must be differentiable in what they take. Received: no gradient. Compute "
            "with the argument that is given, by TensorFlow or `keras.ops`, not by NumPy."
        )


def _probe(pair: Pair, n: int) -> tuple[tf.Tensor, tf.Tensor | None]:
    stream = keras.random.SeedGenerator(0)
    z = tf.convert_to_tensor(pair.prior.sample((n, pair.latent_dim), stream))
    return z, None if pair.labels is None else pair.labels.sample((n,), stream)
