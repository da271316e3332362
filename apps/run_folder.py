"""The folder of one run: what lies where, and whose it is."""

import datetime
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from apps import config_form
from apps.atomic import remove_unfinished, replacing
from keras_ot_gans.callbacks import read_json_lines

_PACKAGES = (
    "keras_ot_gans", "tensorflow", "keras", "numpy", "scipy", "tensorflow-datasets",
    "tensorflow-probability", "ml_collections", "h5py", "matplotlib", "pillow",
)  # fmt: skip
_EARLIER = "config_until_"


class RunFolder:
    """Names of a run's files, and the check that the run is the same one.

    Args:
        workdir: path; nothing is made before `begin`.

    Attributes:
        path: the folder.
        config: `config.json`, all keys. After `--override`, the earlier ones lie beside it in
            `config_until_<checkpoint>.json`, named after the last checkpoint that is theirs.
        labels: `labels.json`, classes of a conditional run and how often each is drawn.
        environment: `environment.txt`, versions and devices, one block per start.
        metrics: `metrics.jsonl`, one line per epoch.
        reals: `reals.png`.
        logs: TensorBoard's event files.
        checkpoints: one file per epoch.
        generator: `generator.keras`, there once the run is finished; of a finished run that went
            on after `--override`, the earlier one is `generator_of_<checkpoint>.keras`.
    """

    def __init__(self, workdir: str | Path) -> None:
        """Derive the names."""
        self.path = Path(workdir).expanduser()
        self.config = self.path / "config.json"
        self.labels = self.path / "labels.json"
        self.environment = self.path / "environment.txt"
        self.metrics = self.path / "metrics.jsonl"
        self.reals = self.path / "reals.png"
        self.logs = self.path / "logs"
        self.checkpoints = self.path / "checkpoints"
        self.generator = self.path / "generator.keras"

    def read_config(self) -> dict[str, Any]:
        """Read `config.json`.

        Returns:
            dict.

        Raises:
            ValueError: if the folder is no run folder.
        """
        return self._read(self.config, whole=True)

    def config_of(self, checkpoint: Path) -> dict[str, Any]:
        """Read the config under which a checkpoint was written.

        Args:
            checkpoint: path of one of the run's checkpoints.

        Returns:
            dict: that of `config.json`, or the earlier one of a run that went on with another.

        Raises:
            ValueError: if it cannot be read.
        """
        for path in sorted(self.path.glob(f"{_EARLIER}*.json")):
            if path.stem.removeprefix(_EARLIER) >= _stem(checkpoint):
                return self._read(path)
        return self._read(self.config)

    def _read(self, path: Path, whole: bool = False) -> dict[str, Any]:
        """Read a config; a whole one has all that a model is built from."""
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            if whole or not isinstance(config, dict):
                config_form.check(config)
            return config
        except (OSError, ValueError, RecursionError) as error:
            raise ValueError(
                f"`--workdir` must be the folder of a run. Received: {self.path}, whose "
                f"{path.name} cannot be read ({error}). Give the --workdir of `apps.train`."
            ) from error

    def check(self, config: ConfigDict, override: bool = False) -> list[str]:
        """Refuse a folder that belongs to another config. Writes nothing.

        Args:
            config: the config of the run to be begun or continued.
            override: bool, accept another config.

        Returns:
            List of str, the differences that were accepted.

        Raises:
            ValueError: if it belongs to another, or is not usable.
        """
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(
                f"`--workdir` must be a folder. Received: {self.path}, a file. Choose another."
            )
        if not self.config.exists():
            leftover = [p.name for p in (self.checkpoints, self.generator) if p.exists()]
            if leftover:
                raise ValueError(
                    f"`--workdir` must be empty or the folder of a run. Received: {self.path}, "
                    f"with {', '.join(leftover)} and without config.json. Choose another."
                )
            return []
        lines = differences(self._read(self.config), as_json(config))
        if lines and not override:
            raise ValueError(
                f"`--workdir` must be new, or have been begun with the same config. Received: "
                f"{self.path}, begun with other values:\n  "
                + "\n  ".join(lines)
                + "\nChoose another folder, go back to its values, or go on with the new ones by "
                "--override."
            )
        return lines

    def begin(self, config: ConfigDict, checkpoint: Path | None = None) -> None:
        """Make the folder and say in it what runs where.

        Where the folder has another config, that one and the generator of its end are kept under
        names of their own.

        Args:
            config: the config.
            checkpoint: path of the one from which the run goes on, None at its beginning.

        Raises:
            ValueError: if the folder cannot be written to.
        """
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            remove_unfinished(self.path)
            here = as_json(config)
            changed = self.config.exists() and differences(self._read(self.config), here)
            if changed:
                self._keep_earlier(_stem(checkpoint))
            if changed or not self.config.exists():
                with replacing(self.config) as temporary:
                    temporary.write_text(json.dumps(here, indent=2) + "\n")
            with open(self.environment, "a", encoding="utf-8") as file:
                file.write(environment())
        except OSError as error:
            raise ValueError(
                f"`--workdir` must be a folder that can be written to. Received: {self.path} "
                f"({error}). Choose another."
            ) from error

    def _keep_earlier(self, stem: str) -> None:
        """Keep config and generator of the run so far. If killed in between, it is done again."""
        earlier = self.path / f"{_EARLIER}{stem}.json"
        if not earlier.exists():  # the one of the checkpoint, not one that came no further
            with replacing(earlier) as temporary:
                temporary.write_bytes(self.config.read_bytes())
        if self.generator.exists():
            os.replace(self.generator, self.path / f"generator_of_{stem}.keras")

    def records(self) -> list[dict[str, Any]]:
        """Return the lines of `metrics.jsonl`, one per epoch.

        Returns:
            List of dict; of an epoch that a stopped run repeated, the later line. Lines that are
            no record of an epoch are left out.
        """
        lines = read_json_lines(self.metrics) if self.metrics.exists() else []
        lines = [line for line in lines if type(line.get("epoch")) is int]
        return list({line["epoch"]: line for line in lines}.values())

    def last_record(self) -> dict[str, Any]:
        """Return the last line of `metrics.jsonl`, empty if there is none."""
        return (self.records() or [{}])[-1]


def _stem(checkpoint: Path | None) -> str:
    """Name a place in the run so that later places come later in the alphabet."""
    return "epoch_000000" if checkpoint is None else checkpoint.name.partition(".")[0]


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


def environment() -> str:
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
