import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import models
from keras_ot_gans.losses import penalties, phi
from tests.models.cases import generator
from tests.models.lipschitz_cases import G_BATCH, LABELS, METHODS, B, gan, packed, weights
from tests.models.lipschitz_reference import Reference


def assert_equals(model, reference):
    for role in ("critic", "generator"):
        for mine, theirs in zip(weights(model, role), reference.weights[role], strict=True):
            # Float32 over two rounds against float64; slopes of the square amplify a rounding.
            np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-6, err_msg=role)


# --- one round ---


@pytest.mark.parametrize("method", METHODS)
def test_rounds_equal_those_of_numpy(method):
    # Fresh packed batches for each critic step, then the generator on a batch of its own size.
    model = gan(method, ema_decay=0.7)
    reference = Reference(model, ema_decay=0.7)
    for seed in (0, 1):
        model.train_step(packed(seed))
        reference.round(packed(seed), generator_rows=G_BATCH)
    assert_equals(model, reference)
    for mine, theirs in zip(model.ema_generator.get_weights(), reference.average, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-6)
    logs = {name: float(v) for name, v in model.logs().items()}
    expected = reference.means()
    assert set(logs) == set(expected)
    for name, mean in logs.items():
        np.testing.assert_allclose(mean, expected[name], rtol=5e-5, atol=5e-6, err_msg=name)
    # Nothing else was drawn: the streams are where the reference's are.
    np.testing.assert_array_equal(model.seed_generator.state, reference.stream.state)


@pytest.mark.parametrize("method", ["wgan_gp", "max_gp", "r1"])
def test_conditional_rounds_equal_those_of_numpy(method):
    # Fakes of the critic carry the labels of their real batch, those of the generator its own.
    model = gan(method, LABELS)
    reference = Reference(model)
    for seed in (0, 1):
        y = np.random.default_rng(seed + 10).integers(0, 3, size=(B, 2))
        model.train_step((packed(seed), y))
        reference.round(packed(seed), y, generator_rows=G_BATCH)
    assert_equals(model, reference)
    if method == "max_gp":
        buffer = model.slope_penalty.buffer
        np.testing.assert_allclose(buffer.points, reference.kept[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(buffer.point_labels, reference.kept[1])


def test_plain_batch_serves_all_critic_steps():
    model = gan("wgan_gp", LABELS, generator_batch=None, generator_steps=2)
    reference = Reference(model)
    x, y = packed(0)[:, 0], np.array([0, 2, 1, 2])
    model.train_step((x, y))
    twice = np.stack([x, x], axis=1), np.stack([y, y], axis=1)
    reference.round(*twice, generator_rows=B, generator_steps=2)
    assert_equals(model, reference)


def test_frozen_critic_takes_no_part():
    model = gan("max_gp")
    model.train_step(packed(0))
    buffer = model.slope_penalty.buffer
    before, kept = weights(model, "critic"), buffer.points.numpy()
    model.freeze("critic")
    model.reset_metrics()
    reference = Reference(model)
    model.train_step(packed(1))
    # Only the generator's latents are drawn: no blends, no fakes of the critic.
    reference.round(packed(1)[:, :0], generator_rows=G_BATCH)
    assert_equals(model, reference)
    np.testing.assert_array_equal(model.seed_generator.state, reference.stream.state)
    for a, b in zip(before, weights(model, "critic"), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(buffer.points, kept)
    assert int(buffer.refreshes) == 2
    counts = {tracker.name: float(tracker.count) for tracker in model.metrics}
    assert counts == {"critic_loss": 0, "penalty": 0, "largest_slope": 0, "generator_loss": 1}


def test_frozen_generator_still_feeds_the_critic():
    model = gan("wgan_gp")
    model.freeze("generator")
    reference = Reference(model)
    model.train_step(packed(0))
    reference.round(packed(0), generator_rows=0, generator_steps=0)
    assert_equals(model, reference)
    assert model.step == 0


def test_evaluation_is_the_objective_of_fresh_blends():
    model = gan("max_gp", LABELS)
    y = np.array([[0, 1], [2, 2], [1, 0], [0, 0]])
    model.train_step((packed(0), y))
    reference = Reference(model)
    reference.stream = keras.random.SeedGenerator(2)
    reference.evaluate(packed(1)[:, 0], y[:, 0])
    model.reset_metrics()
    logs = model.test_step((packed(1)[:, 0], y[:, 0]))
    for name, expected in reference.means().items():
        np.testing.assert_allclose(float(logs[name]), expected, rtol=1e-5, err_msg=name)


# --- batch normalisation in the critic ---


@pytest.mark.parametrize("kind", ["plain", "inside_a_layer"])
def test_each_batch_is_normalised_by_itself(kind):
    class Inside(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm = keras.layers.BatchNormalization()

        def call(self, x, training=None):
            return self.norm(x, training=training)

    norm = Inside() if kind == "inside_a_layer" else keras.layers.BatchNormalization()
    critic = keras.Sequential([keras.Input((2,)), norm, keras.layers.Dense(1)])
    model = models.LipschitzGAN(generator(), critic, phi=phi.logistic)
    real, fake = tf.random.normal((8, 2)) + 5.0, tf.random.normal((8, 2))
    loss = model.critic_objective(real, fake, None, training=True)
    rows = [
        ((x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)) @ critic.layers[-1].kernel.numpy()
        for x in (real.numpy(), fake.numpy())
    ]
    expected = np.log1p(np.exp(-rows[0])).mean() + np.log1p(np.exp(rows[1])).mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    with pytest.raises(ValueError, match="`critic` must have no batch normalisation"):
        models.LipschitzGAN(generator(), critic, penalty=penalties.r1())
