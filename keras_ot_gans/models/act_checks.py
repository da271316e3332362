"""What ACTGAN asks of its networks and batches."""

import math

import keras

from keras_ot_gans.layers.pairwise import PairwiseDistance


def check_networks(
    generator: keras.Model,
    navigator: keras.Model | PairwiseDistance,
    critic: keras.Model | None,
) -> None:
    """Compare the networks' inputs with the generator's output.

    Args:
        generator: built `keras.Model`.
        navigator: as of `ACTGAN`.
        critic: as of `ACTGAN`.

    Raises:
        ValueError: if the navigator or the critic cannot take what it must compare.
    """
    made = generator.output_shape
    for role, network in (("navigator", navigator), ("critic", critic)):
        if network is None or isinstance(network, PairwiseDistance):
            continue
        taken = getattr(network, "input_shape", None) if network.built else None
        if not _takes(taken, made):
            taken = "unknown (not built)" if taken is None else taken
            raise ValueError(
                f"`{role}` must take what the generator makes, shape {made}. Received: a "
                f"network of inputs {taken}. Build it with `keras.Input({made[1:]})`."
            )
    if isinstance(navigator, PairwiseDistance):
        compared = made if critic is None else critic.output_shape
        width = math.prod(compared[1:])
        network = navigator.network
        if network.built and network.input_shape[-1] != width:
            raise ValueError(
                f"`navigator` must compare {width} features, those that the cost compares. "
                f"Received: a distance on {network.input_shape[-1]} features. "
                f"Use `networks.difference_navigator({width})`."
            )


def check_anchors(num_anchors: int | None, name: str, size: int | None) -> None:
    """Refuse more anchors than there are samples, where their number is known.

    Args:
        num_anchors: int or None, as of `ACTGAN`.
        name: what has that many samples, for the message.
        size: int, or None where it is not known.

    Raises:
        ValueError: if there are too few samples.

    Example:
        >>> check_anchors(3, "the batch", 4)
    """
    if None not in (num_anchors, size) and num_anchors > size:
        raise ValueError(
            f"`num_anchors` must be at most the number of samples. Received: num_anchors="
            f"{num_anchors}, and {size} samples in {name}. None uses them all."
        )


def _takes(input_shape: tuple | None, made: tuple) -> bool:
    """Tell whether a network of this input shape takes samples of shape `made`."""
    return (
        isinstance(input_shape, tuple)
        and len(input_shape) == len(made)
        and all(t is None or t == g for t, g in zip(input_shape[1:], made[1:], strict=True))
    )
