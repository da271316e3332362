"""Flags in, exit code out: what every app does with what a user types.

A mistake of the user ends with one line that says what to do and exit code 2. What the library
refuses is such a mistake: by house style those messages begin with an argument in backticks.
Anything else is a defect and shows its traceback. `--debug` shows the traceback always.
"""

import re
import sys
import traceback
from collections.abc import Callable

from absl import flags
from ml_collections import ConfigDict, config_flags
from ml_collections.config_flags.config_flags import UnsupportedOperationError

_REFUSALS = (ValueError, TypeError, OSError)


def run(main: Callable[[], None], flag_values: flags.FlagValues, about: str) -> None:
    """Parse `sys.argv`, call `main`, and end the process with an exit code.

    Args:
        main: function without arguments that reads its flags.
        flag_values: the app's flags; `--debug` and `--help` are added. Each app has its own
            `FlagValues`, so that two of them can be imported side by side.
        about: text printed by `--help` above the list of flags.

    Raises:
        SystemExit: with code 0, or 2 after a mistake of the user.
    """
    debug = flags.DEFINE_bool(
        "debug", False, "Show the traceback of every error.", flag_values=flag_values
    )
    if {"--help", "-help", "-h", "--helpfull"} & set(sys.argv[1:]):
        print(f"{about.strip()}\n{flag_values.get_help().partition('absl.flags:')[0]}".rstrip())
        sys.exit(0)
    try:
        parse(flag_values)
        main()
    except MemoryError as error:
        if flag_values.is_parsed() and debug.value:
            raise
        print(
            f"error: `memory` must hold what is asked for. Received: {error}. Ask for less.\n"
            "(--debug shows where.)",
            file=sys.stderr,
        )
        sys.exit(2)
    except _REFUSALS as error:
        wrong_flag = isinstance(error, FlagError)
        if debug.value if flag_values.is_parsed() else "--debug" in sys.argv:
            raise
        if not wrong_flag and not str(error).startswith("`"):
            raise
        hint = "--help lists the flags." if wrong_flag else "--debug shows where."
        print(f"error: {error}\n({hint})", file=sys.stderr)
        sys.exit(2)
    sys.exit(0)


class FlagError(ValueError):
    """A flag that cannot be used, with the house's message."""


def parse(flag_values: flags.FlagValues) -> None:
    """Parse `sys.argv` into `flag_values`.

    Args:
        flag_values: the app's flags.

    Raises:
        FlagError: if a flag or config key is unknown or has a wrong value, or a file is missing.
    """
    try:
        positional = _parsed(flag_values)
    except FlagError:
        raise
    except (AttributeError, KeyError) as error:
        raise FlagError(_unknown_key(error)) from error
    except flags.UnrecognizedFlagError as error:
        raise FlagError(
            f"`--{error.flagname}` must be a flag of this app. Received: {error}. Its flags: "
            f"{', '.join('--' + name for name in sorted(flag_values) if len(name) > 1)}."
        ) from error
    except UnsupportedOperationError as error:
        field = re.search(r"field (\S+)", str(error))
        raise FlagError(
            f"`--{field[1] if field else 'config'}` must be a number, a string or a tuple to be "
            "changed by a flag. Received: a key that is None in the config. Copy the config file "
            "and change it there."
        ) from error
    except (flags.Error, IndexError, ValueError) as error:
        raise FlagError(f"`flags` must have values of their type. Received: {error}.") from error
    if positional:
        raise FlagError(
            f"`flags` must begin with two dashes. Received: {' '.join(positional)}. "
            "Write --name=value."
        )


def require(flag_values: flags.FlagValues, name: str, example: str) -> object:
    """Return a flag's value, or explain that it is needed.

    Args:
        flag_values: parsed flags.
        name: the flag's name.
        example: a value to show.

    Returns:
        The value.

    Raises:
        FlagError: if the flag was not given, or is empty: that would be where we are.
    """
    if flag_values[name].value in (None, ""):
        raise FlagError(f"`--{name}` must be given. Received: nothing. Try --{name}={example}.")
    return flag_values[name].value


def _config_file() -> str | None:
    """Find the config file on the command line."""
    for place, given in enumerate(sys.argv[1:], 1):
        name, is_there, value = given.partition("=")
        if name in ("-config", "--config"):
            return value if is_there else "".join(sys.argv[place + 1 : place + 2])
    return None


def _parsed(flag_values: flags.FlagValues) -> list[str]:
    """Parse, and return what is no flag; of several mistakes, a config file's own come first."""
    file = _config_file() if "config" in flag_values else None
    try:
        positional = flag_values(sys.argv)[1:]
        # An unread config fails when used.
        sound = file is None or hasattr(flag_values["config"].value, "is_locked")
    except Exception:  # whatever the file, the user's program, can raise
        if file is not None:
            _load_alone(file)
        raise
    if not sound:
        _load_alone(file)
    return positional


def _load_alone(path: str) -> ConfigDict:
    """Load a config file without the other flags, to tell its mistakes from theirs."""
    alone = flags.FlagValues()
    argv = ["", f"--config={path}"]
    config_flags.DEFINE_config_file("config", flag_values=alone, sys_argv=argv)
    try:
        alone(argv)
        getattr(alone.config, "is_locked", None)  # a file that cannot be read fails when used
    except OSError as error:
        raise FlagError(
            f"`--config` must be a file of `configs` or your own. Received: {path}, which cannot "
            "be read. The path is relative to where you are."
        ) from error
    except Exception as error:  # the file is a program of the user's, which can raise anything
        if isinstance(error, flags.Error) and isinstance(error.__context__, Exception):
            error = error.__context__.__context__ or error  # twice wrapped on its way
        if str(error).startswith("`"):
            raise FlagError(str(error)) from error
        places = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in path]
        line = f" in line {places[-1].lineno}" if places else ""
        raise FlagError(
            f"`--config` must be a file that can be loaded. Received: {path}, which raises "
            f"{type(error).__name__}{line}: {error}. Compare it with a file of `configs`."
        ) from error
    if not isinstance(alone.config, ConfigDict):
        raise FlagError(
            f"`--config` must be a file whose get_config returns a ConfigDict. Received: {path}, "
            f"which returns {type(alone.config).__name__}. Compare it with a file of `configs`."
        )
    return alone.config


def _unknown_key(error: Exception) -> str:
    """Say which override names no key of the config, and which keys there are."""
    keys = [a.lstrip("-").partition("=")[0] for a in sys.argv[1:] if a.lstrip("-")[:7] == "config."]
    file = _config_file()
    if file is not None:
        config = _load_alone(file)
        for name in keys:
            section, parent = config, "config"
            for key in name.split(".")[1:]:
                if not isinstance(section, ConfigDict) or key not in section:
                    known = ", ".join(section) if isinstance(section, ConfigDict) else "none"
                    return (
                        f"`--{name}` must be a key of the config. Received: {key!r}. "
                        f"The keys of `{parent}`: {known}."
                    )
                section, parent = section[key], f"{parent}.{key}"
    return f"`--config` must come before the flags that change it. Received: {error}."
