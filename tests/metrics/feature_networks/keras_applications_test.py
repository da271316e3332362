"""The Inception v3 of Keras, with random weights."""

import hashlib

import keras
import numpy as np
import pytest

from keras_ot_gans.metrics.feature_networks import WeightsMissing, keras_applications_inception


def test_features_logits_and_label(monkeypatch):
    model = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    monkeypatch.setattr(keras.applications, "InceptionV3", lambda **_: model)  # built once
    network = keras_applications_inception(weights=None)
    assert (network.name, network.feature_dim, network.num_classes) == (
        "keras_applications_inception_v3",
        2048,
        1000,
    )
    assert not network.comparable
    assert network.resize.startswith("torch bilinear")
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(f"<f4{array.shape};".encode() + array.tobytes())
    assert network.weights_hash == digest.hexdigest()
    images = np.random.default_rng(0).integers(0, 256, (1, 299, 299, 3), dtype="uint8")
    found = network(images)
    scaled = keras.applications.inception_v3.preprocess_input(images.astype("float32"))
    both = keras.Model(model.input, [model.get_layer("avg_pool").output, model.output])
    for value, expected in zip(found, both(scaled, training=False), strict=True):
        # float32 on both sides, compiled here and eager there
        np.testing.assert_allclose(value, expected, atol=1e-5 * np.abs(expected).max())


def test_offline(monkeypatch):
    def get_file(**_):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    with pytest.raises(WeightsMissing, match=r"inception_v3_weights.*\.h5 could not be fetched"):
        keras_applications_inception()


def test_a_file_that_is_no_weights_file(tmp_path):
    (tmp_path / "w.weights.h5").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"must hold the weights of .*w\.weights\.h5"):
        keras_applications_inception(tmp_path / "w.weights.h5")
    assert (tmp_path / "w.weights.h5").exists()
