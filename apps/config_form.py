"""What every config must look like, whether it comes from a file of the user's or from a run."""

import math
from collections.abc import Callable, Mapping
from typing import Any

SECTIONS = ("model", "optimizers", "data", "train", "watch")
_LARGEST = 2**24  # of counts that become the size of an array
_WIDEST = 2**16  # of layers
_DEEPEST = 32  # sections in sections


def _count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _size(value: Any) -> bool:
    return _count(value) and value <= _LARGEST


def _width(value: Any) -> bool:
    return _count(value) and value <= _WIDEST


def _seed(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**32


def _rate(value: Any) -> bool:
    return type(value) in (int, float) and value > 0


def _part(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < 1


def _word(value: Any) -> bool:
    return isinstance(value, str)


def _words(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)


def _yes_or_no(value: Any) -> bool:
    return isinstance(value, bool)


def _switch(value: Any) -> bool:
    return isinstance(value, bool) or value == "auto"


_WANTED = {
    _count: "an int of at least 1",
    _size: f"an int from 1 to {_LARGEST}",
    _width: f"an int from 1 to {_WIDEST}",
    _seed: "an int from 0 to 4294967295",
    _rate: "a number above 0",
    _part: "a number from 0 to below 1",
    _word: "a string",
    _words: "a tuple of strings",
    _yes_or_no: "True or False",
    _switch: "True, False or 'auto'",
}
# Keys that are read of every config, and those that may be left out or None.
_NEEDED = {
    "model.name": _word,
    "model.latent_dim": _size,
    "model.prior": _word,
    "data.name": _word,
    "train.generator_updates": _count,
    "train.batch_size": _size,
    "train.updates_per_epoch": _count,
    "train.steps_per_execution": _count,
    "train.checkpoints_to_keep": _count,
    "train.seed": _seed,
    "watch.every": _count,
    "watch.pictures": _words,
    "watch.num_pictured": _count,
    "watch.metrics": _words,
    "watch.num_evaluated": _count,
}
_OPTIONAL = {
    "data.seed": _seed,
    "train.jit_compile": _switch,
    "train.mixed_precision": _word,
    "train.one_batch_per_round": _yes_or_no,
    "watch.scores": _words,
    "watch.network": _word,
    "watch.weights": _word,
    "watch.num_scored": _count,
}
_OF_OPTIMIZERS = {"beta_1": _part, "beta_2": _part, "momentum": _part}
_OF_OPTIMIZERS |= dict.fromkeys(("cosine_updates", "linear_updates", "warmup_updates"), _count)
_BLOCKS = ("model.generator", "model.critic", "model.navigator", "model.encoder")
_BLOCKS += ("model.discriminator", "model.divergence", "model.matching", "model.objective")
_BLOCKS += ("model.penalty", "model.consistency", "watch.watchdog")
_OF_NETWORKS = {"width": _width, "feature_dim": _width}
_NAMELESS = ("model.consistency", "watch.watchdog")


def check(config: Mapping[str, Any]) -> None:
    """Check that a config has its sections, the keys that all need, and values that JSON knows.

    What the values must be beyond that is checked by those who take them.

    Args:
        config: `ConfigDict` or dict.

    Raises:
        ValueError: naming the first key that is missing or of another kind.

    Example:
        >>> check({"model": {}})
        Traceback (most recent call last):
        ...
        ValueError: `optimizers` must be a section of the config. Received: nothing. Compare it \
with a file of `configs`.
    """
    config = config.to_dict() if hasattr(config, "to_dict") else config
    if not isinstance(config, dict):
        raise _wrong("config", "a dict of sections", config)
    for name in SECTIONS:
        if not isinstance(config.get(name), dict):
            raise _wrong(name, "a section of the config", config.get(name))
    _check_values("", config)
    for key, fits in _NEEDED.items():
        _check_key(config, key, fits, needed=True)
    for key, fits in _OPTIONAL.items():
        _check_key(config, key, fits, needed=False)
    for key in _BLOCKS:
        _check_block(config, key)
    for role, section in config["optimizers"].items():
        key = f"optimizers.{role}"
        if not isinstance(section, dict):
            raise _wrong(key, "a section with name and learning_rate", section)
        _check_key(config, f"{key}.name", _word, needed=True)
        _check_key(config, f"{key}.learning_rate", _rate, needed=True)
        for inner, fits in _OF_OPTIMIZERS.items():
            _check_key(config, f"{key}.{inner}", fits, needed=False)


def _check_key(config: dict, key: str, fits: Callable[[Any], bool], needed: bool) -> None:
    value: Any = config
    for part in key.split("."):
        value = value.get(part)
    if (value is not None or needed) and not fits(value):
        raise _wrong(key, _WANTED[fits], value)


def _check_block(config: dict, key: str) -> None:
    section, name = key.split(".")
    inner = config[section].get(name)
    if inner is None and key != "model.generator":
        return
    if not isinstance(inner, dict):
        raise _wrong(key, "a section of its own", inner)
    if key not in _NAMELESS:
        if not isinstance(inner.get("name"), str):
            raise _wrong(f"{key}.name", "a string", inner.get("name"))
    for inner_key, fits in _OF_NETWORKS.items():
        _check_key(config, f"{key}.{inner_key}", fits, needed=False)


def _check_values(prefix: str, section: Any) -> None:
    """Refuse what a run's `config.json` could not hold."""
    if prefix.count(".") > _DEEPEST:
        raise _wrong(prefix.partition(".")[0], f"at most {_DEEPEST} sections deep", "more")
    if isinstance(section, dict):
        for key, value in section.items():
            if not isinstance(key, str):
                raise _wrong(prefix.rstrip(".") or "config", "a section of keys in words", key)
            _check_values(f"{prefix}{key}.", value)
    elif isinstance(section, list | tuple):
        for value in section:
            _check_values(prefix, value)
    elif isinstance(section, float) and not math.isfinite(section):
        raise _wrong(prefix[:-1], "a finite number", section)
    elif type(section) is int and abs(section) >= 2**63:
        raise _wrong(prefix[:-1], "a number of 64 bits", section)
    elif section is not None and not isinstance(section, bool | int | float | str):
        raise _wrong(prefix[:-1], "a number, a string, a tuple or None", section)


def _wrong(key: str, wanted: str, value: Any) -> ValueError:
    received = "nothing" if value is None else repr(value)[:80]
    return ValueError(
        f"`{key}` must be {wanted}. Received: {received}. Compare it with a file of `configs`."
    )
