"""The DOT experiments: the released networks' format, and what a trial compares."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from apps.experiments import dot_points, record, released_weights, sampler_scores
from apps.sampler_builders import Players
from keras_ot_gans import ops

SIZES = {"G": (2, 6, 6, 6, 2), "D": (2, 8, 8, 8, 1)}


def write_weights(folder, data, scale=0.5, seed=0):
    """Files of the authors' format: kernels of shape (out, in)."""
    rng = np.random.default_rng(seed)
    for role, sizes in SIZES.items():
        arrays = {}
        for name, a, b in zip(released_weights.LAYERS[role], sizes, sizes[1:], strict=False):
            arrays[f"{name}/W"] = rng.normal(scale=scale, size=(b, a)).astype("float32")
            arrays[f"{name}/b"] = rng.normal(scale=scale, size=b).astype("float32")
        np.savez_compressed(folder / f"{role}_{data}_WGAN-GP.npz", **arrays)


@pytest.mark.parametrize("role", ["G", "D"])
def test_released_networks_are_those_of_numpy(tmp_path, role):
    write_weights(tmp_path, "swissroll")
    x = np.random.default_rng(1).normal(size=(5, 2)).astype("float32")
    found = released_weights.load(tmp_path, role, "swissroll")(x)
    with np.load(tmp_path / f"{role}_swissroll_WGAN-GP.npz") as stored:
        h = x
        for name in released_weights.LAYERS[role]:
            h = h @ stored[f"{name}/W"].T + stored[f"{name}/b"]
            if name != "l4":
                h = np.where(h > 0, h, 0.2 * h)
    np.testing.assert_allclose(found, h, rtol=1e-5, atol=1e-6)  # float32 sums of 8 terms


def test_missing_weights_are_explained(tmp_path):
    with pytest.raises(ValueError, match="`data_dir` must hold the networks .* Received: .*G_25"):
        released_weights.load(tmp_path, "G", "25gaussians")


def test_a_trial_compares_all_samplers_with_the_floor(tmp_path, monkeypatch):
    for data in dot_points.REAL:
        write_weights(tmp_path, data)
    monkeypatch.setattr(dot_points, "SIZES", (50,))
    monkeypatch.setattr(dot_points, "LARGE_TRIALS", 0)
    monkeypatch.setattr(dot_points, "UPDATES", 3)
    monkeypatch.setattr(dot_points, "BATCH", 50)
    run = record.Run(tmp_path, (0, 1), 1.0, lambda line: None, str(tmp_path))
    rows = dot_points.EXPERIMENT.run(run)
    assert len(rows) == 2 * 2 * 4 and (tmp_path / "samples.png").exists()
    assert {row["method"] for row in rows} == {"G", "DOT", "naive", "real"}
    by_method = {m: [r["w2_squared"] for r in rows if r["method"] == m] for m in ("real", "G")}
    # Random networks are no samplers of the data; real points are.
    assert max(by_method["real"]) < min(by_method["G"])


class _Judge:
    """Calls an image the better the brighter it is, between 0 and 1."""

    def evaluate(self, images, n, **card):
        fid = float(1 - np.mean(images[:n])) / 2
        score = SimpleNamespace(value=fid, low=fid - 0.1, high=fid + 0.1)
        return _Scores(fid=score)


class _Scores(dict):
    card = SimpleNamespace(short="card")


def _bright(z):
    return keras.ops.tile(keras.ops.tanh(z)[:, None, None, :1], (1, 4, 4, 1))


def _players():
    z = keras.Input((2,))
    generator = keras.Model(z, _bright(z))
    x = keras.Input((4, 4, 1))
    critic = keras.Model(x, keras.ops.mean(x, axis=(1, 2)))
    real = np.random.default_rng(0).uniform(-1, 1, (50, 4, 4, 1)).astype("float32")
    return Players(generator, critic, ops.Normal(), None, lambda n: (real[:n], None), "here")


@pytest.mark.parametrize("label", sorted(sampler_scores.SAMPLERS))
def test_each_sampler_of_the_table_is_scored(tmp_path, label):
    trained = SimpleNamespace(data="mnist", judge=_Judge(), players=lambda *names: _players())
    run = record.Run(tmp_path, (0,), 0.01, lambda line: None)
    part = sampler_scores._score(run, trained, ("SNGAN, hinge", "WGAN-GP", label), 0)
    (row,) = part.rows
    assert row["generator"] == "SNGAN, hinge" and row["critic"] == "WGAN-GP"
    assert row["sampler"] == label and row["seconds per 1000"] > 0
    assert (row["fid low"] + row["fid high"]) / 2 == pytest.approx(row["fid"])
    if label == sampler_scores.TUNED:
        # Climbing this critic makes images brighter: the longest way there is the best.
        assert row["knobs"] == "dot(updates=20, rate=0.1)"


def test_the_table_has_all_samplers_and_the_critics_of_others():
    cases = sampler_scores._cases()
    assert len(cases) == 3 * len(sampler_scores.SAMPLERS) + 6
    assert len({case[:2] for case in cases.values()}) == 9


def test_the_picture_has_a_row_for_each_sampler_and_a_column_for_each_pair(tmp_path, monkeypatch):
    names = [list(sampler_scores.METHODS), list(sampler_scores.SAMPLERS)]

    def score(run, trained, case, seed):
        value = 10 * names[1].index(case[2]) + names[0].index(case[0])
        return record.Part([{"case": case}], [np.full((4, 6, 3), value, "uint8")])

    monkeypatch.setattr(sampler_scores, "_score", score)
    monkeypatch.setattr(sampler_scores, "Trained", lambda run, data: None)
    run = record.Run(tmp_path, (0,), 0.01, lambda line: None)
    assert len(sampler_scores._run(run)) == 2 * (3 * len(names[1]) + 6)
    expected = 10 * np.arange(len(names[1]))[:, None] + np.arange(3)
    for data in sampler_scores.DATA:
        shown = keras.utils.img_to_array(keras.utils.load_img(tmp_path / f"samples_{data}.png"))
        np.testing.assert_array_equal(shown[::4, ::6, 0], expected)
