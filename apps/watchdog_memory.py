"""What a checkpoint keeps of a run's watchdog, read only if it is what a watchdog says."""

import json
import math
from collections.abc import Callable
from typing import Any


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_scale(value: Any) -> bool:
    return type(value) is float and 0 < value < math.inf


def _lists(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


# Key of `Watchdog.get_state`: (how its value is described, whether one fits).
_KEYS = {
    "said": ("a list of kinds", _lists(lambda kind: isinstance(kind, str))),
    "written": ("an int >= 0", _is_count),
    "been": ("a list of steps", _lists(_is_count)),
    "scales": (
        "positive floats by role",
        lambda value: isinstance(value, dict) and all(map(_is_scale, value.values())),
    ),
    "rounds": ("an int >= 0", _is_count),
}
_OLDER = {"rounds": 0}  # what a checkpoint from before there was such a key means


def parse(text: Any) -> dict[str, Any]:
    """Read a watchdog's state, which a run goes on from.

    Args:
        text: JSON of what `Watchdog.get_state` returned.

    Returns:
        dict for `Watchdog.set_state`.

    Raises:
        ValueError: if it is no JSON, or not of such values.

    Example:
        >>> state = '{"said": ["stuck"], "written": 9, "been": [], "scales": {}, "rounds": 0}'
        >>> parse(state)["said"]
        ['stuck']
        >>> parse('{"said": 3}')
        Traceback (most recent call last):
        ...
        ValueError: `watchdog` must hold `said`, a list of kinds. Received: 3.
    """
    try:
        state = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise _unlike("be JSON", f"{text!r:.60} ({error})") from error
    if not isinstance(state, dict):
        raise _unlike("be a dict of JSON", f"{state!r:.60}")
    state = {**_OLDER, **state}
    for key, (what, fits) in _KEYS.items():
        if key not in state:
            raise _unlike(f"hold `{key}`, {what}", "nothing")
        if not fits(state[key]):
            raise _unlike(f"hold `{key}`, {what}", f"{state[key]!r:.60}")
    return state


def _unlike(expected: str, received: str) -> ValueError:
    return ValueError(f"`watchdog` must {expected}. Received: {received}.")
