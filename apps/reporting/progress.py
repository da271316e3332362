"""How far a run came, which epochs decide: the steps of one that was rewound do not get there."""

from typing import NamedTuple

from apps.reporting.files import finite
from apps.reporting.run import Run
from apps.reporting.text import flat


class Progress(NamedTuple):
    """How far a run came.

    Attributes:
        epoch: int, epochs that are done.
        epochs: float, how many there are to be, None if unknown.
        step: int, generator updates that the model has seen.
        steps: float, how many there are to be, None if unknown.
        undone: float, updates that were made, and lost again when a watchdog went back.
        whole: bool, whether the generator is there.
    """

    epoch: int
    epochs: float | None
    step: int
    steps: float | None
    undone: float
    whole: bool

    def state(self) -> str:
        """Return in words whether the run is finished.

        Returns:
            str.

        Example:
            >>> Progress(5, 5.0, 250, 500.0, 250.0, whole=True).state()
            'finished'
            >>> Progress(3, 5.0, 300, 500.0, 0.0, whole=False).state()
            'stopped or still running, 60 %'
        """
        done, planned = (self.step, self.steps) if self.epochs is None else self[:2]
        if planned is not None and done < planned and self.epoch:
            return f"stopped or still running, {100 * done // planned:.0f} %"
        return "finished" if self.whole else "not finished"

    def updates(self) -> str:
        """Return the generator updates in words.

        Returns:
            str.

        Example:
            >>> Progress(5, 5.0, 250, 500.0, 250.0, whole=True).updates()
            '250 of 500; 250 more undone by the watchdog'
        """
        planned = "" if self.steps is None else f" of {self.steps:,.0f}"
        undone = f"; {self.undone:,.0f} more undone by the watchdog" if self.undone else ""
        return f"{self.step:,}{planned}{undone}"

    def epochs_done(self) -> str:
        """Return the epochs in words."""
        return f"{self.epoch:,}" + ("" if self.epochs is None else f" of {self.epochs:,.0f}")


def progress(run: Run) -> Progress:
    """Find out how far a run came.

    Args:
        run: `Run`.

    Returns:
        `Progress`; without its config, steps and epochs that are planned are unknown.
    """
    config = flat(run.config)
    steps = finite(config.get("train.generator_updates"))
    each = finite(config.get("train.updates_per_epoch"))
    known = each is not None and each >= 1
    epoch, step = (run.records[-1][key] for key in ("epoch", "step")) if run.records else (0, 0)
    return Progress(
        epoch,
        steps // each if known and steps is not None else None,
        step,
        steps,
        max(0.0, epoch * each - step) if known else 0.0,
        "generator.keras" in run.files,
    )
