"""Codes of real samples over the prior that they should fill."""

import os
from typing import Any

import keras
import numpy as np

from keras_ot_gans.callbacks.code_pictures import deviation, histogram_picture
from keras_ot_gans.callbacks.density_pictures import density_picture
from keras_ot_gans.callbacks.picture_callback import PictureCallback, choose

# Of the prior, by the code's width: on the line they set the bandwidth of both curves, in the plane
# each of many cells needs some.
_DRAWN = {1: 5_000, 2: 100_000}


class Codes(PictureCallback):
    """Codes of the same real samples over the prior every few epochs, to PNG and TensorBoard.

    Codes of two coordinates: points over the prior's density. Of one: both densities. Of more: a
    histogram of each of the first 16 over the prior's density. Above stands how far the codes are
    from the prior, by `metrics.aggregate_posterior`. Where codes leave parts of the prior empty or
    lie outside, the generator sees latents that no real sample has, or the reverse. Noise of the
    encoder is drawn anew for each sample, from `seed`. Writes `directory/codes/step_000123.png`.
    The model must offer `encode(x, seed)` and a `prior`, as `AGE` does.

    Args:
        real: array `(n, ...)`, points, or images in `[-1, 1]`; `n >= 2`.
        directory: the run's folder.
        num: int >= 2, real samples; drawn once, by `seed`.
        every: int > 0, epochs between two pictures.
        seed: int >= 0.
        log_dir: folder for TensorBoard, tag `codes`; `None` for no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.

    Raises:
        ValueError: if `real` holds fewer than two samples, a number is out of range or a folder
            cannot be made; when `fit` starts, if the model has no `encode` or `prior`.
        TypeError: if an argument has the wrong type.

    Example:
        >>> import tempfile
        >>> Codes(np.zeros((100, 3)), tempfile.mkdtemp(), num=16).real.shape
        (16, 3)

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", Figure 9, latent space.
    Differs: the prior stands behind the codes.
    """

    folder = "codes"
    needs = ("encode", "prior", "step")

    def __init__(
        self,
        real: Any,
        directory: str | os.PathLike,
        num: int = 2000,
        every: int = 1,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        at_train_begin: bool = False,
    ) -> None:
        """Check the arguments and make the folders."""
        real = np.asarray(real)
        if real.ndim < 2 or len(real) < 2:
            raise ValueError(
                "`real` must hold at least two samples (n, ...). "
                f"Received: shape {real.shape}. Pass the data that the model trains on."
            )
        super().__init__(directory, every, num, seed, log_dir, at_train_begin)
        if self.num < 2:
            raise ValueError(f"`num` must be at least 2. Received: num={num}. Try 2000.")
        self.real = choose(real, self.num, self.seed).astype(np.float32)

    def draw(self, step: int) -> np.ndarray:
        """Encode and draw."""
        codes, prior = np.asarray(self.model.encode(self.real, seed=self.seed)), self.model.prior
        title = f"codes of real samples, step {step:,}\n{deviation(codes, prior)}"
        if codes.shape[1] > 2:
            return histogram_picture(codes, prior, title)
        k = codes.shape[1]
        drawn = np.asarray(prior.sample((_DRAWN[k], k), keras.random.SeedGenerator(self.seed)))
        return density_picture(drawn, codes, title, label="codes", below="prior")
