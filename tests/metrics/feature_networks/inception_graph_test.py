"""A small graph with the names, the old op and the baked shapes of the one of 2015."""

import hashlib
import io
import tarfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.metrics.feature_networks import (
    CLEAN_BICUBIC,
    WeightsMissing,
    inception_from_graph,
)

SIZE = 9  # of the resized image
rng = np.random.default_rng(0)
KERNEL = rng.normal(size=(3, 3, 3, 5)).astype("float32")
MEAN, VARIANCE, BETA, GAMMA = (rng.uniform(0.5, 1.5, 5).astype("float32") for _ in range(4))
WEIGHTS = rng.normal(size=(5, 4)).astype("float32")
BIASES = rng.normal(size=4).astype("float32")


def old_graph(size=SIZE, kernel=KERNEL, weights=WEIGHTS, biases=BIASES, scaled=True):
    """GraphDef in version 8 of the format, with shapes saved for a batch of one."""
    with tf.Graph().as_default() as graph:
        picture = tf.compat.v1.placeholder(tf.uint8, (None, None, 3), name="DecodeJpeg")
        x = tf.cast(picture, tf.float32, name="Cast")
        x = tf.expand_dims(x, 0, name="ExpandDims")
        x = tf.raw_ops.ResizeBilinear(images=x, size=[size, size], name="ResizeBilinear")
        x = tf.raw_ops.Sub(x=x, y=128.0, name="Sub")
        x = tf.raw_ops.Mul(x=x, y=1 / 128, name="Mul")
        filters = tf.constant(kernel, name="conv/conv2d_params")
        x = tf.nn.conv2d(x, filters, 2, "VALID", name="conv/Conv2D")
        stored = [MEAN, VARIANCE, BETA, GAMMA]
        names = ["moving_mean", "moving_variance", "beta", "gamma"]
        for name, value in zip(names, stored, strict=True):
            tf.constant(value, name=f"conv/batchnorm/{name}")
        with tf.control_dependencies(
            [tf.debugging.check_numerics(x, "", name="conv/CheckNumerics")]
        ):
            x = tf.identity(x, name="conv/batchnorm")  # becomes the old op below
        x = tf.nn.relu(x, name="conv")
        x = tf.nn.avg_pool(x, x.shape[1], 1, "VALID", name="pool_3")
        x = tf.reshape(x, [1, x.shape[3]], name="pool_3/_reshape")
        matrix = tf.constant(weights, name="softmax/weights")
        x = tf.matmul(x, matrix, name="softmax/logits/MatMul")
        x = tf.nn.bias_add(x, tf.constant(biases, name="softmax/biases"), name="softmax/logits")
        tf.nn.softmax(x, name="softmax")
    graph = graph.as_graph_def(add_shapes=True)
    (norm,) = (node for node in graph.node if node.name == "conv/batchnorm")
    norm.op = "BatchNormWithGlobalNormalization"
    norm.input[1:1] = [f"conv/batchnorm/{name}" for name in names]
    norm.attr["variance_epsilon"].f = 0.001
    norm.attr["scale_after_normalization"].b = scaled
    graph.versions.producer = 8
    return graph


def oracle(images, scaled=True):
    """Features and logits in NumPy and float64."""
    images = images.astype(float)

    def rows(old):
        at = np.arange(SIZE) * (old / SIZE)
        at = np.minimum(at, old - 1)
        return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(old)))

    x = np.einsum("ih,bhwc,jw->bijc", rows(images.shape[1]), images, rows(images.shape[2]))
    x = (x - 128) / 128
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))[:, ::2, ::2]
    x = np.einsum("bijchw,hwco->bijo", windows, KERNEL)
    x = (x - MEAN) / np.sqrt(VARIANCE + 0.001) * (GAMMA if scaled else 1) + BETA
    features = np.maximum(x, 0).mean(axis=(1, 2))
    return features, features @ WEIGHTS + BIASES


def pictures(count=3, size=(13, 7)):
    return rng.integers(0, 256, (count, *size, 3), dtype="uint8")


def check(network, images):
    found, (features, logits) = network(images), oracle(images)
    # float32 sums of 27 products of numbers near 1
    np.testing.assert_allclose(found.features, features, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.logits, logits, rtol=1e-5, atol=1e-5)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "classify_image_graph_def.pb"
    path.write_bytes(old_graph().SerializeToString())
    return path


def archive(path, members):
    with tarfile.open(path, "w:gz") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("count", [1, 3])
def test_features_and_logits_of_any_batch(path, count):
    network = inception_from_graph(path)
    check(network, pictures(count))
    check(network, pictures(count, (4, 20)).astype("float32") / 2 + 0.25)
    assert (network.feature_dim, network.num_classes) == (5, 4)
    assert network.name == "inception_2015_12_05"
    assert network.resize == "tf1 bilinear, no half-pixel centres, 299 x 299"
    assert network.weights_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not network.comparable  # it is not the published graph
    np.testing.assert_array_equal(network.logit_bias, BIASES)
    assert network(pictures()).features.dtype == np.float32


@pytest.mark.parametrize("scaled", [True, False])
def test_the_old_op_itself_gives_the_same(tmp_path, scaled):
    # A session still runs the graph as it was saved, one image at a time.
    graph_def = old_graph(scaled=scaled)
    (tmp_path / "g.pb").write_bytes(graph_def.SerializeToString())
    images = pictures(2)
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(graph_def, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            fetched = [
                session.run(["pool_3:0", "softmax/logits:0"], {"ExpandDims:0": image[None]})
                for image in images.astype("float32")
            ]
    found = inception_from_graph(tmp_path / "g.pb")(images)
    for i, (features, logits) in enumerate(fetched):
        # the same float32 operations, fused differently by the two compilers of graphs
        np.testing.assert_allclose(found.features[i], features[0, 0, 0], rtol=2e-6)
        np.testing.assert_allclose(found.logits[i], logits[0], rtol=2e-6, atol=1e-6)


def test_another_resize_makes_the_graphs_own_idle(tmp_path):
    kernel = np.ones((1, 1, 3, 2), "float32")
    graph = old_graph(299, kernel, np.eye(2, dtype="float32"), np.zeros(2, "float32"))
    for node in graph.node:
        if node.name.startswith("conv/batchnorm/"):
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.ones(2, "float32")))
    (tmp_path / "g.pb").write_bytes(graph.SerializeToString())
    network = inception_from_graph(tmp_path / "g.pb", resize=CLEAN_BICUBIC)
    assert network.resize == CLEAN_BICUBIC.name
    images = pictures(2, (8, 8))
    resized = CLEAN_BICUBIC(images).astype(float)[:, ::2, ::2]
    x = ((resized - 128) / 128).sum(axis=3)
    expected = np.maximum((x - 1) / np.sqrt(1.001) + 1, 0).mean(axis=(1, 2))
    # float32 means over 150 x 150 pixels
    np.testing.assert_allclose(network(images).features[:, 0], expected, rtol=1e-4)


def test_archive_and_folders(path, tmp_path):
    content = path.read_bytes()
    tgz = archive(
        tmp_path / "inception-2015-12-05.tgz",
        {"LICENSE": b"text", "../outside.txt": b"never unpacked", path.name: content},
    )
    for place in (tgz, path.parent):
        check(inception_from_graph(place), pictures())
    path.unlink()  # the folder now has the archive only
    network = inception_from_graph(tmp_path)
    assert network.weights_hash == hashlib.sha256(content).hexdigest()
    assert {entry.name for entry in tmp_path.iterdir()} == {tgz.name}
    assert not (tmp_path.parent / "outside.txt").exists()


def test_constants_behind_an_identity(path):
    graph = old_graph()
    for node in graph.node:
        if node.name in ("softmax/weights", "softmax/biases"):
            node.name += "/const"
    for name in ("softmax/weights", "softmax/biases"):
        node = graph.node.add(name=name, op="Identity", input=[f"{name}/const"])
        node.attr["T"].type = 1
    path.write_bytes(graph.SerializeToString())
    check(inception_from_graph(path), pictures())


def rename(graph, old, new):
    for node in graph.node:
        if node.name == old:
            node.name = new


def make_identity_cycle(graph):
    for node in graph.node:
        if node.name == "softmax/weights":
            node.op, node.input[:] = "Identity", ["softmax/weights"]


def make_integer(graph):
    for node in graph.node:
        if node.name == "softmax/biases":
            node.attr["dtype"].type = tf.int32.as_datatype_enum


def make_variable(graph):
    for node in graph.node:
        if node.name == "conv/conv2d_params":
            node.op = "VariableV2"
            del node.attr["value"]
            node.attr["shape"].shape.CopyFrom(tf.TensorShape(KERNEL.shape).as_proto())


def cut(graph):
    for node in graph.node:
        if node.name == "ResizeBilinear":
            node.input[0] = "conv/conv2d_params"


def unknown_op(graph):
    for node in graph.node:
        if node.name == "Mul":
            node.op = "NoSuchOp"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda graph: rename(graph, "pool_3", "pool_4"), r"without \['pool_3'\]"),
        (lambda graph: rename(graph, "ExpandDims", "Other"), r"without \['ExpandDims'\]"),
        (lambda graph: rename(graph, "softmax/biases", "b"), r"without \['softmax/biases'\]"),
        (lambda graph: rename(graph, "Mul", "Times"), "every node that 'pool_3' needs.*no 'Mul'"),
        (make_identity_cycle, "'softmax/weights' as a float constant"),
        (make_integer, "'softmax/biases' as a float constant"),
        (make_variable, "must be a frozen graph.*conv/conv2d_params"),
        (cut, "'pool_3' of the graph must depend on 'ExpandDims'"),
        (unknown_op, "cannot import.*NoSuchOp"),
    ],
)
def test_other_graphs(path, change, message):
    graph = old_graph()
    change(graph)
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(ValueError, match=message):
        inception_from_graph(path)
    assert path.exists()


def test_softmax_of_another_shape(path):
    path.write_bytes(old_graph(biases=np.zeros(4, "float32")).SerializeToString())
    graph = old_graph()
    for node in graph.node:
        if node.name == "softmax/biases":
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.zeros(3, "float32")))
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(
        ValueError, match=r"weights \(d, k\) and biases \(k,\).*\(5, 4\) and \(3,\)"
    ):
        inception_from_graph(path)


def test_damaged_files(path, tmp_path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"undamaged classify_image_graph_def.pb.*no graph"):
        inception_from_graph(path)
    tgz = archive(tmp_path / "a.tgz", {path.name: rng.bytes(5000)})
    whole = tgz.read_bytes()
    tgz.write_bytes(whole[:3000])
    with pytest.raises(ValueError, match=r"undamaged inception-2015-12-05.tgz.*a\.tgz"):
        inception_from_graph(tgz)
    archive(tgz, {"other.pb": content})
    with pytest.raises(ValueError, match="it holds no classify_image_graph_def.pb"):
        inception_from_graph(tgz)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="which holds neither"):
        inception_from_graph(tmp_path / "empty")


def test_offline(monkeypatch):
    def get_file(**_):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    with pytest.raises(WeightsMissing, match=r"inception-2015-12-05\.tgz could not be fetched"):
        inception_from_graph()


def test_a_fetched_archive_that_is_damaged_is_removed(monkeypatch, tmp_path, path):
    tgz = archive(tmp_path / "inception-2015-12-05.tgz", {path.name: path.read_bytes()})
    monkeypatch.setattr(keras.utils, "get_file", lambda **_: str(tgz))
    check(inception_from_graph(), pictures())
    tgz.write_bytes(tgz.read_bytes()[:100])
    with pytest.raises(ValueError, match="undamaged"):
        inception_from_graph()
    assert not tgz.exists()
