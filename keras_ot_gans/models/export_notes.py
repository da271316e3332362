"""What an exported generator says about itself, as JSON: enough to draw samples from it."""

import importlib.metadata
import json
import math
from dataclasses import dataclass
from typing import Any

from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.ops.side_vectors import SideVectors

KEY = "keras_ot_gans"  # of ONNX's metadata; with .json, the file's name in the other formats
FILE = f"{KEY}.json"
VERSION = 1
_LONGEST = 2**24  # characters
_LARGEST = 2**24  # of any size


@dataclass(frozen=True)
class ExportNotes:
    """Notes beside an exported generator.

    Attributes:
        prior: `ops.Normal()` or `ops.Uniform()` of the latents.
        latent_dim: int, their width.
        labels: `ops.Labels` or `ops.SideVectors` of a conditional generator, or None.
        sample_shape: tuple, shape of one sample.
        sample_range: (low, high) of the samples' values, None if they have no bounds.
        step: int, generator updates behind it, None if unknown.
        library: version of `keras_ot_gans` that wrote it.

    Example:
        >>> notes = ExportNotes(Normal(), 64, None, (28, 28, 1), (-1.0, 1.0), 1000)
        >>> ExportNotes.from_text(notes.to_text()) == notes
        True
    """

    prior: Normal | Uniform
    latent_dim: int
    labels: Labels | SideVectors | None
    sample_shape: tuple[int, ...]
    sample_range: tuple[float, float] | None
    step: int | None
    library: str = ""

    def __post_init__(self):
        """Fill in the version."""
        if not self.library:
            object.__setattr__(self, "library", _version())

    def to_text(self) -> str:
        """Return the notes as JSON."""
        prior = {"name": type(self.prior).__name__.lower(), **self.prior.get_config()}
        labels = None if self.labels is None else self.labels.get_config()
        notes = {
            "format_version": VERSION,
            "library_version": self.library,
            "prior": prior,
            "latent_dim": self.latent_dim,
            "labels": labels,
            "sample_shape": list(self.sample_shape),
            "sample_range": self.sample_range and list(self.sample_range),
            "step": self.step,
        }
        return json.dumps(notes, indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_text(cls, text: str | bytes) -> "ExportNotes":
        """Read notes; nothing in them is executed, and nothing is believed without a check.

        Args:
            text: JSON.

        Returns:
            `ExportNotes`.

        Raises:
            ValueError: if they are not notes that `to_text` could have written.
        """
        if len(text) > _LONGEST:
            raise ValueError(f"`notes` must be short. Received: {len(text)} characters.")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"`notes` must be JSON. Received: {error}.") from error
        try:
            if found["format_version"] != VERSION:
                raise _wrong("format_version", found["format_version"], f"{VERSION}")
            return cls(
                _prior(found["prior"]),
                _size("latent_dim", found["latent_dim"]),
                _labels(found["labels"]),
                _shape(found["sample_shape"]),
                _range(found["sample_range"]),
                None if found["step"] is None else _size("step", found["step"], 0, 2**63),
                _text("library_version", found["library_version"]),
            )
        except KeyError as error:
            raise ValueError(f"`notes` must have the key {error}. Received: none.") from error
        except TypeError as error:
            raise _wrong("notes", found, "an object") from error


def _version() -> str:
    try:
        return importlib.metadata.version(KEY)
    except importlib.metadata.PackageNotFoundError:
        return "not installed as a package"


def _prior(given: Any) -> Normal | Uniform:
    if given["name"] == "normal":
        return Normal()
    if given["name"] == "uniform":
        return Uniform(_number("low", given["low"]), _number("high", given["high"]))
    raise _wrong("prior", given, "normal or uniform")


def _labels(given: Any) -> Labels | SideVectors | None:
    if given is None:
        return None
    if "dim" in given:
        return SideVectors(_size("dim", given["dim"]))
    num_classes, frequencies = _size("num_classes", given["num_classes"]), given["frequencies"]
    if frequencies is not None:
        if not isinstance(frequencies, list):
            raise _wrong("frequencies", frequencies, "a list")
        frequencies = tuple(_number("frequencies", value) for value in frequencies)
    return Labels(num_classes, frequencies)


def _shape(given: Any) -> tuple[int, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= 8:
        raise _wrong("sample_shape", given, "a list of sizes")
    return tuple(_size("sample_shape", size) for size in given)


def _range(given: Any) -> tuple[float, float] | None:
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != 2:
        raise _wrong("sample_range", given, "two numbers or null")
    low, high = (_number("sample_range", value) for value in given)
    return low, high


def _size(name: str, given: Any, least: int = 1, most: int = _LARGEST) -> int:
    if type(given) is not int or not least <= given <= most:  # True is no size
        raise _wrong(name, given, f"an integer from {least} to {most}")
    return given


def _number(name: str, given: Any) -> float:
    if type(given) not in (int, float) or abs(given) > 1e300 or not math.isfinite(given):
        raise _wrong(name, given, "a finite number")
    return float(given)


def _text(name: str, given: Any) -> str:
    if not isinstance(given, str) or not given or len(given) > 100:
        raise _wrong(name, given, "a short text")
    return given


def _wrong(name: str, given: Any, wanted: str) -> ValueError:
    return ValueError(f"`{name}` must be {wanted}. Received: {repr(given)[:60]}.")
