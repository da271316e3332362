"""The one look-up from the strings of a config to values, and calls with a section's keys."""

import difflib
import inspect
import math
import numbers
import types
import typing
from collections.abc import Callable, Mapping, Sequence
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
    if not isinstance(name, str) or name not in table:
        close = difflib.get_close_matches(str(name), table, n=1)
        advice = f"Did you mean {close[0]!r}?" if close else "Choose one of them."
        raise ValueError(
            f"`{argument}` must be one of {', '.join(sorted(table))}. Received: {name!r}. {advice}"
        )
    return table[name]


def call(
    argument: str,
    function: Callable[..., Value],
    section: Mapping,
    *args: Any,
    keep_none: bool = False,
) -> Value:
    """Call a function with the keys of a config section.

    Args:
        argument: the section's name, for the message.
        function: function or class.
        section: dict of keyword to value; `name` is left out.
        *args: what comes first.
        keep_none: bool, hand on values of None, which the user has written; False leaves them out,
            since in a config they mean "not given".

    Returns:
        What the function returns.

    Raises:
        ValueError: if the section has keys that the function does not take, or lacks one, or a
            value is not of its argument's type.

    Example:
        >>> call("data", lambda n, seed=0: n, {"name": "toy", "n": 3})
        3
        >>> call("data", lambda n=2: n, {"n": None})
        2
        >>> call("data", lambda n=2: n, {"n": None}, keep_none=True) is None
        True
        >>> call("data", lambda n, seed=0: n, {"name": "toy", "n": 3, "sed": 1})
        Traceback (most recent call last):
        ...
        ValueError: `data` must have keys among n, seed. Received: sed. Rename it, or remove it.
    """
    given = {key: value for key, value in section.items() if key != "name"}
    if not keep_none:
        given = {key: value for key, value in given.items() if value is not None}
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
    for parameter in known:
        value = given.get(parameter.name)
        if parameter.name in given and not _fits(value, parameter.annotation):
            kind = inspect.formatannotation(parameter.annotation).replace("collections.abc.", "")
            raise ValueError(
                f"`{argument}.{parameter.name}` must be of type {kind}, and finite. "
                f"Received: {value!r}. Compare it with a file of `configs`."
            )
    return function(*args, **given)


def _fits(value: Any, annotation: Any) -> bool:
    """Whether a value is of an argument's type, as far as configs can hold such values."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return any(_fits(value, one) for one in typing.get_args(annotation))
    if annotation in (int, float):
        kind = numbers.Integral if annotation is int else numbers.Real
        return isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value)
    if typing.get_origin(annotation) in (Sequence, tuple):
        if not isinstance(value, Sequence) or isinstance(value, str):
            return False
        return all(any(_fits(v, one) for one in typing.get_args(annotation)) for v in value)
    return annotation not in (bool, str, type(None)) or isinstance(value, annotation)


def _parameters(function: Callable) -> list[inspect.Parameter]:
    """List the named arguments of a function, or of a class and those it passes `kwargs` on to."""
    found = {}
    owners = (function,)
    if inspect.isclass(function):
        owners = [owner for owner in function.__mro__[:-1] if "__init__" in vars(owner)]
    for owner in owners:
        parameters = inspect.signature(owner, eval_str=True).parameters.values()
        for parameter in parameters:
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.setdefault(parameter.name, parameter)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
    return list(found.values())
