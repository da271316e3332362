"""Which checkpoints of a run stay: the last few, and one that a run can be saved from."""

from pathlib import Path

import keras

from apps import checkpoints, restoring


class Checkpoint(keras.callbacks.Callback):
    """Write a checkpoint after every epoch and keep the last few.

    Where the last few are not finite, the newest one that is stays too.

    Args:
        folder: where they go; it must exist.
        keep: int > 0, how many of them stay.

    Raises:
        ValueError: if `keep` is not positive.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        """Check the number."""
        super().__init__()
        if keep < 1:
            raise ValueError(
                f"`train.checkpoints_to_keep` must be at least 1. Received: {keep}. Try 3."
            )
        self.folder, self.keep = folder, keep

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Save, then remove what is too old."""
        newest = checkpoints.save(self.model, self.folder, epoch + 1)
        kept = {newest, *checkpoints.whole_epochs(self.folder)[-self.keep :]}
        if not restoring.is_finite(newest):
            kept.add(newest_finite(self.folder))
        for path in checkpoints.files(self.folder):
            if path not in kept:
                path.unlink(missing_ok=True)


def newest_finite(folder: Path) -> Path | None:
    """Find the newest checkpoint that is whole and whose numbers are all finite.

    Args:
        folder: folder, which may be missing.

    Returns:
        Path, or None.
    """
    return next((path for path in reversed(checkpoints.files(folder)) if _is_sound(path)), None)


def _is_sound(path: Path) -> bool:
    try:
        checkpoints.verify(path)
    except checkpoints.DamagedError:
        return False
    return restoring.is_finite(path)
