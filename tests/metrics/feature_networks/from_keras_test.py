"""Feature networks out of the user's models."""

import hashlib

import keras
import numpy as np
import pytest
from keras import layers

from keras_ot_gans.metrics.feature_networks import from_keras

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 1), dtype="uint8")


def classifier():
    inputs = keras.Input((4, 4, 1))
    x = layers.Flatten()(inputs)
    x = layers.Dense(5, name="features")(x)
    x = layers.Dropout(0.9)(x)
    return keras.Model(inputs, layers.Dense(2, name="logits")(x))


def by_hand(model, scaled):
    """Features and logits in NumPy."""
    first, bias, second, other = model.get_weights()
    features = scaled.reshape(3, 16) @ first + bias
    return features, features @ second + other


@pytest.mark.parametrize(
    ("span", "low", "slope"),
    [((-1, 1), -1, 2 / 255), ((0, 1), 0, 1 / 255), ((0, 255), 0, 1)],
)
def test_named_layers(span, low, slope):
    model = classifier()
    network = from_keras(
        model, feature_layer="features", logit_layer="logits", input_range=span, name="mine"
    )
    features, logits = by_hand(model, IMAGES * slope + low)
    found = network(IMAGES)
    # float32 sums of 16 products; no dropout
    np.testing.assert_allclose(found.features, features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.logits, logits, rtol=1e-4, atol=1e-4)
    assert (network.name, network.feature_dim, network.num_classes) == ("mine", 5, 2)
    assert (network.channels, network.image_size, network.resize) == (1, (4, 4), "none")
    assert not network.comparable and network.logit_bias is None


def test_hash_is_of_the_weights_in_order():
    model = classifier()
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(f"<f4{array.shape};".encode() + array.tobytes())
    arguments = {"feature_layer": "features", "logit_layer": "logits"}
    assert from_keras(model, **arguments).weights_hash == digest.hexdigest()
    assert from_keras(classifier(), **arguments).weights_hash != digest.hexdigest()


def test_outputs_of_the_model():
    model = classifier()
    pair = keras.Model(model.input, [model.get_layer("features").output, model.output])
    features, logits = by_hand(model, IMAGES / 127.5 - 1)
    found = from_keras(pair)(IMAGES)
    np.testing.assert_allclose(found.features, features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.logits, logits, rtol=1e-4, atol=1e-4)
    single = from_keras(model)
    np.testing.assert_allclose(single(IMAGES).features, logits, rtol=1e-4, atol=1e-4)
    assert single.num_classes is None and single(IMAGES).logits is None


def test_any_size_and_colours():
    inputs = keras.Input((None, None, 3))
    network = from_keras(keras.Model(inputs, layers.GlobalAveragePooling2D()(inputs)))
    assert network.image_size is None and network.channels == 3
    found = network(np.full((2, 5, 6, 1), 255, "uint8")).features
    np.testing.assert_allclose(found, np.ones((2, 3)), rtol=1e-6)


def convolution():
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 3)])


def two_inputs():
    inputs = [keras.Input((4, 4, 1)), keras.Input((4, 4, 1))]
    return keras.Model(inputs, layers.Flatten()(layers.Add()(inputs)))


def many_outputs():
    inputs = keras.Input((4, 4, 1))
    return keras.Model(inputs, [layers.Flatten()(inputs)] * 3)


def of_vectors():
    return keras.Sequential([keras.Input((4,)), layers.Dense(2)])


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        (convolution, {}, r"features of `model` must have the shape .*\(None, 2, 2, 2\). Pool"),
        (two_inputs, {}, "one input of images"),
        (of_vectors, {}, r"one input of images .*\(None, 4\)"),
        (many_outputs, {}, "3 outputs. Name the layers"),
        (classifier, {"feature_layer": "x"}, "`feature_layer` must name a layer.*'x'.*'features'"),
        (classifier, {"logit_layer": "y"}, "`logit_layer` must name a layer"),
        (classifier, {"input_range": (1, 1)}, r"`input_range` must be .*\(1, 1\)"),
    ],
)
def test_models_that_do_not_fit(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        from_keras(model(), **arguments)


@pytest.mark.parametrize("model", [len, keras.Sequential([layers.Dense(2)])])
def test_what_is_no_built_model(model):
    with pytest.raises(TypeError, match="`model` must be a functional or sequential Keras model"):
        from_keras(model)
