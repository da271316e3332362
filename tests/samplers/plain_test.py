"""The plain sampler, and through it the base: batches, seeds, labels."""

import keras
import numpy as np
import pytest

from keras_ot_gans.ops import Labels, Uniform
from keras_ot_gans.samplers import PlainSampler
from tests.samplers import gaussian_targets as gaussian


def test_samples_are_what_the_generator_makes_of_the_prior():
    sampler = PlainSampler(
        lambda z: 3.0 * z + 1.0, latent_dim=2, prior=Uniform(0.0, 2.0), batch_size=4
    )
    stream = keras.random.SeedGenerator(9)
    z = np.concatenate([Uniform(0.0, 2.0).sample((4, 2), stream) for _ in range(2)])
    np.testing.assert_allclose(sampler.sample(7, seed=9), 3.0 * z[:7] + 1.0, rtol=1e-6)


def test_given_labels_are_used_in_order_and_drawn_ones_follow_the_frequencies():
    sampler = PlainSampler(
        lambda inputs: 0.0 * inputs[0] + keras.ops.cast(inputs[1], "float32")[:, None],
        latent_dim=1,
        labels=Labels(3, (1.0, 0.0, 1.0)),
        batch_size=4,
    )
    labels = [0, 1, 2, 2, 1, 0]
    assert sampler.sample(6, labels=labels)[:, 0].tolist() == labels
    drawn = sampler.sample(400, seed=1)[:, 0]
    # 200 of each are expected, with a standard deviation of 10.
    assert set(drawn) == {0.0, 2.0} and abs(np.sum(drawn == 0) - 200) < 50


def test_no_samples_and_streams():
    sampler = PlainSampler(gaussian.generator, latent_dim=1, batch_size=4)
    assert sampler.sample(0).shape == (0, 1)
    parts = list(sampler.batches(10, seed=2))
    assert [len(part) for part in parts] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(parts), sampler.sample(10, seed=2))
    assert sampler.describe() == "plain()" and parts[0].dtype == np.float32


def test_progress_is_shown_on_demand(capsys):
    sampler = PlainSampler(gaussian.generator, latent_dim=1, batch_size=4)
    sampler.sample(8)
    assert capsys.readouterr().out == ""
    sampler.sample(8, verbose=1)
    assert "8/8" in capsys.readouterr().out


def test_bad_input_is_named():
    sampler = PlainSampler(gaussian.generator, latent_dim=1)
    with pytest.raises(ValueError, match="`n` must not be negative. Received: n=-1"):
        sampler.sample(-1)
    with pytest.raises(ValueError, match="`labels` must be None for this generator"):
        sampler.sample(2, labels=[0, 1])
    with pytest.raises(ValueError, match="`batch_size` must be positive. Received: 0"):
        PlainSampler(gaussian.generator, latent_dim=1, batch_size=0)
    with pytest.raises(ValueError, match="`latent_dim` must be given"):
        PlainSampler(gaussian.generator)
    conditional = PlainSampler(gaussian.generator_of_labels, latent_dim=1, labels=Labels(3))
    with pytest.raises(ValueError, match="`labels` must hold one label per sample, 2"):
        conditional.sample(2, labels=[0])
