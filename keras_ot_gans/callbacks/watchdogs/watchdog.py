"""A callback that notices what goes wrong in a training, says it once, and may go back."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras

from keras_ot_gans.callbacks.arguments import check_offers
from keras_ot_gans.callbacks.watchdogs import learning_rates
from keras_ot_gans.callbacks.watchdogs.diversity_rules import SampleSpread
from keras_ot_gans.callbacks.watchdogs.nonfinite import NonfiniteWatch
from keras_ot_gans.callbacks.watchdogs.pace import Pace
from keras_ot_gans.callbacks.watchdogs.rewinds import Rewind, Rewinds, check_action, diverged
from keras_ot_gans.callbacks.watchdogs.rule import Rule
from keras_ot_gans.callbacks.watchdogs.skipped_updates import SkippedUpdates
from keras_ot_gans.callbacks.watchdogs.stuck_timer import StuckTimer
from keras_ot_gans.callbacks.watchdogs.watch_events import Event, Finding, Reporter
from keras_ot_gans.callbacks.watchdogs.watch_rules import default_rules
from keras_ot_gans.ops.arguments import check_int


class Watchdog(keras.callbacks.Callback):
    """Watches a training for NaN, collapse and slow or stuck input.

    Each kind of trouble is said once, with step, likely cause and advice: to Python's `logging`,
    to TensorBoard's text, to a file, and to `events`.

    - `nonfinite_weights`: NaN or infinity in a role's weights or optimizer slots, where a bad
      gradient shows after its update; which role was first is said where that can be told.
      `nonfinite_value`: in a logged value alone. Logs are looked at after every group of steps,
      weights after the last group of an epoch, and whenever a log is not finite.
    - Signs of collapse in the logs of an epoch: see `FallingScore`, `LowDiversity`, `PlanEntropy`,
      `SaturatedCost` and `SaturatedCritic`. `skipped_updates`: loss scaling skipped half of a
      role's updates in an epoch, or more.
    - `slow_step`, `slower`, `slow_input`, `slow_callbacks`: see `Pace`. `stuck`: no step has ended
      for a long time; a thread says so while the step still hangs.

    The means that Keras logs are numbers already, so that reading them costs nothing; the weights
    of all roles are summed up in one call per epoch. The training is that of an unwatched run.

    `on_nonfinite` says what happens when weights are not finite. "warn" goes on. "stop" raises
    `DivergedError` before anything is saved. "rewind" goes on from an earlier state with lower
    learning rates; schedules keep their place and shape and are multiplied. `fit` does not know:
    its epochs and its data go on from where they are, so that the bad batch is not met again, and
    the training ends after as many rounds, with fewer updates than it would have had. `step`,
    seeds and schedules go on from the earlier state. The rest of the epoch logs its own means, NaN
    if there is no rest. Put the callback after those whose logs it should see (`EvaluateGenerator`)
    and before those that write logs or checkpoints.

    Its decisions belong to the state of a training: what was said, how often it went back, to which
    rates. While `fit` runs, `model.watchdog` is the callback, so that whoever saves the model can
    save `model.watchdog.get_state()` with it; a continued run is given that by `set_state`.

    Args:
        on_nonfinite: "warn", "stop" or "rewind".
        rewind: function `(model, been) -> step`, needed for "rewind": see `Rewinds`.
        rate_factor: float in (0, 1), by which a rewind multiplies all learning rates.
        max_rewinds: int >= 0; one more raises `DivergedError`.
        weights_every: int > 0, also look at the weights after so many groups of steps: 1 finds the
            step, and mostly the role that was first. None: only as said above.
        rules: sequence of `Rule`; None takes all, with their defaults.
        samples: int, generated after each epoch for `sample_distance`, the mean distance of two of
            them, which goes into the epoch's `logs`; 0 for none.
        real: array `(n, ...)`; with it `logs` also get `sample_diversity`, that distance by the
            one of real samples.
        seed: int >= 0, of these samples.
        input_seconds: float, seconds in which the input alone makes a batch, of which a round takes
            `passes_per_round`: see `time_input`.
        slow_factor: float > 1, times the median at which a group of steps is slow.
        patience_seconds: float > 0, after which a step is stuck; longer than its compilation.
        log_dir: folder for TensorBoard; `None` for no event file.
        jsonl: file to append one line per event to.
        earlier: records of a run that is continued, `epoch` and logs, from which the rules learn
            what was best.

    Attributes:
        events: list of `Event`.

    Raises:
        ValueError: if an argument is out of range; when `fit` starts, if a learning rate cannot
            be lowered; in training, `DivergedError`.

    Example:
        >>> watchdog = Watchdog("warn", patience_seconds=900.0)
        >>> watchdog.events
        []
        >>> Watchdog("rewind")
        Traceback (most recent call last):
        ...
        ValueError: `rewind` must be a function `(model, been) -> step` with \
on_nonfinite='rewind'. Received: rewind=None. Give one, or take on_nonfinite='stop'.
    """

    def __init__(
        self,
        on_nonfinite: str = "warn",
        *,
        rewind: Rewind | None = None,
        rate_factor: float = 0.5,
        max_rewinds: int = 3,
        weights_every: int | None = None,
        rules: Sequence[Rule] | None = None,
        samples: int = 64,
        real: Any = None,
        seed: int = 0,
        input_seconds: float | None = None,
        slow_factor: float = 10.0,
        patience_seconds: float = 600.0,
        log_dir: str | os.PathLike | None = None,
        jsonl: str | os.PathLike | None = None,
        earlier: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """Check the arguments and make the folders."""
        super().__init__()
        check_action(on_nonfinite, rewind, rate_factor)
        self.on_nonfinite, self.input_seconds = on_nonfinite, input_seconds
        most = check_int("max_rewinds", max_rewinds, 0, "Try 3.")
        self.rewinds = Rewinds(rewind, rate_factor, most)
        if weights_every is not None:
            check_int("weights_every", weights_every, 1, "Try 1, or None.")
        self.weights_every = weights_every
        self.rules = list(default_rules().values() if rules is None else rules)
        self._spread = SampleSpread(
            check_int("samples", samples, 0, "Try 64, or 0."),
            check_int("seed", seed, 0, "Try 0."),
            real,
        )
        self._reporter, self._earlier = Reporter(log_dir, jsonl), list(earlier)
        self._pace, self._skipped, self._resumed = Pace(slow_factor), SkippedUpdates(), False
        self._timer = StuckTimer(patience_seconds, self._say)
        self._epoch, self._done, self._state = 0, 0, {}

    @property
    def events(self) -> list[Event]:
        """What was found, in this order."""
        return self._reporter.events

    def get_state(self) -> dict[str, Any]:
        """Return what a continued run must know, while `fit` runs: JSON values."""
        place = {"rounds": self._done}
        return {**self._reporter.get_state(), **self.rewinds.get_state(self.model), **place}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state, before `fit`; later lines of `jsonl` are removed.

        From a state within an epoch, `fit` is taken to begin with the rest of that epoch.

        Args:
            state: what `get_state` returned; empty for a run that begins.
        """
        self._reporter.set_state(state)
        self._state, self._resumed = dict(state), False

    def on_train_begin(self, logs: Any = None) -> None:
        """Check the model and start the timer."""
        check_offers(self, self.model, "networks", "optimizer_of", "updates_per_round", "step")
        if self.on_nonfinite == "rewind":
            learning_rates.rates_of(self.model)
        self._nonfinite, self._hopeless = NonfiniteWatch(self.model), False
        self.model.watchdog, self._done = self, 0
        self._timer.start()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begin the epoch's sums; the first time, take over what a stopped run knew."""
        if not self._resumed:
            self._resume(epoch)
        self._epoch, self._spoilt = epoch + 1, False
        self._place = (-1, int(self.model.step))
        self._nonfinite.begin_epoch()
        self._pace.begin_epoch()
        self._skipped.begin_epoch(self.model)
        self._rounds = 0  # of this call of `fit`; `_done` counts those before a stop too

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Start the clocks."""
        self._timer.arm()
        self._pace.begin(self.model.train_function)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Stop the clocks; look at the logs, and where it is due at the weights."""
        self._timer.rest()
        steps = (self.params or {}).get("steps")
        done = min(batch + 1, steps or batch + 1)  # the last group may be a smaller one
        new, self._rounds = done - self._rounds, done
        self._say(self._pace.end(new))
        self._spoilt, self._done = False, self._done + new
        unusual = [] if self._hopeless else self._nonfinite.unusual(logs)
        every = (self.weights_every or 0) * self.model.steps_per_execution
        due = every and self._done // every > (self._done - new) // every
        if unusual or due or done == steps:
            self._examine(logs, unusual)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Look at the weights if that is not done, and at the logs of the epoch."""
        logs = {} if logs is None else logs
        if self._rounds != (self.params or {}).get("steps"):  # the last group was not known as such
            self._examine(logs, [])
        if self._spoilt:  # nothing ran since the rewind: zeros would look like values
            own = {metric.name for metric in self.model.metrics}
            logs |= {name: float("nan") for name in own & logs.keys()}
        for finding in self._pace.end_epoch(self._seconds_per_round()):
            self._say(finding)
        self._say(self._skipped.end_epoch(self.model, self._rounds))
        if not self._hopeless:
            logs |= self._spread.values(self.model)
        for rule in self.rules:
            if rule.fits(self.model):
                for finding in rule.look(logs):
                    self._say(finding)
        self._done = 0

    def on_train_end(self, logs: Any = None) -> None:
        """Stop the timer and close the event file."""
        self._timer.stop()
        self._reporter.close()
        if self.model is not None:  # `fit` may have failed before it was told
            self.model.watchdog = None

    def _examine(self, logs: Mapping[str, Any] | None, unusual: Sequence[str]) -> None:
        """Look at the weights of all roles, and act if they are not finite."""
        diagnosis = None if self._hopeless else self._nonfinite.examine(logs, unusual)
        if diagnosis is None:
            return
        self._say(diagnosis.finding)
        if not diagnosis.broken:
            return
        if self.on_nonfinite == "warn":
            self._hopeless = True  # it stays so; there is nothing left to look for
            return
        step = self._step()
        try:
            if self.on_nonfinite == "stop":
                raise diverged(diagnosis.finding, step, "The last checkpoint is from before.")
            done, to = self.rewinds.back(self.model, diagnosis.finding, step)
        except ValueError:
            self.on_train_end()  # Keras does not call it after an error
            raise
        self._reporter.report(done, step, self._epoch, again=True)
        self._place, self._spoilt = (self._rounds - 1, to), True
        self._nonfinite.begin_epoch()
        self._skipped.forget()

    def _say(self, finding: Finding | None) -> None:
        if finding is not None:
            self._reporter.report(finding, self._step(), self._epoch)

    def _step(self) -> int:
        """Count generator updates without asking the device, which may be stuck."""
        batch, step = self._place
        each = self.model.updates_per_round.get("generator", 0)
        frozen = "generator" in getattr(self.model, "frozen", ())
        return step + (0 if frozen else each) * (self._rounds - 1 - batch)

    def _seconds_per_round(self) -> float | None:
        if self.input_seconds is None:
            return None
        return self.input_seconds * self.model.passes_per_round

    def _resume(self, epochs: int) -> None:
        """Take over what a stopped run knew."""
        self._resumed, self._done = True, self._state.get("rounds", 0)
        self.rewinds.set_state(self.model, self._state)
        for record in self._earlier:
            if record.get("epoch", epochs + 1) <= epochs:
                for rule in self.rules:
                    rule.look(record)
