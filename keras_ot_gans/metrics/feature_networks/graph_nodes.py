"""Surgery on a graph that TensorFlow of 2015 saved, for TensorFlow of today."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

_OLD_BATCH_NORM = "BatchNormWithGlobalNormalization"
# Stateful only so that it is not optimised away: it raises where a value is not finite.
_HARMLESS = {"CheckNumerics"}
_FILES = {"ReadFile", "MatchingFiles"}  # not stateful by TensorFlow's word


def constant(graph: Any, name: str) -> np.ndarray:
    """Value of a constant node, looked for behind `Identity` nodes.

    Args:
        graph: `GraphDef`.
        name: name of a `Const` node, or of an `Identity` of one.

    Returns:
        float32 array.

    Raises:
        ValueError: if there is no such node, or it is no float constant.

    Example:
        >>> with tf.Graph().as_default() as graph:
        ...     _ = tf.identity(tf.constant([1.0, 2.0], name="w"), name="read")
        >>> constant(graph.as_graph_def(), "read").tolist()
        [1.0, 2.0]
    """
    nodes = {node.name: node for node in graph.node}
    node = nodes.get(name)
    for _ in range(len(nodes)):  # a cycle of identities ends here
        if node is None or node.op != "Identity" or not node.input:
            break
        node = nodes.get(_producer(node.input[0]))
    if node is None or node.op != "Const" or node.attr["dtype"].type != tf.float32:
        found = "nothing" if node is None else f"a node {node.name!r} of op {node.op!r}"
        raise ValueError(
            f"The graph must hold {name!r} as a float constant. Received: {found}. "
            "Take the published graph of 2015-12-05."
        )
    return tf.make_ndarray(node.attr["value"].tensor)


def modern_subgraph(graph: Any, feed: str, fetch: str) -> Any:
    """Part of a graph between a fed and a fetched node, as TensorFlow runs it today.

    Shapes that were saved for one image are forgotten, devices and the order that
    control inputs ask for (of checks that values are finite) too. The op
    `BatchNormWithGlobalNormalization`, which functions refuse since version 9 of the
    format, becomes `(x - mean) * (gamma * rsqrt(variance + epsilon)) + beta`, which is
    what its kernel computes.

    Args:
        graph: `GraphDef`; it is not changed.
        feed: name of the node whose output is given; it is left out of the part.
        fetch: name of the node that is asked for.

    Returns:
        `GraphDef` of `fetch` and what it needs.

    Raises:
        ValueError: if a needed node is missing, or `fetch` does not depend on `feed`.

    Example:
        >>> with tf.Graph().as_default() as graph:
        ...     x = tf.compat.v1.placeholder(tf.float32, name="x")
        ...     y = tf.multiply(tf.identity(x, name="seen"), 2.0, name="y")
        >>> part = modern_subgraph(graph.as_graph_def(), feed="seen", fetch="y")
        >>> [node.name for node in part.node]
        ['y/y', 'y']
    """
    nodes = {node.name: node for node in graph.node}
    needed, waiting = set(), [fetch]
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        if name == feed:
            continue
        if name not in nodes:
            raise ValueError(
                f"The graph must hold every node that {fetch!r} needs. Received: no {name!r}. "
                "Take the published graph of 2015-12-05."
            )
        waiting.extend(_producer(source) for source in _data_inputs(nodes[name]))
    if feed not in needed:
        raise ValueError(
            f"{fetch!r} of the graph must depend on {feed!r}. Received: a graph where it does not. "
            "Take the published graph of 2015-12-05."
        )
    part = tf.compat.v1.GraphDef(versions=graph.versions)
    for node in graph.node:
        if node.name in needed and node.name != feed:
            part.node.extend(_written_out(node) if node.op == _OLD_BATCH_NORM else [node])
    for node in part.node:
        node.device = ""
        node.input[:] = _data_inputs(node)
        for saved in ("_output_shapes", "_class"):
            node.attr.pop(saved, None)
    return part


def stateful_nodes(graph: tf.Graph) -> list[str]:
    """Names of the nodes that keep or change a state, or read files.

    Args:
        graph: the graph of a function.

    Returns:
        Their names; the function's own arguments are not among them.

    Example:
        >>> with tf.Graph().as_default() as graph:
        ...     contents = tf.io.read_file("name")
        >>> stateful_nodes(graph)
        ['ReadFile']
    """
    return [
        op.name
        for op in graph.get_operations()
        if op.type in _FILES or (op.op_def.is_stateful and op.type not in _HARMLESS)
    ]


def _producer(source: str) -> str:
    """Name of the node that an input `name` or `name:1` comes from."""
    return source.split(":")[0]


def _data_inputs(node: Any) -> list[str]:
    """Inputs that are tensors; `^name` only orders the nodes."""
    return [source for source in node.input if not source.startswith("^")]


def _written_out(node: Any) -> Iterable[Any]:
    """Nodes that compute a batch norm of the old kind, the last under its name."""
    x, mean, variance, beta, gamma = node.input[:5]

    def made(name, op, *inputs):
        new = tf.compat.v1.NodeDef(name=name, op=op, input=inputs)
        new.attr["T"].type = tf.float32.as_datatype_enum
        return new

    prefix = f"{node.name}/written_out"
    epsilon = tf.compat.v1.NodeDef(name=f"{prefix}/epsilon", op="Const")
    epsilon.attr["dtype"].type = tf.float32.as_datatype_enum
    epsilon.attr["value"].tensor.CopyFrom(
        tf.make_tensor_proto(node.attr["variance_epsilon"].f, tf.float32)
    )
    yield epsilon
    yield made(f"{prefix}/shifted", "Add", variance, epsilon.name)
    yield made(f"{prefix}/root", "Rsqrt", f"{prefix}/shifted")
    factor = f"{prefix}/root"
    if node.attr["scale_after_normalization"].b:
        yield made(f"{prefix}/factor", "Mul", factor, gamma)
        factor = f"{prefix}/factor"
    yield made(f"{prefix}/centred", "Sub", x, mean)
    yield made(f"{prefix}/scaled", "Mul", f"{prefix}/centred", factor)
    yield made(node.name, "Add", f"{prefix}/scaled", beta)
