"""The Keras Inception against the layer table of the PyTorch port, layer by layer."""

import keras
import numpy as np
import pytest

from keras_ot_gans.metrics.feature_networks import (
    TF1_BILINEAR,
    WeightsMissing,
    inception_from_torch,
)
from keras_ot_gans.metrics.feature_networks.inception_torch_weights import (
    TORCH_WEIGHTS_SHA256,
    TORCH_WEIGHTS_URL,
    load_torch_weights,
)
from keras_ot_gans.metrics.feature_networks.torch_weights import read_torch_state_dict
from keras_ot_gans.metrics.feature_networks.weight_files import sha256_of_file
from keras_ot_gans.networks.fid_inception import fid_inception
from tests.metrics.feature_networks import torch_files
from tests.metrics.feature_networks.port_oracle import Port, pool

# The last blocks are then 3 x 2: sides differ, and pools see borders and an inside.
IMAGES = np.random.default_rng(1).uniform(-1, 1, (1, 139, 107, 3)).astype("float32")


@pytest.fixture(scope="module")
def port():
    return Port(IMAGES)


@pytest.fixture(scope="module")
def file(port, tmp_path_factory):
    path = tmp_path_factory.mktemp("port") / "port.pth"
    torch_files.write(path, port.state, legacy=True)
    yield path
    path.unlink()  # 90 MB


@pytest.fixture(scope="module")
def model(file):
    model = fid_inception()
    load_torch_weights(model, read_torch_state_dict(file))
    return model


def test_layer_by_layer(port, model):
    layers = keras.Model(model.input, [model.get_layer(name).output for name in port.outputs])
    found = dict(zip(port.outputs, layers(IMAGES), strict=True))
    for name, expected in port.outputs.items():
        if expected.ndim == 4:
            expected = expected.transpose(0, 2, 3, 1)
        assert expected.std() > 0.05  # the comparison says something
        # float32 against float64, sums of up to 4000 products, 90 layers deep
        np.testing.assert_allclose(found[name], expected, atol=2e-5 * expected.max(), err_msg=name)


def test_maximum_pool_of_the_last_block_is_told_from_a_mean(port):
    # The comparison above would miss the quirk if both pools gave the same.
    x = port.outputs["Mixed_7b"]
    assert np.abs(pool(x, "max") - pool(x, "mean")).max() > 0.1


@pytest.fixture(scope="module")
def photographs():
    return np.random.default_rng(2).integers(0, 256, (2, 32, 32, 3), dtype="uint8")


def test_protocol_of_the_port(file, port, model, photographs):
    network = inception_from_torch(file)
    assert (network.name, network.feature_dim, network.num_classes, network.channels) == (
        "inception_2015_12_05_torch_port",
        2048,
        1008,
        3,
    )
    assert network.weights_hash == sha256_of_file(file)
    assert not network.comparable  # random weights are not the published ones
    np.testing.assert_array_equal(network.logit_bias, port.state["fc.bias"])
    assert network.resize.startswith("torch bilinear") and "port" in network.resize
    # Half-pixel centres: output i reads the input at (i + 0.5) * 32 / 299 - 0.5, clipped.
    at = np.clip((np.arange(299) + 0.5) * 32 / 299 - 0.5, 0, 31)
    weights = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(32)))
    resized = np.einsum("ih,bhwc,jw->bijc", weights, photographs / 255.0, weights)
    expected = [np.asarray(output) for output in model(2 * resized - 1)]
    found = network(photographs)
    assert found.features.dtype == found.logits.dtype == np.float32
    for values, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(values, wanted, atol=2e-5 * np.abs(wanted).max())


def test_protocol_of_the_graph_with_the_weights_of_the_port(file, model, photographs):
    network = inception_from_torch(file, resize=TF1_BILINEAR, scaling="graph")
    assert network.resize == f"{TF1_BILINEAR.name}; scaled as the graph"
    expected = np.asarray(model((np.asarray(TF1_BILINEAR(photographs[:1])) - 128) / 128)[0])
    # float32 on both sides, in other orders
    np.testing.assert_allclose(
        network(photographs[:1]).features, expected, atol=1e-5 * expected.max()
    )


def test_unknown_scaling():
    with pytest.raises(ValueError, match=r"`scaling` must be one of \['graph', 'port'\].*'torch'"):
        inception_from_torch("x", scaling="torch")


def test_keys_and_shapes_that_do_not_fit_are_listed_and_change_nothing(port, model):
    state = dict(port.state)
    del state["Mixed_6c.branch7x7_2.bn.running_var"]
    state["AuxLogits.fc.bias"] = np.zeros(3)
    state["fc.weight"] = np.zeros((1000, 2048))
    state["Conv2d_1a_3x3.conv.weight"] = np.zeros((32, 3, 3, 5))
    before = np.array(keras.ops.convert_to_numpy(model.get_layer("fc").bias))
    state["fc.bias"] = before + 1
    with pytest.raises(ValueError) as error:
        load_torch_weights(model, state)
    for part in (
        "1 missing ['Mixed_6c.branch7x7_2.bn.running_var']",
        "1 unknown ['AuxLogits.fc.bias']",
        "2 of a wrong shape",
        "Conv2d_1a_3x3.conv.weight (3, 5, 3, 32) for (3, 3, 3, 32)",
        "fc.weight (2048, 1000) for (2048, 1008)",
    ):
        assert part in str(error.value)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model.get_layer("fc").bias), before)


def test_the_hash_is_the_one_in_the_published_name():
    assert TORCH_WEIGHTS_URL.endswith(f"-{TORCH_WEIGHTS_SHA256[:8]}.pth")
    assert len(TORCH_WEIGHTS_SHA256) == 64


def test_offline(monkeypatch):
    def get_file(**_):
        raise Exception("URL fetch failure")  # what Keras raises, this very class

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    with pytest.raises(
        WeightsMissing, match=r"6726825d\.pth could not be fetched .*URL fetch fail"
    ):
        inception_from_torch()
    with pytest.raises(WeightsMissing, match=r"pass where it lies: inception_from_torch\(path\)"):
        inception_from_torch()


def test_a_fetched_file_of_another_hash_is_removed(monkeypatch, tmp_path):
    fetched = tmp_path / "w.pth"
    fetched.write_bytes(b"not yet the whole file")
    monkeypatch.setattr(keras.utils, "get_file", lambda **_: str(fetched))
    with pytest.raises(ValueError, match="must have the SHA-256 6726825d.*was removed; try again"):
        inception_from_torch()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_of_the_user_stays(tmp_path):
    (tmp_path / "w.pth").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"undamaged PyTorch state dict.*w\.pth"):
        inception_from_torch(tmp_path / "w.pth")
    assert (tmp_path / "w.pth").exists()
