"""The card of a score: all that a number depends on besides the generator."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from typing import Any

QUANTISE = ("uint8", "uint8_floor", "none")
"""Pixels to 8 bits by rounding, by truncation (StudioGAN), or left as floats."""
WEIGHTS = ("ema", "raw", "unknown")
"""Which weights of the generator made the images."""
VERSION = 1
"""Of the way the numbers are computed: a change that moves a score raises it."""

_AT_LEAST = {
    "channels": 1,
    "n_real": 0,
    "n_fake": 0,
    "splits": 1,
    "covariance_ddof": 0,
    "kid_subsets": 1,
    "kid_subset_size": 2,
    "neighbours": 1,
    "max_stored": 2,
    "seed": 0,
    "version": 1,
}
_REAL_SIDE = (
    "feature_network", "weights_hash", "resize", "quantise", "image_size", "channels", "real",
    "split", "data_hash", "n_real", "splits", "softmax_bias", "covariance_ddof", "max_stored",
    "seed", "version",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class ProtocolCard:
    """Protocol of a score, frozen, hashed and serialised.

    Two scores may be compared when their cards are equal, see `check_comparable`.

    Args:
        feature_network: str, name of the network whose features are compared.
        weights_hash: str, SHA-256 of its weights, hexadecimal.
        resize: str, how images come to its size.
        quantise: "uint8" (round), "uint8_floor" (truncate) or "none".
        image_size: (height, width) of the images before any resize.
        channels: int, 1 or 3 (or what a user's network takes).
        real: str, name of the real data.
        split: str, which part of them.
        data_hash: str, `data_hash` of the real images.
        n_real: int, real images behind the statistics.
        n_fake: int, generated images.
        splits: int, parts of the Inception score.
        softmax_bias: bool, False where the class probabilities leave the last bias out.
        covariance_ddof: int, 1 divides by n - 1, 0 by n.
        kid_subsets: int, subsets of the kernel distance.
        kid_subset_size: int, images in each.
        neighbours: int, k of precision and recall.
        max_stored: int, features kept of each side for kernel distance and precision/recall.
        generator_weights: "ema", "raw" or "unknown".
        sampler: str, how latents become images: "prior", "files", a method's name.
        seed: int, of latents, subsets and stored features.
        version: int, of the way the numbers are computed.

    Raises:
        ValueError: if a value is out of range.
        TypeError: if a value has the wrong type.

    Example:
        >>> card = ProtocolCard("inception_2015_12_05", "ab" * 32, "tf1 bilinear", "uint8",
        ...     (32, 32), 3, "cifar10", "train", "cd" * 32, 50_000, 50_000, 10, True, 1,
        ...     100, 1000, 3, 10_000, "ema", "prior", 0)
        >>> card.short
        'inception_2015_12_05-50k-50k-uint8-ema-ce54b1c3'
        >>> ProtocolCard.from_dict(card.as_dict()) == card
        True
    """

    feature_network: str
    weights_hash: str
    resize: str
    quantise: str
    image_size: tuple[int, int]
    channels: int
    real: str
    split: str
    data_hash: str
    n_real: int
    n_fake: int
    splits: int
    softmax_bias: bool
    covariance_ddof: int
    kid_subsets: int
    kid_subset_size: int
    neighbours: int
    max_stored: int
    generator_weights: str
    sampler: str
    seed: int
    version: int = VERSION

    def __post_init__(self) -> None:
        """Check types and ranges, so that every stored card is a valid one."""
        size = tuple(self.image_size) if isinstance(self.image_size, list | tuple) else ()
        if len(size) != 2 or not all(_is_int(side) and side > 0 for side in size):
            raise ValueError(
                "`image_size` must be (height, width), two positive integers. "
                f"Received: image_size={self.image_size!r}."
            )
        object.__setattr__(self, "image_size", size)
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type is str and not isinstance(value, str):
                raise TypeError(f"`{field.name}` must be a string. Received: {value!r}.")
            if field.type is bool and not isinstance(value, bool):
                raise TypeError(f"`{field.name}` must be True or False. Received: {value!r}.")
            if field.type is int and not _is_int(value):
                raise TypeError(f"`{field.name}` must be an integer. Received: {value!r}.")
            if field.type is int and value < _AT_LEAST[field.name]:
                least = _AT_LEAST[field.name]
                raise ValueError(f"`{field.name}` must be at least {least}. Received: {value}.")
        for name, known in (("quantise", QUANTISE), ("generator_weights", WEIGHTS)):
            value = getattr(self, name)
            if value not in known:
                raise ValueError(
                    f"`{name}` must be one of {', '.join(known)}. Received: {value!r}."
                )

    @property
    def hash(self) -> str:
        """SHA-256 of all fields, hexadecimal; the same on every machine."""
        return _hash(self.as_dict())

    @property
    def short(self) -> str:
        """Readable tag: network, real and fake counts, quantisation, weights, 8 of the hash."""
        counts = f"{_count(self.n_real)}-{_count(self.n_fake)}"
        return (
            f"{self.feature_network}-{counts}-{self.quantise}-{self.generator_weights}-"
            f"{self.hash[:8]}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {**dataclasses.asdict(self), "image_size": list(self.image_size)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "ProtocolCard":
        """Return the card of `as_dict`.

        Args:
            values: dict of every field.

        Returns:
            `ProtocolCard`.

        Raises:
            ValueError: if fields are missing or unknown: a card is never filled in by guesses.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        missing, unknown = sorted(names - values.keys()), sorted(values.keys() - names)
        if missing or unknown:
            raise ValueError(
                "`values` must hold exactly the fields of a card. Received: "
                f"missing {', '.join(missing) or 'none'}; unknown {', '.join(unknown) or 'none'}. "
                "It was written by another version, or by hand."
            )
        return cls(**values)

    def real_side(self) -> dict[str, Any]:
        """Return the fields that the reference statistics depend on, as JSON values."""
        values = self.as_dict()
        return {name: values[name] for name in _REAL_SIDE}

    def real_side_hash(self) -> str:
        """Return the SHA-256 of `real_side`, the key of the statistics cache."""
        return _hash(self.real_side())


def check_comparable(a: ProtocolCard, b: ProtocolCard, may_differ: Iterable[str] = ()) -> None:
    """Refuse to compare scores of different protocols.

    Args:
        a: card of one score.
        b: card of the other.
        may_differ: names of fields that the caller allows to differ, such as ("seed",).

    Raises:
        ValueError: if another field differs; both values of each are shown side by side.

    Source: none; scores of the same weights differ by a factor of 1.5 between protocols
        (SNGAN on CIFAR-10: FID about 15 with 50,000 training images, 21.7 with 10,000 and 5,000).
    """
    left, right = a.as_dict(), b.as_dict()
    unknown = sorted(set(may_differ) - left.keys())
    if unknown:
        raise ValueError(
            f"`may_differ` must name fields of a card, of {', '.join(left)}. "
            f"Received: {', '.join(unknown)}."
        )
    names = [key for key in left if left[key] != right[key] and key not in set(may_differ)]
    if names:
        rows = [("field", "first", "second"), *((n, f"{left[n]}", f"{right[n]}") for n in names)]
        first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
        lines = [f"  {row[0]:<{first}}  {row[1]:<{second}}  {row[2]}" for row in rows]
        raise ValueError(
            "`a` and `b` must be scores of one protocol. Received: cards that differ in\n"
            + "\n".join(lines)
            + "\nScore both by one protocol, or allow fields by `may_differ`."
        )


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _hash(values: dict[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _count(n: int) -> str:
    return f"{n // 1000}k" if n and n % 1000 == 0 else str(n)
