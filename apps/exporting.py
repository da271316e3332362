"""The generator of a run as one file or folder, or its whole model as a file."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from ml_collections import ConfigDict

from apps import model_builders, run_labels, run_players
from apps.look_up import look_up
from apps.run_folder import RunFolder
from keras_ot_gans.models.exporting import export_generator, export_model

_BY_SUFFIX = {".keras": "keras", ".onnx": "onnx"}
_USE = {
    "keras": "python -m apps.sample --generator={path}",
    "onnx": "python -m apps.sample --generator={path}",
    "saved_model": "loaded = tf.saved_model.load({path!r}); loaded.sample(seed, n)",
}


def export_run(
    workdir: str,
    out: str,
    format: str | None = None,
    overwrite: bool = False,
    part: str = "generator",
) -> str:
    """Export what a finished run has trained, or the newest checkpoint of an unfinished one.

    Args:
        workdir: the run's folder, which is only read.
        out: file or folder.
        format: `"saved_model"`, `"onnx"` or `"keras"`; None goes by the suffix of `out`.
        overwrite: bool, replace an export that is there.
        part: `"generator"`, or `"model"` for all networks, as `"keras"` only.

    Returns:
        str, what was written and how to use it.

    Raises:
        ValueError: if there is no generator, it cannot be exported, or `out` cannot be used.
    """
    folder, (path, format) = RunFolder(workdir), _place(out, format)
    export = look_up("--part", part, {"generator": _export_generator, "model": _export_model})
    return export(folder, path, format, overwrite)


def _export_generator(folder: RunFolder, path: Path, format: str, overwrite: bool) -> str:
    config = ConfigDict(folder.read_config())
    labels = run_labels.read(folder, config)
    loaded = run_players.load_generator(folder, config)
    with _explained(path):
        export_generator(
            loaded.network,
            path,
            prior=look_up("model.prior", config.model.prior, model_builders.PRIORS)(),
            labels=labels,
            format=format,
            step=loaded.step,
            overwrite=overwrite,
        )
    use = _USE[format].format(path=str(path))
    return f"Exported {loaded.origin} of {folder.path} to {path}. Try: {use}"


def _export_model(folder: RunFolder, path: Path, format: str, overwrite: bool) -> str:
    if format != "keras" or path.suffix != ".keras":
        raise ValueError(
            "`--out` must end with .keras for --part=model, which only this library can run. "
            f"Received: {path}, as {format}. Try --out=model.keras."
        )
    model, origin = run_players.load_model(folder, ConfigDict(folder.read_config()))
    with _explained(path):
        export_model(model, path, overwrite=overwrite)
    use = f"import keras_ot_gans; model = keras.saving.load_model({str(path)!r})"
    return f"Exported the model in {origin} of {folder.path} to {path}. Try: {use}"


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what an export meets into the house's message."""
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"`--out` must be a place that can be written to. Received: {path} ({reason}). Nothing "
            "was left there."
        ) from error
    except ImportError as error:
        raise ValueError(str(error)) from error


def _place(out: str, format: str | None) -> tuple[Path, str]:
    """Return where to write, its suffix in small letters, and as what."""
    path = Path(out).expanduser()
    suffix = path.suffix.lower()
    if suffix in _BY_SUFFIX:
        return path.with_suffix(suffix), format or _BY_SUFFIX[suffix]
    if suffix and format is None:
        raise ValueError(
            "`--out` must end with .keras or .onnx, or be the name of a folder, which is best "
            f"without a dot. Received: {out}. Rename it, or add --format=saved_model."
        )
    return path, format or "saved_model"
