"""What a run writes down after every epoch."""

import time
from pathlib import Path

import keras

from apps import gpu_memory
from apps.machine import peak_of_process
from keras_ot_gans.callbacks import EvaluateGenerator, append_json_line
from keras_ot_gans.callbacks.event_log import EventLog


class Speed(keras.callbacks.Callback):
    """Adds `updates_per_second` to the logs of an epoch; the first callback of the list."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the watch."""
        self._start, self._step = time.perf_counter(), self.model.step

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Stop it, before pictures and metrics take their time."""
        seconds = time.perf_counter() - self._start
        done = self.model.step - self._step  # less than none where a watchdog went back
        logs["updates_per_second"] = max(done, 0) / seconds


class EpochLog(keras.callbacks.Callback):
    """Writes the epoch's logs to `metrics.jsonl` and TensorBoard, over generator updates.

    Put it after the callbacks whose values it should see. `seconds` is the epoch's whole time,
    pictures and metrics included; `peak_memory_gib` is the most that the process has held since it
    began, and `peak_gpu_memory_gib`, where there are GPUs that tell, that of the fullest one.

    Args:
        jsonl: file, one line per epoch.
        log_dir: folder of TensorBoard's event files.
        judge: the evaluation, if there is one: it writes its own curves, and the line gets the
            intervals and protocol cards of its scores.
    """

    def __init__(self, jsonl: Path, log_dir: Path, judge: EvaluateGenerator | None = None) -> None:
        """Keep the places."""
        super().__init__()
        self.jsonl, self.event_log, self.judge = jsonl, EventLog(log_dir), judge

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the watch."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Write one line, and one value per curve."""
        values = {name: float(value) for name, value in (logs or {}).items()} | _peaks()
        step, seconds = self.model.step, time.perf_counter() - self._start
        details, judged = {}, set()
        if self.judge is not None:
            details, judged = self.judge.details, self.judge.names
        record = {"epoch": epoch + 1, "step": step, "seconds": seconds, **values, **details}
        append_json_line(self.jsonl, record)
        own = {name: value for name, value in values.items() if name not in judged}
        self.event_log.scalars({f"train/{name}": value for name, value in own.items()}, step)

    def on_train_end(self, logs: dict | None = None) -> None:
        """Close the event file."""
        self.event_log.close()


def _peaks() -> dict[str, float]:
    """Return the most memory that the process and its fullest GPU have held so far, in GiB."""
    fullest = max(gpu_memory.peaks().values(), default=None)
    found = {"peak_memory_gib": peak_of_process(), "peak_gpu_memory_gib": fullest}
    return {name: peak / 2**30 for name, peak in found.items() if peak is not None}
