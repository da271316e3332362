"""One file per epoch, or stop, that holds all that a run needs to go on exactly as before."""

import hashlib
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import keras
import numpy as np

from apps import restoring, watchdog_memory
from apps.atomic import replacing
from keras_ot_gans.models import AdversarialModel

_SUFFIX, _INSIDE, _MEANS = ".weights.h5", "_round_", "means_of_epoch"
_WATCHDOG = "watchdog"
_LISTINGS = 3  # of a folder that changes while it is read

_PLACE = re.compile(rf"epoch_([0-9]{{6,}})(?:{_INSIDE}([0-9]{{6,}}))?")


class Progress(NamedTuple):
    """Where a run stands.

    Attributes:
        epoch: int, finished epochs.
        step: int, generator updates.
        sample_shape: shape of one sample, so that samples can be drawn without the data.
        done: int, rounds of the next epoch that are finished too; 0 but after a stop on request.
    """

    epoch: int
    step: int
    sample_shape: tuple[int, ...]
    done: int = 0


class _Image(io.BytesIO):
    """A checkpoint in memory: where HDF5 itself writes to a full disk, the process crashes."""

    def __str__(self) -> str:
        """Give the suffix that Keras asks for."""
        return _SUFFIX


class DamagedError(ValueError):
    """A checkpoint whose content is not what was written."""


def files(folder: Path) -> list[Path]:
    """List the checkpoints of a folder.

    Args:
        folder: folder, which may be missing.

    Returns:
        List of paths, the newest last.
    """
    paths = folder.glob(f"epoch_*{_SUFFIX}")
    found = [(place_of(path.name.removesuffix(_SUFFIX)), path) for path in paths]
    return [path for _, path in sorted(each for each in found if each[0] is not None)]


def whole_epochs(folder: Path) -> list[Path]:
    """List the checkpoints of a folder that were written at the end of an epoch.

    Args:
        folder: folder, which may be missing.

    Returns:
        List of paths, the newest last.
    """
    return [path for path in files(folder) if _INSIDE not in path.name]


def place_of(stem: str) -> tuple[int, int] | None:
    """Read a place in a run from a checkpoint's name; names have no order beyond six digits.

    Args:
        stem: file name without its suffix.

    Returns:
        `(epoch, rounds)`, finished epochs and rounds of the next one; None if it is no such name.

    Example:
        >>> place_of("epoch_999999_round_000034") < place_of("epoch_1000000")
        True
    """
    match = _PLACE.fullmatch(stem)
    return None if match is None else (int(match[1]), int(match[2] or 0))


def epoch_of(path: Path) -> int:
    """Return the number of finished epochs that a checkpoint's name tells.

    Args:
        path: file name.

    Returns:
        int.

    Example:
        >>> epoch_of(Path("checkpoints/epoch_000012.weights.h5"))
        12
        >>> epoch_of(Path("checkpoints/epoch_000012_round_000034.weights.h5"))
        12
    """
    return place_of(path.name.removesuffix(_SUFFIX))[0]


def save(model: AdversarialModel, folder: Path, epoch: int, done: int = 0) -> Path:
    """Write a checkpoint: weights, optimizers, seeds, counters and progress, in one step.

    Args:
        model: compiled model; if a `Watchdog` watches it, its decisions are saved too.
        folder: where it goes.
        epoch: int, finished epochs.
        done: int, finished rounds of the next epoch; the means that it logs are saved with them.

    Returns:
        Path of the file.
    """
    path = folder / _name(epoch, done)
    image = _Image()
    model.save_weights(image)
    with h5py.File(image, "r+") as file:
        if done:
            file.attrs["done"] = done
            for name, variable in _means(model):
                file[f"{_MEANS}/{name}"] = keras.ops.convert_to_numpy(variable)
        watchdog = getattr(model, "watchdog", None)
        if watchdog is not None:
            file.attrs[_WATCHDOG] = json.dumps(watchdog.get_state())
        file.attrs["epoch"], file.attrs["step"] = epoch, model.step
        file.attrs["sample_shape"] = model.generator.output_shape[1:]
        file.attrs["sha256"] = _digest(file)
    with replacing(path) as temporary:
        temporary.write_bytes(image.getbuffer())
    return path


def verify(path: Path) -> Progress:
    """Read a checkpoint's progress, after comparing all of it with its digest.

    Args:
        path: file name.

    Returns:
        `Progress`.

    Raises:
        DamagedError: if it cannot be read or is not what was written.
    """
    try:
        with h5py.File(path, "r") as file:
            restoring.check_self_contained(file)
            if file.attrs["sha256"] != _digest(file):
                raise DamagedError("its content is not that which was written")
            shape = tuple(int(size) for size in file.attrs["sample_shape"])
            epoch, step = int(file.attrs["epoch"]), int(file.attrs["step"])
            found = Progress(epoch, step, shape, int(file.attrs.get("done", 0)))
            if _WATCHDOG in file.attrs:
                watchdog_memory.parse(file.attrs[_WATCHDOG])
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise DamagedError(str(error)) from error
    if path.name != _name(found.epoch, found.done):
        raise DamagedError(f"it holds epoch {epoch} and {found.done} rounds, not those of its name")
    return found


def newest(folder: Path) -> tuple[Path, Progress] | None:
    """Find the newest checkpoint that is whole, and say which are not.

    Args:
        folder: folder, which may be missing, and in which a run may be replacing them.

    Returns:
        `(path, Progress)`, or None where there is no checkpoint at all.

    Raises:
        ValueError: if there are some and all are damaged, or none stays while it is read.
    """
    for _ in range(_LISTINGS):
        found = files(folder)
        for path in reversed(found):
            try:
                return path, verify(path)
            except DamagedError as error:
                if not os.path.lexists(path):  # a newer one has taken its place
                    break
                print(
                    f"{path} is damaged ({error}); going back to the one before.", file=sys.stderr
                )
        else:
            if not found:
                return None
            raise ValueError(
                f"`--workdir` must hold a whole checkpoint. Received: {len(found)} in {folder}, "
                "all damaged. Put back a copy, or remove that folder to train from the beginning."
            )
    raise _replaced(folder)


def load_newest(model: AdversarialModel, folder: Path) -> tuple[Path, Progress]:
    """Load the newest checkpoint that is whole, also while a run is replacing them.

    Args:
        model: compiled model.
        folder: folder with a checkpoint.

    Returns:
        `(path, Progress)`.

    Raises:
        ValueError: if none can be read, does not fit the model, or stays while it is read.
    """
    for _ in range(_LISTINGS):
        found = newest(folder)
        if found is None:
            break
        try:
            restoring.load_weights(model, found[0])
            return found
        except ValueError:
            if os.path.lexists(found[0]):
                raise
    raise _replaced(folder)


def watchdog_state(path: Path) -> dict[str, Any] | None:
    """Read what a run's watchdog knew when a checkpoint was written.

    Args:
        path: a checkpoint, verified.

    Returns:
        dict for `Watchdog.set_state`; None if nothing watched the run.
    """
    with h5py.File(path, "r") as file:
        return watchdog_memory.parse(file.attrs[_WATCHDOG]) if _WATCHDOG in file.attrs else None


class RestoreMeans(keras.callbacks.Callback):
    """Goes on with the means of an epoch that a checkpoint interrupted.

    Args:
        path: a checkpoint with `done > 0`.
    """

    def __init__(self, path: Path) -> None:
        """Keep the place."""
        super().__init__()
        self.path = path

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Put back what Keras has just reset."""
        with h5py.File(self.path, "r") as file:
            for name, variable in _means(self.model):
                variable.assign(file[f"{_MEANS}/{name}"][()])


def _means(model: AdversarialModel) -> list[tuple[str, keras.Variable]]:
    """List what the logged means of an epoch consist of."""
    return [
        (f"{metric.name}_{index}", variable)
        for metric in model.metrics
        for index, variable in enumerate(metric.variables)
    ]


def _replaced(folder: Path) -> ValueError:
    return ValueError(
        f"`--workdir` must hold a checkpoint while it is read. Received: {folder}, where a run "
        "replaces them faster. Give the same command again."
    )


def _name(epoch: int, done: int) -> str:
    inside = f"{_INSIDE}{done:06d}" if done else ""
    return f"epoch_{epoch:06d}{inside}{_SUFFIX}"


def _digest(file: h5py.File) -> str:
    """Hash names, types and values of all arrays, and the attributes."""
    keys = ("epoch", "step", "sample_shape", "done", _WATCHDOG)
    progress = [str(file.attrs[key]) for key in keys if key in file.attrs]
    digest = hashlib.sha256("/".join(progress).encode())
    for name, item in restoring.arrays(file):
        value = np.ascontiguousarray(item[()])
        digest.update(f"{name}:{value.dtype}:{value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()
