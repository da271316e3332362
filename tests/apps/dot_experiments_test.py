"""The DOT experiments: the released networks' format, and what a trial compares."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from apps.experiments import dot_points, record, released_weights, sampler_scores
from apps.held_out import Reals
from apps.sampler_builders import Players
from keras_ot_gans import ops, samplers
from keras_ot_gans.metrics.feature_networks import FeatureNetwork

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


def test_only_the_released_networks_are_taken(tmp_path, monkeypatch):
    write_weights(tmp_path, "swissroll")
    run = record.Run(tmp_path, (0,), 1.0, lambda line: None, str(tmp_path))
    monkeypatch.setattr(dot_points, "REAL", {"swissroll": dot_points.REAL["swissroll"]})
    with pytest.raises(ValueError, match="Received: G_swissroll_WGAN-GP.npz of another network"):
        dot_points.EXPERIMENT.run(run)
    for role, given in (("G", released_weights.LATENTS), ("D", released_weights.POINTS)):
        values = np.asarray(released_weights.load(tmp_path, role, "swissroll")(np.array(given)))
        monkeypatch.setitem(released_weights.GOLDEN["swissroll"], role, values + 5e-5)
    released_weights.check(tmp_path, "swissroll")


def test_a_trial_compares_all_samplers_with_the_floor(tmp_path, monkeypatch):
    for data in dot_points.REAL:
        write_weights(tmp_path, data)
    monkeypatch.setattr(dot_points.released_weights, "check", lambda folder, data: None)
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
    _check_constants(rows, tmp_path)


def _check_constants(rows, folder):
    """K_eff is of its trial, the same for both that move, and what the sampler was given."""
    found = {(r["data"], r["method"], r["seed"]): r.get("K_eff") for r in rows}
    assert {found[data, m, s] for data, m, s in found if m in ("G", "real")} == {None}
    for data in dot_points.REAL:
        made = dot_points.make_samplers(str(folder), data)["DOT"]
        values = [found[data, "DOT", seed] for seed in (0, 1)]
        assert values == [found[data, "naive", seed] for seed in (0, 1)]
        kind = {"pairs": 100, "repeats": 10, "reduce": "mean"}
        assert values == [
            samplers.pair_lipschitz(made.pair, "data", seed=seed, **kind) for seed in (0, 1)
        ]
        assert values[0] != values[1]


class _Card:
    def __init__(self, **told):
        self.told = told

    def as_dict(self):
        return self.told


class _Scores(dict):
    card = None


class _Judge:
    """Calls an image the better the brighter it is, between 0 and 1; its card says what it saw."""

    def evaluate(self, images, n, **told):
        fid = float(1 - np.mean(images[:n])) / 2
        found = _Scores(
            {
                name: SimpleNamespace(value=fid, low=fid - width, high=fid + width)
                for name, width in (("fid", 0.1), ("kid", 0.2))
            }
        )
        found.card = _Card(n=n, **told)
        return found


def _bright(z):
    return keras.ops.tile(keras.ops.tanh(z)[:, None, None, :1], (1, 4, 4, 1))


def _grey(images):
    return images.mean(axis=(1, 2, 3))[:, None] / 255, None


def _players(darkest=0.8, brightest=1.0):
    z = keras.Input((2,))
    generator = keras.Model(z, _bright(z))
    x = keras.Input((4, 4, 1))
    critic = keras.Model(x, keras.ops.mean(x, axis=(1, 2)))
    real = np.linspace(darkest, brightest, 50, dtype="float32")
    real = np.tile(real[:, None, None, None], (1, 4, 4, 1))
    network = FeatureNetwork("mean grey", "0" * 64, False, "none", 1, forward=_grey)
    return Players(
        generator, critic, ops.Normal(), None, lambda n: Reals(real[:n], None, "test"), "here",
        lambda: network,
    )  # fmt: skip


def _scored(tmp_path, label, critic="WGAN-GP", **kwargs):
    trained = SimpleNamespace(
        data="mnist", judge=_Judge(), players=lambda *names: _players(**kwargs)
    )
    run = record.Run(tmp_path, (0,), 0.01, lambda line: None)
    part = sampler_scores._score(run, trained, ("SNGAN, hinge", critic, label), 0)
    (row,) = part.rows
    return row, part.pictures


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep reference statistics in the test's own folder."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


# The knobs that make images brightest: real ones are, so that these are chosen.
BRIGHTEST = {
    "Metropolis-Hastings, tuned": "metropolis_hastings(length=160)",
    "rejection, tuned": "rejection(burn_in=2000, percentile=95)",
    "top-k, tuned": "top_k(candidates=4)",
}


@pytest.mark.parametrize("label", sorted(sampler_scores.METHOD_OF))
def test_each_sampler_of_the_table_is_scored(tmp_path, label):
    row, pictures = _scored(tmp_path, label)
    assert row["generator"] == "SNGAN, hinge" and row["critic"] == "WGAN-GP"
    assert row["sampler"] == label and row["seconds per 1000"] > 0 and len(pictures) == 1
    for name, width in (("fid", 0.1), ("kid", 0.2)):
        assert row[f"{name} high"] - row[name] == pytest.approx(width)
        assert row[name] - row[f"{name} low"] == pytest.approx(width)
    method = sampler_scores.METHOD_OF[label]
    assert row["card"]["n"] == 200 and row["card"]["generator_weights"] == "ema"
    name = row["knobs"].partition("(")[0]
    assert row["card"]["sampler"].startswith(f"{name}(")
    assert ("tuned_by=fid of 200, tuned_on=test" in row["card"]["sampler"]) == (label != method)
    if label == method:
        assert row["knobs"] == sampler_scores.DEFAULTS[method]
    elif label in BRIGHTEST:
        assert row["knobs"] == BRIGHTEST[label]
    if method == sampler_scores.DOT:
        assert "k_eff=" in row["card"]["sampler"]
        assert (row["knobs"] == sampler_scores.DEFAULTS[method]) == (label == method)


def test_a_default_that_is_chosen_is_not_drawn_again(tmp_path):
    # Real images that are spread as those of the generator: DOT makes them worse.
    text = sampler_scores.DEFAULTS["rejection"]
    given = {"darkest": -1.0, "brightest": 1.0}
    label = "rejection, tuned"
    row, pictures = _scored(tmp_path, label, "SNGAN, hinge", **given)
    assert row["knobs"] == text and "fid" not in row and pictures == []
    row, pictures = _scored(tmp_path, label, **given)  # of another pair there is no other row
    assert row["knobs"] == text and "fid" in row and len(pictures) == 1


def test_tuned_rows_are_those_of_some_seed():
    def row(sampler, seed, knobs, **scores):
        named = {"data": "mnist", "generator": "a", "critic": "a", "sampler": sampler}
        return named | {"seed": seed, "knobs": knobs} | scores

    default = [row("DOT", s, "d", fid=float(s), card={}) for s in (0, 1)]
    chosen = [row("DOT, tuned", 0, "d"), row("DOT, tuned", 1, "e", fid=0.5, card={})]
    never = [row("Langevin, tuned", s, "l") for s in (0, 1)]
    found = sampler_scores._completed([*default, *chosen, *never])
    assert [r["sampler"] for r in found] == ["DOT"] * 2 + ["DOT, tuned"] * 2
    assert [r["fid"] for r in found] == [0.0, 1.0, 0.0, 0.5]
    *_, tuned = record.summary(found, sampler_scores.EXPERIMENT.settings)
    assert tuned["knobs"] == "d; e" and tuned["seeds"] == 2 and tuned["fid"][0] == 0.25


def test_the_table_has_all_samplers_and_the_critics_of_others():
    cases = sampler_scores._cases()
    assert len(cases) == 3 * len(sampler_scores.METHOD_OF) + 6
    assert len({case[:2] for case in cases.values()}) == 9


def test_the_picture_has_a_row_for_each_sampler_and_a_column_for_each_pair(tmp_path, monkeypatch):
    names = [list(sampler_scores.METHODS), list(sampler_scores.METHOD_OF)]

    def score(run, trained, case, seed):
        generator, critic, label = case
        value = 10 * names[1].index(label) + names[0].index(generator)
        row = {"data": "x", "generator": generator, "critic": critic, "sampler": label, "seed": 0}
        if label == "Langevin, tuned" and generator == critic:
            return record.Part([row], [])  # the default was chosen
        return record.Part([row | {"card": {}}], [np.full((4, 6, 3), value, "uint8")])

    monkeypatch.setattr(sampler_scores, "_score", score)
    monkeypatch.setattr(sampler_scores, "Trained", lambda run, data: None)
    run = record.Run(tmp_path, (0,), 0.01, lambda line: None)
    assert len(sampler_scores._run(run)) == 2 * (3 * (len(names[1]) - 1) + 6)
    shown = [n if n != "Langevin, tuned" else "Langevin" for n in names[1]]
    expected = 10 * np.array([names[1].index(n) for n in shown])[:, None] + np.arange(3)
    for data in sampler_scores.DATA:
        image = keras.utils.img_to_array(keras.utils.load_img(tmp_path / f"samples_{data}.png"))
        np.testing.assert_array_equal(image[::4, ::6, 0], expected)
