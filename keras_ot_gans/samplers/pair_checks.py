"""What a pair of networks must be, said before any work."""

import re
from typing import Any

import numpy as np
import tensorflow as tf

from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.ops.labels import Labels

# Of a call that does not fit; Keras wraps most of what its layers refuse into the first.
REFUSALS = (ValueError, TypeError, tf.errors.InvalidArgumentError)
_LONGEST = 300  # characters of another's message


def check_kinds(prior: Any, labels: Any) -> None:
    """Check what latents and labels are drawn from.

    Args:
        prior: what has a method `sample`, such as `ops.Normal()`.
        labels: `ops.Labels`, or None.

    Raises:
        TypeError: if one is something else.
    """
    if isinstance(prior, type) or not callable(getattr(prior, "sample", None)):
        raise TypeError(
            "`prior` must be a prior of latents, such as `ops.Normal()` or `ops.Uniform()`. "
            f"Received: prior={prior!r}. Leave it out for the normal."
        )
    if labels is not None and not isinstance(labels, Labels):
        raise TypeError(
            f"`labels` must be None or `ops.Labels`. Received: labels={labels!r}. "
            "Try `ops.Labels(num_classes)`."
        )


def checked_latent_dim(generator: Any, latent_dim: int | None) -> int:
    """Return the width of a generator's latents.

    Args:
        generator: as `Pair`.
        latent_dim: as `Pair`.

    Returns:
        int > 0.

    Raises:
        ValueError: if it is unknown, not the generator's, or not positive.
        TypeError: if it is no integer.
    """
    if latent_dim is not None:
        latent_dim = check_int("latent_dim", latent_dim, 1, "Pass the width of the latents.")
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


def one_for_each(values: Any, samples: Any) -> tf.Tensor:
    """Check that a critic's values are one for each sample.

    Args:
        values: what the critic returned.
        samples: float tensor `(B, ...)`.

    Returns:
        float32 tensor `(B,)`.

    Raises:
        ValueError: if they are something else.
    """
    wanted = "`critic` must return one number per sample, (B,) or (B, 1). Received: "
    try:
        values = tf.convert_to_tensor(values)
    except REFUSALS as error:
        raise ValueError(
            f"{wanted}{type(values).__name__}. Wrap it in a function that returns the values alone."
        ) from error
    shape = values.shape
    if shape.rank == 2 and shape[1] == 1:
        values = values[:, 0]
    if values.shape.rank != 1:
        raise ValueError(
            f"{wanted}shape {shape}. A critic of features (ACT, OT-GAN) has no order of better "
            "and worse; take one with a single output."
        )
    if None not in (values.shape[0], samples.shape[0]) and values.shape[0] != samples.shape[0]:
        raise ValueError(
            f"{wanted}shape {shape} for {samples.shape[0]} samples. It must not reduce the first "
            "axis, that of the batch."
        )
    return tf.cast(values, "float32")


def misfit(samples: tf.Tensor, received: str, labels: tf.Tensor | None) -> ValueError:
    """Return the error for a critic that does not take the generator's samples.

    Args:
        samples: float tensor `(B, ...)`.
        received: str, what is wrong with the critic.
        labels: int tensor `(B,)`, or None.
    """
    told = "" if labels is None else " and their labels (B,)"
    return ValueError(
        "`critic` must take the generator's samples, "
        f"(B, {', '.join(map(str, samples.shape[1:]))}){told}. Received: {received}. Both must be "
        "of the same data, in the same range."
    )


def said(error: Exception) -> str:
    r"""Return the message of another's error in a line, without colours and the list of arguments.

    Args:
        error: the error.

    Returns:
        str.

    Example:
        >>> said(ValueError("Bad.\n\n\x1b[1mNot 3.\x1b[0m\n\nArguments received by f():\n x=1"))
        'Bad. Not 3.'
    """
    text = re.sub(r"\x1b\[\d*m", "", str(error).partition("Arguments received by")[0])
    return " ".join(text.split())[:_LONGEST]


def checked_box(box: Any) -> tuple[float, float] | None:
    """Check the range of data.

    Args:
        box: (low, high), or None.

    Returns:
        The box as floats, or None.

    Raises:
        ValueError: if it is no box.
    """
    if box is None:
        return None
    numbers = np.shape(box) == (2,) and np.issubdtype(np.asarray(box).dtype, np.number)
    if not numbers or not -np.inf < box[0] < box[1] < np.inf:
        raise ValueError(
            f"`box` must be (low, high), finite and in this order. Received: box={box}. "
            "Try (-1.0, 1.0) for images."
        )
    return float(box[0]), float(box[1])


def check_range(box: tuple[float, float], samples: np.ndarray) -> None:
    """Check that generated samples lie about in the range of the critic's data.

    Args:
        box: of `checked_box`.
        samples: float array `(n, ...)`, many of them.

    Raises:
        ValueError: if they leave the box by more than its half width, or none is in its lower half.
    """
    (low, high), least, most = box, float(samples.min()), float(samples.max())
    half = (high - low) / 2
    # One value everywhere tells nothing about its range.
    one_sided = least >= low + half and most > least
    if least < low - half or most > high + half or one_sided:
        raise ValueError(
            f"`box` must hold the generator's samples, all but a few, in both of its halves. "
            f"Received: box=({low:g}, {high:g}), samples from {least:.4g} to {most:.4g}. Is the "
            "critic of data in another range, such as [0, 255] or [0, 1]? Rescale the generator's "
            "output."
        )
