"""Judge the generator while it trains."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np

from keras_ot_gans.callbacks.arguments import check_offers, make_folder
from keras_ot_gans.callbacks.event_log import EventLog
from keras_ot_gans.callbacks.generator_scores import BestScores, score_model, usable
from keras_ot_gans.callbacks.json_lines import append_json_line, read_json_lines
from keras_ot_gans.callbacks.picture_callback import same_sample_shape
from keras_ot_gans.metrics.image_scores import ImageScores
from keras_ot_gans.metrics.score import Scores
from keras_ot_gans.ops.arguments import check_int

Metric = Callable[[np.ndarray, np.ndarray], dict[str, float]]


class EvaluateGenerator(keras.callbacks.Callback):
    """Run metrics on fresh samples every few epochs.

    The values go into the epoch's `logs` under `prefix + name`, so that `History`, the
    progress bar and all callbacks AFTER this one in the list see them:
    `ModelCheckpoint(monitor="fid", mode="min", save_best_only=True)`, `EarlyStopping` and
    `ReduceLROnPlateau` (give them `mode=`), `CSVLogger`. In epochs without an evaluation
    they are absent, as Keras's own are under `validation_freq` (`CSVLogger` fixes its
    columns in the first epoch: with `every > 1` read `jsonl` instead).

    Beside each image score, `best_<name>` is the best value of the run so far, also of a run
    that is continued: last and best are never mixed up. Where the weights of a feature
    network are missing, one line in the log says how to get them, and training goes on.

    The replicas of a strategy share the work of `ImageScores`; of several workers, each must
    have this callback, and only the chief places to write to.

    Args:
        real: array `(N, ...)`, held-out or training data; passed to the metrics whole. None
            where all metrics are `ImageScores`, which have their own.
        metrics: a callable `(real, fake) -> dict of float`, or a sequence of them, such
            as `metrics.EarthMover()`, with names that do not clash. `metrics.ImageScores`
            get their images batch by batch and write their intervals and card.
        num: int > 0, samples per evaluation; `None` for as many as `real` has. `ImageScores`
            say their own number.
        every: int > 0, epochs between two evaluations, counted from the run's start.
        seed: int >= 0, seed of the samples' latents: the same ones each time, so that
            the curve shows the weights and not the draw. `ImageScores` use their own.
        log_dir: folder for TensorBoard: `evaluation/<name>` over `model.step`, of an image
            score `evaluation/<name>-<short form of its card>`.
        jsonl: file to append one line per evaluation to: `step`, `epoch`, the values, and of
            image scores `scores` (with intervals) and `cards`; see `read_json_lines`. Lines
            that are there already give the best values of a continued run, whose `fit` is told
            by `initial_epoch` how many epochs are finished.
        prefix: str before each name in `logs` and in the file.
        earlier: records like those of `jsonl`, for the best values where another callback
            writes them.

    Attributes:
        names: set of the names in `logs` so far.
        details: dict, what the last epoch's line holds beside the values; empty without an
            evaluation.

    Raises:
        ValueError: if an argument is out of range; in training, if the samples' shape is
            not that of `real`, or names clash.
        TypeError: if an argument has the wrong type; in training, if a metric does not
            return a dict of numbers.

    Example:
        >>> import numpy as np
        >>> def mean_gap(real, fake):
        ...     return {"mean_gap": float(abs(real.mean() - fake.mean()))}
        >>> callback = EvaluateGenerator(np.zeros((100, 2)), mean_gap, num=50, every=5)
        >>> callback.every
        5
    """

    def __init__(
        self,
        real: Any,
        metrics: Metric | Sequence[Metric],
        num: int | None = None,
        every: int = 1,
        seed: int = 0,
        log_dir: str | os.PathLike | None = None,
        jsonl: str | os.PathLike | None = None,
        prefix: str = "",
        earlier: Iterable[dict[str, Any]] = (),
    ) -> None:
        """Check the arguments and make the folders."""
        super().__init__()
        given = (metrics,) if callable(metrics) else tuple(metrics)
        if not given or not all(callable(metric) for metric in given):
            raise TypeError(
                "`metrics` must be a callable `(real, fake) -> dict` or a sequence of them. "
                f"Received: {metrics!r}. Try `metrics.EarthMover()`."
            )
        self.image_scores = [metric for metric in given if isinstance(metric, ImageScores)]
        self.evaluations = [metric for metric in given if not isinstance(metric, ImageScores)]
        self.real = None if real is None and not self.evaluations else np.asarray(real)
        if self.real is not None and (self.real.ndim == 0 or not len(self.real)):
            raise ValueError(
                "`real` must hold at least one sample, axes (n, ...). "
                f"Received: shape {self.real.shape}. Pass the data that the model trains on."
            )
        self.num = None if num is None else check_int("num", num, 1, "Try 1000.")
        self.every = check_int("every", every, 1, "It counts epochs; try 1.")
        self.seed = check_int("seed", seed, 0, "Try 0.")
        self.prefix, self.names, self.details = prefix, set(), {}
        self.event_log = EventLog(log_dir)
        self.jsonl = None if jsonl is None else os.path.abspath(jsonl)
        if self.jsonl is not None:
            make_folder("jsonl", os.path.dirname(self.jsonl))
        self._earlier, self._best, self._resumed = list(earlier), BestScores(), False

    def evaluate(self) -> dict[str, float]:
        """Sample from the model and run all metrics now.

        Returns:
            dict of name to float, without the prefix.
        """
        values = self._plain_values()
        for scores in self._score_images():
            _add(values, scores.values_by_name())
        return values

    def on_train_begin(self, logs: Any = None) -> None:
        """Check the model, and make all that the image scores need before hours of training."""
        needed = ["sample"] * bool(self.evaluations)
        needed += ["sample_latents", "generate"] * bool(self.image_scores)
        check_offers(self, self.model, *needed, "step")
        self.image_scores = usable(self.image_scores, self.model)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Take over, the first time, the best values of a run that is continued."""
        if self._resumed:
            return
        self._resumed = True
        if self.jsonl is not None and os.path.exists(self.jsonl):
            self._best.resume(read_json_lines(self.jsonl), epoch)
        self._best.resume(self._earlier, epoch)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Evaluate after every `every`-th epoch of the run."""
        self.details = {}
        if (epoch + 1) % self.every:
            return
        values, step = self._plain_values(), int(self.model.step)
        tags = {f"evaluation/{name}": value for name, value in values.items()}
        for scores in self._score_images():
            card = scores.card.short
            _add(values, scores.values_by_name())
            for name, score in scores.items():
                tags[f"evaluation/{name}-{card}"] = score.value
                values[f"best_{name}"] = self._best.update(name, score.value, card)
                entry = {**score.as_dict(), "card": card}
                self.details.setdefault("scores", {})[name] = entry
            self.details.setdefault("cards", {})[card] = scores.card.as_dict()
            if scores.refused:
                self.details.setdefault("refused", {}).update(scores.refused)
        named = {self.prefix + name: value for name, value in values.items()}
        self.names |= named.keys()
        if logs is not None:
            _add(logs, named)
        self.event_log.scalars(tags, step)
        if self.jsonl is not None:
            record = {"step": step, "epoch": epoch + 1, **named, **self.details}
            append_json_line(self.jsonl, record)

    def on_train_end(self, logs: Any = None) -> None:
        """Close the event file."""
        self.event_log.close()

    def _plain_values(self) -> dict[str, float]:
        """Run the metrics of `(real, fake)`."""
        values: dict[str, float] = {}
        if not self.evaluations:
            return values
        num = len(self.real) if self.num is None else self.num
        fake = np.asarray(self.model.sample(num, seed=self.seed))
        fake = same_sample_shape(self.real, fake)
        for metric in self.evaluations:
            found = metric(self.real, fake)
            if not isinstance(found, dict):
                raise TypeError(
                    "`metrics` must return dicts of name to number. "
                    f"Received: {type(found).__name__} from {metric!r}. Return {{'name': value}}."
                )
            _add(values, {name: float(value) for name, value in found.items()})
        return values

    def _score_images(self) -> Iterable[Scores]:
        return (score_model(scores, self.model) for scores in self.image_scores)


def _add(values: dict[str, float], found: dict[str, float]) -> None:
    """Add values whose names are new."""
    clash = values.keys() & found.keys()
    if clash:
        raise ValueError(
            f"`metrics` must use different names. Received: {sorted(clash)} twice. "
            "Rename one in a function of your own, or use another `prefix`."
        )
    values.update(found)
