"""AGE's experiments: the scores where they are known, and the methods that they compare."""

import math

import keras
import numpy as np
import pytest
import scipy.stats

from apps.experiments import (
    age_mixtures,
    age_modes,
    age_objective,
    age_stacked_mnist,
    one_program,
)
from apps.experiments.record import Run
from keras_ot_gans import datasets, models, networks
from keras_ot_gans.divergences import bidirectional, f_divergence


def linear(inputs, weight, bias, name):
    dense = keras.layers.Dense(len(bias))
    network = keras.Sequential([keras.Input((inputs,)), dense], name=name)
    dense.set_weights([np.asarray(weight, "float32"), np.asarray(bias, "float32")])
    return network


def test_scores_of_a_linear_gaussian_pair_are_the_closed_forms():
    # x = 2 z + noise of variance 1/4 in each axis, so p(x) = N(0, 4.25 I); the encoder is the
    # exact posterior, N(8 x / 17, 1 / 17), so the ELBO is the log-likelihood.
    eye, none = np.eye(2), np.zeros((2, 2))
    of_x = linear(2, np.hstack([2 * eye, none]), [0, 0, *[np.log(0.25)] * 2], "of_x")
    of_z = linear(2, np.hstack([8 / 17 * eye, none]), [0, 0, *[np.log(1 / 17)] * 2], "of_z")
    vae = models.VAE(networks.gaussian_generator(of_x), networks.gaussian_encoder(of_z), seed=0)
    x = np.random.default_rng(7).normal(scale=np.sqrt(4.25), size=(4000, 2)).astype("float32")
    found = age_objective.scores(vae, x, temperatures=50, seed=0)
    density = scipy.stats.norm(0, np.sqrt(4.25))
    # One draw of z for each point: the reconstruction's standard deviation is 1.
    expected = -density.logpdf(x).sum(axis=1)
    assert found["objective"] == pytest.approx(expected.mean(), abs=4 / np.sqrt(len(x)))
    # -E log p(x|z) over the exact posterior: variance 4/17 of the mean's error, over 1/4.
    residual = (x - 16 / 17 * x) ** 2 + 4 / 17
    cc = 0.5 * (residual / 0.25 + np.log(2 * np.pi * 0.25)).sum(axis=1).mean()
    assert found["cc"] == pytest.approx(cc, abs=4 / np.sqrt(len(x)))
    points = expected[: age_objective.AIS_POINTS]
    # Chains are independent over points; their logarithm is biased by half their variance.
    slack = 4 * found["nll_error"] / np.sqrt(len(points)) + found["nll_error"] ** 2
    assert found["nll"] == pytest.approx(points.mean(), abs=slack)


def test_all_methods_have_the_same_networks(monkeypatch):
    monkeypatch.setattr(age_mixtures, "HIDDEN", 4)
    monkeypatch.setattr(age_mixtures, "DISCRIMINATOR_WIDTH", 4)
    protocol = age_modes.PROTOCOL._replace(updates=10)
    made = [age_mixtures.model(m, protocol, seed=1) for m in age_modes.METHODS]
    assert len(made) == 8 and all(isinstance(m, models.AGE) for m in made)
    first = made[0].get_weights()
    for other in made[1:]:
        for a, b in zip(first, other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert {m.discriminator_steps for m in made} == {5}
    names = {m.objective.name for m in made}
    assert len(names) == 8 and "age_squared_hellinger" in names
    protocol = age_objective.PROTOCOL._replace(updates=10)
    vae = age_mixtures.model("VAE", protocol, seed=1)
    age = age_mixtures.model("AGE-KL", protocol, seed=1)
    for role in vae.networks:
        pair = (m.networks[role][0].get_weights() for m in (vae, age))
        for a, b in zip(*pair, strict=True):
            np.testing.assert_array_equal(a, b)


def test_stacked_mnist_has_the_rows_of_its_tables():
    rows = age_stacked_mnist.METHODS
    assert list(age_stacked_mnist.TABLE_5) == list(rows)[:6]
    assert rows["KL, r0 = 0.5"].objective == bidirectional.age(f_divergence.kl, 0.5)
    assert rows["RevKL, r0 = 0"].objective == bidirectional.age(f_divergence.reverse_kl)
    assert [name for name, m in rows.items() if not m.stochastic] == ["AGE-ALL(d)"]


@pytest.mark.parametrize("label", ["AGE-ALL(d)", "Hinge"])
def test_a_row_of_stacked_mnist_takes_a_step(label, monkeypatch):
    monkeypatch.setattr(age_stacked_mnist, "WIDTH", 2)
    monkeypatch.setattr(age_stacked_mnist, "DENSE_WIDTH", 4)
    model = age_stacked_mnist.model(age_stacked_mnist.METHODS[label], 10, seed=0)
    images = np.zeros((4, 28, 28, 3), "float32")
    logs = model.train_step(images)
    assert np.isfinite([float(v) for v in logs.values()]).all()
    assert model.reconstruct(images).shape == images.shape


class Copies:
    """What makes real images: the first of them, again and again, changed by a function."""

    def __init__(self, images, change=lambda images: images):
        self.images, self.change = images, change

    def sample(self, n, seed):
        return self.change(np.resize(self.images, (n, 28, 28, 3)))

    def reconstruct(self, x, seed):
        return self.change(x)


@pytest.fixture
def stacked(monkeypatch, tmp_path):
    """Noise whose first row says the class, and a judge that reads it there."""
    labels = np.arange(40) % 10
    digits = np.random.default_rng(0).integers(0, 100, (40, 28, 28, 1)).astype("uint8")
    digits[:, 0, :10, 0] = 255 * np.eye(10, dtype="uint8")[labels]
    images = x = keras.Input((28, 28, 1))
    x = keras.layers.Lambda(lambda rows: rows[:, 0, :10, 0], output_shape=(10,))(x)
    features = keras.layers.Dense(10, kernel_initializer="identity", name="features")(x)
    logits = keras.layers.Dense(10, kernel_initializer="identity", name="logits")(features)
    classifier = keras.Model(images, logits)
    monkeypatch.setattr(age_stacked_mnist.digits, "classifier", lambda run: classifier)
    monkeypatch.setattr(age_stacked_mnist, "SAMPLES", 6000)
    monkeypatch.setattr(age_stacked_mnist, "RECONSTRUCTED", 50)
    data = datasets.stacked_mnist(digits, labels, size=2000)
    return data, age_stacked_mnist.judge(Run(tmp_path, (0,), 1.0, print), data)


def test_scores_of_stacked_digits(stacked):
    data, judge = stacked
    real = data.images(np.arange(2000))
    found, fake, back = age_stacked_mnist.scores(Copies(real), data, judge, seed=0)
    assert found["modes"] == len(np.unique(data.labels)) > 800
    shares = np.bincount(data.labels) / 2000
    expected = scipy.stats.entropy(shares, np.full(len(shares), 1e-3))
    assert found["reverse_kl"] == pytest.approx(expected, abs=1e-6)
    assert found["accuracy"] == 1.0 and found["finite"] == 1
    assert found["card"]["n_fake"] == 6000
    # One pixel in ten is bright: 2,000 draws of each class move the FID by far less than this.
    assert 0 <= found["fid"] < 0.01
    mirrored = Copies(real, lambda images: images[..., ::-1])
    other, *_ = age_stacked_mnist.scores(mirrored, data, judge, seed=0)
    digits = data.labels[:50] // 100, data.labels[:50] % 10
    assert other["accuracy"] == pytest.approx(np.mean(digits[0] == digits[1]))
    assert other["fid"] == pytest.approx(found["fid"], abs=1e-3)  # the same digits


def test_a_model_without_finite_weights_is_a_row(stacked):
    data, judge = stacked
    broken = Copies(data.images(np.arange(2000)), lambda images: images * np.nan)
    found, fake, back = age_stacked_mnist.scores(broken, data, judge, seed=0)
    assert (found["modes"], found["accuracy"], found["finite"]) == (0, 0.0, 0)
    assert np.isinf(found["fid"]) and not fake.any() and not back.any()


def test_figure_6_is_drawn_also_without_what_failed():
    labels = ["AGE-ALL", *age_stacked_mnist.FIGURE_6]
    rows = [
        {"method": label, "seed": 0, "modes": i, "reverse_kl": 1.0, "accuracy": 0.5, "fid": 9.0}
        for i, label in enumerate(labels)
    ]
    whole = age_stacked_mnist.figure_6(rows)
    rows[1] |= {"reverse_kl": np.inf, "fid": np.inf}
    without = age_stacked_mnist.figure_6(rows)
    assert whole.shape == without.shape and whole.std() > 10 and (whole != without).any()


@pytest.mark.parametrize("experiment", [age_objective, age_modes])
def test_a_training_that_diverges_ends_at_once_and_is_a_row(experiment, monkeypatch, tmp_path):
    monkeypatch.setattr(age_mixtures, "HIDDEN", 4)
    monkeypatch.setattr(age_mixtures, "DISCRIMINATOR_WIDTH", 4)
    lengths = []

    def diverging(self, updates):
        lengths.append(updates)
        if len(lengths) == 2:
            weight = self.model.generator.trainable_variables[0]
            weight.assign(np.nan * weight)
        # Its program need not run for that.

    monkeypatch.setattr(one_program.OneProgram, "train", diverging)
    protocol = experiment.PROTOCOL._replace(updates=90)
    trainer = age_mixtures.Trainer("f-GAN-KL", protocol)
    run = Run(tmp_path, (0,), 1.0, lambda line: None)
    (row,), pictures = experiment._part(run, trainer, "f-GAN-KL", 0)
    assert lengths == [3, 3]  # 90 in 40 looks, rounded up; two of them
    assert row["method"] == "f-GAN-KL" and math.inf in row.values()
    assert all((picture == 255).all() for picture in pictures)
    monkeypatch.setattr(one_program.OneProgram, "train", lambda self, n: lengths.append(n))
    lengths.clear()
    trainer.train(1, np.zeros((5, 2), "float32"))
    assert sum(lengths) == 90 and len(lengths) == 30
