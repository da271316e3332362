"""The generator of a run as one file or folder."""

from pathlib import Path

import tensorflow as tf
from ml_collections import ConfigDict

from apps import checkpoints, model_builders, run_labels, sampling
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
    folder, path = RunFolder(workdir), Path(out).expanduser()
    config = ConfigDict(folder.read_config())
    labels = run_labels.read(folder, config)
    generator, origin = sampling.load_generator(folder, config)
    found = checkpoints.newest(folder.checkpoints)
    format = format or _BY_SUFFIX.get(path.suffix, "saved_model")
    try:
        export_generator(
            generator,
            path,
            prior=look_up("model.prior", config.model.prior, model_builders.PRIORS)(),
            labels=labels,
            format=format,
            step=None if found is None else found[1].step,
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
    return (
        f"Exported {origin} of {folder.path} to {path}. Try: {_USE[format].format(path=str(path))}"
    )
