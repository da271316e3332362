import keras
import numpy as np
import pytest

from keras_ot_gans.callbacks import EvaluateGenerator, read_json_lines
from keras_ot_gans.metrics import EarthMover, earth_mover

REAL = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)


def mean_gap(real, fake):
    return {"mean_gap": np.float32(abs(real.mean() - fake.mean()))}


def test_values_reach_logs_events_and_file(tmp_path, fake_game, epochs, events):
    model = fake_game()
    callback = EvaluateGenerator(
        REAL,
        [EarthMover(), mean_gap],
        every=2,
        seed=5,
        log_dir=tmp_path / "logs",
        jsonl=tmp_path / "run" / "metrics.jsonl",
    )
    logs = epochs(callback, model, number=4, updates=25)
    fake = model.sample(40, seed=5)
    expected = EarthMover()(REAL, fake)
    assert logs[0] == logs[2] == {}
    assert set(logs[1]) == {"w1", "w2_squared", "mean_gap"}
    assert all(type(value) is float for value in logs[1].values())
    assert logs[1]["w1"] == logs[3]["w1"] == expected["w1"]
    order = np.random.default_rng(0).permutation(40)
    assert logs[1]["w2_squared"] == earth_mover(REAL[order], fake).w2_squared
    records = read_json_lines(tmp_path / "run" / "metrics.jsonl")
    assert records == [{"step": s, "epoch": e, **logs[1]} for s, e in ((50, 2), (100, 4))]
    found = events(tmp_path / "logs")
    assert {tag for tag, step in found if step == 100} == {
        "evaluation/w1",
        "evaluation/w2_squared",
        "evaluation/mean_gap",
    }
    assert float(found["evaluation/w1", 50]) == np.float32(expected["w1"])


def test_prefix_number_and_single_metric(fake_game, epochs):
    model = fake_game()
    logs = epochs(EvaluateGenerator(REAL, mean_gap, num=7, prefix="test/"), model, number=1)
    assert set(logs[0]) == {"test/mean_gap"}
    assert ("latents", 7, 0) in model.asked


def test_one_axis_of_one_does_not_matter(fake_game, epochs):
    seen = []

    def metric(real, fake):
        seen.append((real.shape, fake.shape))
        return {}

    for real, shape in ((np.zeros(9), (1,)), (np.zeros((9, 1)), ())):
        epochs(EvaluateGenerator(real, metric, num=4), fake_game(shape), number=1)
    assert seen == [((9,), (4,)), ((9, 1), (4, 1))]


def test_history_and_later_callbacks_see_the_values(tmp_path, fit_game):
    model = fit_game()
    scores = iter([3.0, 1.0, 2.0, 2.5, 0.0])
    csv = tmp_path / "log.csv"
    history = model.fit(
        np.zeros((6, 1)),
        batch_size=2,
        epochs=5,
        verbose=0,
        callbacks=[
            EvaluateGenerator(REAL, lambda real, fake: {"score": next(scores)}, num=4),
            keras.callbacks.EarlyStopping("score", mode="min", patience=2),
            keras.callbacks.CSVLogger(csv),
        ],
    )
    assert history.history["score"] == [3.0, 1.0, 2.0, 2.5]  # stopped after two worse ones
    # Keras's logger adds a column val_<name> for each name, empty here.
    columns = csv.read_text().splitlines()[0].split(",")
    assert columns[:3] == ["epoch", "generator_loss", "score"]
    assert csv.read_text().splitlines()[2].split(",")[2] == "1.0"


def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(TypeError, match="`metrics` must be a callable"):
        EvaluateGenerator(REAL, [])
    with pytest.raises(TypeError, match="`metrics` must be a callable"):
        EvaluateGenerator(REAL, ["w1"])
    with pytest.raises(ValueError, match="`real` must hold at least one sample"):
        EvaluateGenerator(np.zeros((0, 2)), mean_gap)


def test_bad_values_are_named(fake_game, epochs):
    def play(real, metrics):
        epochs(EvaluateGenerator(real, metrics), fake_game(), number=1)

    with pytest.raises(ValueError, match=r"generator's shape \(2,\). Received: .*\(5, 3\)"):
        play(np.zeros((5, 3)), mean_gap)
    with pytest.raises(TypeError, match="must return dicts of name to number. Received: float"):
        play(REAL, lambda real, fake: 1.0)
    with pytest.raises(ValueError, match=r"different names. Received: \['mean_gap'\] twice"):
        play(REAL, [mean_gap, mean_gap])
    with pytest.raises(ValueError, match="needs a model that offers `sample`"):
        epochs(EvaluateGenerator(REAL, mean_gap), object(), number=0)
