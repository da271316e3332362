"""Where and by what a run was started."""

import datetime
import importlib.metadata
import platform
import sys

_PACKAGES = (
    "keras_ot_gans", "tensorflow", "keras", "numpy", "scipy", "tensorflow-datasets",
    "tensorflow-probability", "ml_collections", "h5py", "matplotlib", "pillow",
)  # fmt: skip


def describe() -> str:
    """Describe the machine and the packages, as a block of text."""
    import tensorflow as tf

    lines = [
        f"started: {datetime.datetime.now().astimezone().isoformat(timespec='seconds')}",
        f"command: {' '.join(sys.argv)}",
        f"python: {platform.python_version()} on {platform.platform()}",
        f"devices: {', '.join(d.name for d in tf.config.list_logical_devices())}",
    ]
    for package in _PACKAGES:
        try:
            lines.append(f"{package}: {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{package}: not installed as a package")
    return "\n".join(lines) + "\n\n"
