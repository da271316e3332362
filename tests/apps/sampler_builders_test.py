"""Samplers by name: what a text may say, and a run's samples and scores by each of them."""

import json
import os
import shutil

import keras
import numpy as np
import pytest

from apps import (
    checkpoints,
    evaluate,
    evaluation,
    experiment,
    held_out,
    run_players,
    sample,
    sampler_builders,
    sampling,
)
from apps.evaluation import Request
from apps.held_out import TRAINING, Reals
from apps.run_folder import RunFolder
from apps.sampler_builders import Players, build, parse
from configs import lipschitz_mnist
from keras_ot_gans import ops, samplers
from tests.apps.labelled_digits import digits, small

# Small numbers of everything that takes time.
TEXTS = {
    "dot": "dot(updates=2, rate=0.1, pairs=5)",
    "langevin": "langevin(updates=2, calibration='none')",
    "metropolis_hastings": "metropolis_hastings(length=2, initial='generated', calibration='none')",
    "plain": "plain",
    "rejection": "rejection(percentile=0, burn_in=20, calibration='none')",
    "top_k": "top_k(candidates=2)",
    "truncation": "truncation(threshold=0.5)",
}


def line(z):
    return 2.0 * z


def hill(x):
    return x[:, 0]


def players(**kwargs):
    real = np.random.default_rng(0).normal(1.0, 2.0, (500, 1)).astype("float32")
    reals = lambda n: Reals(real[:n], None, "fresh")  # noqa: E731
    given = {"prior": ops.Normal(), "labels": None, "real": reals}
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Lambda(line)])
    return Players(**{"generator": generator, "critic": hill, "origin": "here", **given, **kwargs})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished conditional run without pictures and scores."""
    config = small(lipschitz_mnist.get_config("sngan"))
    config.watch.scores, config.watch.pictures = (), ()
    folder = tmp_path_factory.mktemp("runs") / "run"
    with digits():
        experiment.train_and_evaluate(config, str(folder))
    return folder


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain", ("plain", {})),
        (" top_k( candidates = 4 ) ", ("top_k", {"candidates": 4})),
        ("dot(box=(-1, 1), naive=True)", ("dot", {"box": (-1, 1), "naive": True})),
        ("dot(k_eff=None, space='data')", ("dot", {"k_eff": None, "space": "data"})),
        ("dot(k_eff=None, space=data)", ("dot", {"k_eff": None, "space": "data"})),
    ],
)
def test_texts(text, found):
    assert parse(text) == found


@pytest.mark.parametrize(
    "text",
    ["", "dot(", "dot(20)", "dot(**{'rate': 1})", "dot(rate=x.y)", "a.b()", "f()()", "1",
     "dot(rate=__import__('os').getpid())"],
)  # fmt: skip
def test_texts_that_say_something_else(text):
    with pytest.raises(ValueError, match=r"`sampler` must be NAME or NAME\(knob=value, ...\)"):
        parse(text)


def test_every_sampler_has_a_name():
    public = {getattr(samplers, name) for name in samplers.__all__ if name.endswith("Sampler")}
    assert {kind for _, kind in sampler_builders.SAMPLERS.values()} == public - {samplers.Sampler}
    assert all(kind.name == name for name, (_, kind) in sampler_builders.SAMPLERS.items())
    assert TEXTS.keys() == sampler_builders.SAMPLERS.keys()


def test_optimizers_of_the_paper():
    given = {"space": "data", "k_eff": 1.0}
    text = "dot(space='data', updates=7, k_eff=1.0, optimizer='adam', rate=0.5)"
    made = build(text, players(), batch_size=4).sampler
    adam = keras.optimizers.Adam(0.5, beta_1=0.0, beta_2=0.9, epsilon=1e-8)
    expected = samplers.DOTSampler(*players()[:2], updates=7, optimizer=adam, batch_size=4, **given)
    assert made.describe() == expected.describe() and made.batch_size == 4
    np.testing.assert_array_equal(made.sample(4), expected.sample(4))


def test_calibration_is_that_of_real_and_generated_samples():
    # Real N(1, 4), generated N(0, 4), critic x: the log ratio is (2 x - 1) / 8.
    made = build("langevin(updates=1)", players()).sampler
    assert made.calibration.slope == pytest.approx(0.25, abs=0.1)  # 500 and 500 samples
    chains = build("metropolis_hastings(length=2)", players()).sampler
    assert chains.settings()["initial"].startswith("real #")
    isotonic = build("rejection(calibration='isotonic')", players()).sampler
    assert str(isotonic.calibration)[:8] == "isotonic"
    alone = players(real=None)  # not asked for
    for text in ("rejection(calibration='none')", TEXTS["metropolis_hastings"]):
        assert str(build(text, alone).sampler.calibration) == "none"


def test_exact_rejection_is_a_percentile_of_none():
    made = build("rejection(percentile=None, calibration=none, burn_in=100)", players())
    assert made.describe().startswith("rejection(exact=True, burn_in=100, calibration=none")


def test_the_data_that_a_sampler_has_seen_stand_on_the_card():
    real = np.random.default_rng(0).normal(1.0, 2.0, (500, 1)).astype("float32")
    trained = players(real=lambda n: Reals(real[:n], None, TRAINING))
    for text in ("rejection(burn_in=20)", "langevin(updates=1)", "metropolis_hastings(length=2)"):
        for origin, given in ((TRAINING, trained), ("fresh", players())):
            made = build(text, given)
            assert made.describe().endswith(f", calibrated_on={origin})")
            assert made.seen == {origin}
    for text in ("plain", "rejection(burn_in=20, calibration=none)"):
        made = build(text, trained)
        assert "calibrated_on" not in made.describe() and not made.seen


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("langevin(calibration=[])", r"`sampler.calibration` must be one of isotonic, log"),
        ("metropolis_hastings(real_scores=(5.0, 6.0))", "`sampler.real_scores` must be left out"),
        ("metropolis_hastings(initial=generated, real_labels=3)", "`sampler.real_labels` must be"),
        ("plain(box=('a', 'b'))", r"`box` must be \(low, high\), finite"),
        ("langevin(box=(0, None), calibration=none)", r"`box` must be \(low, high\), finite"),
    ],
)
def test_knobs_that_no_sampler_can_take(text, words):
    with pytest.raises(ValueError, match=words):
        build(text, players())


def grey(z):
    return keras.ops.tile(keras.ops.sigmoid(z)[:, None, None, :], (1, 4, 4, 1))


def corner(x):
    return x[:, 0, 0, 0]


@pytest.mark.parametrize("name", sorted(TEXTS.keys() - {"plain", "truncation"}))
def test_images_in_another_range_than_the_critics_are_refused(name):
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Lambda(grey)])
    with pytest.raises(ValueError, match="`box` must hold .* Is the critic of data in another"):
        build(TEXTS[name], players(generator=generator, critic=corner))
    given = TEXTS[name].replace("(", "(box=(0, 1), ", 1)
    sampler = build(given, players(generator=generator, critic=corner)).sampler
    assert sampler.sample(2).shape == (2, 4, 4, 1)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("dott", "`sampler` must be one of .* Did you mean 'dot'"),
        ("dot(update=3)", "`sampler` must have keys among .*updates.* Received: update"),
        ("dot(optimizer='adm')", "`sampler.optimizer` must be one of adam, sgd"),
        ("metropolis_hastings(initial='fake')", "`sampler.initial` must be one of"),
        ("langevin(calibration='platt')", "`sampler.calibration` must be one of"),
        ("langevin(calibration=isotonic)", "`calibration` must be a line"),
        ("rejection(burn_in=None)", "`sampler.burn_in` must be of type int"),
        ("dot(rate=x)", "`sampler.rate` must be a number above 0. Received: 'x'"),
        ("dot(prior='normal')", "Received: prior"),
    ],
)
def test_mistakes(text, part):
    with pytest.raises(ValueError, match=part):
        build(text, players())


def test_a_sampler_that_asks_needs_a_critic():
    with pytest.raises(ValueError, match="`critic` must be given for DOTSampler"):
        build("dot", players(critic=None))
    assert build("truncation", players(critic=None)).sampler.sample(3).shape == (3, 1)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_samples_of_a_conditional_run(run, tmp_path, name):
    out = str(tmp_path / "a.npz")
    said = sampling.sample_to_file(str(run), 6, 0, out, label=7, sampler=TEXTS[name])
    assert f"by {name}(" in said
    with np.load(out) as stored:
        assert stored["samples"].shape == (6, 28, 28, 1) and np.isfinite(stored["samples"]).all()
        assert stored["labels"].tolist() == [7] * 6


def test_app_takes_another_runs_critic(run_app, run, tmp_path):
    other = shutil.copytree(run, tmp_path / "other")
    arguments = [f"--workdir={run}", "--num=4", "--sampler=top_k", f"--out={tmp_path / 'a.npz'}"]
    code, printed, _ = run_app(sample, *arguments, f"--critic_workdir={other}")
    assert code == 0 and "judged by other, by top_k(candidates=2)" in printed
    with np.load(tmp_path / "a.npz") as stored:
        judged = stored["samples"]
    assert run_app(sample, *arguments)[0] == 0
    with np.load(tmp_path / "a.npz") as stored:
        np.testing.assert_array_equal(stored["samples"], judged)  # the same critic
    without = [argument for argument in arguments if "sampler" not in argument]
    code, _, error = run_app(sample, *without, f"--critic_workdir={other}")
    assert code == 2 and "`critic_workdir` must be left out where nothing asks a critic" in error
    shutil.rmtree(other / "checkpoints")
    code, _, error = run_app(sample, *arguments, f"--critic_workdir={other}")
    assert code == 2 and "`critic` must be given for TopKSampler" in error


def test_calibration_reads_the_runs_data(run, monkeypatch):
    monkeypatch.setattr(sampler_builders, "CALIBRATED", 20)
    folder = RunFolder(run)
    config = experiment.ConfigDict(folder.read_config())
    with digits():
        loaded = run_players.load_players(folder, config)
        images, labels, _ = loaded.real(20)
        assert images.shape == (20, 28, 28, 1) and labels.shape == (20,)
        made = build("rejection(percentile=0, burn_in=20)", loaded, 10)
    assert "calibration=logistic(" in made.describe()
    assert made.sampler.sample(3).shape == (3, 28, 28, 1)


def test_the_card_of_a_score_tells_the_sampler(run, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    inputs = keras.Input((28, 28, 1))
    features = keras.layers.Dense(3)(keras.layers.Flatten()(inputs))
    keras.Model(inputs, features).save(tmp_path / "network.keras")
    given = {"workdir": str(run), "network": str(tmp_path / "network.keras"), "metrics": ["kid"]}
    cards = {}
    with digits():
        for sampler in (None, "plain", "dot(updates=1, pairs=5)"):
            request = Request(**given, num=20, sampler=sampler)
            evaluation.evaluate_to_file(request, str(tmp_path / "scores.json"))
            cards[sampler] = json.loads((tmp_path / "scores.json").read_text())["card"]["sampler"]
    assert cards[None] == "prior" and cards["plain"] == "plain()"
    assert cards["dot(updates=1, pairs=5)"].startswith("dot(space=latent, updates=1, optimizer=SGD")


@pytest.mark.parametrize("name", ["a.png", "a.npz", "a.json"])
def test_an_app_says_that_it_cannot_write(run_app, run, tmp_path, monkeypatch, name):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))

    replace = os.replace

    def full(old, new):
        if os.path.basename(new) == name:
            raise OSError(28, "No space left on device")
        replace(old, new)

    monkeypatch.setattr("os.replace", full)
    arguments = [f"--workdir={run}", "--num=20", f"--out={tmp_path / name}"]
    (tmp_path / name).write_text("old")
    app = sample
    if name == "a.json":
        app = evaluate
        inputs = keras.Input((28, 28, 1))
        features = keras.layers.Dense(3)(keras.layers.Flatten()(inputs))
        keras.Model(inputs, features).save(tmp_path / "network.keras")
        arguments += [f"--network={tmp_path / 'network.keras'}", "--metrics=kid"]
    with digits():
        code, _, error = run_app(app, *arguments)
    assert code == 2 and "`out` must be a file that can be written" in error, error
    assert "No space left on device" in error and (tmp_path / name).read_text() == "old"


def test_generator_and_critic_are_of_one_checkpoint(run, tmp_path, monkeypatch):
    folder = RunFolder(shutil.copytree(run, tmp_path / "live"))
    folder.generator.unlink()
    loads, of_module = [], checkpoints.load_newest
    monkeypatch.setattr(
        checkpoints, "load_newest", lambda *given: loads.append(given) or of_module(*given)
    )
    found = run_players.load_players(folder, experiment.ConfigDict(folder.read_config()))
    assert len(loads) == 1 and found.critic is loads[0][0].critic
    assert found.generator in (loads[0][0].ema_generator, loads[0][0].generator)


@pytest.mark.parametrize("origin", ["test", TRAINING])
def test_an_app_says_that_the_judging_data_were_seen(run_app, run, tmp_path, monkeypatch, origin):
    of_data = held_out.read
    monkeypatch.setattr(held_out, "read", lambda *args: of_data(*args)._replace(origin=origin))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(sampler_builders, "CALIBRATED", 20)
    inputs = keras.Input((28, 28, 1))
    features = keras.layers.Dense(3)(keras.layers.Flatten()(inputs))
    keras.Model(inputs, features).save(tmp_path / "network.keras")
    arguments = [f"--workdir={run}", f"--network={tmp_path / 'network.keras'}", "--metrics=kid"]
    arguments += ["--num=10", f"--out={tmp_path / 'scores.json'}"]
    said = {}
    for split in ("test", "train", "test[:10]", None):
        for text in ("langevin(updates=1)", "plain"):
            more = [f"--sampler={text}"] + ([] if split is None else [f"--split={split}"])
            with digits():
                code, _, error = run_app(evaluate, *arguments, *more)
            assert code == 0, error
            words = f"The sampler has seen the data that judge it, {split or 'train'}: lang"
            said[split, text] = words in error
    seen = ("test", "test[:10]") if origin == "test" else ("train", None)
    assert said == {key: key[0] in seen and key[1] != "plain" for key in said}


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"npz": "a.npz", "sampler": "dot"}, "`sampler` must be left out where the images are"),
        ({"workdir": "run", "critic_workdir": "b"}, "`critic_workdir` must come with a --sampler"),
    ],
)
def test_requests_that_do_not_fit(fields, part):
    with pytest.raises(ValueError, match=part):
        evaluation.evaluate(Request(data="mnist", **fields) if "run" not in fields.values() else
                            Request(**fields))  # fmt: skip
