"""Conditional OT-GAN on vectors: Algorithm 2 with an embedding as side information."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import datasets, losses, models, ops
from keras_ot_gans.layers import AppendSideInformation

DIM = 3
RNG = np.random.default_rng(0)
S = RNG.normal(size=(64, DIM)).astype("float32")
# What a sample is follows from its vector.
X = (S @ [[2.0, 0.0], [0.0, 1.0], [0.5, 0.5]]).astype("float32")


def network(inputs, width, name):
    x, s = keras.Input((inputs,)), keras.Input((DIM,))
    h = keras.layers.Dense(32, "relu")(AppendSideInformation()(x, s))
    return keras.Model([x, s], keras.layers.Dense(width)(h), name=name)


def model(**kwargs):
    keras.utils.set_random_seed(0)
    made = models.OTGAN(
        network(4, 2, "generator"),
        network(2, 8, "critic"),
        labels=ops.SideVectors(DIM),
        generator_steps=1,
        seed=1,
        **kwargs,
    )
    made.compile({role: keras.optimizers.Adam(1e-2, 0.5) for role in made.networks})
    return made


def test_samples_follow_their_vectors():
    gan = model()
    gan.fit(X, S, batch_size=64, epochs=150, shuffle=False, verbose=0)
    # Least squares from vectors to samples: slopes of the data, not of vectors that are ignored.
    asked = RNG.normal(size=(2000, DIM)).astype("float32")
    slopes = np.linalg.lstsq(asked, gan.sample(2000, seed=0, labels=asked), rcond=None)[0]
    np.testing.assert_allclose(slopes, [[2, 0], [0, 1], [0.5, 0.5]], atol=0.5)


def test_packed_and_plain_data_take_the_same_steps():
    # Rounds of two updates, both on the same batch.
    plain = tf.data.Dataset.from_tensor_slices((X, S)).batch(16, drop_remainder=True)
    twice = plain.flat_map(lambda *b: tf.data.Dataset.from_tensors(b).repeat(2))
    twice = twice.apply(tf.data.experimental.assert_cardinality(8))
    results = []
    for data in (plain, datasets.in_rounds(twice, 2)):
        gan = model(micro_batch=5)
        gan.fit(data, verbose=0)
        results.append(gan.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


def test_saving_keeps_the_form(tmp_path):
    gan = model()
    gan.fit(X, S, batch_size=64, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.labels == ops.SideVectors(DIM)
    np.testing.assert_array_equal(
        gan.sample(4, seed=0, labels=S[:4]), loaded.sample(4, seed=0, labels=S[:4])
    )


@pytest.mark.parametrize(
    ("action", "match"),
    [
        (lambda gan: gan.sample(4), "`labels` must be given: 3 numbers per sample"),
        (lambda gan: gan.sample(4, labels=S[:3]), "one label per sample, 4"),
        (lambda gan: gan.fit(X, S[:, :2]), r"`y` must be vectors of shape \(n, 3\)"),
        (lambda gan: gan.fit(X, S * np.inf), "`y` must be finite"),
        (lambda gan: gan.fit(X, np.arange(64)), "`y` must be vectors"),
        (lambda gan: gan.fit(X), "`y` must hold the labels"),
        (
            lambda gan: gan.fit(tf.data.Dataset.from_tensors((X, S[:, 0]))),
            r"`y` must hold vectors \(B, 3\)",
        ),
        (
            lambda gan: gan.fit(tf.data.Dataset.from_tensors((X, S * np.nan))),
            "`y` must be finite. Received: NaN",
        ),
        (lambda gan: ops.SideVectors(0), "`dim` must be positive"),
    ],
)
def test_bad_vectors_are_refused(action, match):
    with pytest.raises(ValueError, match=match):
        action(model())


def test_a_generator_of_labels_is_refused():
    z, y = keras.Input((4,)), keras.Input((), dtype="int32")
    rows = keras.layers.Embedding(3, 4)(y)
    generator = keras.Model([z, y], keras.layers.Dense(2)(keras.layers.Add()([z, rows])))
    with pytest.raises(ValueError, match=r"latents and labels \[\(B, latent_dim\), \(B, 3\)\]"):
        models.OTGAN(generator, network(2, 8, "critic"), labels=ops.SideVectors(DIM))


def test_other_models_say_what_they_take():
    with pytest.raises(ValueError, match=r"`critic` must take integer labels"):
        models.LipschitzGAN(
            network(4, 2, "generator"),
            network(2, 1, "critic"),
            phi=losses.phi.hinge,
            labels=ops.SideVectors(DIM),
        )
