import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import models, networks, ops
from keras_ot_gans.divergences import random_matching
from keras_ot_gans.layers import ConditionalBatchNormalization

X = np.random.default_rng(0).normal(size=(30, 2)).astype("float32")


def ot_gan(compiled=None, **kwargs):
    keras.utils.set_random_seed(0)
    kwargs.setdefault("critic", networks.mlp(2, (4,), 3))
    generator = kwargs.pop("generator", None) or networks.mlp(3, (4,), 2)
    model = models.OTGAN(generator, matching=random_matching, seed=0, **kwargs)
    optimizers = {role: keras.optimizers.SGD(0.1) for role in model.networks}
    model.compile(optimizers, **({"run_eagerly": True} if compiled is None else compiled))
    return model


def slices(x):
    return tf.data.Dataset.from_tensor_slices(x)


# --- batches ---


@pytest.mark.parametrize(
    ("data", "kwargs"),
    [
        (X, {"batch_size": 5}),
        (X[:21], {"batch_size": 8}),  # leaves 5
        (X[:9], {}),
        (slices(X).batch(5, drop_remainder=True), {}),
        (slices(X).batch(5), {}),  # no static size
        (slices(X[:21]).batch(8), {}),
    ],
)
def test_odd_batches_are_refused(data, kwargs):
    with pytest.raises(ValueError, match="even"):
        ot_gan().fit(data, verbose=0, **kwargs)


def test_odd_batches_are_refused_by_graphs():
    model, data = ot_gan({}, generator_steps=1), slices(X[:21]).batch(8)
    message = "`x` must come in batches of even size: .* Received: a batch of 5. Use"
    with pytest.raises(ValueError, match=message):
        model.fit(data, verbose=0)
    with pytest.raises(ValueError, match=message):
        model.evaluate(data, verbose=0)


def test_even_batches_pass():
    for data, kwargs in (
        (X, {"batch_size": 8}),  # leaves 6
        (X[:6], {}),
        (slices(X).batch(10), {}),
        (slices(X).batch(8).take(3), {}),
    ):
        model = ot_gan(generator_steps=1)
        assert np.isfinite(model.fit(data, verbose=0, **kwargs).history["distance"]).all()


@pytest.mark.parametrize("as_dataset", [False, True])
def test_values_that_are_not_finite_are_refused(as_dataset):
    x = X.copy()
    x[11] = np.nan
    data = slices(x).batch(10) if as_dataset else x
    with pytest.raises(ValueError, match="`x` must be finite. Received: NaN"):
        ot_gan().fit(data, batch_size=None if as_dataset else 10, verbose=0)


# --- networks ---


def test_a_critic_must_take_what_the_generator_makes():
    message = r"`critic` must take what `generator` makes, .* \(2,\). Received: a critic of \(3,\)"
    with pytest.raises(ValueError, match=message):
        ot_gan(critic=networks.mlp(3, (4,), 3))


def test_a_critic_takes_labels_if_there_are_some():
    pair = {
        "generator": networks.ot_gan_generator(3, (8, 8, 1), width=2, num_classes=4),
        "critic": networks.ot_gan_critic((8, 8, 1), width=2, num_classes=4),
    }
    assert ot_gan(**pair, labels=ops.Labels(4)).labels == ops.Labels(4)
    message = r"`critic` must take \[x, labels\] with `labels`"
    with pytest.raises(ValueError, match=message):
        critic = networks.ot_gan_critic((8, 8, 1), width=2)
        ot_gan(generator=pair["generator"], critic=critic, labels=ops.Labels(4))
    with pytest.raises(ValueError, match="`critic` must take x without `labels`"):
        generator = networks.ot_gan_generator(3, (8, 8, 1), width=2)
        ot_gan(generator=generator, critic=pair["critic"])
    with pytest.raises(ValueError, match="`critic` must be given with `labels`"):
        ot_gan(generator=pair["generator"], critic=None, labels=ops.Labels(4))


def test_steps_of_a_critic_need_one():
    with pytest.raises(ValueError, match="`critic` must be given with `critic_steps`"):
        ot_gan(critic=None, critic_steps=1)
    with pytest.raises(ValueError, match="`generator_steps` must be at least 1"):
        ot_gan(generator_steps=0)


def with_layer(layer, width=3):
    return keras.Sequential([keras.Input((2,)), layer, keras.layers.Dense(width)])


@pytest.mark.parametrize(
    ("layer", "what"),
    [
        (keras.layers.BatchNormalization(), "batch normalisation"),
        (keras.layers.Dropout(0.5, name="noise"), r"random layers \['noise'\]"),
        (keras.layers.GaussianNoise(0.5, name="noise"), r"random layers \['noise'\]"),
    ],
)
def test_micro_batches_need_samples_on_their_own(layer, what):
    message = f"`critic` must treat samples one by one, .* Received: a network with {what}"
    critic = with_layer(layer)
    with pytest.raises(ValueError, match=message):
        ot_gan(critic=critic, micro_batch=4)
    ot_gan(critic=critic)  # without them it may


def test_micro_batches_need_a_generator_of_the_kind_too():
    generator = networks.mlp(3, (4,), 2, batch_norm=True)
    with pytest.raises(ValueError, match="`generator` must treat samples one by one"):
        ot_gan(generator=generator, micro_batch=4)
    z, y = keras.Input((3,)), keras.Input((), dtype="int32")
    made = ConditionalBatchNormalization(4)(keras.layers.Dense(2)(z), y)
    x, label = keras.Input((2,)), keras.Input((), dtype="int32")
    critic = keras.Model([x, label], x)
    with pytest.raises(ValueError, match="`generator` must .* batch normalisation"):
        ot_gan(
            generator=keras.Model([z, y], made),
            critic=critic,
            critic_steps=0,
            labels=ops.Labels(4),
            micro_batch=4,
        )


def test_a_random_augmentation_is_noise_too():
    images = networks.ot_gan_generator(3, (8, 8, 1), width=2)
    flip = keras.layers.RandomFlip("horizontal", name="flip")
    critic = keras.Sequential([keras.Input((8, 8, 1)), flip, keras.layers.Flatten()])
    with pytest.raises(ValueError, match=r"random layers \['flip'\]"):
        ot_gan(generator=images, critic=critic, critic_steps=0, micro_batch=4)


def test_micro_batches_are_not_for_xla():
    model = ot_gan({"jit_compile": True}, micro_batch=4)
    with pytest.raises(ValueError, match="`jit_compile` must be off with `micro_batch`"):
        model.fit(X, batch_size=10, verbose=0)
    with pytest.raises(ValueError, match="`micro_batch` must be positive or None"):
        ot_gan(micro_batch=0)
