"""One way to give an app what it must refuse, and small valid things to spoil."""

from pathlib import Path

from apps import evaluate, export, sample, train

APPS = {"evaluate": evaluate, "export": export, "sample": sample, "train": train}


def contents(folder):
    """What lies below a folder: names, kinds and bytes, without following links."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        else:
            found[name] = path.read_bytes() if path.is_file() else "folder"
    return found


def refused(run_app, app, arguments, argument, root):
    """Call an app with what it must refuse.

    One line that names the argument and says what to do, exit code 2, no traceback, and every file
    below `root` as it was. `argument` is how the message begins after its backtick.
    """
    before = contents(root)
    code, printed, error = run_app(APPS[app], *arguments)
    assert code == 2, f"exit code {code}: {printed[-500:]}{error[-500:]}"
    message = error[error.index("error: ") :]  # warnings of what was skipped may come before
    assert message.startswith(f"error: `{argument}"), message[:600]
    assert "Traceback" not in error and "tensorflow/" not in error, error[:2000]
    assert "Received: " in message and len(message) > 60, message
    assert contents(root) == before
    return message


def accepted(run_app, app, arguments):
    """Call an app with what it must take."""
    code, printed, error = run_app(APPS[app], *arguments)
    assert code == 0, error
    return printed, error


def train_flags(root):
    """Flags that continue the run of points."""
    return [f"--config={root / 'config.py'}", f"--workdir={root / 'run'}"]


def filled(flags, root):
    """Put the folder of the case in the place of `@`."""
    return [flag.replace("@", str(root)) for flag in flags]
