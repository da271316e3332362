"""How much memory a training needs, from its networks and the graph of one step."""

import collections
import math
from collections.abc import Iterable
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_ot_gans import divergences, models
from keras_ot_gans.layers import PairwiseDistance

# Their result lies in the memory of their first argument.
_VIEWS = {
    "Identity", "IdentityN", "Reshape", "Squeeze", "ExpandDims", "StopGradient",
    "PreventGradient", "EnsureShape", "CheckNumerics",
}  # fmt: skip
# Their result lies in memory that is counted elsewhere.
_HELD = {"ReadVariableOp", "VarHandleOp", "Const"}

# Kernels' own memory, and gaps that the allocator cannot give back, per byte of a round's results.
# Measured on MNIST at two batch sizes, on a CPU, with compilation: 0.5 (ACT), 0.2 and 0.5
# (LipschitzGAN), 0.7 and 1.6 (OT-GAN, the larger for the smaller batch).
OVERHEAD = 0.5


class State(NamedTuple):
    """Bytes that a model keeps from step to step.

    Attributes:
        weights: int, of all networks, moving statistics included.
        slots: int, of all optimizers.
        average: int, of the averaged generator.
        other: int, the rest: buffers, seeds, counters, means of the logs.
    """

    weights: int
    slots: int
    average: int
    other: int


class Pairs(NamedTuple):
    """The n x m arrays of a step's transport.

    Attributes:
        text: str, what they are.
        bytes: int, of all of them; their gradients come on top.
    """

    text: str
    bytes: int


def bytes_of(variables: Iterable[keras.Variable]) -> int:
    """Add up the sizes of variables, each counted once.

    Args:
        variables: iterable of `keras.Variable`.

    Returns:
        int.

    Example:
        >>> kernel = keras.Variable(keras.ops.zeros((3, 5)))
        >>> bytes_of([kernel, kernel])
        60
    """
    once = {id(variable): variable for variable in variables}.values()
    return sum(math.prod(v.shape) * tf.as_dtype(v.dtype).size for v in once)


def state_of(model: models.AdversarialModel) -> State:
    """Measure what a compiled model keeps.

    Args:
        model: compiled model.

    Returns:
        `State`.
    """
    weights = [v for parts in model.networks.values() for part in parts for v in part.variables]
    slots = [v for role in model.networks for v in model.optimizer_of(role).variables]
    average = [] if model.ema_generator is None else model.ema_generator.variables
    known = {id(v) for v in (*weights, *slots, *average)}
    rest = [v for v in model.variables if id(v) not in known]
    return State(*(bytes_of(variables) for variables in (weights, slots, average, rest)))


def gradients_of(model: models.AdversarialModel) -> int:
    """Measure the gradients of the roles that move together, at most.

    Args:
        model: compiled model.

    Returns:
        int, bytes.
    """
    sizes = {role: bytes_of(model.variables_of(role)) for role in model.networks}
    return max(sum(sizes[role] for role in turn) for turn in model.turns)


def pairs_of(model: models.AdversarialModel, batch_size: int) -> Pairs | None:
    """Measure the arrays over all pairs of a real and a generated sample.

    Args:
        model: an `ACTGAN` or `OTGAN`; others have no plan.
        batch_size: int, samples of all replicas: transport couples all of them.

    Returns:
        `Pairs`, None for methods without.
    """
    n = batch_size
    if isinstance(model, models.ACTGAN):
        m, anchors = model.num_fake or n, model.num_anchors
        plans = 2 * n * m if anchors is None else anchors * (n + m)
        text, values = f"cost, distance and 2 plans, {n} x {m}", 2 * n * m + plans
        if isinstance(model.navigator, PairwiseDistance):
            width = model.navigator.network.input_shape[-1]
            text, values = f"{text}; {width} differences", values + n * m * width
        return Pairs(text, 4 * values)
    if isinstance(model, models.OTGAN):
        if model.distance is divergences.single_batch_energy_distance:
            return Pairs(f"3 costs and 3 plans, {n} x {n}", 4 * 6 * n * n)
        return Pairs(f"6 costs and 6 plans, {n // 2} x {n // 2}", 4 * 12 * (n // 2) ** 2)
    return None


def step_of(model: models.AdversarialModel, spec: tf.TypeSpec) -> int:
    """Estimate what one round needs beside the model's state, at its worst moment.

    The round's graph is made, not run. Its operations are taken one after the other, as soon as
    their arguments are there; each result is there from then to its last use: activations that
    wait for the gradient, gradients, plans, random numbers. Left out are what a kernel needs while
    it runs, and results that live in the place of an argument: see `OVERHEAD`.

    Args:
        model: compiled model.
        spec: what a round takes, nest of `tf.TensorSpec`, of one replica.

    Returns:
        int, bytes, of one replica.
    """
    strategy = tf.distribute.get_strategy()

    @tf.function
    def one_round(data):
        return strategy.run(model.train_step, args=(data,))

    graph = one_round.get_concrete_function(spec).graph
    rows = tf.nest.flatten(spec)[0].shape[0]
    parts = min(getattr(model, "micro_batch", None) or 1, rows)
    return _peak(graph, parts) // strategy.num_replicas_in_sync


def _peak(graph: tf.Graph, unknown: int = 1) -> int:
    """Return the most bytes alive at once in a graph, arguments included; rows may be unknown."""
    operations, root, last = _as_run(graph), {}, {}
    for index, operation in enumerate(operations):
        inputs = [root[tensor.ref()] for tensor in operation.inputs]
        for place, tensor in enumerate(operation.outputs):
            is_view = operation.type in _VIEWS and place < len(inputs)
            root[tensor.ref()] = inputs[place] if is_view else tensor.ref()
            last.setdefault(root[tensor.ref()], index)
        for source in inputs:
            last[source] = index
    for tensor in getattr(graph, "outputs", ()):
        last[root[tensor.ref()]] = len(operations)
    ends: dict[int, list[int]] = {}
    alive = peak = 0
    for index, operation in enumerate(operations):
        for tensor in operation.outputs:
            if root[tensor.ref()] == tensor.ref():
                size = 0 if operation.type in _HELD else _size(tensor, unknown)
                alive += size
                ends.setdefault(last[tensor.ref()], []).append(size)
        peak = max(peak, alive + _inside(graph, operation, unknown))
        alive -= sum(ends.pop(index, []))
    return peak


def _as_run(graph: tf.Graph) -> list[tf.Operation]:
    """List a graph's operations as they come to be ready, which is how TensorFlow runs them."""
    waits, users = {}, {}
    for operation in graph.get_operations():
        needs = {tensor.op for tensor in operation.inputs} | set(operation.control_inputs)
        waits[operation] = len(needs)
        for need in needs:
            users.setdefault(need, []).append(operation)
    ready = collections.deque(operation for operation, count in waits.items() if not count)
    done = []
    while ready:
        done.append(ready.popleft())
        for user in users.get(done[-1], ()):
            waits[user] -= 1
            if not waits[user]:
                ready.append(user)
    return done


def _size(tensor: tf.Tensor, unknown: int) -> int:
    """Return the bytes of a tensor, 0 for handles; other axes than the first are then known."""
    if tensor.dtype in (tf.resource, tf.variant, tf.string) or tensor.shape.rank is None:
        return 0
    sizes = [1 if size is None else size for size in tensor.shape]
    if sizes and tensor.shape[0] is None:
        sizes[0] = unknown
    return tensor.dtype.size * math.prod(sizes)


def _inside(graph: tf.Graph, operation: tf.Operation, unknown: int) -> int:
    """Return what the body of a loop or branch needs, the arguments of which are outside."""
    found = [0]
    for key in ("body", "then_branch", "else_branch", "f"):
        if key in operation.node_def.attr:
            inner = graph._get_function(operation.get_attr(key).name)
            body = getattr(inner, "graph", None)
            if body is not None:
                arguments = sum(_size(tensor, unknown) for tensor in body.inputs)
                found.append(_peak(body, unknown) - arguments)
    return max(found)
