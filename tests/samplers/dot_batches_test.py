"""Each sample moves alone: batches, resets, early stop, passes, networks left as they were."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.optimizers import FusedAdam
from keras_ot_gans.samplers import DOTSampler

KINDS = {
    "sgd": lambda: keras.optimizers.SGD(0.05),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: keras.optimizers.Adam(0.05, beta_1=0.0, beta_2=0.9),
    "amsgrad": lambda: keras.optimizers.Adam(0.05, amsgrad=True, clipvalue=0.5),
    "fused": lambda: FusedAdam(0.05),
    "nadam": lambda: keras.optimizers.Nadam(0.05),
    "adamax": lambda: keras.optimizers.Adamax(0.05),
    "adagrad": lambda: keras.optimizers.Adagrad(0.05),
    "adadelta": lambda: keras.optimizers.Adadelta(0.5),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.05, centered=True, momentum=0.5),
    "ftrl": lambda: keras.optimizers.Ftrl(0.05),
    "lion": lambda: keras.optimizers.Lion(0.05),
    "schedule": lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    ),
}


def networks():
    keras.utils.set_random_seed(3)
    generator = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(6)]
    )
    critic = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(1)]
    )
    return generator, critic


def latents(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 4)).astype("float32")


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_does_not_know_what_came_before(kind):
    sampler = DOTSampler(*networks(), updates=5, optimizer=KINDS[kind](), k_eff=0.05, batch_size=3)
    first = sampler.transport(latents(3))
    sampler.transport(latents(6, seed=1))
    again = sampler.transport(latents(3))
    assert (np.abs(first.latents - latents(3)) > 1e-4).any()
    for a, b in zip(again, first, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", ["sgd", "adam", "nadam"])
@pytest.mark.parametrize("space", ["latent", "data"])
def test_a_sample_does_not_know_its_neighbours(kind, space):
    generator, critic = networks()
    sampler = DOTSampler(
        generator, critic, space=space, updates=8, optimizer=KINDS[kind](), k_eff=0.05, batch_size=4
    )
    start = latents(4) if space == "latent" else np.asarray(generator(latents(4)))
    full = sampler.transport(start)
    others = 5.0 * np.roll(start, 1, axis=0)
    others[2] = start[2]
    among = sampler.transport(others)
    alone = sampler.transport(start[2:3])
    np.testing.assert_array_equal(among.samples[2], full.samples[2])
    np.testing.assert_array_equal(among.objective[:, 2], full.objective[:, 2])
    # In another row of a matrix product, which may sum in another order.
    np.testing.assert_allclose(alone.samples[0], full.samples[2], rtol=1e-5, atol=1e-6)


def test_first_samples_are_the_same_for_every_number_and_batches_are_joined():
    sampler = DOTSampler(*networks(), updates=3, batch_size=4)
    many = sampler.sample(10, seed=2)
    np.testing.assert_array_equal(sampler.sample(5, seed=2), many[:5])
    assert [len(part) for part in sampler.batches(10, seed=2)] == [4, 4, 2]
    assert (sampler.sample(5, seed=3) != many[:5]).any()
    found = sampler.transport(latents(10))
    assert found.samples.shape == (10, 6) and found.latents.shape == (10, 4)
    assert found.objective.shape == (4, 10) and found.updates.shape == (10,)
    np.testing.assert_array_equal(found.samples[8:], sampler.transport(latents(10)[8:]).samples)


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_early_stop_sample_by_sample(kind):
    updates = 12
    made = {"updates": updates, "k_eff": 0.05, "batch_size": 6}
    generator, critic = networks()
    free = DOTSampler(generator, critic, optimizer=KINDS[kind](), **made).transport(latents(6))
    fell = free.objective[:-1] - free.objective[1:]
    tolerance = float(np.quantile(fell, 0.25))
    # Updates until the first that gains too little, which is the last one made; else all.
    small = fell < tolerance
    expected = np.where(small.any(axis=0), small.argmax(axis=0) + 1, updates)
    assert len(set(expected)) > 2, expected
    stopped = DOTSampler(
        generator, critic, optimizer=KINDS[kind](), tolerance=tolerance, **made
    ).transport(latents(6))
    np.testing.assert_array_equal(stopped.updates, expected)
    for i, last in enumerate(expected):
        height = free.objective[np.minimum(np.arange(updates + 1), last), i]
        np.testing.assert_allclose(stopped.objective[:, i], height, rtol=1e-5)  # two graphs
    for last in set(expected):
        made["updates"] = int(last)
        until = DOTSampler(generator, critic, optimizer=KINDS[kind](), **made)
        rows = expected == last
        there = until.transport(latents(6)).latents
        np.testing.assert_allclose(stopped.latents[rows], there[rows], rtol=1e-5, atol=1e-6)


class Counted:
    """Networks that count how often they are traced and how often they run."""

    def __init__(self):
        self.traced = {"generator": 0, "critic": 0}
        self.run = tf.Variable(0)

    def generator(self, z):
        self.traced["generator"] += 1
        return 2.0 * z

    def critic(self, x):
        self.traced["critic"] += 1
        self.run.assign_add(1)
        return -tf.reduce_sum(x**2, axis=1) / 2.0


def test_one_pass_an_update_and_one_for_the_samples_and_no_new_trace():
    counted = Counted()
    sampler = DOTSampler(
        counted.generator, counted.critic, latent_dim=4, updates=7, k_eff=5.0, batch_size=3
    )
    sampler.transport(latents(3))
    traced = dict(counted.traced)
    counted.run.assign(0)
    sampler.transport(latents(8))  # three batches
    sampler.sample(7)  # three more
    sampler.transport(latents(2).astype("float64").tolist())
    assert counted.traced == traced
    assert int(counted.run) == 7 * (7 + 1)


def test_the_loop_ends_when_all_samples_stopped():
    counted = Counted()
    sampler = DOTSampler(
        counted.generator, counted.critic, latent_dim=4, updates=1000, k_eff=50.0, batch_size=3,
        tolerance=1e-3,
    )  # fmt: skip
    counted.run.assign(0)
    found = sampler.transport(0.1 * latents(3))
    # One pass more finds that the last one stopped, and one makes the samples.
    assert int(counted.run) == found.updates.max() + 2 < 20
    assert np.isfinite(found.objective).all()


def test_no_state_of_the_networks_moves():
    generator, _ = networks()
    critic = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.SpectralNormalization(keras.layers.Dense(8)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
    )
    before = [v.numpy() for v in critic.variables + generator.variables]
    sampler = DOTSampler(generator, critic, updates=3, batch_size=4)
    first = sampler.sample(6)
    np.testing.assert_array_equal(sampler.sample(6), first)  # no dropout
    for variable, value in zip(critic.variables + generator.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_weights_are_read_anew_and_the_constant_on_demand():
    generator, critic = networks()
    sampler = DOTSampler(generator, critic, updates=3, batch_size=4)
    k_eff = sampler.k_eff
    before = sampler.transport(latents(4))
    for weight in critic.layers[-1].weights:
        weight.assign(2.0 * weight)
    assert sampler.k_eff == k_eff
    np.testing.assert_allclose(
        sampler.transport(latents(4)).objective[0], 2.0 * before.objective[0], atol=2e-3
    )  # delta, once instead of twice
    np.testing.assert_allclose(sampler.estimate_k_eff(), 2.0 * k_eff, rtol=1e-4)  # float32
    # Twice the critic over twice the constant.
    np.testing.assert_allclose(sampler.transport(latents(4)).latents, before.latents, atol=1e-5)


def test_labels_are_filled_up_with_the_last_batch():
    table = tf.constant([[1.0], [-1.0]])
    sampler = DOTSampler(
        lambda inputs: inputs[0] + 10.0 * tf.gather(table, inputs[1]),
        lambda inputs: -tf.square(inputs[0][:, 0]),
        latent_dim=1, labels=Labels(2), updates=2, k_eff=1e3, batch_size=4,
    )  # fmt: skip
    labels = np.array([0, 1, 1, 0, 1, 0])
    x = sampler.sample(6, labels=labels)
    np.testing.assert_array_equal(np.sign(x[:, 0]), np.where(labels == 0, 1.0, -1.0))
    drawn = sampler.sample(40)
    assert {-1.0, 1.0} == set(np.sign(drawn[:, 0]))
