"""How an encoder or a generator turns its input into a distribution: checks and noise inputs."""

from collections.abc import Callable
from typing import Any

from keras import layers

from keras_ot_gans.layers.noise_injection import NoiseInjection
from keras_ot_gans.ops.shapes import check_one_of

VECTOR = ("deterministic", "gaussian")  # what a network that returns vectors can be
IMAGE = ("deterministic", "implicit")  # what a network that returns images can be


def check_width(name: str, width: int) -> None:
    """Check a width.

    Args:
        name: the argument's name, for the message.
        width: the received value.

    Raises:
        ValueError: if it is not an int >= 1.

    Example:
        >>> check_width("latent_dim", 0)
        Traceback (most recent call last):
        ...
        ValueError: `latent_dim` must be a positive int. Received: latent_dim=0. Give a width.
    """
    if not isinstance(width, int) or width < 1:
        raise ValueError(
            f"`{name}` must be a positive int. Received: {name}={width}. Give a width."
        )


def output_dim(transformation: str, dim: int) -> int:
    """Return how many numbers describe a vector.

    Args:
        transformation: `"deterministic"` or `"gaussian"`.
        dim: int, width of the vector.

    Returns:
        int: `dim` for a vector itself, `2 dim` for means, then log-variances.

    Raises:
        ValueError: if the transformation is another.

    Example:
        >>> output_dim("deterministic", 8), output_dim("gaussian", 8)
        (8, 16)
    """
    check_one_of("transformation", transformation, VECTOR)
    return 2 * dim if transformation == "gaussian" else dim


def noise_injection(transformation: str) -> tuple[list, Callable[[Any, str], Any]]:
    """Return the noise inputs of a generator of images, and the function that makes them.

    Args:
        transformation: `"implicit"` for noise, `"deterministic"` for none.

    Returns:
        `(inputs, inject)`: an empty list, and a function `(tensor, name) -> tensor` that adds
        noise to a feature map `(B, h, w, c)` and appends the noise's input `(B, h, w, 1)` to the
        list; for `"deterministic"`, the function returns its tensor and the list stays empty.

    Raises:
        ValueError: if the transformation is another.

    Example:
        >>> inputs, inject = noise_injection("implicit")
        >>> inject(layers.Input((4, 4, 8)), "after1").shape, [noise.shape for noise in inputs]
        ((None, 4, 4, 8), [(None, 4, 4, 1)])
    """
    check_one_of("transformation", transformation, IMAGE)
    inputs = []

    def inject(x: Any, name: str) -> Any:
        if transformation == "deterministic":
            return x
        inputs.append(layers.Input((*x.shape[1:3], 1), name=f"noise{len(inputs) + 1}"))
        return NoiseInjection(name=name)([x, inputs[-1]])

    return inputs, inject


def with_noise(z: Any, noise: list) -> Any:
    """Return the inputs of a generator: `z`, or `[z, *noise]` where there is noise."""
    return [z, *noise] if noise else z
