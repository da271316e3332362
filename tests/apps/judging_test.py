"""Scores of a run: trained classifier, curves in TensorBoard, lines with the card, resuming."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from apps import experiment, judging
from keras_ot_gans.callbacks import read_json_lines
from keras_ot_gans.metrics import ProtocolCard, WeightsMissing
from tests.apps.experiment_test import stop_after
from tests.apps.same_runs import OF_MACHINE


@pytest.fixture
def scored_config(image_config, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    image_config.watch.scores = ("is", "fid", "kid")
    image_config.watch.num_scored, image_config.watch.every = 80, 1
    image_config.model.generator_steps = 1  # half as much to compile
    return image_config


@pytest.fixture
def mock_digits():
    """100 random images with ten classes, all of them there."""

    def dataset(self, *args, **kwargs):
        images = np.random.default_rng(0).integers(0, 256, (100, 28, 28, 1)).astype(np.uint8)
        return tf.data.Dataset.from_tensor_slices({"image": images, "label": np.arange(100) % 10})

    with tfds.testing.mock_data(num_examples=100, as_dataset_fn=dataset):
        yield


def curves(folder):
    found = {}
    for path in sorted(folder.iterdir()):
        for event in tf.data.TFRecordDataset(str(path)):
            parsed = tf.compat.v1.Event.FromString(event.numpy())
            for value in parsed.summary.value:
                found[value.tag, parsed.step] = value
    return found


def test_run_shows_its_scores_and_goes_on_where_it_stopped(scored_config, mock_digits, tmp_path):
    work = tmp_path / "run"
    last = experiment.train_and_evaluate(scored_config, str(work))
    lines = read_json_lines(work / "metrics.jsonl")
    assert [line["step"] for line in lines] == [4, 8]
    for line in lines:
        (short,) = line["cards"]
        card = ProtocolCard.from_dict(line["cards"][short])
        assert (card.feature_network, card.real, card.split) == (
            "trained_classifier", "mnist", "train",
        )  # fmt: skip
        assert (card.n_real, card.n_fake, card.generator_weights) == (100, 80, "ema")
        assert line["scores"]["fid"]["value"] == line["fid"]
        assert line["best_fid"] == min(
            other["fid"] for other in lines if other["step"] <= line["step"]
        )
    found = curves(work / "logs")
    for name in ("is", "fid", "kid"):
        for line in lines:
            value = tf.make_ndarray(found[f"evaluation/{name}-{short}", line["step"]].tensor)
            assert value == np.float32(line[name])
    assert ("samples", 8) in found
    assert not any(tag.startswith(("train/fid", "train/best")) for tag, _ in found)

    caches = sorted(path.parent.name for path in (tmp_path / "keras").rglob("*.npz"))
    assert caches == ["classifiers", "statistics"]
    stop_after(work, 1)
    again = experiment.train_and_evaluate(scored_config, str(work))
    assert {k: v for k, v in again.items() if k not in OF_MACHINE} == {
        k: v for k, v in last.items() if k not in OF_MACHINE
    }


def test_missing_weights_show_at_first_use(scored_config, monkeypatch):
    def missing(weights):
        raise WeightsMissing(f"get them there, not {weights}")

    monkeypatch.setitem(judging.NETWORKS, "inception_graph", missing)
    scored_config.watch.network = "inception_graph"
    (scores,) = judging.run_scores(scored_config, None)  # no data are read
    with pytest.raises(WeightsMissing, match="get them there, not None"):
        scores.prepare()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("scores", ("fdi",), "`watch.scores` must be one of.*Did you mean 'fid'"),
        ("network", "inception", "`network` must be one of"),
        ("num_scored", 1, "`watch.num_scored` must be at least 2"),
    ],
)
def test_wrong_names_fail_before_anything_is_loaded(scored_config, tmp_path, key, value, message):
    scored_config.watch[key] = value
    with pytest.raises(ValueError, match=message):
        experiment.train_and_evaluate(scored_config, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_points_have_no_image_scores(swd_config):
    with swd_config.unlocked():
        swd_config.watch.scores = ("fid",)
    with pytest.raises(ValueError, match="`watch.scores` must be empty where the data are points"):
        judging.check(swd_config)


def test_networks_by_name(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    model.save(tmp_path / "pixels.keras")
    network = judging.network_maker(str(tmp_path / "pixels.keras"))()
    assert (network.name, network.feature_dim) == ("pixels", 16)
    (tmp_path / "broken.keras").write_text("")
    with pytest.raises(ValueError, match="`network` must be a .keras file that can be read"):
        judging.network_maker(str(tmp_path / "broken.keras"))()
    with pytest.raises(ValueError, match="'classifier' where the real images have no labels"):
        judging.network_maker("classifier")
    with pytest.raises(ValueError, match="no_such.h5"):
        judging.network_maker("keras_applications", "no_such.h5")()
