"""A run that goes on with another config: what can be continued, and what cannot."""

import json
import tempfile
from pathlib import Path
from typing import Any

import h5py
from ml_collections import ConfigDict

from apps import builders, checkpoints, config_form, restoring, run_labels
from apps.differences import as_json, differences
from apps.run_folder import RunFolder
from keras_ot_gans.models import AdversarialModel
from keras_ot_gans.ops.labels import Labels

_SHOWN = 8  # arrays that do not fit
_OF_RATES = ("learning_rate", "warmup_updates", "cosine_updates", "linear_updates")


def check(
    folder: RunFolder, config: ConfigDict, found: tuple[Path, checkpoints.Progress] | None
) -> None:
    """Refuse a changed config whose numbers cannot be joined to the run's. Writes nothing.

    Rounds keep their numbers and each its place in the data: that which it has in a run with the
    new config from the beginning, as the order of the data is a function of seed and batch size.
    So epochs must stay as long as they are.

    Args:
        folder: the run's folder, of another config.
        config: the config to go on with.
        found: what `checkpoints.newest` returned.

    Raises:
        ValueError: if epochs change their length or an optimizer its kind, or nothing is left.
    """
    if found is None:
        if folder.generator.exists() or folder.metrics.exists():
            raise ValueError(
                f"`--override` must find a checkpoint to go on from. Received: {folder.path}, "
                "which has none. Train in a new folder."
            )
        return
    path, progress = found
    there, here = folder.config_of(path), as_json(config)
    config_form.check(there)
    train, old = here["train"], there["train"]
    if train["updates_per_epoch"] != old["updates_per_epoch"]:
        raise ValueError(
            "`train.updates_per_epoch` must stay where a run goes on: checkpoints and metrics are "
            f"counted in epochs. Received: {train['updates_per_epoch']}, with "
            f"{old['updates_per_epoch']} in {folder.path}. Keep it, or train in a new folder."
        )
    had = progress.epoch * train["updates_per_epoch"]
    epochs = train["generator_updates"] // train["updates_per_epoch"]
    if epochs <= progress.epoch:
        raise ValueError(
            "`train.generator_updates` must be more than the run has had where another config "
            f"takes over. Received: {train['generator_updates']}, and {had} in {path.name}"
            f"{' and more' * bool(progress.done)}. Raise it, or go back to the earlier config."
        )
    for role in sorted(there["optimizers"].keys() & here["optimizers"].keys()):
        names = [config["optimizers"][role]["name"] for config in (there, here)]
        if names[0] != names[1]:
            raise ValueError(
                f"`optimizers.{role}.name` must stay where a run goes on: the state of one "
                f"optimizer means nothing to another. Received: {names[1]!r}, with {names[0]!r} "
                f"in {folder.path}. Keep it, or train in a new folder."
            )


def check_labels(
    labels: Labels | None, config: ConfigDict, changed: list[str], data_dir: str | None
) -> None:
    """Refuse other data whose classes are not those that the run was begun with.

    Args:
        labels: the run's, None for a run without labels.
        config: the config to go on with.
        changed: the differences between the configs.
        data_dir: folder of the data.

    Raises:
        ValueError: if classes or their frequencies differ.
    """
    if labels is None or not any(line.startswith("data.") for line in changed):
        return
    found = run_labels.of_data(config, data_dir)
    if json.dumps(found.get_config()) != json.dumps(labels.get_config()):
        raise ValueError(
            "`data` must have the classes that the run was begun with, as frequent as they were. "
            f"Received: {found}, with {labels} in the folder. Train in a new folder."
        )


def load(
    model: AdversarialModel,
    path: Path,
    progress: checkpoints.Progress,
    there: dict[str, Any],
    config: ConfigDict,
) -> dict[str, Any] | None:
    """Load a checkpoint into a model, also one that was written under another config.

    Learning rates are a checkpoint's, unless the configs give different ones: then the new one's.
    A rate that a watchdog has lowered stays low where the config says nothing new.

    Args:
        model: compiled model of `config`.
        path: the checkpoint.
        progress: how far it came.
        there: the config under which it was written.
        config: the config to go on with.

    Returns:
        What the run's watchdog knew, see `checkpoints.watchdog_state`.

    Raises:
        ValueError: if it or what the watchdog knew does not fit the model, or it stands within an
            epoch of other rounds.
    """
    memory = checkpoints.watchdog_state(path)
    changed = differences(there, as_json(config))
    if not changed:
        restoring.load_weights(model, path)
        _check_scales(path, memory, config)
        return memory
    if progress.done:
        _check_rounds(path, there, config)
    _check_arrays(model, path, progress, changed)
    restoring.load_weights(model, path)
    for role in model.networks:
        section, old = config.optimizers[role], there["optimizers"][role]
        if section.learning_rate != old["learning_rate"] and not _has_schedule(section):
            model.optimizer_of(role).learning_rate = section.learning_rate
        if memory is not None and any(section.get(key) != old.get(key) for key in _OF_RATES):
            memory["scales"].pop(role, None)
    _check_scales(path, memory, config)
    return memory


def _check_rounds(path: Path, there: dict, config: ConfigDict) -> None:
    """Refuse what would cut an interrupted epoch into other rounds."""
    steps = [section.get("generator_steps") for section in (there["model"], config.model)]
    if steps[0] != steps[1]:
        raise ValueError(
            "`--override` must not cut an epoch into other rounds while it lasts. Received: "
            f"{path.name}, and model.generator_steps: {steps[0]} there, {steps[1]} now. Let the "
            "earlier config finish the epoch first."
        )


def _check_scales(path: Path, memory: dict[str, Any] | None, config: ConfigDict) -> None:
    """Refuse scales of schedules that there are not."""
    for role in (memory or {}).get("scales", {}):
        if role not in config.optimizers or not _has_schedule(config.optimizers[role]):
            raise ValueError(
                "`--workdir` must hold checkpoints of the model that its config.json says. "
                f"Received: {path}, whose watchdog lowered a schedule of {role}, which has none. "
                "Put back the run's own files, or train anew."
            )


def _has_schedule(section: ConfigDict) -> bool:
    return any(section.get(key) is not None for key in builders.SCHEDULES)


def _check_arrays(
    model: AdversarialModel, path: Path, progress: checkpoints.Progress, changed: list[str]
) -> None:
    """Refuse a checkpoint that is not made like one of this model: Keras would skip parts of it."""
    lines = []
    shape = tuple(model.generator.output_shape[1:])
    if progress.sample_shape != shape:
        lines.append(f"samples: {progress.sample_shape} there, {shape} now")
    with tempfile.TemporaryDirectory() as folder:
        now = _shapes(checkpoints.save(model, Path(folder), progress.epoch, progress.done))
    then = _shapes(path)
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            was, is_now = (found.get(name, "nothing") for found in (then, now))
            lines.append(f"{name}: {was} there, {is_now} now")
    if lines:
        rest = len(lines) - _SHOWN
        shown = lines[:_SHOWN] + [f"and {rest} more"] * (rest > 0)
        raise ValueError(
            "`--override` must leave networks and optimizers as they are in the checkpoint. "
            f"Received: {path.name}, which does not fit:\n  "
            + "\n  ".join(shown)
            + "\nwhere the config changes\n  "
            + "\n  ".join(changed)
            + "\nGo back to the earlier values of these, or train in a new folder."
        )


def _shapes(path: Path) -> dict[str, str]:
    """Read the type and shape of each array of a checkpoint."""
    with h5py.File(path, "r") as file:
        return {name: f"{item.dtype} {item.shape}" for name, item in restoring.arrays(file)}
