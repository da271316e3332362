"""A generator and a critic: what fits, what is refused, and inference mode."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.layers import ClassProjection
from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.samplers import Pair


def model(width, *layers):
    return keras.Sequential([keras.Input((width,)), *layers])


def test_models_tell_their_latents_and_samples():
    pair = Pair(model(4, keras.layers.Dense(6)), model(6, keras.layers.Dense(1)))
    assert pair.latent_dim == 4 and pair.sample_shape == (6,)
    assert pair.prior == Normal() and pair.labels is None
    z = tf.ones((3, 4))
    np.testing.assert_array_equal(pair.score_latents(z), pair.score(pair.generate(z)))
    assert pair.score_latents(z).shape == (3,)


@pytest.mark.parametrize("column", [True, False])
def test_functions_of_tensors(column):
    def critic(x):
        values = tf.reduce_sum(x, axis=[1, 2])
        return values[:, None] if column else values

    pair = Pair(
        lambda z: tf.reshape(2.0 * z, (-1, 2, 2)), critic, latent_dim=4, prior=Uniform(0.0, 1.0)
    )
    assert pair.sample_shape == (2, 2) and pair.prior == Uniform(0.0, 1.0)
    np.testing.assert_array_equal(pair.score_latents(tf.ones((3, 4))), [8.0] * 3)


def test_half_precision_is_widened():
    pair = Pair(
        lambda z: tf.cast(z, "bfloat16"), lambda x: tf.cast(x[:, 0], "float16"), latent_dim=2
    )
    assert (
        pair.generate(tf.ones((1, 2))).dtype
        == pair.score_latents(tf.ones((1, 2))).dtype
        == "float32"
    )


def test_both_networks_run_in_inference_mode():
    layers = [keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    generator = model(4, *layers)
    critic = model(4, keras.layers.Dropout(0.9), keras.layers.Dense(1))
    pair = Pair(generator, critic)
    z = tf.random.normal((8, 4), 5.0)
    # Fresh moving statistics: divided by sqrt(1 + epsilon) only.
    np.testing.assert_allclose(pair.generate(z), z / np.sqrt(1 + 1e-3), rtol=1e-6)
    np.testing.assert_array_equal(pair.score(z), pair.score(z))


def test_labels_reach_both():
    z, y = keras.Input((2,)), keras.Input((), dtype="int32")
    generator = keras.Model(
        [z, y], keras.layers.Concatenate()([z, keras.layers.Embedding(3, 2)(y)])
    )
    x, y = keras.Input((4,)), keras.Input((), dtype="int32")
    critic = keras.Model([x, y], ClassProjection(3)(x, y))
    pair = Pair(generator, critic, labels=Labels(3))
    assert pair.latent_dim == 2 and pair.sample_shape == (4,)
    z, labels = tf.ones((3, 2)), tf.constant([0, 1, 2])
    x = pair.generate(z, labels)
    assert len(np.unique(x[:, 2])) == 3
    np.testing.assert_allclose(
        pair.score_latents(z, labels), np.asarray(critic([x, labels]))[:, 0], rtol=1e-6
    )  # float32


@pytest.mark.parametrize(
    ("networks", "kwargs", "words"),
    [
        ((lambda z: z, None), {}, "`latent_dim` must be given where the generator does not tell"),
        ((model(4, keras.layers.Dense(2)), None), {"latent_dim": 5}, "input width 4"),
        ((lambda z: z @ tf.ones((3, 2)), None), {"latent_dim": 4}, "`generator` must take latents"),
        (
            (lambda z: z, model(3, keras.layers.Dense(1))),
            {"latent_dim": 4},
            "`critic` must take the generator's samples, .B, 4.. Received: one of .None, 3.",
        ),
        (
            (lambda z: z, lambda x: x @ tf.ones((3, 1))),
            {"latent_dim": 4},
            "`critic` must take the generator's samples.*refuses them",
        ),
        ((lambda z: z, lambda x: x), {"latent_dim": 4}, "one number per sample.*features"),
        ((lambda z: z, tf.reduce_mean), {"latent_dim": 4}, "one number per sample"),
    ],
)
def test_what_does_not_fit_is_said_at_once(networks, kwargs, words):
    with pytest.raises(ValueError, match=words):
        Pair(*networks, **kwargs)


class Subclassed(keras.Model):
    """A critic that tells no shape before its call."""

    def __init__(self):
        super().__init__()
        self.dense = model(5, keras.layers.Dense(1))

    def call(self, x):
        return self.dense(x)


@pytest.mark.parametrize(
    "critic", [Subclassed, lambda: lambda x: model(5, keras.layers.Dense(1))(x)]
)
def test_a_critic_that_keras_refuses_is_named_in_one_line(critic):
    with pytest.raises(ValueError, match="`critic` must take the generator's samples") as error:
        Pair(lambda z: z, critic(), latent_dim=4)
    text = str(error.value)
    assert "expected axis -1 of input shape to have value 5" in text
    assert "\n" not in text and "\x1b" not in text and "Arguments" not in text


@pytest.mark.parametrize("d", [2, 3, 11, 100])
def test_a_critic_that_sums_over_the_batch_is_named(d):
    with pytest.raises(ValueError, match="one number per sample.* for 13 samples"):
        Pair(lambda z: z, lambda x: tf.reduce_sum(x, axis=0), latent_dim=d)


def test_values_are_counted_at_every_call():
    # Where the batch of the probe is a size of the data, the first batch of another size says so.
    pair = Pair(lambda z: z, lambda x: tf.reduce_sum(x, axis=0), latent_dim=13)
    with pytest.raises(ValueError, match=r"one number per sample.*\(13,\) for 5 samples"):
        pair.score_latents(tf.ones((5, 13)))


@pytest.mark.parametrize("result", [lambda x: (x[:, 0], x), lambda x: {"value": x[:, 0]}])
def test_a_critic_of_several_results_is_named(result):
    with pytest.raises(ValueError, match="one number per sample.* Received: (tuple|dict)"):
        Pair(lambda z: z, result, latent_dim=4)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"prior": "uniform"}, "`prior` must be a prior of latents.* Received: prior='uniform'"),
        ({"prior": Uniform}, "`prior` must be a prior of latents"),
        ({"labels": 10}, "`labels` must be None or `ops.Labels`. Received: labels=10"),
        ({"latent_dim": 4.0}, "`latent_dim` must be an integer of at least 1"),
    ],
)
def test_arguments_of_another_type(wrong, words):
    with pytest.raises(TypeError, match=words):
        Pair(lambda z: z, lambda x: x[:, 0], **{"latent_dim": 4, **wrong})


# --- the range of the data ---


@pytest.mark.parametrize("box", [(1.0, -1.0), (-1.0, float("inf")), 3.0, (1, 2, 3)])
def test_what_is_no_box(box):
    with pytest.raises(ValueError, match="`box` must be .low, high., finite"):
        Pair(lambda z: z, latent_dim=2, box=box)


@pytest.mark.parametrize(
    ("generator", "box"),
    [
        (lambda z: 127.5 * (tf.tanh(z) + 1.0), (-1.0, 1.0)),
        (tf.sigmoid, (-1.0, 1.0)),
        (tf.tanh, (0.0, 1.0)),
    ],
)
def test_a_generator_of_another_range_than_the_critic(generator, box):
    with pytest.raises(ValueError, match="`box` must hold the generator's samples.*Rescale"):
        Pair(generator, latent_dim=2, box=box)


@pytest.mark.parametrize(
    "generator",
    [
        # Beyond the box, but by less than its half width; dark; all one value, which tells nothing.
        lambda z: 1.4 * tf.tanh(9.0 * z),
        lambda z: tf.sigmoid(z) - 1.0,
        tf.zeros_like,
    ],
)
def test_a_generator_of_the_range(generator):
    assert Pair(generator, latent_dim=2, box=(-1, 1)).box == (-1.0, 1.0)


def test_there_is_nothing_to_score_with():
    with pytest.raises(ValueError, match="`critic` must be given to score samples"):
        Pair(lambda z: z, latent_dim=2).score(tf.ones((1, 2)))
