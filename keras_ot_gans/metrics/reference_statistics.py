"""What is kept of the real images: enough for every score, and nothing of the images."""

import dataclasses
import hashlib
import json
import lzma
import math
import os
import struct
import tokenize
import zipfile
import zlib
from typing import Any

import numpy as np

from keras_ot_gans.files import replacing
from keras_ot_gans.metrics.moments import Moments
from keras_ot_gans.metrics.protocol import ProtocolCard

_OPTIONAL = ("class_labels", "class_counts", "class_means", "class_covariances")
# What NumPy and its zip reader raise for a file that is cut, overwritten or no `.npz` at all.
_UNREADABLE = (
    OSError, ValueError, TypeError, KeyError, IndexError, EOFError, SyntaxError, RuntimeError,
    OverflowError, MemoryError, AttributeError, struct.error, tokenize.TokenError,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip


# What a card has beside its real side.
_REST = {
    "n_fake": 0, "kid_subsets": 1, "kid_subset_size": 2, "neighbours": 1,
    "generator_weights": "unknown", "sampler": "none",
}  # fmt: skip


class DamagedStatistics(ValueError):
    """A statistics file whose content is not what was written."""


@dataclasses.dataclass(frozen=True, eq=False)
class ReferenceStatistics:
    """Statistics of the real images' features.

    Args:
        real_side: dict, `ProtocolCard.real_side()` of the scores they serve.
        mean: float64 array `(d,)`.
        covariance: float64 array `(d, d)`.
        root: float64 array `(d, d)`, symmetric square root of `covariance`.
        count: int, real images.
        features: float32 array `(m, d)`, a random subset for kernel distance and
            precision/recall.
        inception_score: float, of the real images; NaN for a network without classes.
        inception_score_std: float, over the splits.
        class_labels: int64 array `(c,)`, or None without labels; so are the next ones.
        class_counts: int64 array `(c,)`.
        class_means: float64 array `(c, d)`.
        class_covariances: float64 array `(c, d, d)`.
    """

    real_side: dict[str, Any]
    mean: np.ndarray
    covariance: np.ndarray
    root: np.ndarray
    count: int
    features: np.ndarray
    inception_score: float = math.nan
    inception_score_std: float = math.nan
    class_labels: np.ndarray | None = None
    class_counts: np.ndarray | None = None
    class_means: np.ndarray | None = None
    class_covariances: np.ndarray | None = None

    @property
    def with_classes(self) -> bool:
        """Whether there are statistics of each class."""
        return self.class_labels is not None

    def moments(self) -> Moments:
        """Return mean, covariance and count as `Moments`."""
        divisor = self.count - self.real_side["covariance_ddof"]
        scatter = self.covariance * divisor
        return Moments.from_state({"count": self.count, "mean": self.mean, "scatter": scatter})

    def save(self, path: str | os.PathLike) -> None:
        """Write one `.npz` with a checksum, in one step.

        Args:
            path: file name that ends with `.npz`; its folder must exist.

        Raises:
            OSError: if it cannot be written; nothing is left behind.
        """
        arrays = {
            field.name: np.asarray(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name != "real_side" and getattr(self, field.name) is not None
        }
        arrays["real_side"] = np.asarray(json.dumps(self.real_side, sort_keys=True))
        with replacing(path) as temporary:
            np.savez(temporary, sha256=np.asarray(_digest(arrays)), **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "ReferenceStatistics":
        """Read a file of `save` and verify all of it.

        Args:
            path: file name.

        Returns:
            `ReferenceStatistics`.

        Raises:
            FileNotFoundError: if there is no such file.
            DamagedStatistics: if it is not what was written; the message names it and why.
        """
        try:
            # Opened here: NumPy leaves a broken file open.
            with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            written = str(arrays.pop("sha256"))
            side = json.loads(str(arrays["real_side"]))
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"`statistics` must be a file of reference statistics. Received: {path}, which is "
                "not there. Check the name, or pass the real images."
            ) from error
        except _UNREADABLE as error:
            raise DamagedStatistics(_damaged(path, f"it cannot be read: {error}")) from error
        if written != _digest(arrays):
            raise DamagedStatistics(_damaged(path, "its content has another checksum"))
        names = {field.name for field in dataclasses.fields(cls)}
        if not names - set(_OPTIONAL) <= arrays.keys() <= names:
            raise DamagedStatistics(_damaged(path, f"it holds {', '.join(sorted(arrays))}"))
        values = {name: value if value.ndim else value.item() for name, value in arrays.items()}
        found = cls(**{**values, "real_side": side})
        reason = found._wrong()
        if reason is not None:
            raise DamagedStatistics(_damaged(path, reason))
        return found

    def _wrong(self) -> str | None:
        """Say what `save` would not have written, whatever the checksum says."""
        try:
            ProtocolCard(**{**_REST, **self.real_side})
        except (TypeError, ValueError) as error:
            return f"its protocol is none: {error}"
        d, c = np.size(self.mean), np.size(self.class_labels)
        shapes = {"mean": (d,), "covariance": (d, d), "root": (d, d)}
        shapes["features"] = (np.shape(self.features)[0] if np.ndim(self.features) else 0, d)
        if self.with_classes:
            shapes |= {"class_labels": (c,), "class_counts": (c,)}
            shapes |= {"class_means": (c, d), "class_covariances": (c, d, d)}
        for name, shape in shapes.items():
            value = np.asarray(getattr(self, name))
            if value.shape != shape or value.dtype.kind not in "fiu":
                return f"{name} has the shape {value.shape}, dtype {value.dtype}"
            if not np.isfinite(value).all():
                return f"{name} is not finite"
        if type(self.count) is not int or self.count < 1:
            return f"count is {self.count!r}"
        scores = (self.inception_score, self.inception_score_std)
        return None if all(type(x) is float for x in scores) else f"inception_score is {scores}"


def _damaged(path: str | os.PathLike, reason: str) -> str:
    return (
        f"`statistics` must be a whole file of reference statistics. Received: {path}: {reason}. "
        "Remove it; it is computed again from the real images."
    )


def _digest(arrays: dict[str, np.ndarray]) -> str:
    """Hash names, types, shapes and values."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}:{value.dtype.str}:{arrays[name].shape}:".encode())
        digest.update(value.tobytes() if value.ndim == 0 else memoryview(value).cast("B"))
    return digest.hexdigest()
