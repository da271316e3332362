import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import networks, ops
from keras_ot_gans.losses import penalties
from keras_ot_gans.models import lipschitz_checks
from tests.models.cases import critic, generator, value

LABELS = ops.Labels(3)


def conditional_value(label_shape=(), width=2):
    x, y = keras.Input((width,)), keras.Input(label_shape, dtype="int32")
    rows = keras.layers.Flatten()(keras.layers.Embedding(3, 4)(y))
    return keras.Model([x, y], keras.layers.Dense(1)(keras.layers.Concatenate()([x, rows])))


def swapped():
    good = conditional_value()
    return keras.Model(good.inputs[::-1], good.outputs[0])


NORMED = keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization(), value()])
BAD = {
    "not built": (keras.Sequential([keras.layers.Dense(1)]), None, None, "must be a built"),
    "no labels wanted": (conditional_value(), None, None, "must take x alone"),
    "labels not taken": (value(), LABELS, None, r"must take \[x, labels\] where `labels` are"),
    "swapped": (swapped(), LABELS, None, "integer labels .* second input"),
    "one-hot labels": (conditional_value((3,)), LABELS, None, "integer labels .* second input"),
    "other width": (networks.mlp(3, (4,), 1), None, None, r"samples of shape \(2,\).*\(3,\)"),
    "features": (critic(), None, None, r"one value per sample, \(B, 1\).*\(None, 5\)"),
    "batch norm": (NORMED, None, penalties.r1(), "must have no batch normalisation"),
}


@pytest.mark.parametrize("name", BAD)
def test_critics_that_do_not_fit(name):
    network, labels, penalty, message = BAD[name]
    with pytest.raises(ValueError, match=f"^`critic` .*{message}"):
        lipschitz_checks.check_networks(generator(), network, labels, penalty)


def test_critics_that_fit():
    lipschitz_checks.check_networks(generator(), NORMED, None, None)  # no slopes, no objection
    lipschitz_checks.check_networks(generator(), conditional_value(), LABELS, penalties.r1())
    lipschitz_checks.check_networks(generator(), conditional_value((1,)), LABELS, None)
    images = keras.Sequential(
        [
            keras.Input((None, None, 1)),
            keras.layers.Conv2D(2, 3),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
        ]
    )
    made = networks.dcgan_generator(3, (8, 8, 1), width=2)
    lipschitz_checks.check_networks(made, images, None, penalties.r1())


# --- the batches of a buffer ---


def test_batches_of_a_buffer():
    buffered, x = penalties.max_gradient_penalty(), np.zeros((64, 2), "float32")

    def check(x, given, penalty=buffered, size=16):
        lipschitz_checks.check_batches(penalty, size, x, given)

    data = tf.data.Dataset.from_tensor_slices((x, x[:, 0]))
    check(x, 16)
    check(x[:40], 16)  # a last batch of 8, which is the buffer
    check(x, 5, penalty=penalties.gradient_penalty())
    check(x, 5, penalty=None)
    check(data.batch(16, drop_remainder=True), None)
    check(data.batch(5), None)  # of unknown size: the step looks at it
    check(iter([x]), None)
    with pytest.raises(ValueError, match="the model's, 16.*batches of 32. Pass `fit"):
        check(x, None)  # Keras's default
    with pytest.raises(ValueError, match="batches of 8"):
        check(data.batch(8, drop_remainder=True), None)
    with pytest.raises(ValueError, match="Received: 39 rows, a last batch of 7"):
        check(x[:39], 16)


# --- the last hidden layer ---


def plain():
    layers = [keras.layers.Dense(6, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((2,)), *layers])


def projection():
    x, y = keras.Input((2,)), keras.Input((), dtype="int32")
    h = keras.layers.GaussianDropout(0.3)(keras.layers.Dense(6, "relu")(x))
    out = networks.conditioning.critic_head(h, y, 1, 3, spectral_norm=True)
    return keras.Model([x, y], keras.layers.Activation("linear")(out))


@pytest.mark.parametrize("make", [plain, projection])
def test_last_hidden_layer_is_what_enters_the_last_weights(make):
    network = make()
    both = lipschitz_checks.with_last_features(network)
    x = tf.random.normal((5, 2))
    given = x if make is plain else [x, tf.constant([0, 1, 2, 1, 0])]
    outputs, hidden = both(given, training=False)
    np.testing.assert_array_equal(outputs, network(given, training=False))
    assert hidden.shape == (5, 6)
    dense = network.layers[0 if make is plain else 1]
    np.testing.assert_allclose(hidden, dense(x), rtol=1e-6)
    (f_a, h_a), (f_b, h_b) = (both(given, training=True) for _ in range(2))
    assert (f_a != f_b).numpy().any() and (h_a != h_b).numpy().any()


@pytest.mark.parametrize(
    "layers",
    [
        [keras.layers.Dense(6, "relu"), keras.layers.Dense(1)],
        [keras.layers.Dense(6, "relu"), keras.layers.Dropout(0.0), keras.layers.Dense(1)],
        [keras.layers.Dense(1), keras.layers.Dropout(0.5)],
    ],
    ids=["no dropout", "rate 0", "no hidden layer"],
)
def test_two_passes_that_would_not_differ(layers):
    network = keras.Sequential([keras.Input((2,)), *layers])
    with pytest.raises(ValueError, match="`critic` must have dropout and a hidden layer"):
        lipschitz_checks.with_last_features(network)
