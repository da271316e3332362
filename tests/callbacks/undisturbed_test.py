"""Watching changes nothing: weights, noise and counts are those of an unwatched run."""

import os
import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.callbacks import (
    EvaluateGenerator,
    NavigatorLogits,
    SampleScatter,
    TransportPlan,
)
from keras_ot_gans.metrics import EarthMover, ModeCoverage

REAL = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)


def watchers(folder):
    common = {"num": 8, "log_dir": os.path.join(folder, "logs")}
    return [
        EvaluateGenerator(REAL, [EarthMover(), ModeCoverage([[0.0, 0.0]], 1.0)], num=8),
        SampleScatter(REAL, folder, **common),
        NavigatorLogits(REAL, folder, **common),
        TransportPlan(REAL, folder, **common),
        # Keras's own, at a batch frequency, switches summaries off between its steps.
        keras.callbacks.TensorBoard(os.path.join(folder, "logs"), update_freq=1000),
    ]


def states():
    return random.getstate(), np.random.get_state()[1].tolist(), float(tf.random.uniform(()))


@pytest.mark.parametrize("per_execution", [1, 3])
def test_training_is_that_of_an_unwatched_run(per_execution, fit_game, tmp_path, events):
    results = []
    for callbacks in ([], watchers(tmp_path)):
        keras.utils.set_random_seed(7)
        model = fit_game()
        model.compile(optimizer=None, steps_per_execution=per_execution)
        model.fit(
            np.zeros((6, 1)), batch_size=1, epochs=2, verbose=0, shuffle=False, callbacks=callbacks
        )
        results.append((model.shift.numpy().tolist(), model.step, states()))
    assert results[0] == results[1]
    for folder in ("samples", "navigator", "plans"):
        names = sorted(os.listdir(tmp_path / folder))
        assert names == ["step_000006.png", "step_000012.png"]
        found = {step for tag, step in events(tmp_path / "logs") if tag == folder}
        assert found == {6, 12}
