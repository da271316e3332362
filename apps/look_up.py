"""The one look-up from the strings of a config to values, and calls with a section's keys."""

import difflib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Value = TypeVar("Value")


def look_up(argument: str, name: str, table: Mapping[str, Value]) -> Value:
    """Return the value that a name of a config stands for.

    Args:
        argument: the config key, for the message.
        name: str, the name given there.
        table: dict of name to value.

    Returns:
        The value.

    Raises:
        ValueError: if there is no such name.

    Example:
        >>> look_up("model.cost", "cosin", {"cosine": 1, "euclidean": 2})
        Traceback (most recent call last):
        ...
        ValueError: `model.cost` must be one of cosine, euclidean. Received: 'cosin'. \
Did you mean 'cosine'?
    """
    if name not in table:
        close = difflib.get_close_matches(str(name), table, n=1)
        advice = f"Did you mean {close[0]!r}?" if close else "Choose one of them."
        raise ValueError(
            f"`{argument}` must be one of {', '.join(sorted(table))}. Received: {name!r}. {advice}"
        )
    return table[name]


def call(argument: str, function: Callable[..., Value], section: Mapping, *args: Any) -> Value:
    """Call a function with the keys of a config section.

    Args:
        argument: the section's name, for the message.
        function: function or class.
        section: dict of keyword to value; `name`, and values of None, are left out.
        *args: what comes first.

    Returns:
        What the function returns.

    Raises:
        ValueError: if the section has keys that the function does not take, or lacks one.

    Example:
        >>> call("data", lambda n, seed=0: n, {"name": "toy", "n": 3})
        3
        >>> call("data", lambda n, seed=0: n, {"name": "toy", "n": 3, "sed": 1})
        Traceback (most recent call last):
        ...
        ValueError: `data` must have keys among n, seed. Received: sed. Rename it, or remove it.
    """
    given = {key: value for key, value in section.items() if key != "name" and value is not None}
    known = _parameters(function)[len(args) :]
    unknown = [key for key in given if key not in [p.name for p in known]]
    if unknown:
        raise ValueError(
            f"`{argument}` must have keys among {', '.join(p.name for p in known)}. "
            f"Received: {', '.join(unknown)}. Rename it, or remove it."
        )
    missing = [p.name for p in known if p.default is p.empty and p.name not in given]
    if missing:
        raise ValueError(
            f"`{argument}.{missing[0]}` must be given. Received: a section with the keys "
            f"{', '.join(section)}. Add it to the config file."
        )
    return function(*args, **given)


def _parameters(function: Callable) -> list[inspect.Parameter]:
    """List the named arguments of a function, or of a class and those it passes `kwargs` on to."""
    found = {}
    owners = (function,)
    if inspect.isclass(function):
        owners = [owner for owner in function.__mro__[:-1] if "__init__" in vars(owner)]
    for owner in owners:
        parameters = inspect.signature(owner).parameters.values()
        for parameter in parameters:
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.setdefault(parameter.name, parameter)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
    return list(found.values())
