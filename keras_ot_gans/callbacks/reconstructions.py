"""Real samples beside what an encoder and a generator make of them."""

import os
from typing import Any

import numpy as np

from keras_ot_gans.callbacks.density_pictures import as_drawable, density_picture
from keras_ot_gans.callbacks.picture_callback import PictureCallback, choose
from keras_ot_gans.callbacks.pictures import image_grid, magnification


class Reconstructions(PictureCallback):
    """Reconstructions of the same real samples every few epochs, to PNG and TensorBoard.

    Images: pairs of columns, each real image with its reconstruction on the right. Points: both
    clouds in the plane. Noise of encoder and generator is drawn anew for each sample, from `seed`.
    Writes `directory/reconstructions/step_000123.png`. The model must offer `reconstruct(x, seed)`,
    as `AGE` does.

    Args:
        real: array `(n, 1)`, `(n, 2)` or images `(n, h, w, c)` in `[-1, 1]`.
        directory: the run's folder.
        num: int > 0, real samples; drawn once, by `seed`.
        every: int > 0, epochs between two pictures.
        seed: int >= 0.
        log_dir: folder for TensorBoard, tag `reconstructions`; `None` for no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.
        pairs: int > 0, pairs in a row of images.

    Raises:
        ValueError: if `real` cannot be drawn, a number is out of range or a folder cannot be made;
            when `fit` starts, if the model has no `reconstruct`.
        TypeError: if an argument has the wrong type.

    Example:
        >>> import tempfile
        >>> Reconstructions(np.zeros((100, 8, 8, 1)), tempfile.mkdtemp(), num=16).real.shape
        (16, 8, 8, 1)
    """

    folder = "reconstructions"
    needs = ("reconstruct", "step")

    def __init__(
        self,
        real: Any,
        directory: str | os.PathLike,
        num: int = 32,
        every: int = 1,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        at_train_begin: bool = False,
        pairs: int = 4,
    ) -> None:
        """Check the arguments and make the folders."""
        real = np.asarray(real)
        if real.ndim != 4:
            real = as_drawable("real", real)
        if pairs < 1:
            raise ValueError(f"`pairs` must be positive. Received: pairs={pairs}. Try 4.")
        super().__init__(directory, every, num, seed, log_dir, at_train_begin)
        self.real, self.pairs = choose(real, self.num, self.seed).astype(np.float32), pairs

    def draw(self, step: int) -> np.ndarray:
        """Reconstruct and draw."""
        found = np.asarray(self.model.reconstruct(self.real, seed=self.seed))
        if self.real.ndim != 4:
            title = f"real and reconstructed, step {step:,}"
            return density_picture(self.real, found.reshape(self.real.shape), title=title)
        both = np.stack([self.real, found], axis=1).reshape(-1, *self.real.shape[1:])
        return image_grid(both, 2 * self.pairs, magnify=magnification(both))
