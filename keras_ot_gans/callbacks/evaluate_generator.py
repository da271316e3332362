"""Judge the generator while it trains."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_ot_gans.callbacks.arguments import check_int, check_offers, make_folder
from keras_ot_gans.callbacks.event_log import EventLog
from keras_ot_gans.callbacks.json_lines import append_json_line
from keras_ot_gans.callbacks.picture_callback import same_sample_shape

Metric = Callable[[np.ndarray, np.ndarray], dict[str, float]]


class EvaluateGenerator(keras.callbacks.Callback):
    """Run metrics on fresh samples every few epochs.

    The values go into the epoch's `logs` under `prefix + name`, so that `History`, the
    progress bar and all callbacks AFTER this one in the list see them: `EarlyStopping`
    and `ReduceLROnPlateau` (give them `mode=`), `CSVLogger`, `ModelCheckpoint`. In
    epochs without an evaluation they are absent, as Keras's own are under
    `validation_freq` (`CSVLogger` fixes its columns in the first epoch: with `every > 1`
    read `jsonl` instead).

    Args:
        real: array `(N, ...)`, held-out or training data; passed to the metrics whole.
        metrics: a callable `(real, fake) -> dict of float`, or a sequence of them, such
            as `metrics.EarthMover()`, with names that do not clash.
        num: int > 0, samples per evaluation; `None` for as many as `real` has.
        every: int > 0, epochs between two evaluations, counted from the run's start.
        seed: int >= 0, seed of the samples' latents: the same ones each time, so that
            the curve shows the weights and not the draw.
        log_dir: folder for TensorBoard: `evaluation/<name>` over `model.step`.
        jsonl: file to append one line per evaluation to: `step`, `epoch`, the values;
            see `read_json_lines`.
        prefix: str before each name in `logs` and in the file.

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
        prefix: str = "val_",
    ) -> None:
        """Check the arguments and make the folders."""
        super().__init__()
        self.real = np.asarray(real)
        if self.real.ndim == 0 or not len(self.real):
            raise ValueError(
                "`real` must hold at least one sample, axes (n, ...). "
                f"Received: shape {self.real.shape}. Pass the data that the model trains on."
            )
        self.evaluations = (metrics,) if callable(metrics) else tuple(metrics)
        if not self.evaluations or not all(callable(metric) for metric in self.evaluations):
            raise TypeError(
                "`metrics` must be a callable `(real, fake) -> dict` or a sequence of them. "
                f"Received: {metrics!r}. Try `metrics.EarthMover()`."
            )
        self.num = len(self.real) if num is None else check_int("num", num, 1, "Try 1000.")
        self.every = check_int("every", every, 1, "It counts epochs; try 1.")
        self.seed = check_int("seed", seed, 0, "Try 0.")
        self.prefix = prefix
        self.event_log = EventLog(log_dir)
        self.jsonl = None if jsonl is None else os.path.abspath(jsonl)
        if self.jsonl is not None:
            make_folder("jsonl", os.path.dirname(self.jsonl))

    def evaluate(self) -> dict[str, float]:
        """Sample from the model and run all metrics now.

        Returns:
            dict of name to float, without the prefix.
        """
        fake = np.asarray(self.model.sample(self.num, seed=self.seed))
        fake = same_sample_shape(self.real, fake)
        values = {}
        for metric in self.evaluations:
            found = metric(self.real, fake)
            if not isinstance(found, dict):
                raise TypeError(
                    "`metrics` must return dicts of name to number. "
                    f"Received: {type(found).__name__} from {metric!r}. Return {{'name': value}}."
                )
            clash = values.keys() & found.keys()
            if clash:
                raise ValueError(
                    f"`metrics` must use different names. Received: {sorted(clash)} twice. "
                    "Rename one in a function of your own."
                )
            values.update({name: float(value) for name, value in found.items()})
        return values

    def on_train_begin(self, logs: Any = None) -> None:
        """Check the model."""
        check_offers(self, self.model, "sample", "step")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Evaluate after every `every`-th epoch of the run."""
        if (epoch + 1) % self.every:
            return
        values, step = self.evaluate(), int(self.model.step)
        named = {self.prefix + name: value for name, value in values.items()}
        if logs is not None:
            logs.update(named)
        self.event_log.scalars({f"evaluation/{name}": v for name, v in values.items()}, step)
        if self.jsonl is not None:
            append_json_line(self.jsonl, {"step": step, "epoch": epoch + 1, **named})

    def on_train_end(self, logs: Any = None) -> None:
        """Close the event file."""
        self.event_log.close()
