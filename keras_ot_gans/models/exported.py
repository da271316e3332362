"""Exported generators, read back and sampled from: no run, no config and no data."""

import os
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.models.export_notes import FILE, KEY, ExportNotes
from keras_ot_gans.models.onnx_format import run_onnx
from keras_ot_gans.models.sampling import in_batches
from keras_ot_gans.models.saved_model_format import NOTES
from keras_ot_gans.networks.conditioning import with_labels
from keras_ot_gans.ops.labels import Labels

# What Keras, TensorFlow and their readers raise for files that are cut, changed or none at all.
_UNREADABLE = (
    OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, ImportError, EOFError,
    RuntimeError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class Exported:
    """A generator that was exported; a function of latents, or of `[latents, labels]`.

    Args:
        run: function of `z` (and `labels`) that returns samples.
        notes: `ExportNotes`.
        in_tensorflow: bool, whether `run` takes tensors and has gradients.

    Attributes:
        input_shape: as that of a `keras.Model`.
        output_shape: as that of a `keras.Model`.
    """

    def __init__(self, run: Callable[..., Any], notes: ExportNotes, in_tensorflow: bool):
        self.run, self.notes, self.in_tensorflow = run, notes, in_tensorflow
        z = (None, notes.latent_dim)
        self.input_shape = z if notes.labels is None else [z, (None, *notes.labels.shape)]
        self.output_shape = (None, *notes.sample_shape)

    def __call__(self, inputs: Any) -> Any:
        """Generate.

        Args:
            inputs: float32 `(B, latent_dim)`, or a list of it and labels.

        Returns:
            float32 tensor (of ONNX, array) `(B, *sample_shape)`.
        """
        return self.run(*inputs) if isinstance(inputs, list) else self.run(inputs)

    def sample(
        self,
        n: int,
        seed: int = 0,
        labels: np.ndarray | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Draw samples, those of `AdversarialModel.sample` with the same seed.

        Args:
            n: int >= 0, how many.
            seed: int, the same samples at each call.
            labels: int `(n,)` of a conditional generator, None draws them as its data have them;
                float `(n, dim)` of one of vectors, which cannot be drawn.
            batch_size: int > 0, samples per call of the generator.

        Returns:
            float32 array `(n, *sample_shape)`, in the range of the generator.

        Raises:
            ValueError: if `labels` are missing, superfluous, out of range or not `n`.
        """
        about, notes = self.notes.labels, self.notes
        if labels is None and isinstance(about, Labels):
            labels = about.sample((n,), keras.random.SeedGenerator(seed + 1)).numpy()
        if (labels is None) != (about is None):
            raise ValueError(
                f"`labels` must be {'None' if about is None else 'given'} for this generator. "
                f"Received: labels={labels}. Its notes say: labels {about}."
            )
        given = [notes.prior.sample((n, notes.latent_dim), keras.random.SeedGenerator(seed))]
        if labels is not None:
            given.append(about.checked(labels, "labels"))
            if len(labels) != n:
                raise ValueError(
                    f"`labels` must hold one per sample, {n}. Received: {len(labels)}."
                )
        return in_batches(
            self._arrays, list(map(np.asarray, given)), batch_size, notes.sample_shape
        )

    def _arrays(self, *given: np.ndarray) -> tf.Tensor:
        return tf.convert_to_tensor(self.run(*given))


def load_export(path: str | os.PathLike) -> Exported:
    """Read what `export_generator` wrote.

    Nothing is executed from a `.keras` file, whose layers must be registered ones (safe mode), nor
    from ONNX or the notes, which are data. A SavedModel is a graph of TensorFlow's operations,
    some of which read and write files: take one only from who you would take a program from.

    Args:
        path: `.keras` or `.onnx` file, or folder of a SavedModel.

    Returns:
        `Exported`.

    Raises:
        ValueError: if it is no export, or cannot be read.
        ImportError: if a package of the extra `onnx` is missing for an ONNX file.
    """
    path = Path(path).expanduser()
    if path.suffix == ".keras":
        notes = _notes(path, lambda: _from_zip(path))
        network = load_keras(path, "generator")
        compiled = tf.function(
            lambda z, labels=None: network(with_labels(z, labels), training=False),
            reduce_retracing=True,
        )
        exported = Exported(compiled, notes, True)
        return _fitting(path, exported, network.input_shape, network.output_shape)
    if path.suffix == ".onnx":
        try:
            run = run_onnx(path.read_bytes())
        except OSError as error:
            raise _unreadable("generator", path, error) from error
        properties = run.session.get_modelmeta().custom_metadata_map
        exported = Exported(run, _notes(path, lambda: properties[KEY]), False)
        takes = [tuple(value.shape) for value in run.session.get_inputs()]
        gives = tuple(run.session.get_outputs()[0].shape)
        return _fitting(path, exported, takes if len(takes) > 1 else takes[0], gives)
    notes = _notes(path, lambda: (path / NOTES).read_text(encoding="utf-8"))
    try:
        loaded = tf.saved_model.load(path)
        signature = loaded.signatures["generate"]
        specs = signature.structured_input_signature[1]
        takes = [tuple(specs[name].shape) for name in ("z", "labels") if name in specs]
        gives = tuple(signature.structured_outputs["samples"].shape)
    except (*_UNREADABLE, tf.errors.OpError) as error:
        raise _unreadable("generator", path, error) from error

    def run(z: Any, labels: Any = None, _kept: Any = loaded) -> tf.Tensor:  # owns its variables
        given = {"z": tf.convert_to_tensor(z)}
        if labels is not None:
            given["labels"] = tf.convert_to_tensor(labels)
        return signature(**given)["samples"]

    return _fitting(path, Exported(run, notes, True), takes if len(takes) > 1 else takes[0], gives)


def load_keras(
    path: str | os.PathLike, argument: str, advice: str = "Export it anew."
) -> keras.Model:
    """Load a `.keras` file in safe mode, or say in one line why not.

    Args:
        path: file.
        argument: name of the argument or flag, for the message.
        advice: what to do about it, for the message.

    Returns:
        `keras.Model`, not compiled.

    Raises:
        ValueError: if it cannot be read, or holds code.
    """
    try:
        with warnings.catch_warnings():  # Keras leaves as initialised what it does not find
            warnings.filterwarnings("error", "Skipping nested container", UserWarning)
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (*_UNREADABLE, UserWarning) as error:
        if "Lambda" in str(error) or "safe_mode" in str(error):
            raise ValueError(
                f"`{argument}` must hold no code of its own. Received: {path}, with a Lambda layer "
                "or another Python function inside, which would be executed. "
                f"{advice}"
            ) from error
        raise _unreadable(argument, path, error, advice) from error


def _notes(path: Path, read: Callable[[], str | bytes]) -> ExportNotes:
    try:
        return ExportNotes.from_text(read())
    except _UNREADABLE as error:
        raise ValueError(
            f"`generator` must be an export with notes on how to sample from it. Received: {path}, "
            f"whose notes cannot be read ({_one_line(error)}). Write it by `export_generator`, or "
            "python -m apps.export."
        ) from error


def _from_zip(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(FILE).file_size > 2**24:
            raise ValueError("they are too long")
        return archive.read(FILE)


def _fitting(path: Path, exported: Exported, takes: Any, gives: tuple) -> Exported:
    """Refuse an export whose notes are those of another generator."""
    shapes = takes if isinstance(takes, list) else [takes]
    wanted = exported.input_shape
    wanted = wanted if isinstance(wanted, list) else [wanted]
    same = [shape[1:] for shape in shapes] == [shape[1:] for shape in wanted]
    if not same or tuple(gives[1:]) != exported.notes.sample_shape:
        raise ValueError(
            "`generator` must be what its notes say. Received: "
            f"{path} with inputs {shapes} and samples {gives}, where they say {wanted} and "
            f"{exported.output_shape}. Export it anew."
        )
    return exported


def _unreadable(
    argument: str, path: str | os.PathLike, error: BaseException, advice: str = "Export it anew."
) -> ValueError:
    return ValueError(
        f"`{argument}` must hold a generator that can be read. Received: {path} "
        f"({_one_line(error)}). {advice}"
    )


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
