"""What the GPUs of a process have held."""

import contextlib

import tensorflow as tf


def peaks() -> dict[str, int]:
    """Return the most bytes that each GPU has held so far, by its name.

    Returns:
        dict such as `{"GPU:0": 1_000_000}`; without GPUs of makers that keep no such count.
    """
    found = {}
    for device in tf.config.list_logical_devices("GPU"):
        name = device.name.rpartition("device:")[-1]  # a worker's has its job before it
        with contextlib.suppress(ValueError):
            found[name] = tf.config.experimental.get_memory_info(name)["peak"]
    return found
