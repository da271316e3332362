"""What all callbacks that draw have in common: when, where and under which name."""

import os
from typing import Any

import keras
import numpy as np

from keras_ot_gans.callbacks.arguments import check_offers, make_folder
from keras_ot_gans.callbacks.event_log import EventLog
from keras_ot_gans.callbacks.pictures import write_png
from keras_ot_gans.ops.arguments import check_int


class PictureCallback(keras.callbacks.Callback):
    """Abstract: draws a picture every few epochs to PNG and TensorBoard.

    Epochs are counted from the start of the run, also where `fit` starts at
    `initial_epoch`. A subclass gives `folder`, `needs` and `draw(step)`.

    Args:
        directory: the run's folder; pictures go to `directory/<folder>/step_000123.png`,
            named by `model.step`, written in one step (no half files).
        every: int > 0, epochs between two pictures.
        num: int > 0, how many samples a picture shows.
        seed: int >= 0; fixes all random choices, which touch no global generator.
        log_dir: folder for TensorBoard, tag = `folder`, x-axis `model.step`; `None` for
            no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.

    Raises:
        ValueError: if a number is out of range, a folder cannot be made, or (when `fit`
            starts) the model lacks what `needs` names.
        TypeError: if an argument has the wrong type.
    """

    folder = "pictures"
    needs: tuple[str, ...] = ("sample", "step")

    def __init__(
        self,
        directory: str | os.PathLike,
        every: int = 1,
        num: int = 64,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        at_train_begin: bool = False,
    ) -> None:
        """Check the arguments and make the folders."""
        super().__init__()
        self.every = check_int("every", every, 1, "It counts epochs; try 1.")
        self.num = check_int("num", num, 1, "It counts samples; try 64.")
        self.seed = check_int("seed", seed, 0, "Try 0.")
        self.at_train_begin = at_train_begin
        make_folder("directory", directory)
        self.directory = make_folder("directory", os.path.join(directory, self.folder))
        self.event_log = EventLog(log_dir)

    def draw(self, step: int) -> np.ndarray:
        """Return the picture, uint8 `(H, W, 3)`; `step` is for its title."""
        raise NotImplementedError(f"`{type(self).__name__}` must define `draw(step)`.")

    def on_train_begin(self, logs: Any = None) -> None:
        """Check the model; draw the first picture if asked to."""
        check_offers(self, self.model, *self.needs)
        if self.at_train_begin:
            self._save()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Draw after every `every`-th epoch of the run."""
        if (epoch + 1) % self.every == 0:
            self._save()

    def on_train_end(self, logs: Any = None) -> None:
        """Close the event file."""
        self.event_log.close()

    def _save(self) -> None:
        step = int(self.model.step)
        picture = self.draw(step)
        write_png(os.path.join(self.directory, f"step_{step:06d}.png"), picture)
        self.event_log.image(self.folder, picture, step)


def choose(points: Any, num: int, seed: int) -> np.ndarray:
    """Draw at most `num` rows without replacement, the same ones for the same seed.

    Args:
        points: array `(n, ...)`.
        num: int > 0.
        seed: int >= 0.

    Returns:
        array `(min(n, num), ...)`, in the order of `points`.

    Example:
        >>> choose(np.arange(3), 5, seed=0).tolist()
        [0, 1, 2]
    """
    points = np.asarray(points)
    order = np.random.default_rng(seed).permutation(len(points))[:num]
    return points[np.sort(order)]


def same_sample_shape(real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Give samples the sample shape of the data, where they differ by one axis of 1.

    Args:
        real: array `(n, ...)`.
        fake: array `(m, ...)`.

    Returns:
        `fake`, as `(m,)` or `(m, 1)` where `real` is `(n,)` or `(n, 1)`.

    Raises:
        ValueError: if the shapes differ otherwise.

    Example:
        >>> same_sample_shape(np.zeros(5), np.zeros((3, 1))).shape
        (3,)
    """
    if {real.shape[1:], fake.shape[1:]} == {(), (1,)}:
        return fake.reshape(len(fake), *real.shape[1:])
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(
            f"`real` must hold samples of the generator's shape {fake.shape[1:]}. "
            f"Received: real of shape {real.shape}, so samples of shape {real.shape[1:]}. "
            "Pass the data that the model trains on."
        )
    return fake
