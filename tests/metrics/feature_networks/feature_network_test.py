"""What every feature network checks at the call, and the hashes it is known by."""

import hashlib

import keras
import numpy as np
import pytest

from keras_ot_gans.metrics.feature_networks import FeatureNetwork, Features, WeightsMissing
from keras_ot_gans.metrics.feature_networks.weight_files import (
    published_file,
    sha256_of_arrays,
    sha256_of_file,
)


def network(**facts):
    def forward(images):
        assert images.dtype == np.float32
        return images.reshape(len(images), -1), images.sum(axis=(1, 2), dtype=np.float64)

    facts = {"feature_dim": 12, **facts}
    return FeatureNetwork("test", "0" * 64, False, "none", forward=forward, **facts)


def test_features_and_logits():
    images = np.arange(24, dtype="uint8").reshape(2, 2, 2, 3)
    found = network()(images)
    assert isinstance(found, Features)
    assert found.features.dtype == found.logits.dtype == np.float32
    np.testing.assert_array_equal(found.features, images.reshape(2, 12))
    np.testing.assert_array_equal(found.logits, images.sum(axis=(1, 2)))
    np.testing.assert_array_equal(network()(images.astype("float64")).features, found.features)


def test_grey_images_are_repeated():
    grey = np.array([[[[7], [9]]]], dtype="uint8")
    colours = network(feature_dim=6)(grey)
    np.testing.assert_array_equal(colours.features, [[7, 7, 7, 9, 9, 9]])
    np.testing.assert_array_equal(network(channels=1, feature_dim=2)(grey).features, [[7, 9]])


def test_values_are_not_rounded():
    images = np.full((1, 1, 1, 1), 100.25)
    assert network(channels=1, feature_dim=1)(images).features[0, 0] == 100.25


def test_a_network_without_logits():
    bare = FeatureNetwork("t", "", False, "none", 3, forward=lambda x: (x[:, 0, 0], None))
    assert bare(np.zeros((2, 1, 1, 3))).logits is None


def test_features_must_have_their_shape():
    with pytest.raises(ValueError, match=r"give features \(1, 5\). Received: shape \(1, 12\)"):
        network(feature_dim=5)(one())


@pytest.mark.parametrize("value", [0.0, 1.0, 255.0])
def test_plain_images_are_no_mistake(value):
    network()(np.full((1, 2, 2, 3), value))


def one(shape=(1, 2, 2, 3), **values):
    images = np.full(shape, 100.0)
    for index, value in values.items():
        images.flat[int(index[1:])] = value
    return images


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (one((2, 2, 3)), r"axes \(B, H, W, C\).*shape \(2, 2, 3\).*into a batch"),
        (one((0, 2, 2, 3)), "hold at least one image"),
        (one((1, 2, 2, 4)), r"must have 3 channels, or 1.*\(1, 2, 2, 4\).*alpha"),
        (one((1, 3, 4, 4)), "Move the channels to the end"),
        (one(_0=np.nan, _5=np.inf), "must be finite. Received: 2 of 12 values"),
        (one(_0=-1.0) / 100, r"in \[-0.01, 1\]. They look like \[-1, 1\]: pass 127.5"),
        (one() / 255, r"They look like \[0, 1\]: pass 255"),
        (one(_0=-3.0), r"in \[-3, 100\]. Pass uint8"),
        (one(_0=256.0), r"in \[100, 256\]. Pass uint8"),
        (np.full((1, 2, 2, 3), 300, "int32"), "in .300, 300"),
    ],
)
def test_bad_images(images, message):
    with pytest.raises(ValueError, match=message):
        network()(images)


@pytest.mark.parametrize("images", [np.zeros((1, 2, 2, 3), bool), np.full((1, 2, 2, 3), "a")])
def test_images_that_are_no_numbers(images):
    with pytest.raises(TypeError, match="must be uint8 or float values"):
        network()(images)


def test_a_fixed_size():
    fixed = network(image_size=(2, 2))
    assert fixed(one()).features.shape == (1, 12)
    with pytest.raises(ValueError, match=r"must be 2 x 2 for 'test'.*\(1, 3, 2, 3\)"):
        fixed(one((1, 3, 2, 3)))


def test_colours_do_not_fit_a_grey_network():
    with pytest.raises(ValueError, match="must have 1 channels, or 1.*average the colours"):
        network(channels=1)(one())


def test_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    # the example of FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of_file(tmp_path / "f") == expected


def test_hash_of_arrays():
    a, b = np.array([1, 2], "<f4"), np.array([[3.0]], "<f8")
    by_hand = hashlib.sha256(b"<f4(2,);" + a.tobytes() + b"<f8(1, 1);" + b.tobytes())
    assert sha256_of_arrays([a, b]) == by_hand.hexdigest()
    assert sha256_of_arrays([a.astype(">f4"), np.asfortranarray(b)]) == by_hand.hexdigest()
    different = [[b, a], [a], [a, b, b], [a + 1, b], [a.astype("f8"), b], [a.reshape(2, 1), b]]
    assert len({sha256_of_arrays(arrays) for arrays in different} | {by_hand.hexdigest()}) == 7


def test_the_users_file_is_given_as_it_is(tmp_path):
    (tmp_path / "w").write_bytes(b"w")
    with published_file(str(tmp_path / "w"), "http://example.org/w", "load(path)") as path:
        assert path == tmp_path / "w"
    with (
        pytest.raises(ValueError, match="^damaged$"),
        published_file(tmp_path / "w", "http://example.org/w", "load(path)"),
    ):
        raise ValueError("damaged")
    assert (tmp_path / "w").exists()


def test_a_file_that_is_not_there():
    with (
        pytest.raises(ValueError, match="existing file.*'no/w'. Get it from http://example.org/w"),
        published_file("no/w", "http://example.org/w", "load(path)"),
    ):
        pass


def test_fetched_file(monkeypatch, tmp_path):
    asked = []

    def get_file(**arguments):
        asked.append(arguments)
        (tmp_path / "w").write_bytes(b"abc")
        return str(tmp_path / "w")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    url = "http://example.org/w"
    with published_file(None, url, "load(path)") as path:
        assert path.read_bytes() == b"abc"
    assert asked == [{"origin": url, "cache_subdir": "models"}]
    (tmp_path / "w").write_bytes(b"abc")
    with published_file(None, url, "load(path)", sha256_of_file(tmp_path / "w")) as path:
        assert path.exists()
    with (
        pytest.raises(ValueError, match=f"must have the SHA-256 {'0' * 64}"),
        published_file(None, url, "load(path)", "0" * 64),
    ):
        pass
    assert not (tmp_path / "w").exists()


def test_missing_weights_are_no_value_error():
    # A callback that goes on without weights must not swallow a corrupt file.
    assert issubclass(WeightsMissing, RuntimeError)
    assert not issubclass(WeightsMissing, ValueError)
