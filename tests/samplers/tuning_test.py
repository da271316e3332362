"""The choice of rate and updates against samplers made for each."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.samplers import DOTSampler, PlainSampler, Trial, tune


def generator(z):
    return tf.tanh(z)


def critic(x):
    return -tf.reduce_sum((x - 0.5) ** 2, axis=1)


def made(optimizer, updates, **kwargs):
    return DOTSampler(
        generator, critic, latent_dim=3, updates=updates, k_eff=0.2, batch_size=4,
        optimizer=optimizer, **kwargs,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "space"), [(keras.optimizers.SGD, "data"), (keras.optimizers.Adam, "latent")]
)
def test_every_stop_is_what_a_sampler_of_so_many_updates_draws(kind, space):
    seen = []

    def score(x):
        seen.append(x)
        return float(len(seen))

    rates, updates = [0.01, 0.05], [6, 2]
    tune(lambda rate: made(kind(rate), 6, space=space), score, rates, updates, n=7, seed=3)
    plain = PlainSampler(generator, latent_dim=3, batch_size=4).sample(7, seed=3)
    np.testing.assert_allclose(seen[0], plain, rtol=1e-6)  # two graphs
    wanted = [(rate, stop) for rate in rates for stop in (2, 6)]
    for x, (rate, stop) in zip(seen[1:], wanted, strict=True):
        alone = made(kind(rate), stop, space=space).sample(7, seed=3)
        assert x.shape == (7, 3)
        np.testing.assert_allclose(x, alone, rtol=1e-6, atol=1e-7)  # two graphs
    assert len(seen) == 5


def test_stops_respect_the_early_stop():
    # A stop in between must not wake a sample that stopped.
    seen = []
    tune(
        lambda rate: made(keras.optimizers.Adam(rate), 9, tolerance=0.2),
        lambda x: seen.append(x) or 0.0,
        [0.05],
        [3, 5, 9],
        n=4,
    )
    for x, stop in zip(seen, (0, 3, 5, 9), strict=True):
        alone = made(keras.optimizers.Adam(0.05), stop, tolerance=0.2).sample(4)
        np.testing.assert_allclose(x, alone, rtol=1e-5, atol=1e-6)  # two graphs
    whole = made(keras.optimizers.Adam(0.05), 9, tolerance=0.2)
    z = whole.latents(keras.random.SeedGenerator(0))
    assert len(set(whole.transport(z).updates)) > 1


def by_table(table):
    scores = iter(table)
    return lambda x: next(scores)


@functools.cache
def make(rate):
    return made(keras.optimizers.SGD(rate), 8)


def test_the_best_of_the_table():
    found = tune(make, by_table([5.0, 4.0, 3.0, 4.5, 2.0]), [0.1, 0.2], [8, 4], n=4)
    assert found[:3] == (0.2, 8, 2.0)
    assert found.trials == (
        Trial(None, 0, 5.0), Trial(0.1, 4, 4.0), Trial(0.1, 8, 3.0),
        Trial(0.2, 4, 4.5), Trial(0.2, 8, 2.0),
    )  # fmt: skip


def test_ties_go_to_fewer_updates_then_to_the_earlier_rate():
    assert tune(make, by_table([9.0, 3.0, 2.0, 2.0, 2.0]), [0.1, 0.2], [4, 8], n=4)[:2] == (0.2, 4)
    assert tune(make, by_table([9.0, 2.0, 2.0, 2.0, 2.0]), [0.2, 0.1], [4, 8], n=4)[:2] == (0.2, 4)
    assert tune(make, by_table([2.0] * 5), [0.1, 0.2], [4, 8], n=4)[:3] == (None, 0, 2.0)


def test_conditional_samples():
    sampler = DOTSampler(
        lambda inputs: inputs[0], lambda inputs: inputs[0][:, 0], latent_dim=2, updates=2,
        labels=Labels(3), k_eff=1.0, batch_size=4,
    )  # fmt: skip
    seen = []
    tune(lambda rate: sampler, lambda x: seen.append(x) or 0.0, [0.01], [2], n=5)
    np.testing.assert_array_equal(seen[1], sampler.sample(5))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_scores_that_are_not_finite_are_refused(value):
    with pytest.raises(
        ValueError, match="`score` must return a finite number.*rate=0.1, updates=4"
    ):
        tune(make, by_table([1.0, value]), [0.1], [4], n=4)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rates": []}, "`rates` must be positive"),
        ({"rates": [0.1, 0.1]}, "none twice"),
        ({"rates": [-0.1]}, "`rates` must be positive"),
        ({"rates": [float("nan")]}, "`rates` must be positive"),
        ({"updates": []}, "`updates` must be ints, at least one"),
        ({"updates": [0, 4]}, "`updates` must be an integer of at least 1"),
        ({"updates": [4, 4]}, "none twice"),
        ({"updates": [9]}, "samplers of at least 9 updates. Received: updates=8"),
        ({"n": 0}, "`n` must be an integer of at least 1"),
    ],
)
def test_arguments_out_of_range(wrong, words):
    kwargs = {"rates": [0.1], "updates": [4], "n": 4, **wrong}
    with pytest.raises(ValueError, match=words):
        tune(make, lambda x: 1.0, **kwargs)


def test_make_must_make_dot_samplers():
    with pytest.raises(TypeError, match="`updates` must be an integer.*updates=2.5"):
        tune(make, lambda x: 1.0, [0.1], [2.5], n=4)
    with pytest.raises(TypeError, match="`make` must return a DOTSampler. Received: PlainSampler"):
        tune(lambda rate: PlainSampler(generator, latent_dim=3), len, [0.1], [4], n=4)
