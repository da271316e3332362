import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import models, ops
from keras_ot_gans.datasets import EpochShuffle, from_array, in_rounds
from keras_ot_gans.divergences import random_matching
from keras_ot_gans.layers import AppendSideInformation, WeightNormalization
from tests.models.harness import weights

X = (3.0 + 2.0 * np.random.default_rng(0).normal(size=(48, 2))).astype("float32")
B = 16


def network(inputs, outputs, name, num_classes=None):
    x = keras.Input((inputs,))
    y = None if num_classes is None else keras.Input((), dtype="int32")
    h = x if y is None else AppendSideInformation(num_classes)(x, y)
    h = WeightNormalization(keras.layers.Dense(6, "tanh"))(h)
    h = WeightNormalization(keras.layers.Dense(outputs), scale=0.1)(h)
    return keras.Model(x if y is None else [x, y], h, name=name)


def ot_gan(rate=0.0, **kwargs):
    """Without a rate, `fit` leaves what it has initialised."""
    keras.utils.set_random_seed(0)
    classes = kwargs["labels"].num_classes if "labels" in kwargs else None
    model = models.OTGAN(
        network(3, 2, "generator", classes),
        network(2, 4, "critic", classes),
        matching=random_matching,
        generator_steps=1,
        seed=1,
        **kwargs,
    )
    optimizers = {role: keras.optimizers.SGD(rate) for role in model.networks}
    model.compile(optimizers, run_eagerly=True)
    return model


def assert_started_from(model, x):
    """Salimans and Kingma, 2016, section 3, in NumPy, one layer after the other."""
    norms = [layer for layer in model.layers if isinstance(layer, WeightNormalization)]
    for norm, activation in zip(norms, (np.tanh, lambda h: h), strict=True):
        kernel = norm.kernel.numpy().astype("float64")
        t = x @ (kernel / np.linalg.norm(kernel, axis=0))
        gain = norm.scale / t.std(0)
        # Float32 means of B terms, scaled by the gain.
        np.testing.assert_allclose(norm.gain, gain, rtol=1e-5)
        np.testing.assert_allclose(norm.layer.bias, -t.mean(0) * gain, rtol=0, atol=1e-5)
        x = activation(t * gain - t.mean(0) * gain)


def latents(rows=B):
    """The first draw of the training's stream."""
    return ops.Normal().sample((rows, 3), keras.random.SeedGenerator(1)).numpy()


def fit(model, data=X, **kwargs):
    batch_size = None if isinstance(data, tf.data.Dataset) else B
    return model.fit(data, batch_size=batch_size, verbose=0, **kwargs)


# --- from what ---


@pytest.mark.parametrize("form", ["array", "dataset", "rounds", "packed array"])
def test_both_networks_start_from_the_first_batch(form):
    batches = tf.data.Dataset.from_tensor_slices(X).batch(B, drop_remainder=True)
    packed = np.swapaxes(X[: 2 * B].reshape(2, B, 2), 0, 1)
    data = {"array": X, "dataset": batches, "rounds": in_rounds(batches, 2), "packed array": packed}
    model = ot_gan(ema_decay=0.5)
    assert int(model.started) == 0
    fit(model, data[form])
    assert int(model.started) == 1
    assert_started_from(model.critic, X[:B])
    assert_started_from(model.generator, latents())
    # The average begins anew, from the initialised generator.
    average, trained = (weights(m.weights) for m in (model.ema_generator, model.generator))
    for a, b in zip(average, trained, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("as_dataset", [False, True])
def test_conditional_networks_start_with_the_labels_of_the_batch(as_dataset):
    y = np.arange(48) % 2
    model = ot_gan(labels=ops.Labels(2))
    if as_dataset:
        fit(model, tf.data.Dataset.from_tensor_slices((X, y)).batch(B))
    else:
        fit(model, X, y=y)
    codes = np.eye(2)[y[:B]]
    assert_started_from(model.critic, np.concatenate([X[:B], codes], axis=1))
    assert_started_from(model.generator, np.concatenate([latents(), codes], axis=1))


@pytest.mark.parametrize("as_dataset", [False, True])
def test_a_large_batch_lends_as_many_as_the_authors_take(as_dataset):
    # A batch that is trained in parts may not fit at once.
    x = np.random.default_rng(1).normal(size=(700, 2)).astype("float32")
    model = ot_gan(micro_batch=100)
    if as_dataset:
        fit(model, tf.data.Dataset.from_tensor_slices(x).batch(700))
    else:
        model.fit(x, batch_size=700, shuffle=False, verbose=0)
    assert_started_from(model.critic, x[:625])
    assert_started_from(model.generator, latents(625))


def test_a_look_does_not_disturb_the_order_of_the_epochs():
    order = EpochShuffle(seed=5)
    model, seen = ot_gan(), []
    passes = model.passes

    def recorded(data):
        seen.append(keras.utils.unpack_x_y_sample_weight(data)[0].numpy())
        return passes(data)

    model.passes = recorded
    order.set_epoch(2)
    fit(model, from_array(X, B, seed=order), epochs=2)
    expected = [X[order.permutation(48, epoch)] for epoch in (2, 3)]
    np.testing.assert_array_equal(np.concatenate(seen), np.concatenate(expected))
    assert order.epoch == 4
    assert_started_from(model.critic, expected[0][:B])


# --- once ---


def test_a_second_fit_goes_on():
    model = ot_gan(rate=0.05)
    fit(model)
    twin = ot_gan(rate=0.05)
    fit(twin, epochs=2, shuffle=False)
    again = ot_gan(rate=0.05)
    fit(again, shuffle=False)
    fit(again, X + 9.0 - 9.0, shuffle=False)
    for a, b in zip(weights(again.weights), weights(twin.weights), strict=True):
        # X + 9 - 9 is X up to a rounding.
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)
    still = ot_gan()
    fit(still)
    fit(still, X * 5.0)
    assert_started_from(still.critic, X[:B])


@pytest.mark.parametrize("through", ["weights", "keras"])
def test_a_loaded_model_has_started(tmp_path, through):
    model = ot_gan()
    fit(model)
    if through == "keras":
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
    else:
        model.save_weights(tmp_path / "model.weights.h5")
        loaded = ot_gan()
        loaded.load_weights(tmp_path / "model.weights.h5")
    assert int(loaded.started) == 1
    fit(loaded, X * 5.0)
    assert_started_from(loaded.critic, X[:B])
    assert_started_from(loaded.generator, latents())


def test_who_has_started_the_networks_is_not_overruled():
    model = ot_gan()
    model.start_from(X[B : 3 * B])
    fit(model)
    assert_started_from(model.critic, X[B : 3 * B])
    assert_started_from(model.generator, latents(2 * B))


# --- who does not ---


def test_a_critic_that_is_not_trained_is_left_as_it_is():
    for kwargs, frozen in (({"critic_steps": 0}, ()), ({}, ("critic",))):
        model = ot_gan(**kwargs)
        for role in frozen:
            model.freeze(role)
        before = weights(model.critic.weights)
        fit(model)
        for a, b in zip(before, weights(model.critic.weights), strict=True):
            np.testing.assert_array_equal(a, b)
        assert_started_from(model.generator, latents())


def test_networks_without_weight_normalisation_take_no_look():
    order = EpochShuffle(seed=0)
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model = models.OTGAN(generator, matching=random_matching, generator_steps=1, seed=1)
    model.compile({"generator": keras.optimizers.SGD(0.0)}, run_eagerly=True)
    before = weights(generator.weights)
    fit(model, from_array(X, B, seed=order))
    for a, b in zip(before, weights(generator.weights), strict=True):
        np.testing.assert_array_equal(a, b)
    assert order.epoch == 1 and int(model.started) == 0
    assert int(model.seed_generator.state[1]) == 3  # one draw per round


def test_data_that_cannot_start_it():
    x = X.copy()
    x[3] = np.nan
    with pytest.raises(ValueError, match="`x` must be finite"):
        fit(ot_gan(), tf.data.Dataset.from_tensor_slices(x).batch(B))
    with pytest.raises(ValueError, match="`y` must hold the labels of a conditional model"):
        fit(ot_gan(labels=ops.Labels(2)))
    with pytest.raises(ValueError, match="`inputs` must be finite"):
        ot_gan().start_from(x)
