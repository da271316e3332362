"""What the navigator has learnt to tell apart."""

import os
from typing import Any

import numpy as np

from keras_ot_gans.callbacks.density_pictures import as_drawable
from keras_ot_gans.callbacks.navigator_pictures import navigator_picture
from keras_ot_gans.callbacks.picture_callback import PictureCallback, choose, same_sample_shape


class NavigatorLogits(PictureCallback):
    """The paper's Fig. 14: data and samples coloured by the navigator's logits.

    A navigator that maps the modes to different logits keeps them apart in the plans.
    Writes `directory/navigator/step_000123.png`. The model must offer
    `navigator_logits(x)`, as `ACTGAN` does: one number per point, of a wider navigator
    the first principal component (of data and samples together; its sign may change
    from one picture to the next).

    Args:
        real: array `(n,)`, `(n, 1)` or `(n, 2)`.
        directory: the run's folder.
        every: int > 0, epochs between two pictures.
        num: int > 0, generated samples, and at most as many real ones (drawn by `seed`).
            A navigator on pairs looks at all `(2 num)**2` of them: hence no more.
        seed: int >= 0.
        log_dir: folder for TensorBoard, tag `navigator`; `None` for no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.

    Raises:
        ValueError: if `real` does not fit on paper, a number is out of range or a
            folder cannot be made; when `fit` starts, if the model has no
            `navigator_logits`.
        TypeError: if an argument has the wrong type.

    Example:
        >>> import tempfile
        >>> NavigatorLogits(np.zeros((10, 2)), tempfile.mkdtemp()).real.shape
        (10, 2)

    Source: "ACT: Asymptotic Conditional Transport", ICLR 2021 submission, Fig. 14.
    Differs: also draws 1-D data, against its logits.
    """

    folder = "navigator"
    needs = ("sample", "navigator_logits", "step")

    def __init__(
        self,
        real: Any,
        directory: str | os.PathLike,
        every: int = 1,
        num: int = 500,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        at_train_begin: bool = False,
    ) -> None:
        """Check the arguments and make the folders."""
        as_drawable("real", real)
        super().__init__(directory, every, num, seed, log_dir, at_train_begin)
        self.real = choose(as_drawable("real", real), self.num, self.seed).astype(np.float32)

    def draw(self, step: int) -> np.ndarray:
        """Sample, ask the navigator, draw."""
        fake = np.asarray(self.model.sample(self.num, seed=self.seed))
        fake = same_sample_shape(self.real, fake)
        # One call for both: a principal component is that of the points it is asked about.
        logits = np.asarray(self.model.navigator_logits(np.concatenate([self.real, fake])))
        real_logits, fake_logits = logits[: len(self.real)], logits[len(self.real) :]
        return navigator_picture(self.real, fake, real_logits, fake_logits, title=f"step {step:,}")
