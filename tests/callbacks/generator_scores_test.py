"""Image scores while training: curves, lines, best values, and missing weights."""

import json
import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.callbacks import EvaluateGenerator, read_json_lines
from keras_ot_gans.callbacks.generator_scores import BestScores, score_model
from keras_ot_gans.metrics import ImageScores, ProtocolCard, WeightsMissing
from tests.metrics.cards import linear_network, uint8_images

SHAPE = (4, 4, 1)
REAL = uint8_images(60)


def judge(cache, scores=("is", "fid", "kid"), network=None, **options):
    network = linear_network() if network is None else network
    options = {"num": 50, "batch_size": 16, "seed": 7, "verbose": 0, **options}
    return ImageScores(network, REAL, scores, cache_dir=cache, **options)


class BrightGame:
    """A generator whose images get brighter by what `drift` says of the step."""

    def __init__(self, drift, step=0):
        self.step, self.drift, self.largest = step, drift, 0
        self.ema_generator = None

    def sample_latents(self, n, seed=None):
        return np.random.default_rng(seed).uniform(-1, 1, (n, 16)).astype(np.float32)

    def generate(self, z, use_ema=True):
        self.largest = max(self.largest, len(z))
        return np.clip(z + self.drift[self.step], -1, 1).reshape(-1, *SHAPE)


def test_scores_reach_logs_curves_and_lines(tmp_path, epochs, events):
    model = BrightGame({10: 0.5, 20: 0.0, 30: 0.9})
    scores = judge(tmp_path / "cache")
    callback = EvaluateGenerator(
        None, scores, log_dir=tmp_path / "logs", jsonl=tmp_path / "metrics.jsonl"
    )
    logs = epochs(callback, model, number=3)
    assert model.largest == 16  # a batch at a time
    expected = []
    for model.step in (10, 20, 30):
        fake = model.generate(model.sample_latents(50, 7))
        expected.append(scores.evaluate(fake, generator_weights="raw", sampler="prior"))
    for log, found in zip(logs, expected, strict=True):
        assert {name: log[name] for name in found} == found.values_by_name()
        assert set(log) == {"is", "fid", "kid", "best_is", "best_fid", "best_kid"}
    fids = [found["fid"].value for found in expected]
    assert fids[1] < fids[0] < fids[2]
    assert [log["best_fid"] for log in logs] == [fids[0], fids[1], fids[1]]
    best_is = np.maximum.accumulate([found["is"].value for found in expected])
    assert [log["best_is"] for log in logs] == best_is.tolist()

    card = expected[0].card
    assert card.short.startswith("toy-60-50-uint8-raw-")
    found = events(tmp_path / "logs")
    assert {tag for tag, _ in found} == {f"evaluation/{n}-{card.short}" for n in expected[0]}
    for step, fid in zip((10, 20, 30), fids, strict=True):
        assert found[f"evaluation/fid-{card.short}", step] == np.float32(fid)

    lines = read_json_lines(tmp_path / "metrics.jsonl")
    assert [(line["step"], line["epoch"]) for line in lines] == [(10, 1), (20, 2), (30, 3)]
    assert lines[2]["scores"]["fid"] == {**expected[2]["fid"].as_dict(), "card": card.short}
    assert lines[2]["fid"] == fids[2] and lines[2]["best_fid"] == fids[1]
    assert ProtocolCard.from_dict(lines[0]["cards"][card.short]) == card
    assert callback.names == set(logs[0]) and "cards" in callback.details


def test_best_survives_a_stop_and_ignores_what_is_repeated(tmp_path, epochs):
    jsonl = tmp_path / "metrics.jsonl"

    def play(drift, step, first, number, earlier=()):
        callback = EvaluateGenerator(
            None, judge(tmp_path), jsonl=None if earlier else jsonl, earlier=earlier
        )
        return epochs(callback, BrightGame(drift, step), number=number, first=first)

    first = play({10: 0.0, 20: 0.5, 30: -0.01}, 0, 0, 3)
    # Stopped at step 20; the run takes another way from there, so step 30 never was.
    again = play({30: 0.6, 40: 0.7}, 20, 2, 4)
    assert [log["best_fid"] for log in again] == [first[0]["fid"]] * 2
    assert again[0]["fid"] > first[1]["fid"] > first[0]["fid"]
    # The same from records that another callback wrote.
    records = [line for line in read_json_lines(jsonl) if line["step"] <= 20]
    assert play({30: 0.6}, 20, 2, 3, earlier=records)[0]["best_fid"] == first[0]["fid"]
    # Another protocol has a best of its own.
    callback = EvaluateGenerator(None, judge(tmp_path, seed=8), earlier=records)
    other = epochs(callback, BrightGame({30: 0.6}, 20), number=3, first=2)
    assert other[0]["best_fid"] == other[0]["fid"]


def test_best_survives_a_rewind_that_passed_the_last_checkpoint_over(tmp_path, epochs):
    """Epoch 2 went back behind the end of epoch 1; a run is continued after it."""
    drift, jsonl = {100: 0.0, 79: 0.5, 179: 0.6}, tmp_path / "metrics.jsonl"
    callback, model = EvaluateGenerator(None, judge(tmp_path), jsonl=jsonl), BrightGame(drift)
    unbroken = [
        epochs(callback, model, number=epoch + 1, updates=updates, first=epoch)[0]
        for epoch, updates in enumerate((100, -21, 100))
    ]
    assert unbroken[2]["best_fid"] == unbroken[0]["fid"] < unbroken[1]["fid"]
    records = read_json_lines(jsonl)
    assert [line["step"] for line in records] == [100, 79, 179]
    again = EvaluateGenerator(None, judge(tmp_path), earlier=records)
    (last,) = epochs(again, BrightGame(drift, 79), number=3, updates=100, first=2)
    assert last["best_fid"] == unbroken[2]["best_fid"]


def test_missing_weights_are_one_line_and_training_goes_on(tmp_path, epochs, caplog):
    def missing():
        raise WeightsMissing("The weights could not be fetched.\nPass where they lie: load(path).")

    def gap(real, fake):
        return {"gap": 1.0}

    model = BrightGame({10: 0.0, 20: 0.0})
    model.sample = lambda n, seed=None: model.generate(model.sample_latents(n, seed))
    real = np.zeros((5, *SHAPE))
    with caplog.at_level(logging.WARNING):
        callback = EvaluateGenerator(real, [judge(tmp_path, network=missing), gap])
        logs = epochs(callback, model, number=2)
    assert logs == [{"gap": 1.0}, {"gap": 1.0}]
    (record,) = caplog.records
    assert record.getMessage() == (
        "Training without is, fid, kid: The weights could not be fetched. Pass where they lie: "
        "load(path)."
    )


def test_refused_fid_is_absent_and_explained(tmp_path, epochs):
    scores = judge(tmp_path, ("fid",), network=linear_network(dim=55))
    callback = EvaluateGenerator(None, scores, jsonl=tmp_path / "m.jsonl")
    (log,) = epochs(callback, BrightGame({10: 0.0}), number=1)
    assert set(log) == {"kid", "best_kid"}
    (line,) = read_json_lines(tmp_path / "m.jsonl")
    assert "50 fake images are too few" in line["refused"]["fid"]


def test_wrong_images_and_models_are_named(tmp_path, epochs):
    with pytest.raises(ValueError, match="`fake, batch 0` must be finite"):
        epochs(EvaluateGenerator(None, judge(tmp_path)), BrightGame({10: np.nan}), number=1)
    with pytest.raises(ValueError, match="needs a model that offers `sample_latents`"):
        epochs(EvaluateGenerator(None, judge(tmp_path)), object(), number=0)
    same = [judge(tmp_path), judge(tmp_path)]
    with pytest.raises(ValueError, match="different names"):
        epochs(EvaluateGenerator(None, same), BrightGame({10: 0.0}), number=1)
    with pytest.raises(ValueError, match=r"different names. Received: \['loss'\] twice"):
        callback = EvaluateGenerator(REAL, lambda real, fake: {"loss": 1.0})
        callback.set_model(type("M", (), {"step": 1, "sample": lambda self, n, seed: REAL[:n]})())
        callback.on_epoch_end(0, {"loss": 2.0})


def test_evaluate_now(tmp_path):
    callback = EvaluateGenerator(None, judge(tmp_path, ("fid",)))
    callback.set_model(BrightGame({0: 0.0}))
    assert set(callback.evaluate()) == {"fid"}


class ImageGame(keras.Model):
    """A model of one number, the brightness of its images; `fit` moves it past the best one."""

    def __init__(self):
        super().__init__()
        self.shift = self.add_weight(shape=(), initializer="zeros", name="shift")
        self.built = True
        self.shift.assign(-0.4)
        self.compile(optimizer=None)

    @property
    def step(self):
        return int(round((float(self.shift) + 0.4) / 0.2))

    def train_step(self, data):
        self.shift.assign_add(0.2)
        return {"generator_loss": tf.identity(self.shift)}

    def sample_latents(self, n, seed=None):
        return np.random.default_rng(seed).uniform(-1, 1, (n, 16)).astype(np.float32)

    def generate(self, z, use_ema=True):
        return np.clip(z + float(self.shift), -1, 1).reshape(-1, *SHAPE)


def test_keras_checkpoints_and_stops_by_fid(tmp_path):
    model = ImageGame()
    history = model.fit(
        np.zeros((1, 1)),
        epochs=6,
        verbose=0,
        callbacks=[
            EvaluateGenerator(None, judge(tmp_path, ("fid",))),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best.weights.h5",
                monitor="fid",
                mode="min",
                save_best_only=True,
                save_weights_only=True,
            ),
            keras.callbacks.EarlyStopping("fid", mode="min", patience=2),
        ],
    ).history
    # Shifts -0.2, 0, 0.2, 0.4: the second is the data's own distribution.
    assert len(history["fid"]) == 4 and int(np.argmin(history["fid"])) == 1
    assert history["best_fid"] == np.minimum.accumulate(history["fid"]).tolist()
    assert float(model.shift) == pytest.approx(0.4, abs=1e-6)  # four float32 sums
    model.load_weights(tmp_path / "best.weights.h5")
    assert float(model.shift) == pytest.approx(0.0, abs=1e-6)


def test_conditional_model_brings_its_labels(tmp_path):
    class Conditional(BrightGame):
        def sample_labels(self, n, seed=None):
            return np.arange(n) % 4

        def generate(self, z, labels=None):
            assert len(labels) == len(z)
            return super().generate(z)

    scores = ImageScores(
        linear_network(), (REAL, np.arange(60) % 4), ("accuracy",), num=40, cache_dir=tmp_path,
        verbose=0,
    )  # fmt: skip
    model = Conditional({0: 0.0})
    found = score_model(scores, model)
    logits = linear_network()(127.5 * (model.generate(model.sample_latents(40, 0),
                                                      np.arange(40)) + 1)).logits  # fmt: skip
    # Rounding to 8 bits may move a decision between two nearly equal logits.
    assert found["accuracy"].value == pytest.approx(
        np.mean(logits.argmax(1) == np.arange(40) % 4), abs=1 / 40
    )


def test_best_of_damaged_records():
    best = BestScores()
    best.resume([{}, {"epoch": 1}, {"epoch": 1, "scores": None}], epochs=5)
    best.resume([{"epoch": 1, "scores": {"fid": {"value": None, "card": "a"}}}], epochs=5)
    assert best.update("fid", 3.0, "a") == 3.0
    assert json.dumps(best.update("is", 2.0, "a")) == "2.0"
