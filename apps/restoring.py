"""Checkpoints loaded whole or not at all, and from themselves alone."""

import warnings
from pathlib import Path

import h5py
import numpy as np

from keras_ot_gans.models import AdversarialModel

# What Keras and h5py raise for arrays that are missing, superfluous, of another shape or type.
_MISFITS = (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, UserWarning)


def load_weights(model: AdversarialModel, path: Path) -> None:
    """Load a checkpoint into the model of its config.

    Keras only warns where parts of a model are not in the file, and leaves them as they were.

    Args:
        model: compiled model.
        path: a checkpoint, verified.

    Raises:
        ValueError: if it lacks a part of the model or has one of another shape, or takes its
            numbers from elsewhere.
    """
    try:
        with h5py.File(path, "r") as file:
            check_self_contained(file)
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Skipping nested container", UserWarning)
            model.load_weights(path)
    except _MISFITS as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(
            f"`--workdir` must hold checkpoints of the model that its config.json says. Received: "
            f"{path}, which does not fit: {reason}. Put back the run's own files, or train anew."
        ) from error


def arrays(file: h5py.File) -> list[tuple[str, h5py.Dataset]]:
    """List the arrays of a file, in one order on every machine.

    Args:
        file: open file.

    Returns:
        List of (name, array, not yet read).

    Example:
        >>> import io
        >>> with h5py.File(io.BytesIO(), "w") as file:
        ...     file["b/x"], file["a"] = 1.0, 2.0
        ...     [name for name, _ in arrays(file)]
        ['a', 'b/x']
    """
    found = []

    def add(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            found.append((name, item))

    file.visititems(add)
    return found


def is_finite(path: Path) -> bool:
    """Whether all numbers of a checkpoint are finite.

    Args:
        path: file name, of a whole checkpoint.

    Returns:
        bool.
    """
    with h5py.File(path, "r") as file:
        return all(
            bool(np.all(np.isfinite(item[()])))
            for _, item in arrays(file)
            if np.issubdtype(item.dtype, np.floating)
        )


def check_self_contained(file: h5py.File) -> None:
    """Refuse a file whose numbers lie in other files: reading them would open those.

    So is one whose groups are no tree: one inside itself has no end.

    Args:
        file: open file.

    Raises:
        ValueError: if there is a link, an array that is stored elsewhere, or a group that is met
            twice.

    Example:
        >>> import io
        >>> with h5py.File(io.BytesIO(), "w") as file:
        ...     file["x"] = h5py.ExternalLink("other.h5", "/x")
        ...     check_self_contained(file)
        Traceback (most recent call last):
        ...
        ValueError: `file` must hold all of its arrays itself. Received: a link at /x.
    """
    groups = [file]
    met = set(groups)  # by what they are, not by their names: a group may have several
    while groups:
        group = groups.pop()
        for name in group:
            place = f"{group.name.rstrip('/')}/{name}"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise _elsewhere(f"a link at {place}")
            item = group[name]
            if isinstance(item, h5py.Group):
                if item in met:
                    raise _elsewhere(f"a group for the second time at {place}")
                met.add(item)
                groups.append(item)
            elif isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
                raise _elsewhere(f"an array of another file at {place}")


def _elsewhere(received: str) -> ValueError:
    return ValueError(f"`file` must hold all of its arrays itself. Received: {received}.")
