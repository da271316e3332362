"""Generators as ONNX files, compared with Keras before they are believed."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.models.export_notes import KEY, ExportNotes
from keras_ot_gans.networks.conditioning import with_labels
from keras_ot_gans.ops.labels import Labels

TOLERANCE = 1e-4  # of samples up to 1, relative to the largest beyond that
_OPSET = 18  # the newest that tf2onnx 1.17 writes
_COMPARED = (1, 16)  # samples in a batch: their number is not fixed


def write_onnx(generator: keras.Model, path: Path, notes: ExportNotes) -> None:
    """Write an ONNX file that gives the samples of `generator`.

    Args:
        generator: built `keras.Model`.
        path: file.
        notes: `ExportNotes`, written into the file's metadata.

    Raises:
        ValueError: if ONNX has no words for the generator, or gives other samples.
        ImportError: if a package is missing.
    """
    onnx, tf2onnx = _needed("onnx"), _needed("tf2onnx")
    _needed("onnxruntime")
    low = sorted({p for p in _dtypes(generator) if p != "float32"})
    if low:
        raise ValueError(
            "`generator` must compute in float32 to become ONNX. Received: layers in "
            f'{", ".join(low)}. Take format="saved_model", or load the weights into a generator '
            "made under the policy float32."
        )
    takes = [tf.TensorSpec((None, notes.latent_dim), tf.float32, "z")]
    if notes.labels is not None:
        takes.append(tf.TensorSpec((None, *notes.labels.shape), notes.labels.dtype, "labels"))

    @tf.function(input_signature=takes)
    def generate(z: tf.Tensor, labels: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        return {"samples": generator(with_labels(z, labels), training=False)}

    with _silent("tf2onnx"):
        model, _ = tf2onnx.convert.from_function(generate, input_signature=takes, opset=_OPSET)
    lacking = {n.op_type for n in model.graph.node if not onnx.defs.has(n.op_type, n.domain)}
    if lacking:
        raise ValueError(
            "`generator` must consist of what ONNX can say. Received: one with "
            f'{", ".join(sorted(lacking))}. Take format="saved_model".'
        )
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    onnx.helper.set_model_props(model, {KEY: notes.to_text()})
    content = model.SerializeToString()
    _compare(generate, run_onnx(content), notes)
    path.write_bytes(content)


def run_onnx(content: bytes) -> Callable[..., np.ndarray]:
    """Return a function that runs an ONNX generator on the CPU.

    Args:
        content: the file.

    Returns:
        Function of `z` (and `labels`) that returns samples; its attribute `session` is
        onnxruntime's.

    Raises:
        ValueError: if onnxruntime refuses it.
        ImportError: if onnxruntime is missing.
    """
    onnxruntime = _needed("onnxruntime")
    state = onnxruntime.capi.onnxruntime_pybind11_state
    refusals = (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NotImplemented,
        state.RuntimeException,
        UnicodeDecodeError,  # of a message that quotes a damaged name
    )
    try:
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except refusals as error:
        raise ValueError(
            "`generator` must be ONNX that onnxruntime takes. Received: one that it refuses "
            f"({' '.join(str(error).split())[:200]}). Export it anew."
        ) from error
    names = [value.name for value in session.get_inputs()]

    def run(*given: Any) -> np.ndarray:
        feed = dict(zip(names, map(np.asarray, given), strict=True))
        return session.run(None, feed)[0]

    run.session = session
    return run


def _compare(generate: Callable, run: Callable[..., np.ndarray], notes: ExportNotes) -> None:
    """Raise if the two do not give the same samples."""
    stream, worst = keras.random.SeedGenerator(0), 0.0
    for n in _COMPARED:
        given = [np.asarray(notes.prior.sample((n, notes.latent_dim), stream))]
        if isinstance(notes.labels, Labels):
            given.append(np.arange(n, dtype="int32") % notes.labels.num_classes)
        elif notes.labels is not None:
            given.append(np.random.default_rng(0).normal(size=(n, notes.labels.dim)).astype("f4"))
        wanted, found = generate(*given)["samples"].numpy(), run(*given)
        if found.shape != wanted.shape:
            raise _differs(f"samples of shape {found.shape} for {wanted.shape}")
        scale = max(1.0, float(np.max(np.abs(wanted))))
        worst = max(worst, float(np.max(np.abs(found - wanted))) / scale)
        if not worst <= TOLERANCE:  # NaN is no agreement
            raise _differs(f"a largest difference of {worst:.3g} of the largest sample, or of 1")


def _differs(received: str) -> ValueError:
    return ValueError(
        f"`generator` must give the same samples in ONNX, to {TOLERANCE:g}. Received: {received}. "
        'No file was written. Take format="saved_model".'
    )


def _needed(name: str) -> Any:
    """Import a package of the extra."""
    try:
        match name:
            case "onnx":
                import onnx as package
            case "onnxruntime":
                import onnxruntime as package
                import onnxruntime.capi.onnxruntime_pybind11_state  # noqa: F401
            case _:
                import tf2onnx as package
    except ImportError as error:
        raise ImportError(
            f"`{name}` must be installed for ONNX. Received: {error}. "
            "Run: pip install 'keras_ot_gans[onnx]'"
        ) from error
    return package


def _dtypes(layer: keras.layers.Layer) -> Iterator[str]:
    yield layer.compute_dtype
    for inner in getattr(layer, "layers", ()):
        yield from _dtypes(inner)


@contextlib.contextmanager
def _silent(name: str) -> Iterator[None]:
    """Keep a package from writing what an error will say."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
