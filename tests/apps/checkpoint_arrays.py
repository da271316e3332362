"""What a run's last checkpoint holds, bit by bit."""

import h5py

from apps import checkpoints


def arrays(path):
    """All arrays of a checkpoint, by name."""
    found = {}
    with h5py.File(path, "r") as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]}) if hasattr(item, "size") else None
        )
    return found


def last_arrays(workdir):
    """All weights, optimizers, seeds and counters of the last checkpoint of a run."""
    return arrays(checkpoints.files(workdir / "checkpoints")[-1])
