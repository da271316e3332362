"""A grid of generated images from latents that stay the same."""

import os

import numpy as np

from keras_ot_gans.callbacks.picture_callback import PictureCallback
from keras_ot_gans.callbacks.pictures import image_grid, magnification
from keras_ot_gans.ops.side_vectors import SideVectors

_MOST_COLUMNS = 20  # beyond, a row of all classes would be too wide to look at


class SampleGrid(PictureCallback):
    """Image grid of the same latents every few epochs, to PNG and TensorBoard.

    Writes `directory/samples/step_000123.png` (the number is `model.step`). The latents
    are drawn once, by `seed`: a cell shows how one latent's image develops. Images are
    those of the generator's moving average where the model keeps one.

    Of a conditional model, one with `labels`, each column is a class and each row a latent; of
    more than 20 classes, the cells show one latent in class after class, row by row.

    Args:
        directory: the run's folder.
        every: int > 0, epochs between two pictures.
        num: int > 0, images in the grid; of a conditional model only whole sets of classes, if
            there is room for one.
        seed: int >= 0, seed of the latents.
        log_dir: folder for TensorBoard, tag `samples`; `None` for no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.
        columns: int > 0, or `None` for one per class, or the most square grid.

    Raises:
        ValueError: if a number is out of range or a folder cannot be made; when a
            picture is drawn, if the samples are no images `(h, w, 1)` or `(h, w, 3)`.
        TypeError: if an argument has the wrong type.

    Example:
        >>> import tempfile
        >>> callback = SampleGrid(tempfile.mkdtemp(), every=5, num=16)
        >>> os.path.basename(callback.directory)
        'samples'
    """

    folder = "samples"
    needs = ("sample_latents", "generate", "step")

    def __init__(
        self,
        directory: str | os.PathLike,
        every: int = 1,
        num: int = 64,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        at_train_begin: bool = False,
        columns: int | None = None,
    ) -> None:
        """Check the arguments and make the folders."""
        super().__init__(directory, every, num, seed, log_dir, at_train_begin)
        if columns is not None and columns < 1:
            raise ValueError(
                f"`columns` must be positive or None. Received: columns={columns}. Try 8."
            )
        self.columns = columns
        self._given = None

    def draw(self, step: int) -> np.ndarray:
        """Generate from the fixed latents and lay the images out."""
        labels, columns = getattr(self.model, "labels", None), self.columns
        if isinstance(labels, SideVectors):
            raise ValueError(
                "`SampleGrid` needs labels that it can choose. Received: a model of vectors. Draw "
                "`image_grid(model.sample(n, labels=vectors))` in a callback of your own."
            )
        if labels is not None and columns is None and labels.num_classes <= _MOST_COLUMNS:
            columns = min(labels.num_classes, self.num)
        if self._given is None:
            self._given = self._choose(None if labels is None else labels.num_classes)
        latents, classes = self._given
        images = np.asarray(self.model.generate(latents, **classes))
        if images.ndim != 4:
            raise ValueError(
                "`SampleGrid` needs a generator of images (n, h, w, c). "
                f"Received: samples of shape {images.shape}. For points use `SampleScatter`."
            )
        return image_grid(images, columns, magnify=magnification(images))

    def _choose(self, num_classes: int | None) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Draw the latents; of a conditional model, show each of them in every class."""
        if num_classes is None:
            return self.model.sample_latents(self.num, self.seed), {}
        cells = np.arange(self.num - self.num % num_classes or self.num)
        rows = cells // num_classes
        latents = self.model.sample_latents(int(rows[-1]) + 1, self.seed)
        return latents[rows], {"labels": (cells % num_classes).astype("int32")}
