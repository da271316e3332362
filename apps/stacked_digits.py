"""Stacked MNIST by name: what a data section may say of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from apps.look_up import call
from keras_ot_gans import datasets

NAME = "stacked_mnist"
OF = "mnist"  # the set whose digits are stacked
MODES = 1000
_SIDE = 28


def read(
    section: Mapping[str, Any], data_dir: str | None, download: bool = False, **batching: Any
) -> tf.data.Dataset:
    """Read MNIST and stack its digits as a data section says.

    Args:
        section: dict, the data section: `split` of MNIST, `size` and `seed` of the draws,
            `with_labels`; `image_size` and `flip`, of which there is one choice, so that a config
            of MNIST becomes one of Stacked MNIST by its name alone.
        data_dir: folder of tensorflow-datasets.
        download: bool, prepare MNIST if it is missing.
        **batching: `batch_size` and what else `StackedMNIST.dataset` takes.

    Returns:
        `tf.data.Dataset`, see `StackedMNIST.dataset`.

    Raises:
        ValueError: if a key or value does not belong there.
        FileNotFoundError: if MNIST is not there.
    """

    # A function, as `call` reads the keys of the section and their types from it.
    def stacked(
        split: str = "train",
        size: int = 128_000,
        seed: int = 0,
        with_labels: bool = False,
        image_size: int | Sequence[int] = _SIDE,
        flip: bool = False,
    ) -> tf.data.Dataset:
        if image_size not in (_SIDE, (_SIDE, _SIDE), [_SIDE, _SIDE]):
            raise ValueError(
                f"`data.image_size` must be {_SIDE} for {NAME}, whose digits keep their size. "
                f"Received: {image_size}. Leave it out, or set it to {_SIDE}."
            )
        if flip:
            raise ValueError(
                f"`data.flip` must be False for {NAME}: digits have a left and a right. "
                "Received: True. Leave it out, or set it to False."
            )
        digits = datasets.load_stacked_mnist(
            split, size, seed=seed, data_dir=data_dir, download=download
        )
        return digits.dataset(with_labels=with_labels, **batching)

    return call("data", stacked, section)
