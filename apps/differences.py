"""Two configs compared, key by key."""

import json
from typing import Any

from ml_collections import ConfigDict


def as_json(config: ConfigDict) -> dict[str, Any]:
    """Return a config as it comes back from JSON.

    Args:
        config: the config.

    Returns:
        dict of numbers, strings, lists and None.

    Example:
        >>> as_json(ConfigDict({"hidden": (100, 50)}))
        {'hidden': [100, 50]}
    """
    return json.loads(json.dumps(config.to_dict()))


def differences(there: dict[str, Any], here: dict[str, Any], prefix: str = "") -> list[str]:
    """List the keys in which two configs differ; a key that is missing is one that is None.

    Args:
        there: dict, the folder's config.
        here: dict, the config given now.
        prefix: path of the section, with a dot.

    Returns:
        List of str, empty if they are equal.

    Example:
        >>> differences({"train": {"seed": 0, "n": 1}}, {"train": {"seed": 1}})
        ['train.n: 1 there, not a key now', 'train.seed: 0 there, 1 now']
        >>> differences({"crop": None}, {"key": None})
        []
    """
    found = []
    for key in sorted(there.keys() | here.keys()):
        if there.get(key) is None and here.get(key) is None:
            continue
        if key not in here:
            found.append(f"{prefix}{key}: {there[key]!r} there, not a key now")
        elif key not in there:
            found.append(f"{prefix}{key}: not a key there, {here[key]!r} now")
        elif isinstance(there[key], dict) and isinstance(here[key], dict):
            found += differences(there[key], here[key], f"{prefix}{key}.")
        elif there[key] != here[key]:
            found.append(f"{prefix}{key}: {there[key]!r} there, {here[key]!r} now")
    return found
