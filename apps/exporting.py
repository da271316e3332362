"""The generator of a run as one file or folder."""

from pathlib import Path

import tensorflow as tf
from ml_collections import ConfigDict

from apps import model_builders, run_labels, run_players
from apps.look_up import look_up
from apps.run_folder import RunFolder
from keras_ot_gans.models.exporting import export_generator

_BY_SUFFIX = {".keras": "keras", ".onnx": "onnx"}
_USE = {
    "keras": "python -m apps.sample --generator={path}",
    "onnx": "python -m apps.sample --generator={path}",
    "saved_model": "loaded = tf.saved_model.load({path!r}); loaded.sample(seed, n)",
}


def export_run(workdir: str, out: str, format: str | None = None, overwrite: bool = False) -> str:
    """Export the generator of a finished run, or of the newest checkpoint of an unfinished one.

    Args:
        workdir: the run's folder, which is only read.
        out: file or folder.
        format: `"saved_model"`, `"onnx"` or `"keras"`; None goes by the suffix of `out`.
        overwrite: bool, replace an export that is there.

    Returns:
        str, what was written and how to use it.

    Raises:
        ValueError: if there is no generator, it cannot be exported, or `out` cannot be used.
    """
    folder, (path, format) = RunFolder(workdir), _place(out, format)
    config = ConfigDict(folder.read_config())
    labels = run_labels.read(folder, config)
    loaded = run_players.load_generator(folder, config)
    try:
        export_generator(
            loaded.network,
            path,
            prior=look_up("model.prior", config.model.prior, model_builders.PRIORS)(),
            labels=labels,
            format=format,
            step=loaded.step,
            overwrite=overwrite,
        )
    except (OSError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"`--out` must be a place that can be written to. Received: {path} ({reason}). Nothing "
            "was left there."
        ) from error
    except ImportError as error:
        raise ValueError(str(error)) from error
    use = _USE[format].format(path=str(path))
    return f"Exported {loaded.origin} of {folder.path} to {path}. Try: {use}"


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
