from types import SimpleNamespace

import pytest
import tensorflow as tf

from apps import epoch_log
from keras_ot_gans.callbacks import read_json_lines

GIB = 2**30


@pytest.fixture
def written(monkeypatch, tmp_path):
    """A function that writes one epoch and returns its line and its curves."""
    monkeypatch.setattr(epoch_log, "peak_of_process", lambda: 3 * GIB // 2)

    def write():
        log = epoch_log.EpochLog(tmp_path / "metrics.jsonl", tmp_path / "logs")
        log.set_model(SimpleNamespace(step=7))
        log.on_epoch_begin(0)
        log.on_epoch_end(0, {"loss": 0.5})
        log.on_train_end()
        curves = {}
        for path in (tmp_path / "logs").iterdir():
            for event in tf.data.TFRecordDataset(str(path)):
                parsed = tf.compat.v1.Event.FromString(event.numpy())
                for value in parsed.summary.value:
                    curves[value.tag] = (parsed.step, float(tf.make_ndarray(value.tensor)))
        (line,) = read_json_lines(tmp_path / "metrics.jsonl")
        return line, curves

    return write


def gpus(monkeypatch, names, peaks):
    """Let TensorFlow see GPUs, and know the peaks of those that count."""

    def told(name):
        if name not in peaks:
            raise ValueError(f"Allocator stats not available for device '{name}'")
        return {"current": 0, "peak": peaks[name]}

    devices = [SimpleNamespace(name=name) for name in names]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: devices)
    monkeypatch.setattr(tf.config.experimental, "get_memory_info", told)


def test_a_line_and_curves_hold_the_peak_of_the_process(written):
    line, curves = written()
    assert line.pop("seconds") >= 0
    assert line == {"epoch": 1, "step": 7, "loss": 0.5, "peak_memory_gib": 1.5}
    assert curves == {"train/loss": (7, 0.5), "train/peak_memory_gib": (7, 1.5)}


def test_the_fullest_gpu_is_told(written, monkeypatch):
    names = ["/device:GPU:0", "/job:worker/replica:0/task:0/device:GPU:1", "/device:GPU:2"]
    gpus(monkeypatch, names, {"GPU:0": GIB, "GPU:1": 5 * GIB // 2})  # the last one keeps no count
    line, _ = written()
    assert line["peak_gpu_memory_gib"] == 2.5 and line["peak_memory_gib"] == 1.5


def test_gpus_without_a_count_leave_the_column_out(written, monkeypatch):
    gpus(monkeypatch, ["/device:GPU:0"], {})
    assert "peak_gpu_memory_gib" not in written()[0]


def test_the_names_of_devices_are_those_that_tensorflow_takes(written, monkeypatch):
    processors = tf.config.list_logical_devices("CPU")
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: processors)
    ask = tf.config.experimental.get_memory_info

    def asked(name):
        try:
            return ask(name)
        except ValueError as error:  # it knows the device, and kernels that keep no count of a CPU
            assert "Allocator stats not available" in str(error)
            return {"peak": 0}

    monkeypatch.setattr(tf.config.experimental, "get_memory_info", asked)
    assert written()[0]["peak_gpu_memory_gib"] >= 0.0
