"""The interface of all samplers, shown by the plain one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.samplers import DOTSampler, PlainSampler, Sampler


def plain(**kwargs):
    return PlainSampler(lambda z: 2.0 * z, **{"latent_dim": 3, "batch_size": 4, **kwargs})


def conditional(**kwargs):
    return PlainSampler(
        lambda inputs: inputs[0] * 0.0 + tf.cast(inputs[1][:, None], "float32"),
        latent_dim=1,
        labels=Labels(3, **kwargs),
        batch_size=4,
    )


def test_first_samples_are_the_same_for_every_number():
    many = plain().sample(11, seed=1)
    for n in (1, 4, 5, 8):
        np.testing.assert_array_equal(plain().sample(n, seed=1), many[:n])
    assert (plain().sample(11, seed=2) != many).any()
    assert many.dtype == "float32"


def test_batches_are_the_samples_in_parts():
    parts = list(plain().batches(10, seed=1))
    assert [len(part) for part in parts] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(parts), plain().sample(10, seed=1))
    assert list(plain().batches(0)) == []
    assert plain().sample(0).shape == (0, 3)


def test_samplers_of_one_seed_begin_at_the_same_samples():
    moved = DOTSampler(
        lambda z: 2.0 * z, lambda x: x[:, 0], latent_dim=3, batch_size=4, updates=0, k_eff=1.0
    )
    np.testing.assert_array_equal(moved.sample(6, seed=3), plain().sample(6, seed=3))


def test_given_labels_stay_with_their_samples():
    labels = np.array([2, 0, 1, 1, 2, 0])
    np.testing.assert_array_equal(conditional().sample(6, labels=labels)[:, 0], labels)


def test_labels_are_drawn_as_often_as_told():
    found = conditional().sample(300)[:, 0]
    np.testing.assert_array_equal(conditional().sample(7)[:, 0], found[:7])
    # 100 expected of each, standard deviation 8.
    np.testing.assert_allclose(np.bincount(found.astype(int)), 100, atol=33)
    assert set(conditional(frequencies=(0, 1, 0)).sample(9)[:, 0]) == {1.0}


@pytest.mark.parametrize(
    ("make", "labels", "words"),
    [
        (plain, [0, 0, 0], "`labels` must be None"),
        (conditional, [0, 0], "one label per sample, 3. Received: 2"),
        (conditional, [0, 1, 3], "must lie in .0, 2."),
    ],
)
def test_labels_that_do_not_fit(make, labels, words):
    with pytest.raises(ValueError, match=words):
        make().sample(3, labels=labels)


def test_labels_and_latents_of_neighbouring_seeds_are_drawn_apart():
    # The same batches of the next seed's stream, whose bits are latents.
    stream = keras.random.SeedGenerator(6)
    other = np.concatenate([Labels(3).sample((4,), stream) for _ in range(100)])
    mine = conditional().sample(400, seed=5)[:, 0]
    # 133 agree by chance, standard deviation 10.
    assert abs(np.sum(mine == other) - 133) < 50


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"n": -1}, ValueError, "`n` must be an integer of at least 0. Received: n=-1"),
        ({"n": 2.0}, TypeError, "`n` must be an integer"),
        ({"seed": None}, TypeError, "`seed` must be an integer of at least 0. Received: seed=None"),
        ({"seed": -1}, ValueError, "`seed` must be an integer of at least 0"),
        ({"seed": 2**31}, ValueError, "`seed` must be below 2..31. Received: seed=2147483648"),
    ],
)
def test_numbers_out_of_range_are_said_at_once(wrong, error, words):
    for method in (plain().sample, plain().batches):  # the latter before its first batch
        with pytest.raises(error, match=words):
            method(**{"n": 3, **wrong})


def test_sizes_of_batches():
    with pytest.raises(ValueError, match="`batch_size` must be an integer of at least 1"):
        plain(batch_size=0)
    with pytest.raises(TypeError, match="`batch_size` must be .* Received: batch_size=100.0"):
        plain(batch_size=100.0)


def test_a_critic_is_asked_for_where_it_is_needed():
    class Needy(Sampler):
        name = "needy"

        def draw(self, stream, labels):
            raise NotImplementedError

        def settings(self):
            return {"threshold": 0.5, "steps": 3}

    with pytest.raises(ValueError, match="`critic` must be given for Needy"):
        Needy(lambda z: z, latent_dim=2)
    assert Needy(lambda z: z, lambda x: x[:, 0], latent_dim=2).describe() == (
        "needy(threshold=0.5, steps=3)"
    )


def test_a_bar_is_shown_on_request(capsys):
    plain().sample(9)
    assert capsys.readouterr().out == ""
    plain().sample(9, verbose=1)
    assert "9/9" in capsys.readouterr().out
