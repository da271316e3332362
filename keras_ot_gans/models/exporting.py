"""Trained generators, and whole models, as files that need neither training nor data."""

import os
import zipfile
from pathlib import Path

import keras

from keras_ot_gans.models.adversarial_model import AdversarialModel
from keras_ot_gans.models.export_notes import FILE, ExportNotes
from keras_ot_gans.models.onnx_format import write_onnx
from keras_ot_gans.models.saved_model_format import write_saved_model
from keras_ot_gans.models.whole_path import appearing
from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.ops.side_vectors import SideVectors


def export_generator(
    generator: keras.Model,
    path: str | os.PathLike,
    *,
    prior: Normal | Uniform,
    labels: Labels | SideVectors | None = None,
    format: str = "saved_model",
    sample_range: tuple[float, float] | None = None,
    step: int | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a generator in inference mode, with notes on how to sample from it.

    `saved_model` is a folder that plain TensorFlow runs, without this library and without Keras.
    It has the signatures `generate(z)` and `sample(seed, n)`, of a conditional generator
    `generate(z, labels)`, `sample(seed, n)` with labels drawn, and `sample_of(seed, labels)`; of
    one of vectors no `sample`. They return `samples`, and `sample` the `labels` it drew. The
    samples of a seed are those of `model.sample(n, seed)`, bit for bit on the same CPU and
    TensorFlow up to one batch of it.

    `onnx` is a file `z` (and `labels`) `-> samples`, for the same; drawing latents is left to who
    runs it, since ONNX has no counter-based random bits. It is compared with Keras before it is
    put in place. It needs the packages of the extra `onnx`.

    `keras` is a `.keras` file, which needs this library to be loaded, and can be trained further.

    Every generator of `networks` can be written in all three, under the policy float32. ONNX
    takes none of mixed precision (onnxruntime's CPU kernels are made for float32), none with
    operations that it lacks, and none of 2 GB or more (the limit of its one-file form).

    Args:
        generator: built `keras.Model` of latents `(B, latent_dim)`, or of `[latents, labels]`.
        path: name of the folder or file; of a file it ends with `.onnx` or `.keras`.
        prior: `ops.Normal()` or `ops.Uniform()` of the latents.
        labels: `ops.Labels` or `ops.SideVectors` of a conditional generator.
        format: `"saved_model"`, `"onnx"` or `"keras"`.
        sample_range: (low, high) of the samples' values; None is (-1, 1) for images, and no bounds
            for points.
        step: int >= 0, generator updates behind it.
        overwrite: bool, replace an export that is there.

    Returns:
        `Path` of what was written.

    Raises:
        ValueError: if an argument does not fit, `path` is there, or ONNX cannot hold the
            generator or gives other samples.
        ImportError: if a package of the extra `onnx` is missing.

    Example:
        >>> import tempfile
        >>> from keras_ot_gans import networks, ops
        >>> from keras_ot_gans.models.exported import load_export
        >>> path = tempfile.mkdtemp() + "/generator.keras"
        >>> _ = export_generator(networks.mlp(3, (8,), 2), path, prior=ops.Normal(), format="keras")
        >>> load_export(path).sample(4, seed=0).shape
        (4, 2)
    """
    path = Path(path).expanduser()
    if format not in _FORMATS:
        raise ValueError(
            f"`format` must be one of {', '.join(_FORMATS)}. Received: {format!r}. Take "
            '"saved_model".'
        )
    suffix, write = _FORMATS[format]
    if path.suffix != suffix and (suffix or path.suffix in (".keras", ".onnx")):
        wanted = f"end with {suffix}" if suffix else "be the name of a folder"
        raise ValueError(
            f"`path` must {wanted} for format={format!r}. Received: {path}. Rename it, or choose "
            "another format."
        )
    notes = _notes(generator, prior, labels, sample_range, step)
    with appearing(path, overwrite) as temporary:
        write(generator, temporary, notes)
    return path


def export_model(
    model: AdversarialModel, path: str | os.PathLike, *, overwrite: bool = False
) -> Path:
    """Write a whole model without its optimizers, which are most of a checkpoint.

    `keras.saving.load_model` opens it after `import keras_ot_gans`, in safe mode, and gives a model
    with all methods of its class: of one with an encoder `encode`, `reconstruct`, `decode` and
    `interpolate`. The file holds all networks, the generator's average too, and the model's
    counter, seeds and frozen roles; `compile` gives it new optimizers.

    Args:
        model: model of `models`, which stays as it is.
        path: name of the file; it ends with `.keras`.
        overwrite: bool, replace a file that is there.

    Returns:
        `Path` of what was written.

    Raises:
        ValueError: if `model` is none of `models`, or `path` has another suffix or is there.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from keras_ot_gans import models, networks
        >>> encoder = networks.gaussian_encoder(networks.mlp(2, (8,), 6))
        >>> vae = models.VAE(networks.gaussian_generator(networks.mlp(3, (8,), 4)), encoder)
        >>> path = export_model(vae, tempfile.mkdtemp() + "/model.keras")
        >>> keras.saving.load_model(path).interpolate(np.ones((5, 2)), np.zeros((5, 2)), 4).shape
        (5, 4, 2)
    """
    path = Path(path).expanduser()
    if not isinstance(model, AdversarialModel):
        raise ValueError(
            "`model` must be one of `models`, such as `models.AGE`. Received: "
            f"{type(model).__name__}. A `keras.Model` has `save`."
        )
    if path.suffix != ".keras":
        raise ValueError(
            f"`path` must end with .keras. Received: {path}. Rename it; other formats hold a "
            "generator alone."
        )
    bare = type(model).from_config(model.get_config())  # not compiled
    bare.set_weights(model.get_weights())
    own = {}
    model.save_own_variables(own)
    bare.load_own_variables(own)
    with appearing(path, overwrite) as temporary:
        bare.save(temporary)
    return path


def _notes(generator, prior, labels, sample_range, step) -> ExportNotes:
    """Check that the parts belong to each other."""
    if not isinstance(prior, Normal | Uniform):
        raise ValueError(
            "`prior` must be ops.Normal() or ops.Uniform(), which an export can name. Received: "
            f"{prior!r}. Take one of them."
        )
    if not isinstance(labels, Labels | SideVectors | None):
        raise ValueError(
            "`labels` must be ops.Labels, ops.SideVectors or None. Received: "
            f"{labels!r}. Pass those of the model."
        )
    takes = getattr(generator, "input_shape", None)
    shapes = takes if isinstance(takes, list) else [takes]
    wanted = [2] if labels is None else [2, 1 + len(labels.shape)]
    if [len(shape) if isinstance(shape, tuple) else 0 for shape in shapes] != wanted:
        form = "latents (B, d)" if labels is None else "[latents (B, d), labels], as `labels` says"
        raise ValueError(
            f"`generator` must be a keras.Model of {form}. Received: input shape {takes}. Pass "
            "`labels` where, and only where, it takes them; wrap further inputs by "
            "`networks.implicit_generator`."
        )
    shape = tuple(generator.output_shape[1:])
    if None in (*shape, shapes[0][1]):
        raise ValueError(
            "`generator` must have one width of latents and one shape of samples. Received: "
            f"{takes} to {generator.output_shape}. Build it with fixed sizes."
        )
    if sample_range is None and len(shape) == 3:
        sample_range = (-1.0, 1.0)
    if sample_range is not None:
        sample_range = tuple(map(float, sample_range))
    notes = ExportNotes(prior, shapes[0][1], labels, shape, sample_range, step)
    ExportNotes.from_text(notes.to_text())  # what could not be read back is not written
    return notes


def _write_keras(generator: keras.Model, path: Path, notes: ExportNotes) -> None:
    generator.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(FILE, notes.to_text())


_FORMATS = {
    "saved_model": ("", write_saved_model),
    "onnx": (".onnx", write_onnx),
    "keras": (".keras", _write_keras),
}
