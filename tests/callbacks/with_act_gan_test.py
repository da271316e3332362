"""All callbacks together on the models they are made for, briefly."""

import os

import keras
import numpy as np
import pytest

from keras_ot_gans import callbacks, datasets, metrics, models, networks


@pytest.mark.parametrize("wide", [1, 10])
def test_a_toy_run_is_watched_and_steered(wide, tmp_path, events):
    x = datasets.eight_gaussians(200, seed=0)
    centres = datasets.eight_gaussians_centres()
    gan = models.ACTGAN(
        generator=networks.mlp(5, (16,), 2), navigator=networks.mlp(2, (16,), wide), seed=0
    )
    gan.compile(
        optimizers={role: keras.optimizers.Adam(1e-3) for role in ("generator", "navigator")}
    )
    before = [v.numpy() for v in gan.navigator.weights]
    logs = tmp_path / "logs"
    history = gan.fit(
        x,
        batch_size=50,
        epochs=3,
        verbose=0,
        callbacks=[
            callbacks.FreezeRole("navigator", at_update=4),
            callbacks.EvaluateGenerator(
                x,
                [metrics.EarthMover(), metrics.ModeCoverage(centres, 0.0141)],
                log_dir=logs,
                jsonl=tmp_path / "metrics.jsonl",
            ),
            callbacks.SampleScatter(x, tmp_path, every=3, num=50, log_dir=logs),
            callbacks.NavigatorLogits(x, tmp_path, every=3, num=50, log_dir=logs),
            callbacks.TransportPlan(x, tmp_path, every=3, num=8, log_dir=logs),
        ],
    )
    assert len(history.history["w1"]) == 3
    assert history.history["modes_captured"][-1] <= 8
    assert [r["step"] for r in callbacks.read_json_lines(tmp_path / "metrics.jsonl")] == [4, 8, 12]
    for folder in ("samples", "navigator", "plans"):
        assert os.listdir(tmp_path / folder) == ["step_000012.png"]
        assert (folder, 12) in events(logs)
    assert gan.frozen == ("navigator",)
    # Frozen after 4 of 12 updates: Adam at 1e-3 moves a weight by at most about 1e-3 an update.
    moved = max(
        np.abs(v.numpy() - b).max() for v, b in zip(gan.navigator.weights, before, strict=True)
    )
    assert 1e-4 < moved < 5e-3
