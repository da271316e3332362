"""What every sampler promises: seeds, streams, labels, networks that stay as they are."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.samplers import (
    DOTSampler,
    LangevinSampler,
    MetropolisHastingsSampler,
    PlainSampler,
    RejectionSampler,
    TopKSampler,
    TruncationSampler,
)
from keras_ot_gans.samplers.step_seeds import StepSeeds, batch_key, reserved_stream
from tests.samplers import gaussian_targets as gaussian

SAMPLERS = {
    "dot": (DOTSampler, {"updates": 5}),
    "plain": (PlainSampler, {}),
    "truncation": (TruncationSampler, {}),
    "top_k": (TopKSampler, {"candidates": 4}),
    "rejection": (RejectionSampler, {"burn_in": 100}),
    "metropolis_hastings": (MetropolisHastingsSampler, {"length": 5}),
    "started_at_data": (MetropolisHastingsSampler, {"length": 5, "real_scores": [0.3, 0.9]}),
    "langevin": (LangevinSampler, {"updates": 5}),
    "adjusted": (LangevinSampler, {"updates": 5, "adjusted": True}),
}
EACH = pytest.mark.parametrize("name", SAMPLERS)
JUDGED = pytest.mark.parametrize("name", [n for n in SAMPLERS if SAMPLERS[n][0].needs_critic])


def make(name, generator=gaussian.generator, critic=gaussian.log_ratio, **kwargs):
    kind, knobs = SAMPLERS[name]
    kwargs = {"latent_dim": 2, "batch_size": 8} | kwargs
    return kind(generator, critic, **knobs, **kwargs)


def networks():
    """A generator and a critic with statistics, noise and normalised weights to be left alone."""
    z = keras.Input((3,))
    h = keras.layers.BatchNormalization()(keras.layers.Dense(4)(z))
    generator = keras.Model(z, keras.layers.Reshape((2, 2, 1))(keras.layers.Dropout(0.5)(h)))
    x = keras.Input((2, 2, 1))
    dense = keras.layers.SpectralNormalization(keras.layers.Dense(1))
    return generator, keras.Model(x, dense(keras.layers.Flatten()(x)))


@EACH
def test_first_samples_do_not_depend_on_how_many_are_asked_for(name):
    sampler = make(name)
    many = sampler.sample(21, seed=3)
    np.testing.assert_array_equal(sampler.sample(5, seed=3), many[:5])
    # Batches are a stream: this many would fit into no memory.
    np.testing.assert_array_equal(next(sampler.batches(2**62, seed=3)), many[:8])
    np.testing.assert_array_equal(make(name).sample(21, seed=3), many)
    assert not np.any(np.all(sampler.sample(21, seed=4) == many, axis=1))
    # No batch repeats another.
    assert len(np.unique(many, axis=0)) == 21


@EACH
def test_networks_stay_as_they_are_and_images_keep_their_shape(name):
    generator, critic = networks()
    before = [value.numpy() for network in (generator, critic) for value in network.variables]
    sampler = make(name, generator, critic, latent_dim=None)
    assert sampler.sample(10).shape == (10, 2, 2, 1)
    after = [value.numpy() for network in (generator, critic) for value in network.variables]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@EACH
def test_a_program_is_compiled_once(name):
    traces = []

    def generator(z):
        if not tf.executing_eagerly():
            traces.append(z.shape)
        return z

    sampler = make(name, generator)
    sampler.sample(3)
    first = len(traces)
    assert first > 0 and {tuple(shape) for shape in traces} == {(8, 2)}
    sampler.sample(20, seed=1)
    assert len(traces) == first


@EACH
def test_settings_are_the_description(name):
    sampler = make(name)
    text = sampler.describe()
    assert text.startswith(f"{sampler.name}(") and "\n" not in text
    assert all(f"{key}={value}" in text for key, value in sampler.settings().items())


@JUDGED
def test_critic_is_needed_and_must_be_a_value(name):
    with pytest.raises(ValueError, match="`critic` must be given for"):
        make(name, critic=None)
    with pytest.raises(ValueError, match=r"`critic` must return one number.* shape \(13, 3\)"):
        make(name, critic=lambda x: tf.tile(x[:, :1], [1, 3]))


@JUDGED
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(name, value):
    with pytest.raises(ValueError, match="finite"):
        make(name, critic=lambda x: value + 0.0 * x[:, 0]).sample(3)


@EACH
def test_range_of_the_critics_data(name):
    def grey(z):
        return tf.sigmoid(z)

    with pytest.raises(ValueError, match="`box` must hold the generator's samples.*in both"):
        make(name, grey, box=(-1, 1))
    assert make(name, grey, box=(0, 1)).sample(3).shape == (3, 2)


@pytest.mark.parametrize("name", ["top_k", "metropolis_hastings", "langevin", "adjusted"])
def test_a_sample_does_not_depend_on_the_labels_of_the_others(name):
    sampler = make(
        name,
        gaussian.generator_of_labels,
        gaussian.log_ratio_of_labels,
        latent_dim=1,
        labels=gaussian.LABELS,
    )
    one = sampler.sample(4, labels=[1, 0, 0, 2])
    other = sampler.sample(4, labels=[1, 2, 1, 2])
    np.testing.assert_array_equal(one[[0, 3]], other[[0, 3]])
    assert (one[[1, 2]] != other[[1, 2]]).all()


@pytest.mark.parametrize(
    ("kind", "knobs"),
    [
        (RejectionSampler, {"percentile": None, "burn_in": 50}),
        (TopKSampler, {}),
        (LangevinSampler, {"updates": 1, "rate": 1e-12}),
    ],
)
def test_every_batch_begins_at_the_plain_samples(kind, knobs):
    # A constant critic: nothing is rejected, nothing is better. Steps of 1e-6.
    sampler = kind(gaussian.generator, lambda x: 0.0 * x[:, 0], latent_dim=2, batch_size=8, **knobs)
    plain = make("plain").sample(20, seed=6)
    np.testing.assert_allclose(sampler.sample(20, seed=6), plain, atol=1e-5)


def test_reserved_seeds_are_no_users_and_no_batches():
    uses = ("labels", "burn_in", "burn_in_labels", "slopes", "scores")
    states = []
    for seed in (0, 1, 2**31 - 1):
        stream = keras.random.SeedGenerator(seed)
        stream.next()
        states.append(stream.state.numpy())
        # What `batch_key` draws its key by, of this seed's streams.
        states.append(states[-1] - [2**31, 0])
        for use in uses:
            states.append(reserved_stream(use, seed).state.numpy())
            np.testing.assert_array_equal(states[-1], reserved_stream(use, seed).state.numpy())
    # As `ops.random` takes them: 32 bits each.
    assert len(np.unique(np.array(states).astype("int32"), axis=0)) == 3 * 7


def test_seeds_of_steps_and_batches_differ():
    stream = keras.random.SeedGenerator(0)
    keys = []
    for _ in range(3):
        stream.next()
        keys.append(batch_key(stream).numpy())
    assert len(np.unique(keys, axis=0)) == 3
    steps = [StepSeeds(tf.constant(keys[0]), step) for step in range(3)]
    drawn = [seeds.next().numpy() for seeds in steps for _ in range(2)]
    assert len(np.unique(drawn, axis=0)) == 6
