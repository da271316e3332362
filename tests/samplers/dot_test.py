"""Discriminator optimal transport against closed forms and NumPy restatements."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.samplers import DOTSampler, Transport


def hill(c):
    return lambda x: -tf.reduce_sum((x - c) ** 2, axis=1) / 2.0


def identity(z):
    return z


# --- the closed form ---


@pytest.mark.parametrize("space", ["data", "latent"])
@pytest.mark.parametrize("d", [1, 3, 128])
def test_minimiser_of_a_quadratic_critic(d, space):
    rng = np.random.default_rng(0)
    c, k = rng.normal(size=d), 0.7
    away = rng.normal(size=(6, d))
    # Distances from c on both sides of k: farther points move to distance k, nearer ones stay.
    r = np.array([0.2, 0.35, 0.5, 1.0, 2.0, 4.0])[:, None]
    y = c + r * away / np.linalg.norm(away, axis=1, keepdims=True)
    # The norm has a kink where points stay, about which a step of constant length would jump.
    rate = keras.optimizers.schedules.PolynomialDecay(0.1, 400, 1e-6, power=2.0)
    sampler = DOTSampler(
        identity,
        hill(c.astype("float32")),
        latent_dim=d,
        space=space,
        updates=400,
        optimizer=keras.optimizers.SGD(rate),
        k_eff=k,
        delta=1e-7,
        projection="none",
        batch_size=6,
    )
    found = sampler.transport(y)
    expected = c + (y - c) * np.minimum(1.0, k / r)
    # The last steps are about 1e-6 long, delta moves the kink by delta sqrt(d) = 1e-6, and
    # float32 knows |y| = 12 to 1e-6: two digits of room below the 1e-4 asked for.
    np.testing.assert_allclose(found.samples, expected, rtol=0, atol=1e-4)
    move = np.linalg.norm(found.samples - y, axis=1)
    value = move + np.sum((found.samples - c) ** 2, axis=1) / (2 * k)
    # Objective of what came out; float32 sums of d squares.
    np.testing.assert_allclose(found.objective[-1], value, rtol=1e-5, atol=1e-5)
    start = np.sum((y - c) ** 2, axis=1) / (2 * k)
    np.testing.assert_allclose(found.objective[0], start, rtol=1e-5, atol=1e-5)


def test_naive_climbs_the_critic_alone():
    sampler = DOTSampler(
        identity, hill(0.0), latent_dim=2, space="data", updates=3, k_eff=2.0, naive=True,
        optimizer=keras.optimizers.SGD(0.1), batch_size=1,
    )  # fmt: skip
    # Each update multiplies by 1 - 0.1 / k; float32.
    found = sampler.transport([[3.0, -1.0]])
    np.testing.assert_allclose(found.samples, [[3.0 * 0.95**3, -(0.95**3)]], rtol=1e-6)
    np.testing.assert_allclose(found.objective[0], [10.0 / 2 / 2.0], rtol=1e-6)
    assert found.latents is None


# --- updates restated in float64 ---


class Restated:
    """Latent transport with G(z) = A z and D(x) = -|x - c|^2 / 2, gradients by hand."""

    def __init__(self, seed=0, d=5, wide=7):
        rng = np.random.default_rng(seed)
        self.a, self.c = rng.normal(size=(wide, d)), rng.normal(size=wide)
        self.k, self.delta = 3.0, 1e-2
        self.z = rng.normal(size=(4, d))

    def networks(self):
        a, c = self.a.astype("float32"), self.c.astype("float32")
        return lambda z: z @ a.T, hill(c)

    def objective(self, z):
        move = np.linalg.norm(z - self.z + self.delta, axis=1)
        return move + np.sum((z @ self.a.T - self.c) ** 2, axis=1) / 2 / self.k

    def gradient(self, z):
        move = z - self.z + self.delta
        of_norm = move / np.linalg.norm(move, axis=1, keepdims=True)
        return of_norm + (z @ self.a.T - self.c) @ self.a / self.k

    def run(self, updates, step, project, keep=lambda old, new: new):
        z, heights = self.z.copy(), [self.objective(self.z)]
        for t in range(1, updates + 1):
            z = keep(z, step(z, project(z, self.gradient(z)), t))
            heights.append(self.objective(z))
        return z, np.array(heights)


def sgd(z, g, t):
    return z - 0.05 * g


class Adam:
    """Kingma and Ba's Algorithm 1, with Keras's place for epsilon."""

    def __init__(self):
        self.m = self.v = 0.0

    def __call__(self, z, g, t):
        self.m, self.v = 0.5 * self.m + 0.5 * g, 0.9 * self.v + 0.1 * g**2
        rate = 0.05 * np.sqrt(1 - 0.9**t) / (1 - 0.5**t)
        return z - rate * self.m / (np.sqrt(self.v) + 1e-7)


def corrected(z, g):
    return g - z * np.sum(g * z, 1, keepdims=True) / np.sum(z * z, 1, keepdims=True)


def paper(z, g):
    return g - z * np.sum(g * z, 1, keepdims=True) / np.sqrt(z.shape[1])


PROJECTIONS = {"corrected": corrected, "paper": paper, "none": lambda z, g: g}


@pytest.mark.parametrize("updates", [1, 3])
@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("adam", [False, True])
def test_updates_of_normal_latents(adam, projection, updates):
    case = Restated()
    kind = (
        keras.optimizers.Adam(0.05, beta_1=0.5, beta_2=0.9) if adam else keras.optimizers.SGD(0.05)
    )
    sampler = DOTSampler(
        *case.networks(),
        latent_dim=5,
        updates=updates,
        optimizer=kind,
        k_eff=case.k,
        delta=case.delta,
        projection=projection,
        batch_size=4,
    )
    found = sampler.transport(case.z)
    if adam and projection == "corrected":  # its steps are projected as well
        keep = {"keep": lambda old, new: old + corrected(old, new - old)}
    else:  # as printed: the gradients alone
        keep = {}
    z, heights = case.run(updates, Adam() if adam else sgd, PROJECTIONS[projection], **keep)
    # float32 against float64: numbers of size 1 to 30, a few hundred roundings of 6e-8.
    np.testing.assert_allclose(found.latents, z, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found.objective, heights, rtol=2e-5)
    np.testing.assert_allclose(found.samples, z @ case.a.T, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(found.updates, [updates] * 4)


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_updates_of_uniform_latents_are_clipped_and_not_projected(projection):
    case = Restated(seed=1)
    case.z = np.clip(3 * case.z, -1, 1)
    sampler = DOTSampler(
        *case.networks(), latent_dim=5, prior=Uniform(), updates=3, k_eff=case.k,
        optimizer=keras.optimizers.SGD(0.05), delta=case.delta, projection=projection, batch_size=4,
    )  # fmt: skip
    found = sampler.transport(case.z)
    z, heights = case.run(3, sgd, PROJECTIONS["none"], lambda old, new: np.clip(new, -1, 1))
    assert (np.abs(z) == 1).any() and (np.abs(z) < 1).any()  # the box bites
    np.testing.assert_allclose(found.latents, z, rtol=1e-5, atol=1e-5)  # float32
    np.testing.assert_allclose(found.objective, heights, rtol=2e-5)


def test_data_are_clipped_to_their_box():
    sampler = DOTSampler(
        identity, lambda x: 10.0 * x[:, 0], latent_dim=2, prior=Uniform(), space="data",
        box=(-1, 1), k_eff=1.0, batch_size=2,
    )  # fmt: skip
    found = sampler.transport([[0.0, 0.5], [0.9, -0.5]])
    np.testing.assert_array_equal(found.samples[:, 0], [1.0, 1.0])
    assert (np.abs(found.samples) <= 1).all()


@pytest.mark.parametrize("projection", ["paper", "none"])
def test_other_projections_leave_the_step_alone(projection):
    # 32 updates by value: what is printed, with the authors' optimizer of ImageNet.
    case = Restated()
    sampler = DOTSampler(
        *case.networks(), latent_dim=5, updates=32, k_eff=case.k, delta=case.delta, batch_size=4,
        optimizer=keras.optimizers.Adam(0.05, beta_1=0.5, beta_2=0.9), projection=projection,
    )  # fmt: skip
    z, _ = case.run(32, Adam(), PROJECTIONS[projection])
    # As for 3 updates above, ten times as many.
    np.testing.assert_allclose(sampler.transport(case.z).latents, z, rtol=1e-4, atol=1e-4)


# --- the conditional form ---


def test_each_label_has_its_networks_and_its_constant():
    centres, k = tf.constant([[-2.0], [0.0], [5.0]]), [0.5, 1.0, 2.0]
    shift = tf.constant([[1.0], [2.0], [3.0]])
    rate = keras.optimizers.schedules.PolynomialDecay(0.1, 400, 1e-6, power=2.0)
    sampler = DOTSampler(
        lambda inputs: inputs[0] + tf.gather(shift, inputs[1]),
        lambda inputs: -tf.reduce_sum((inputs[0] - tf.gather(centres, inputs[1])) ** 2, 1) / 2.0,
        latent_dim=1, labels=Labels(3), updates=400, k_eff=k, projection="none", batch_size=4,
        optimizer=keras.optimizers.SGD(rate), delta=1e-7,
    )  # fmt: skip
    labels = np.array([2, 0, 1, 1, 0])
    z = np.array([[0.0], [1.5], [2.0], [-2.5], [-3.5]])
    found = sampler.transport(z, labels)
    y, c = z + shift.numpy()[labels], centres.numpy()[labels]
    expected = c + (y - c) * np.minimum(1, np.array(k)[labels][:, None] / np.abs(y - c))
    np.testing.assert_allclose(found.samples, expected, rtol=0, atol=1e-4)  # as the closed form
    np.testing.assert_allclose(found.latents, expected - shift.numpy()[labels], atol=1e-4)


def test_constants_of_labels_are_estimated_with_the_label():
    slopes = tf.constant([1.0, 3.0])
    sampler = DOTSampler(
        lambda inputs: 2.0 * inputs[0],
        lambda inputs: tf.gather(slopes, inputs[1]) * inputs[0][:, 0],
        latent_dim=1, labels=Labels(2), updates=1, batch_size=3,
    )  # fmt: skip
    np.testing.assert_allclose(sampler.k_eff, [2.0, 6.0], rtol=1e-4)  # float32 differences
    # The digits are those of sha256sum for the text "2 6".
    assert "k_eff=2..6 of 2 labels #0696624a, pairs=100" in sampler.describe()
    assert sampler.sample(5, labels=[0, 1, 1, 0, 1]).shape == (5, 1)


# --- the interface ---


def test_constants_of_labels_that_differ_have_other_cards():
    cards = {
        DOTSampler(
            lambda inputs: inputs[0], lambda inputs: inputs[0][:, 0], latent_dim=1,
            labels=Labels(4), k_eff=k_eff, updates=1,
        ).describe()
        for k_eff in ([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0], [1.0, 1.5, 3.0, 4.0])
    }  # fmt: skip
    assert len(cards) == 3


def test_drawing_is_latents_then_transport():
    generator, critic = Restated().networks()
    for space in ("latent", "data"):
        sampler = DOTSampler(generator, critic, latent_dim=5, space=space, updates=4, batch_size=3)
        stream = keras.random.SeedGenerator(5)
        z = np.concatenate([Normal().sample((3, 5), stream) for _ in range(2)])
        start = z if space == "latent" else generator(z)
        found = sampler.transport(start)
        assert isinstance(found, Transport)
        # Latents of 3 and of 6 rows: matrix products of other sizes may round otherwise.
        np.testing.assert_allclose(sampler.sample(6, seed=5), found.samples, rtol=1e-6, atol=1e-6)


def test_no_updates_are_the_plain_samples():
    generator, critic = Restated().networks()
    sampler = DOTSampler(generator, critic, latent_dim=5, updates=0, k_eff=1.0, batch_size=3)
    z = Normal().sample((3, 5), keras.random.SeedGenerator(0))
    np.testing.assert_allclose(sampler.sample(3), generator(z), rtol=1e-6)  # graph and eager
    assert sampler.transport(z).objective.shape == (1, 3)


def test_the_card_names_what_matters():
    sampler = DOTSampler(
        identity, hill(0.0), latent_dim=2, space="data", k_eff=1 / 3, box=(-9, 9), naive=True,
        optimizer=keras.optimizers.Adam(0.01, beta_1=0.0), updates=7, tolerance=1e-3,
    )  # fmt: skip
    assert sampler.describe() == (
        "dot(space=data, updates=7, optimizer=Adam(learning_rate=0.01, beta_1=0, beta_2=0.999, "
        "epsilon=1e-07), k_eff=0.3333, delta=0.001, box=(-9.0, 9.0), naive=True, tolerance=0.001)"
    )
    latent = DOTSampler(identity, lambda x: 2.0 * x[:, 0], latent_dim=1, reduce="mean", repeats=2)
    assert latent.describe() == (
        "dot(space=latent, updates=20, optimizer=SGD(learning_rate=0.01, momentum=0), k_eff=2, "
        "pairs=100, repeats=2, reduce=mean, delta=0.001, projection=corrected, naive=False, "
        "tolerance=None)"
    )
