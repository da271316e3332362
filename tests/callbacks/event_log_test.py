import io

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_ot_gans.callbacks.event_log import EventLog


def test_values_and_pictures_are_read_back(tmp_path, events):
    picture = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    log = EventLog(tmp_path / "new" / "logs")
    log.scalars({"evaluation/w1": 0.5, "evaluation/w2": 2.0}, step=30)
    log.image("samples", picture, step=30)
    log.close()
    log.scalars({"evaluation/w1": 0.25}, step=60)  # a second `fit`
    log.close()
    found = events(tmp_path / "new" / "logs")
    assert float(found["evaluation/w1", 30]) == 0.5
    assert float(found["evaluation/w2", 30]) == 2.0
    assert float(found["evaluation/w1", 60]) == 0.25
    width, height, png = found["samples", 30]
    assert (width, height) == (b"6", b"4")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), picture)


def test_keras_summary_switch_does_not_silence_it(tmp_path, events):
    log = EventLog(tmp_path)
    with tf.summary.record_if(False):
        log.scalars({"a": 1.0}, step=1)
        log.image("b", np.zeros((2, 2, 3), np.uint8), step=1)
    log.close()
    assert {tag for tag, _ in events(tmp_path)} == {"a", "b"}
