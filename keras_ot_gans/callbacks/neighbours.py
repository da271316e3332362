"""Real images beside those whose codes are the nearest."""

import os
from typing import Any

import numpy as np

from keras_ot_gans.callbacks.picture_callback import PictureCallback
from keras_ot_gans.callbacks.pictures import image_grid, magnification
from keras_ot_gans.metrics.latent import nearest_latents
from keras_ot_gans.ops.arguments import check_int

_FRAME = (198, 40, 40)  # the paper's red rectangle
_GAP = 2  # pixels between the cells


class Neighbours(PictureCallback):
    """Nearest neighbours in latent space every few epochs, to PNG and TensorBoard.

    A row holds a real image in a red frame and the other real images whose codes are nearest to its
    own, the nearest first. The noise of the encoder is set to 0. Where neighbours share class and
    style, distances of codes mean something. Writes `directory/neighbours/step_000123.png`. The
    model must offer `encode(x, noise)`, as `AGE` does.

    Args:
        real: images `(n, h, w, c)` in `[-1, 1]`, `n >= 2`. The first are the queries, all are
            searched: each picture encodes all of them.
        directory: the run's folder.
        num: int > 0, rows, as far as there are images.
        neighbours: int > 0, of each query, as far as there are others. 4: AGE Figure 5 (b).
        every: int > 0, epochs between two pictures.
        seed: int >= 0; nothing is drawn, so that it changes nothing.
        log_dir: folder for TensorBoard, tag `neighbours`; `None` for no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.

    Raises:
        ValueError: if `real` holds no images or fewer than two, a number is out of range or a
            folder cannot be made; when `fit` starts, if the model has no `encode`.
        TypeError: if an argument has the wrong type.

    Example:
        >>> import tempfile
        >>> Neighbours(np.zeros((3, 8, 8, 1)), tempfile.mkdtemp(), num=8).queries.shape
        (3, 8, 8, 1)

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", Figure 5 (b).
    Differs: the paper takes images of a validation set, this whatever it is given.
    """

    folder = "neighbours"
    needs = ("encode", "step")

    def __init__(
        self,
        real: Any,
        directory: str | os.PathLike,
        num: int = 8,
        neighbours: int = 4,
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
                f"Received: shape {real.shape}. For points use `Codes`."
            )
        neighbours = check_int("neighbours", neighbours, 1, "Try 4.")
        super().__init__(directory, every, num, seed, log_dir, at_train_begin)
        self.real = real.astype(np.float32, copy=False)
        self.queries = self.real[: self.num]
        self.neighbours = min(neighbours, len(real) - 1)

    def draw(self, step: int) -> np.ndarray:
        """Encode, search and lay the rows out."""
        codes = np.asarray(self.model.encode(self.real, noise=False))
        rows = len(self.queries)
        found = nearest_latents(codes[:rows], codes, self.neighbours + 1).indices
        # The query is known by its row, not by distance 0, which duplicates have as well. It goes
        # last and the last is dropped: with many duplicates before it, it was not found at all.
        order = np.argsort(found == np.arange(rows)[:, None], axis=1, kind="stable")
        others = np.take_along_axis(found, order, axis=1)[:, :-1]
        cells = np.concatenate([self.queries[:, None], self.real[others]], axis=1)
        cells = cells.reshape(-1, *self.real.shape[1:])
        magnify = magnification(cells)
        grid = image_grid(cells, self.neighbours + 1, _GAP, magnify)
        return _frame_first_column(grid, *(magnify * side for side in self.real.shape[1:3]))


def _frame_first_column(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    """Paint the gaps around the cells of the first column."""
    right = _GAP + width
    grid[:, :_GAP] = grid[:, right : right + _GAP] = _FRAME
    for top in range(0, len(grid), height + _GAP):
        grid[top : top + _GAP, :right] = _FRAME
    return grid
