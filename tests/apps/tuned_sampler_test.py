"""DOT tuned by a line of text: of points, and of a run's images in both apps."""

import json

import keras
import numpy as np
import pytest
import scipy.stats

from apps import evaluate, experiment, sample, tuned_sampler
from apps.held_out import TRAINING, Reals
from apps.sampler_builders import Players
from configs import lipschitz_mnist
from keras_ot_gans import metrics, ops, samplers
from keras_ot_gans.metrics.feature_networks import FeatureNetwork, WeightsMissing
from tests.apps.labelled_digits import digits, small


def itself(z):
    return 1.0 * z


def height(x):
    return x[:, 0]


def points(mean=0.9, origin="fresh", n=400):
    """A generator of N(0, 1), real points of N(mean, 1), and a critic of slope 1."""
    real = np.random.default_rng(0).normal(mean, 1.0, (n, 1)).astype("float32")
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Lambda(itself)])
    reals = lambda n: Reals(real[:n], None, origin)  # noqa: E731
    return Players(generator, height, ops.Normal(), None, reals, "here")


# A slope of 1 over a constant of 0.1, less the cost of moving: nine rates per update, to the right.
MOVES = "space=data, k_eff=0.1"


def test_points_are_tuned_by_their_earth_movers_distance():
    said = []
    made = tuned_sampler.build(
        f"dot(tune=emd, validated=400, {MOVES})", points(), 50, say=said.append
    )
    # 0.9 = 9 x 0.01 x 10 updates; the next best are 0.54 and 1.35.
    assert made.sampler.updates == 10 and "SGD(learning_rate=0.01," in made.describe()
    assert made.describe().endswith(", tuned_by=emd of 400, tuned_on=fresh)")
    assert made.sampler.batch_size == 50
    tried = 1 + len(tuned_sampler.RATES) * len(tuned_sampler.UPDATES)
    assert len(said) == tried and said[0].endswith("by no updates")
    plain = samplers.PlainSampler(*points()[:2]).sample(400, tuned_sampler.SEED)
    real = points().real(400).samples
    for line, shift in ((said[0], 0.0), (said[5], 0.9)):
        expected = scipy.stats.wasserstein_distance(real[:, 0], plain[:, 0] + shift)
        assert float(line.split(": ")[1].split()[0]) == pytest.approx(expected, rel=1e-3)
    assert said[5].endswith("by rate=0.01, 10 updates")


def test_nothing_is_moved_where_nothing_helps_and_training_data_are_named():
    players = points(mean=-1.0, origin=TRAINING)
    made = tuned_sampler.build(f"dot(tune=emd, validated=200, {MOVES})", players, say=str)
    assert made.sampler.updates == 0
    assert made.describe().endswith(", tuned_by=emd of 200, tuned_on=training)")


def test_as_many_points_are_validated_as_are_real():
    with pytest.raises(ValueError, match=r"`sampler.validated` must be at most 30, .* \(fresh\)"):
        tuned_sampler.build(f"dot(tune=emd, validated=40, {MOVES})", points(n=30), say=str)


def test_without_tune_it_is_the_other_builder():
    made = tuned_sampler.build("dot(updates=3, rate=0.5, k_eff=1.0)", points())
    assert made.sampler.updates == 3 and "tuned" not in made.describe()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("dot(tune=emd, rate=0.1)", "`sampler.rate` must be left out where `tune` chooses it"),
        ("dot(tune=emd, updates=5)", "`sampler.updates` must be left out .* updates=5"),
        ("dot(tune=fid)", "`sampler.tune` must be one of emd. Received: 'fid'"),
        ("dot(tune=None)", "`sampler.tune` must be one of emd"),
        ("dot(tune=emd, validated=1)", "`sampler.validated` must be an int above 1. Received: 1"),
        ("dot(tune=emd, validated=10.5)", "`sampler.validated` must be an int"),
        ("dot(validated=10)", "`sampler` must have keys among .* Received: validated"),
        ("langevin(tune=emd, calibration=none)", "`sampler` must have keys among .*: tune"),
        ("dot(tune=emd, validated=20, space=image)", "`space` must be one of"),
    ],
)
def test_mistakes(text, part):
    with pytest.raises(ValueError, match=part):
        tuned_sampler.build(text, points())


def flat(z):
    return keras.ops.tile(keras.ops.tanh(z)[:, None, None, :1], (1, 4, 4, 1))


def brightness(x):
    return keras.ops.mean(x, axis=(1, 2, 3))


def colours(images):
    """One feature: the mean grey, of pixels in [0, 255]."""
    return images.mean(axis=(1, 2, 3))[:, None] / 255, None


def pictures(network=None):
    """A generator of flat greys, real bright ones, and a critic that likes them bright."""
    real = np.random.default_rng(0).uniform(0.8, 1.0, (90, 1, 1, 1)).astype("float32")
    real = np.tile(real, (1, 4, 4, 1))
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(flat)])
    grey = FeatureNetwork("mean grey", "0" * 64, False, "none", 1, forward=colours)
    reals = lambda n: Reals(real[:n], None, "test")  # noqa: E731
    return Players(
        generator, brightness, ops.Normal(), None, reals, "here", network or (lambda: grey)
    )


@pytest.mark.parametrize("by", ["fid", "kid"])
def test_images_are_tuned_by_the_runs_own_features(by, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(tuned_sampler, "RATES", (0.01, 0.1))
    monkeypatch.setattr(tuned_sampler, "UPDATES", (5, 20))
    players, said = pictures(), []
    text = f"dot(tune={by}, validated=60, k_eff=0.1, projection=none)"
    made = tuned_sampler.build(text, players, say=said.append)
    assert made.describe().endswith(f", tuned_by={by} of 60, tuned_on=test)")
    judge = metrics.ImageScores(players.network(), players.real(90).samples, (by,), verbose=0)
    scores = {}
    for rate, updates in ((0.01, 0), (0.01, 5), (0.01, 20), (0.1, 5), (0.1, 20)):
        text = f"dot(k_eff=0.1, projection=none, rate={rate}, updates={updates})"
        sampler = tuned_sampler.build(text, players).sampler
        scores[rate, updates] = judge.evaluate(sampler.sample(60, tuned_sampler.SEED))[by].value
    shown = [float(line.split(": ")[1].split()[0]) for line in said]
    assert shown == pytest.approx(list(scores.values()), rel=1e-3)  # printed with five digits
    rate, updates = min(scores, key=scores.get)
    assert updates and made.sampler.updates == updates
    assert f"SGD(learning_rate={rate:g}," in made.describe()


def test_a_network_that_cannot_be_had_and_too_few_samples(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def gone():
        raise WeightsMissing("Fetch them.")

    with pytest.raises(ValueError, match="`sampler.tune` must find the network .* Fetch them"):
        tuned_sampler.build("dot(tune=fid, validated=20)", pictures(gone))

    def wide(images):
        return np.tile(colours(images)[0], (1, 50)), None

    network = FeatureNetwork("wide", "1" * 64, False, "none", 50, forward=wide)
    with pytest.raises(ValueError, match="`sampler.validated` must be enough .* 20 fake .*kid"):
        tuned_sampler.build("dot(tune=fid, validated=20)", pictures(lambda: network))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished run without labels, a feature network and a generator's file."""
    folder = tmp_path_factory.mktemp("runs")
    inputs = keras.Input((28, 28, 1))
    features = keras.layers.Dense(3)(keras.layers.Flatten()(inputs))
    keras.Model(inputs, features).save(folder / "network.keras")
    latents = keras.Input((3,))
    images = keras.layers.Dense(28 * 28, activation="tanh")(latents)
    images = keras.layers.Reshape((28, 28, 1))(images)
    keras.Model(latents, images).save(folder / "generator.keras")
    config = small(lipschitz_mnist.get_config("sngan"))
    config.data.with_labels, config.watch.pictures = False, ()
    config.watch.network = str(folder / "network.keras")
    with digits():
        experiment.train_and_evaluate(config, str(folder / "run"))
    return folder


def test_both_apps_tune(run_app, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(tuned_sampler, "RATES", (0.1,))
    monkeypatch.setattr(tuned_sampler, "UPDATES", (1, 2))
    given = [f"--workdir={folder / 'run'}", "--num=20", "--sampler=dot(tune=kid, validated=30)"]
    out, scores = tmp_path / "a.npz", tmp_path / "scores.json"
    network = f"--network={folder / 'network.keras'}"
    with digits():
        code, printed, error = run_app(sample, *given, f"--out={out}")
        assert code == 0, error
        assert printed.count("kid of 30 samples: ") == 3 and "by rate=0.1, 2 updates" in printed
        # The sixty digits have no test split.
        assert "tuned_by=kid of 30, tuned_on=training): " in printed
        with np.load(out) as stored:
            assert stored["samples"].shape == (20, 28, 28, 1)
        code, printed, error = run_app(
            evaluate, *given, network, "--metrics=kid", f"--out={scores}"
        )
    assert code == 0, error
    card = json.loads(scores.read_text())["card"]
    assert "tuned_by=kid of 30, tuned_on=training)" in card["sampler"]
    assert printed.count("kid of 30 samples: ") == 3


def test_a_generator_file_under_a_runs_critic(run_app, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    given = [
        f"--generator={folder / 'generator.keras'}", f"--critic_workdir={folder / 'run'}",
        f"--network={folder / 'network.keras'}", "--metrics=kid", "--num=20",
        f"--out={tmp_path / 'scores.json'}", "--data=mnist", "--split=train",
    ]  # fmt: skip
    with digits():
        code, printed, error = run_app(evaluate, *given, "--sampler=dot(updates=1, rate=0.1)")
        assert code == 0, error
        assert "generator.keras, judged by run, " in printed
        record = json.loads((tmp_path / "scores.json").read_text())
        assert record["card"]["sampler"].startswith("dot(space=latent, updates=1")
        code, _, error = run_app(evaluate, *given, "--sampler=dot(tune=kid)")
        assert code == 2 and "`sampler` must need no real data where the generator is" in error
        code, _, error = run_app(evaluate, *given)
        assert code == 2 and "`critic_workdir` must come with a --sampler" in error
