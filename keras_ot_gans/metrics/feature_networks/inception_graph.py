"""The Inception graph of 2015-12-05 itself, as a frozen TensorFlow function."""

import hashlib
import os
import tarfile
import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from keras_ot_gans.metrics.feature_networks.feature_network import FeatureNetwork
from keras_ot_gans.metrics.feature_networks.graph_nodes import (
    constant,
    modern_subgraph,
    stateful_nodes,
)
from keras_ot_gans.metrics.feature_networks.resizing import TF1_BILINEAR, Resize
from keras_ot_gans.metrics.feature_networks.weight_files import published_file
from keras_ot_gans.ops.spread import spread

GRAPH_URL = "http://download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz"
GRAPH_NAME = "classify_image_graph_def.pb"
ARCHIVE_NAME = "inception-2015-12-05.tgz"
# Bytes of the published graph; no hash of it was ever published.
_PUBLISHED_SIZE = 95_673_916
_LARGEST = 4 * _PUBLISHED_SIZE  # a gzip bomb is no graph


def inception_from_graph(
    path: str | os.PathLike | None = None, *, resize: Resize = TF1_BILINEAR
) -> FeatureNetwork:
    """The network that the Inception score and FID were defined with.

    Images go in before the graph's own resize and scaling, `pool_3` comes out, and the
    logits are computed from it with the graph's softmax weights, so that any batch size
    works though the graph was saved for one image.

    Args:
        path: `classify_image_graph_def.pb`, the `.tgz` it is published in, or a folder
            with one of them; `None` fetches the archive (85 MiB) into the Keras cache
            at first use.
        resize: `TF1_BILINEAR` leaves the resize to the graph; another one goes before
            it and makes it idle, such as `CLEAN_BICUBIC` for clean-fid.

    Returns:
        `FeatureNetwork` of 2048 features and 1008 logits. `comparable` if the file has
        the published graph's size, features and classes; `weights_hash` is of the
        `.pb`.

    Raises:
        WeightsMissing: if the archive cannot be fetched.
        ValueError: if the file is not that graph, or damaged.

    Example:
        >>> inception_from_graph("no/such/graph.pb")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: `path` must be an existing file. Received: path='no/such/graph.pb'. ...

    Source: Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016; Heusel
        et al., "GANs Trained by a Two Time-Scale Update Rule", NeurIPS 2017.
    Differs: batch norms are written out in the five operations that the graph's own
        op, which TensorFlow no longer runs in functions, is made of.
    """
    with published_file(path, GRAPH_URL, "inception_from_graph(path)") as file:
        content, file = _graph_bytes(file)
        graph = _parsed(content, file)
        weights, bias = (constant(graph, f"softmax/{name}") for name in ("weights", "biases"))
        if weights.ndim != 2 or bias.shape != weights.shape[1:]:
            raise ValueError(
                f"The softmax of {str(file)!r} must have weights (d, k) and biases (k,). Received: "
                f"shapes {weights.shape} and {bias.shape}. Take the graph of {GRAPH_URL}."
            )
        run = _frozen_function(graph, weights, bias, file)
    return FeatureNetwork(
        "inception_2015_12_05",
        hashlib.sha256(content).hexdigest(),
        comparable=len(content) == _PUBLISHED_SIZE and weights.shape == (2048, 1008),
        resize=resize.name,
        feature_dim=weights.shape[0],
        num_classes=weights.shape[1],
        logit_bias=bias,
        forward=run if resize is TF1_BILINEAR else lambda images: run(resize(images)),
    )


def _graph_bytes(path: Path) -> tuple[bytes, Path]:
    """Bytes of the graph and the file that they come from."""
    if path.is_dir():
        found = [path / name for name in (GRAPH_NAME, ARCHIVE_NAME) if (path / name).is_file()]
        if not found:
            raise ValueError(
                f"`path` must be a folder that holds {GRAPH_NAME} or {ARCHIVE_NAME}. "
                f"Received: {str(path)!r}, which holds neither. Get it from {GRAPH_URL}."
            )
        path = found[0]
    with open(path, "rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    return _member(path) if gzipped else path.read_bytes(), path


def _member(path: Path) -> bytes:
    """The graph in the published archive; nothing is unpacked to the disk."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if Path(member.name).name == GRAPH_NAME and member.isfile():
                    if member.size > _LARGEST:
                        raise ValueError(f"its {GRAPH_NAME} has {member.size} bytes")
                    return archive.extractfile(member).read()
        raise ValueError(f"it holds no {GRAPH_NAME}")
    except (ValueError, tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ValueError(
            f"`path` must be an undamaged {ARCHIVE_NAME}. Received: {str(path)!r}: {error}. "
            f"Get it again from {GRAPH_URL}."
        ) from error


def _parsed(content: bytes, file: Path) -> tf.compat.v1.GraphDef:
    """The graph, seen to have the nodes that are used."""
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(content)
    except DecodeError as error:
        raise ValueError(
            f"`path` must be an undamaged {GRAPH_NAME}. Received: {str(file)!r}, which is no graph "
            f"({len(content)} bytes of {_PUBLISHED_SIZE}). Get it again from {GRAPH_URL}."
        ) from error
    names = {node.name for node in graph.node}
    needed = ["ExpandDims", "pool_3", "softmax/weights", "softmax/biases"]
    missing = [name for name in needed if name not in names]
    if missing:
        raise ValueError(
            f"`path` must be the graph of 2015-12-05. Received: {str(file)!r} of {len(names)} "
            f"nodes, without {missing}. Take the graph of {GRAPH_URL}."
        )
    return graph


def _frozen_function(graph, weights: np.ndarray, bias: np.ndarray, file: Path):
    """Function of images `(B, H, W, 3)` that gives features and logits."""
    part = modern_subgraph(graph, feed="ExpandDims", fetch="pool_3")

    def inception(images):
        (pooled,) = tf.graph_util.import_graph_def(
            part, input_map={"ExpandDims:0": images}, return_elements=["pool_3:0"], name=""
        )
        features = tf.reshape(pooled, (-1, weights.shape[0]))
        return features, tf.matmul(features, weights) + bias

    signature = [tf.TensorSpec((None, None, None, 3), tf.float32)]
    try:
        function = tf.compat.v1.wrap_function(inception, signature)
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"`path` must be the graph of 2015-12-05. Received: {str(file)!r}, which TensorFlow "
            f"cannot import: {error}. Take the graph of {GRAPH_URL}."
        ) from error
    if stateful := stateful_nodes(function.graph):
        raise ValueError(
            f"`path` must be a frozen graph. Received: {str(file)!r} with the nodes {stateful}, "
            f"which keep or change a state. Take the graph of {GRAPH_URL}."
        )
    return spread(lambda images: function(tf.convert_to_tensor(images)))
