"""The folder of one run: what lies where, and whose it is."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from apps import checkpoints, config_form, environment
from apps.atomic import remove_unfinished, replacing
from apps.differences import as_json, differences
from keras_ot_gans.callbacks import read_json_lines
from keras_ot_gans.files import sync

_EARLIER = "config_until_"


class RunFolder:
    """Names of a run's files, and the check that the run is the same one.

    Args:
        workdir: path; nothing is made before `begin`.

    Attributes:
        path: the folder.
        config: `config.json`, all keys. After `--override`, the earlier ones lie beside it in
            `config_until_<checkpoint>.json`, named after the last checkpoint that is theirs.
        data: `data.json`, what the data are, see `run_data`.
        labels: `labels.json`, classes of a conditional run and how often each is drawn.
        environment: `environment.txt`, versions and devices, one block per start.
        metrics: `metrics.jsonl`, one line per epoch.
        reals: `reals.png`.
        logs: TensorBoard's event files.
        checkpoints: one file per epoch.
        generator: `generator.keras`, there once the run is finished; of a finished run that went
            on, by `--override` or from an earlier checkpoint, the one from before is
            `generator_of_<its last checkpoint>.keras`.
        model: `model.keras`, the whole model where it has an encoder; written before `generator`,
            and kept as `model_of_<its last checkpoint>.keras`.
    """

    def __init__(self, workdir: str | Path) -> None:
        """Derive the names."""
        self.path = _path(workdir)
        self.config = self.path / "config.json"
        self.data = self.path / "data.json"
        self.labels = self.path / "labels.json"
        self.environment = self.path / "environment.txt"
        self.metrics = self.path / "metrics.jsonl"
        self.reals = self.path / "reals.png"
        self.logs = self.path / "logs"
        self.checkpoints = self.path / "checkpoints"
        self.generator = self.path / "generator.keras"
        self.model = self.path / "model.keras"

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
        return self._read(self._from(_stem(checkpoint))[0])

    def _from(self, stem: str) -> list[Path]:
        """List the configs of a place in the run and of those after it."""
        paths, here = self.path.glob(f"{_EARLIER}*.json"), checkpoints.place_of(stem)
        found = [(checkpoints.place_of(path.stem.removeprefix(_EARLIER)), path) for path in paths]
        later = sorted(each for each in found if each[0] is not None and each[0] >= here)
        return [path for _, path in later] + [self.config]

    def _read(self, path: Path, whole: bool = False) -> dict[str, Any]:
        """Read a config; a whole one has all that a model is built from."""
        what = "cannot be read"
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            what = "is not of this library"
            if whole or not isinstance(config, dict):
                config_form.check(config)
            return config
        except (OSError, ValueError, RecursionError) as error:
            raise ValueError(
                f"`--workdir` must be the folder of a run. Received: {self.path}, whose "
                f"{path.name} {what} ({error}). Give the --workdir of `apps.train`, or a new one "
                "to it."
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
        try:
            str(self.path).encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                "`--workdir` must be a name in UTF-8, which TensorBoard's files ask for. Received: "
                f"{str(self.path)!r}. Choose another."
            ) from error
        with self.usable():
            if self.path.exists() and not self.path.is_dir():
                raise ValueError(
                    f"`--workdir` must be a folder. Received: {self.path}, a file. Choose another."
                )
            if not self.config.exists():
                self._check_empty()
                return []
        lines = differences(self._read(self.config, whole=True), as_json(config))
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

        A generator that is there is of an earlier end, and is kept under a name of its own; so is
        the checkpoint's config where the folder has another. Later places are trained anew, under
        this config: what said which was theirs goes. Whenever the process ends in between, each
        checkpoint keeps its config.

        Args:
            config: the config.
            checkpoint: path of the one from which the run goes on, None at its beginning.

        Raises:
            ValueError: if the folder cannot be written to.
        """
        with self.usable():
            self.path.mkdir(parents=True, exist_ok=True)
            remove_unfinished(self.path)
            remove_unfinished(self.checkpoints, of_anyone=True)  # who has the lock writes there
            self._take_turns(as_json(config), _stem(checkpoint))
            self.checkpoints.mkdir(exist_ok=True)
            # A command line can hold what is no text.
            with open(self.environment, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(environment.describe())

    @contextlib.contextmanager
    def usable(self) -> Iterator[None]:
        """Turn what the file system says to a block into the house's message.

        Yields:
            None.

        Raises:
            ValueError: in the place of an OSError.
        """
        try:
            yield
        except OSError as error:
            raise ValueError(
                f"`--workdir` must be a folder that can be written to. Received: {self.path} "
                f"({error}). Choose another."
            ) from error

    def _check_empty(self) -> None:
        """Refuse a folder without a config that has what a config must tell how to read."""
        leftover = [path.name for path in (self.generator, self.model) if path.exists()]
        leftover += [self.checkpoints.name] * bool(checkpoints.files(self.checkpoints))
        if leftover:
            raise ValueError(
                f"`--workdir` must be empty or the folder of a run. Received: {self.path}, "
                f"with {', '.join(leftover)} and without config.json. Choose another."
            )

    def _take_turns(self, here: dict[str, Any], stem: str) -> None:
        """Let a config take over from that of a place; the order makes every step safe."""
        found, kept = self._from(stem), self.path / f"{_EARLIER}{stem}.json"
        there = found[0]
        if there != kept and there.exists() and differences(self._read(there), here):
            with replacing(kept) as temporary:
                temporary.write_bytes(there.read_bytes())
        before = self._read(self.config, whole=True) if self.config.exists() else None
        if before is not None:
            self._put_aside(_end(before))
        if before is None or differences(before, here):
            with replacing(self.config) as temporary:
                temporary.write_text(json.dumps(here, indent=2) + "\n")
        for path in reversed(found[:-1]):  # the first of them may be the one that is still read
            if path != kept:
                path.unlink()
        sync(self.path)  # before there are new checkpoints

    def _put_aside(self, end: str) -> None:
        """Name what is left of an earlier end after it; what a killed end left is made anew.

        While the generator is there the run counts as finished, and has its model.
        """
        if self.generator.exists():
            if self.model.exists():
                with replacing(self.path / f"model_of_{end}.keras") as temporary:
                    shutil.copyfile(self.model, temporary)
            os.replace(self.generator, self.path / f"generator_of_{end}.keras")
        self.model.unlink(missing_ok=True)

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


def _path(workdir: str | Path) -> Path:
    try:
        return Path(workdir).expanduser()
    except RuntimeError as error:
        raise ValueError(
            f"`--workdir` must begin with ~ only for the home of a user. Received: {workdir} "
            f"({error}). Write the whole path."
        ) from error


def _stem(checkpoint: Path | None) -> str:
    """Name a place in the run as `checkpoints.place_of` reads it."""
    return "epoch_000000" if checkpoint is None else checkpoint.name.partition(".")[0]


def _end(config: dict[str, Any]) -> str:
    """Return the place where a config ends."""
    train = config["train"]
    return f"epoch_{train['generator_updates'] // train['updates_per_epoch']:06d}"
