import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import divergences, networks, ops
from keras_ot_gans.divergences import random_matching
from tests.models.harness import weights
from tests.models.ot_gan_reference import ot_gan

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 2)).astype("float32")

# --- conditional ---


def conditional(**kwargs):
    """A generator whose second number tells the label; features are the sample and its label."""
    z, x = keras.Input((3,)), keras.Input((2,))
    for_z, for_x = (keras.Input((), dtype="int32") for _ in range(2))
    row = keras.layers.Embedding(
        3, 1, embeddings_initializer=lambda *_, **__: [[5.0], [6.0], [7.0]]
    )
    made = keras.layers.Concatenate()([keras.layers.Dense(1)(z), row(for_z)])
    label = keras.layers.Reshape((1,))(for_x)
    label = keras.layers.Lambda(lambda y: tf.cast(y, tf.float32))(label)
    seen = keras.layers.Concatenate()([keras.layers.Dense(1)(x), x, label])
    return ot_gan(
        generator=keras.Model([z, for_z], made),
        critic=keras.Model([x, for_x], seen),
        labels=ops.Labels(3),
        matching=random_matching,
        **kwargs,
    )


@pytest.mark.parametrize("micro_batch", [None, 5])
def test_fakes_are_asked_for_the_labels_of_the_real_batch(micro_batch):
    seen = []

    def distance(real, fake, cost, matching):
        seen.append((real.numpy(), fake.numpy()))
        return divergences.minibatch_energy_distance(real, fake, cost, matching)

    model = conditional(distance=distance, micro_batch=micro_batch, critic_steps=1)
    y = RNG.integers(0, 3, size=(16, 4))
    model.train_step((X.reshape(16, 4, 2), y))
    assert len(seen) == 4
    for k, (real, fake) in enumerate(seen):
        np.testing.assert_array_equal(real[:, 3], y[:, k])  # as the critic hears it
        np.testing.assert_array_equal(fake[:, 3], y[:, k])
    # The generator's own table has not moved before its first update.
    np.testing.assert_array_equal(seen[0][1][:, 2], 5.0 + y[:, 0])
    np.testing.assert_array_equal(seen[1][1][:, 2], 5.0 + y[:, 1])


def test_plans_of_pairs():
    model = conditional(cost=ops.euclidean)
    y = np.arange(16) % 3
    cost = model.plans(X[:16], X[16:32], y)[0]
    seen = [model.critic([tf.constant(x), tf.constant(y)]).numpy() for x in (X[:16], X[16:32])]
    expected = np.linalg.norm(seen[0][:, None] - seen[1][None], axis=-1)
    np.testing.assert_allclose(cost, expected, rtol=1e-5, atol=1e-6)


def test_conditional_data_need_labels():
    with pytest.raises(ValueError, match="`y` must hold the labels of a conditional model"):
        conditional().fit(X, batch_size=16, verbose=0)


# --- in parts ---


@pytest.mark.parametrize("micro_batch", [5, 100])
def test_micro_batches_change_nothing(micro_batch):
    def image_model(micro_batch):
        keras.utils.set_random_seed(1)
        return ot_gan(
            generator=networks.ot_gan_generator(3, (8, 8, 1), width=2),
            critic=networks.ot_gan_critic((8, 8, 1), width=2),
            generator_steps=2,
            micro_batch=micro_batch,
            rates={"critic": 0.05, "generator": 0.05},
        )

    x = RNG.uniform(-1, 1, size=(32, 8, 8, 1)).astype("float32")
    whole, parts = image_model(None), image_model(micro_batch)
    for model in (whole, parts):
        model.fit(x, batch_size=16, shuffle=False, verbose=0)
    before = image_model(None).get_weights()
    for a, b in zip(weights(whole.weights), weights(parts.weights), strict=True):
        # Float32 sums in another order, over six updates; matchings good to 1e-5.
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)
    assert max(np.abs(a - w).max() for w, a in zip(before, whole.get_weights(), strict=True)) > 1e-2


# --- saving ---


@pytest.mark.parametrize(
    "distance", [divergences.single_batch_energy_distance, divergences.minibatch_energy_distance]
)
def test_values_survive_a_keras_file(tmp_path, distance):
    model = ot_gan(
        distance=distance,
        matching=random_matching,
        cost=ops.euclidean,
        generator_steps=2,
        micro_batch=7,
    )
    model.train_step(X[:16])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.distance, loaded.matching, loaded.cost) == (
        distance,
        random_matching,
        ops.euclidean,
    )
    assert (loaded.generator_steps, loaded.critic_steps, loaded.micro_batch) == (2, 1, 7)
    for m in (model, loaded):
        m.reset_metrics()
    logs = [m.test_step(X[:16]) for m in (model, loaded)]
    assert logs[0] == logs[1]
    z = loaded.prior.sample((16, 3), keras.random.SeedGenerator(4))  # `sample`'s stream
    features = model.critic(X[:16]), model.critic(model.generator(z))
    expected = distance(*features, ops.euclidean, random_matching).value
    np.testing.assert_allclose(logs[0]["distance"], expected, rtol=1e-5)
