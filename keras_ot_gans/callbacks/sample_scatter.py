"""Generated points over the density of the data."""

import os
from typing import Any

import numpy as np

from keras_ot_gans.callbacks.density_pictures import as_drawable, density_picture
from keras_ot_gans.callbacks.picture_callback import PictureCallback


class SampleScatter(PictureCallback):
    """Picture of 1-D or 2-D samples beside the real density, to PNG and TensorBoard.

    2-D: generated points over the real density. 1-D: both density curves, real in red.
    The limits are those of the real data in every picture; points outside are counted.
    Writes `directory/samples/step_000123.png`.

    Args:
        real: array `(n,)`, `(n, 1)` or `(n, 2)`.
        directory: the run's folder.
        every: int > 0, epochs between two pictures.
        num: int > 0, generated samples.
        seed: int >= 0, seed of the samples' latents: the same ones in each picture.
        log_dir: folder for TensorBoard, tag `samples`; `None` for no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.

    Raises:
        ValueError: if `real` does not fit on paper, a number is out of range or a
            folder cannot be made.
        TypeError: if an argument has the wrong type.

    Example:
        >>> import tempfile
        >>> SampleScatter(np.zeros((10, 2)), tempfile.mkdtemp(), every=10).num
        1000
    """

    folder = "samples"

    def __init__(
        self,
        real: Any,
        directory: str | os.PathLike,
        every: int = 1,
        num: int = 1000,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        at_train_begin: bool = False,
    ) -> None:
        """Check the arguments and make the folders."""
        self.real = as_drawable("real", real)
        super().__init__(directory, every, num, seed, log_dir, at_train_begin)

    def draw(self, step: int) -> np.ndarray:
        """Sample and draw."""
        fake = self.model.sample(self.num, seed=self.seed)
        return density_picture(self.real, fake, title=f"step {step:,}")
