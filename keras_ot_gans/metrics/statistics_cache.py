"""Reference statistics on disk, keyed by protocol and data."""

import hashlib
import json
import logging
import os
import re
from pathlib import Path
from typing import Any

from keras_ot_gans.metrics.reference_statistics import DamagedStatistics, ReferenceStatistics

_MIB = 2**20


def default_cache_dir() -> Path:
    """Return the folder of statistics: `keras_ot_gans/statistics` below Keras's own.

    Returns:
        Path; `KERAS_HOME` moves it, as it moves Keras's.
    """
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    return Path(home) / "keras_ot_gans" / "statistics"


class StatisticsCache:
    """One file for each real side of a protocol card (which holds the hash of the data).

    Args:
        folder: path, made at once; None for `default_cache_dir()`.

    Raises:
        ValueError: if the folder cannot be made or written to.

    Example:
        >>> import tempfile
        >>> cache = StatisticsCache(tempfile.mkdtemp())
        >>> cache.get({"feature_network": "toy", "data_hash": "ab"}) is None
        True
    """

    def __init__(self, folder: str | os.PathLike | None = None) -> None:
        """Make the folder, so that a wrong one fails before any image is read."""
        self.folder = default_cache_dir() if folder is None else Path(folder).expanduser()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(_unusable(self.folder, error)) from error
        if not os.access(self.folder, os.W_OK):
            raise ValueError(_unusable(self.folder, "no permission to write"))

    def path(self, real_side: dict[str, Any], with_classes: bool = False) -> Path:
        """Return the file of a real side.

        Args:
            real_side: `ProtocolCard.real_side()`.
            with_classes: bool, whether it holds statistics of each class.

        Returns:
            Path, which may not exist.
        """
        text = json.dumps(real_side, sort_keys=True)
        key = hashlib.sha256(f"{text} classes={with_classes}".encode()).hexdigest()
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", str(real_side.get("feature_network", "")))[:60]
        return self.folder / f"{name}-{key[:24]}.npz"

    def get(
        self, real_side: dict[str, Any], with_classes: bool = False
    ) -> ReferenceStatistics | None:
        """Read and verify the statistics of a real side.

        Args:
            real_side: `ProtocolCard.real_side()`.
            with_classes: bool, whether statistics of each class are needed.

        Returns:
            `ReferenceStatistics`, or None where there are none, or only a file that is
            truncated, tampered with or of other data: a logged warning names it.
        """
        path = self.path(real_side, with_classes)
        try:
            found = ReferenceStatistics.load(path)
        except FileNotFoundError:
            return None
        except DamagedStatistics as error:
            logging.getLogger(__name__).warning("%s Computing them anew.", error)
            return None
        if found.real_side != real_side or found.with_classes != with_classes:
            logging.getLogger(__name__).warning(
                "%s holds the statistics of other data or of another protocol. Computing them "
                "anew.",
                path,
            )
            return None
        return found

    def put(self, statistics: ReferenceStatistics) -> Path:
        """Write statistics, in one step.

        Args:
            statistics: `ReferenceStatistics`.

        Returns:
            Path of the file.

        Raises:
            ValueError: if they cannot be written; nothing is left behind.
        """
        path = self.path(statistics.real_side, statistics.with_classes)
        try:
            statistics.save(path)
        except OSError as error:
            arrays = (v for v in vars(statistics).values() if hasattr(v, "nbytes"))
            size = sum(array.nbytes for array in arrays) / _MIB
            raise ValueError(_unusable(self.folder, f"{error}; {size:.0f} MiB needed")) from error
        return path


def _unusable(folder: Path, reason: Any) -> str:
    return (
        "`cache_dir` must be a folder that can be written to, with room for the statistics. "
        f"Received: {folder} ({reason}). Choose another folder, or free some space."
    )
