"""What discriminator optimal transport would make of the samples, while the model trains."""

import os
import warnings
from typing import Any

import keras
import numpy as np

from keras_ot_gans.callbacks.density_pictures import as_drawable, density_picture
from keras_ot_gans.callbacks.generator_scores import usable
from keras_ot_gans.callbacks.picture_callback import PictureCallback
from keras_ot_gans.callbacks.pictures import image_grid, magnification
from keras_ot_gans.metrics.image_scores import ImageScores
from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.samplers.dot import DOTSampler
from keras_ot_gans.samplers.lipschitz import pair_lipschitz
from keras_ot_gans.samplers.plain import PlainSampler
from keras_ot_gans.samplers.sampler import Sampler


class DOTSamples(PictureCallback):
    """Samples before and after discriminator optimal transport in latent space, every few epochs.

    Images: pairs of columns, each sample with what it becomes on its right. Points: before on the
    left, after on the right. Writes `directory/dot/step_000123.png` and puts into the epoch's
    `logs`: `dot_K_eff` and `dot_k_eff` of random pairs (Fig. 2 of the paper; the largest of all
    classes), and the critic's mean values `dot_score_before` and `dot_score_after`; with `scores`
    also `dot_fid_before`, `dot_fid_after` and so on, of other samples. The moving average of the
    generator is taken where there is one. The model must offer a `critic` with one value per
    sample, as `LipschitzGAN` does.

    A critic that gives every sample one value, or values that are not finite, has no transport, and
    a transport can diverge. Then samples before are drawn alone, what would be after is NaN or not
    there, and a warning is given once in each `fit`; the training goes on.

    Args:
        real: array `(n, 1)`, `(n, 2)` or images `(n, h, w, c)`, real data. Points are drawn over
            their density; images are not looked at.
        directory: the run's folder.
        num: int > 0, samples.
        updates: int > 0 of the transport.
        rate: float > 0, of its gradient descent.
        pairs: int > 0, behind each Lipschitz constant. 500: the paper's Fig. 2.
        every: int > 0, epochs between two pictures.
        seed: int >= 0; the same latents and pairs each time, so that curves show the weights.
        log_dir: folder for TensorBoard, tag `dot`; `None` for no event file.
        at_train_begin: bool, also draw before the first update of each `fit`.
        columns: int > 0, pairs in a row of images.
        scores: `metrics.ImageScores` of images before and after, `scores.num` of each from the same
            latents; None for none. The transport of so many takes its time: 1,000 DCGAN images of
            32 x 32 about two minutes on two CPU cores. Left out, with a line in the log, where the
            network's weights are missing.

    Raises:
        ValueError: if a number is out of range or a folder cannot be made; when `fit` starts, if
            the model has no critic, or one of features.
        TypeError: if an argument has the wrong type.

    Example:
        >>> import tempfile
        >>> DOTSamples(np.zeros((9, 2)), tempfile.mkdtemp(), num=16).folder
        'dot'

    Source: Tanaka, "Discriminator Optimal Transport", NeurIPS 2019, Algorithms 2 and 3, Fig. 2.
    """

    folder = "dot"
    needs = ("generator", "critic", "prior", "labels", "step")

    def __init__(
        self,
        real: Any,
        directory: str | os.PathLike,
        num: int = 32,
        updates: int = 20,
        rate: float = 0.01,
        pairs: int = 500,
        every: int = 1,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        at_train_begin: bool = False,
        columns: int = 4,
        scores: ImageScores | None = None,
    ) -> None:
        """Check the arguments and make the folders."""
        real = np.asarray(real)
        self.real = real if real.ndim == 4 else as_drawable("real", real)
        super().__init__(directory, every, num, seed, log_dir, at_train_begin)
        self.updates = check_int("updates", updates, 1, "Try 20.")
        self.pairs = check_int("pairs", pairs, 1, "Try 500.")
        self.columns = check_int("columns", columns, 1, "Try 4.")
        if not rate > 0:
            raise ValueError(f"`rate` must be positive. Received: rate={rate}. Try 0.01.")
        self.rate, self.values = rate, {}
        self.sampler = self._plain = None
        if scores is not None and not isinstance(scores, ImageScores):
            raise TypeError(
                "`scores` must be None or a `metrics.ImageScores`. Received: "
                f"{type(scores).__name__}. Try metrics.ImageScores(network, real, ('fid',))."
            )
        self.scores, self._judged = scores, None
        self._warned = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Check the model, and make the sampler before hours of training."""
        self._warned = False
        given = [] if self.scores is None else [self.scores]
        self._judged = next(iter(usable(given, self.model)), None)
        if getattr(self.model, "critic", None) is not None and not self._made_for_the_model():
            model = self.model
            generator = model.ema_generator or model.generator
            kind = {"prior": model.prior, "labels": model.labels, "batch_size": self.num}
            self._plain = PlainSampler(generator, **kind)
            self.sampler = DOTSampler(
                generator,
                model.critic,
                updates=self.updates,
                optimizer=keras.optimizers.SGD(self.rate),
                pairs=self.pairs,
                **kind,
            )
        super().on_train_begin(logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Draw after every `every`-th epoch of the run, and log the numbers."""
        self.values = {}
        super().on_epoch_end(epoch, logs)
        if logs is not None:
            logs |= self.values

    def draw(self, step: int) -> np.ndarray:
        """Transport and draw."""
        sampler, stream = self.sampler, keras.random.SeedGenerator(self.seed)
        z, labels = np.asarray(sampler.latents(stream)), None
        if self.model.labels is not None:
            labels = np.asarray(self.model.labels.sample((self.num,), stream))
        before = np.asarray(sampler.pair.generate(z, labels))
        self._log("score_before", keras.ops.mean(sampler.pair.score(before, labels)))
        self._judge("before", self._plain)
        self._log("K_eff", pair_lipschitz(sampler.pair, "data", self.pairs, seed=self.seed))
        try:
            self._log("k_eff", sampler.estimate_k_eff(self.seed))
            after = sampler.transport(z, labels).samples
        except ValueError as error:
            self._warn(error)
            self._log("k_eff", pair_lipschitz(sampler.pair, "latent", self.pairs, seed=self.seed))
            self._log("score_after", np.nan)
            return self._picture(step, before)
        self._log("score_after", keras.ops.mean(sampler.pair.score(after, labels)))
        self._judge("after", sampler)
        return self._picture(step, before, after)

    def _judge(self, when: str, sampler: Sampler) -> None:
        """Score samples of the same latents, whichever the sampler."""
        if self._judged is None:
            return
        num = self._judged.num
        averaged = getattr(self.model, "ema_generator", None) is not None
        try:
            found = self._judged.evaluate(
                lambda: sampler.batches(num, self.seed),
                num,
                generator_weights="ema" if averaged else "raw",
                sampler=sampler.describe(),
            )
        except ValueError as error:  # images that are not finite
            self._warn(error)
            return
        for name, score in found.items():
            self._log(f"{name}_{when}", score.value)

    def _picture(self, step: int, *samples: np.ndarray) -> np.ndarray:
        """Draw samples before, and after where there are any."""
        if samples[0].ndim == 4:
            both = np.stack(samples, axis=1).reshape(-1, *samples[0].shape[1:])
            return image_grid(both, len(samples) * self.columns, magnify=magnification(both))
        titles = (f"step {step:,}", f"after {self.updates} updates of DOT")
        named = zip(samples, titles, strict=False)
        return np.hstack([density_picture(self.real, x, title) for x, title in named])

    def _save(self) -> None:
        try:
            super()._save()
        except ValueError as error:  # samples that are not finite cannot be drawn
            self._warn(error)

    def _log(self, name: str, value: Any) -> None:
        self.values[f"dot_{name}"] = float(np.max(value))

    def _warn(self, error: ValueError) -> None:
        """Say what is wrong, the first time; the numbers go on saying it in the logs."""
        if not self._warned:
            warnings.warn(f"DOTSamples: {error}", RuntimeWarning, stacklevel=2)
        self._warned = True

    def _made_for_the_model(self) -> bool:
        """Whether the sampler there is has the networks of the model that is trained now."""
        if self.sampler is None:
            return False
        pair, model = self.sampler.pair, self.model
        same = pair.generator is (model.ema_generator or model.generator)
        same = same and pair.critic is model.critic
        return same and pair.prior == model.prior and pair.labels == model.labels
