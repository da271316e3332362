"""The conditional plans of a few points, with the pairs that they match."""

import os
from typing import Any

import numpy as np

from keras_ot_gans.callbacks.density_pictures import as_drawable
from keras_ot_gans.callbacks.picture_callback import PictureCallback, choose, same_sample_shape
from keras_ot_gans.callbacks.plan_pictures import plan_picture


class TransportPlan(PictureCallback):
    """Forward and backward plan as matrices, and their matched pairs.

    Rows and columns are ordered so that a plan that tells points apart shows blocks
    along the diagonal; a flat plan is uniformly dark; a degenerate one is a stripe.
    Points: a line per pair, as opaque as its weight. Images: images beside their most
    probable partners. Writes `directory/plans/step_000123.png`. The model must offer
    `plans(x_real, x_fake)`, as `ACTGAN` does; a conditional one is asked for samples of
    the real ones' labels, `plans(x_real, x_fake, labels)`.

    Args:
        real: array `(n,)`, `(n, 1)`, `(n, 2)` or images `(n, h, w, c)` in `[-1, 1]`.
        directory: the run's folder.
        num: int >= 2, points of each side; the real ones are drawn once, by `seed`.
        every: int > 0, epochs between two pictures.
        seed: int >= 0.
        log_dir: folder for TensorBoard, tag `plans`; `None` for no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.
        labels: int array `(n,)`, or float `(n, k)` for side vectors, of `real`, for a
            conditional model; else None.

    Raises:
        ValueError: if `real` cannot be drawn, a number is out of range, labels are not `n`
            or a folder cannot be made; when `fit` starts, if the model has no `plans`, or
            is conditional and there are no labels.
        TypeError: if an argument has the wrong type.

    Example:
        >>> import tempfile
        >>> TransportPlan(np.zeros((100, 2)), tempfile.mkdtemp(), num=16).real.shape
        (16, 2)
    """

    folder = "plans"
    needs = ("sample", "plans", "step")

    def __init__(
        self,
        real: Any,
        directory: str | os.PathLike,
        num: int = 32,
        every: int = 1,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        at_train_begin: bool = False,
        labels: Any = None,
    ) -> None:
        """Check the arguments and make the folders."""
        real = np.asarray(real)
        if real.ndim != 4:
            real = as_drawable("real", real)
        if min(num, len(real)) < 2:
            raise ValueError(
                "`num` and `real` must give at least 2 points. "
                f"Received: num={num} and {len(real)} real points. Try num=32."
            )
        if labels is not None and len(labels) != len(real):
            raise ValueError(
                f"`labels` must hold one label per real sample, {len(real)}. Received: "
                f"{len(labels)}."
            )
        super().__init__(directory, every, num, seed, log_dir, at_train_begin)
        self.real = choose(real, self.num, self.seed).astype(np.float32)
        self.labels = None if labels is None else choose(labels, self.num, self.seed)

    def on_train_begin(self, logs: Any = None) -> None:
        """Check that a conditional model has labels, then as all pictures."""
        if self.labels is None and getattr(self.model, "labels", None) is not None:
            raise ValueError(
                "`labels` must be given for a conditional model. Received: None. Pass those of "
                "`real`."
            )
        super().on_train_begin(logs)

    def draw(self, step: int) -> np.ndarray:
        """Sample, ask for both plans, draw."""
        told = {} if self.labels is None else {"labels": self.labels}
        fake = np.asarray(self.model.sample(len(self.real), seed=self.seed, **told))
        fake = same_sample_shape(self.real, fake)
        _, forward, backward = self.model.plans(self.real, fake, **told)
        return plan_picture(self.real, fake, forward, backward, title=f"step {step:,}")
