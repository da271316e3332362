"""Walks in latent space between real images."""

import os
from typing import Any

import numpy as np

from keras_ot_gans.callbacks.picture_callback import PictureCallback, choose
from keras_ot_gans.callbacks.pictures import image_grid, magnification


class Interpolations(PictureCallback):
    """Interpolations between the same real images every few epochs, to PNG and TensorBoard.

    A row holds a real image, what the generator makes of the straight line between its code and
    that of another, and the other. Writes `directory/interpolations/step_000123.png`. The model
    must offer `interpolate(x1, x2, steps)`, as `AGE` does.

    Args:
        real: images `(n, h, w, c)` in `[-1, 1]`, `n >= 2`.
        directory: the run's folder.
        num: int > 0, rows, as far as there are images; their ends are drawn once, by `seed`.
        steps: int >= 2, generated images in a row.
        every: int > 0, epochs between two pictures.
        seed: int >= 0.
        log_dir: folder for TensorBoard, tag `interpolations`; `None` for no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.

    Raises:
        ValueError: if `real` holds no images or fewer than two, a number is out of range or a
            folder cannot be made; when `fit` starts, if the model has no `interpolate`.
        TypeError: if an argument has the wrong type.

    Example:
        >>> import tempfile
        >>> Interpolations(np.zeros((9, 8, 8, 1)), tempfile.mkdtemp(), num=8).ends[0].shape
        (4, 8, 8, 1)
    """

    folder = "interpolations"
    needs = ("interpolate", "step")

    def __init__(
        self,
        real: Any,
        directory: str | os.PathLike,
        num: int = 8,
        steps: int = 8,
        every: int = 1,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        at_train_begin: bool = False,
    ) -> None:
        """Check the arguments and make the folders."""
        real = np.asarray(real)
        if real.ndim != 4 or len(real) < 2:
            raise ValueError(
                "`real` must hold at least two images (n, h, w, c). "
                f"Received: shape {real.shape}. For points use `Reconstructions`."
            )
        if steps < 2:
            raise ValueError(f"`steps` must be at least 2. Received: steps={steps}. Try 8.")
        super().__init__(directory, every, num, seed, log_dir, at_train_begin)
        self.steps = steps
        found = choose(real, 2 * self.num, self.seed).astype(np.float32)
        rows = len(found) // 2
        self.ends = found[:rows], found[rows : 2 * rows]

    def draw(self, step: int) -> np.ndarray:
        """Interpolate and lay the rows out."""
        first, last = self.ends
        between = np.asarray(self.model.interpolate(first, last, self.steps))
        rows = np.concatenate([first[:, None], between, last[:, None]], axis=1)
        cells = rows.reshape(-1, *first.shape[1:])
        return image_grid(cells, self.steps + 2, magnify=magnification(cells))
