"""The way back of a run whose weights are not finite any more, and the watchdog that takes it."""

import contextlib
import sys
from collections.abc import Collection, Iterator
from typing import Any

import keras
from ml_collections import ConfigDict

from apps import checkpoints, restoring, rotation, sources
from apps.look_up import call, look_up
from apps.run_folder import RunFolder
from keras_ot_gans import callbacks, files
from keras_ot_gans.models import AdversarialModel


class Rewinder:
    """Restores a model from the newest checkpoint that is whole, finite and not yet tried.

    Only the ends of epochs count, and the beginning before there is one: where a run was stopped
    must not change where it goes back to.

    Weights, optimizers, seeds and counters are the checkpoint's; the data and the epochs of `fit`
    go on from where they are. Their position is that of a run that was never rewound, so that a
    run stopped later is continued on the data that it would have seen.

    A checkpoint may be finite and lost all the same, written when the weights were growing already:
    one that has been gone back to is passed over for the one before it, while there is one.

    Args:
        folder: the run's folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        """Keep the places."""
        self.folder = folder.checkpoints
        self.start = folder.checkpoints / "start"

    def __call__(self, model: AdversarialModel, been: Collection[int] = ()) -> int | None:
        """Restore the model.

        Args:
            model: compiled model.
            been: steps that it has gone back to before.

        Returns:
            int, the step where it is now; None if no checkpoint is whole and finite, and the model
            is left as it was.
        """
        chosen = None
        for path in reversed(
            checkpoints.whole_epochs(self.folder)
            or checkpoints.files(self.start)
            or checkpoints.files(self.folder)
        ):
            try:
                step = checkpoints.verify(path).step
            except checkpoints.DamagedError as error:
                print(f"{path} is damaged ({error}); looking at the one before.", file=sys.stderr)
                continue
            if restoring.is_finite(path):
                chosen = path
                if step not in been:
                    break
        if chosen is None:
            return None
        restoring.load_weights(model, chosen)
        return model.step


class StartCheckpoint(keras.callbacks.Callback):
    """Keeps the state before the first update until there is a checkpoint of a whole epoch.

    It lies in a folder of its own: a run that is stopped before its first checkpoint still begins
    at its beginning.

    Args:
        rewinder: `Rewinder`, which knows the places.
    """

    def __init__(self, rewinder: Rewinder) -> None:
        """Keep the places."""
        super().__init__()
        self.rewinder = rewinder

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Save the state where there is no checkpoint."""
        if not checkpoints.files(self.rewinder.folder):
            self.rewinder.start.mkdir(parents=True, exist_ok=True)
            checkpoints.save(self.model, self.rewinder.start, 0)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Remove it where there is one."""
        if checkpoints.whole_epochs(self.rewinder.folder):
            files.remove(self.rewinder.start)


def watchdogs(
    config: ConfigDict,
    source: sources.Source,
    folder: RunFolder,
    memory: dict[str, Any] | None = None,
) -> list[keras.callbacks.Callback]:
    """Build the watchdog of a run and what it needs, from `watch.watchdog`.

    Its keys are arguments of `callbacks.Watchdog`, and `rules`, thresholds by name; a rule that is
    None is left out. For a moment, the input is timed.

    Args:
        config: the whole config.
        source: real data, before the first round is asked for.
        folder: the run's folder, begun.
        memory: what the watchdog knew where the run goes on, empty for a run that begins; None
            where nothing watched it.

    Returns:
        List of callbacks, in their order; empty where the config has no such section.

    Raises:
        ValueError: if a key or the name of a rule is unknown, or a value out of range.
    """
    section = config.watch.get("watchdog")
    if section is None:
        return []
    section, rewinder = section.to_dict(), Rewinder(folder)
    rewinds = section.get("on_nonfinite") == "rewind"
    section |= {
        "rules": _rules(config, section.pop("rules", None) or {}),
        "real": source.real,
        "input_seconds": callbacks.time_input(source.batches),
        "log_dir": folder.logs,
        "jsonl": folder.path / "watchdog.jsonl",
        "earlier": folder.records(),
        "rewind": rewinder if rewinds else None,
    }
    watchdog = call("watch.watchdog", callbacks.Watchdog, section)
    if memory is None:
        print("The checkpoint knows of no watchdog: what one said or did before is not known now.")
    else:
        watchdog.set_state(memory)
    return [StartCheckpoint(rewinder), watchdog] if rewinds else [watchdog]


@contextlib.contextmanager
def explained(config: ConfigDict, folder: RunFolder) -> Iterator[None]:
    """Say how a run that its watchdog ends in the block can go on.

    Args:
        config: the whole config.
        folder: the run's folder.

    Yields:
        None.

    Raises:
        DivergedError: in the place of the watchdog's.
    """
    try:
        yield
    except callbacks.DivergedError as error:
        there = checkpoints.files(folder.checkpoints)
        good = rotation.newest_finite(folder.checkpoints)
        ways = ["a lower learning rate", "`clipnorm` in a copy of the config file"]
        if config.watch.watchdog.on_nonfinite != "rewind":
            ways.append("--config.watch.watchdog.on_nonfinite=rewind")
        way = ", or ".join(ways)
        if there and good is None:
            raise callbacks.DivergedError(
                f"{error} No checkpoint in {folder.checkpoints} is whole and finite. Train in a "
                f"new folder with another config: {way}."
            ) from error
        place = f"{good} is finite." if there else "No epoch was finished."
        place += " Remove those after it." * bool(there and there[-1] != good)
        raise callbacks.DivergedError(
            f"{error} {place} The same command comes to the same numbers; change the config and "
            f"add --override: {way}."
        ) from error


def check(config: ConfigDict) -> None:
    """Check the section before anything is loaded.

    Args:
        config: the whole config.

    Raises:
        ValueError: if a key or the name of a rule is unknown, or a value out of range.
        TypeError: if a value has the wrong type.
    """
    section = config.watch.get("watchdog")
    if section is not None:
        section = section.to_dict()
        section["rules"] = _rules(config, section.pop("rules", None) or {})
        section["rewind"] = _nowhere if section.get("on_nonfinite") == "rewind" else None
        call("watch.watchdog", callbacks.Watchdog, section)


def _nowhere(model: AdversarialModel, been: Collection[int]) -> None:
    """Stand in for the way back."""


def _rules(config: ConfigDict, changed: dict) -> list:
    """Build the rules with the config's thresholds."""
    points = config.train.batch_size // 2 if config.model.name == "ot_gan" else None
    rules = callbacks.default_rules(points)
    for name, thresholds in changed.items():
        rule = look_up("watch.watchdog.rules", name, callbacks.RULES)
        del rules[name]
        if thresholds is not None:
            if name == "plan_entropy":
                thresholds = {"points": points, **thresholds}
            rules[name] = call(f"watch.watchdog.rules.{name}", rule, thresholds)
    return list(rules.values())
