"""From a config to a trained generator: the place that joins configs and the library."""

import json
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import keras
from ml_collections import ConfigDict

from apps import builders, checkpoints, judging, rewinding, run_labels, sources, watching
from apps.look_up import look_up
from apps.run_folder import RunFolder
from apps.stopping import StopOnRequest
from keras_ot_gans import callbacks
from keras_ot_gans.models import AdversarialModel
from keras_ot_gans.models.exporting import export_generator


class Schedule(NamedTuple):
    """How a training is cut into epochs and rounds.

    Attributes:
        epochs: int.
        rounds: int, rounds per epoch: the steps of `fit`.
        batches: int, real batches in a round, one per update.
    """

    epochs: int
    rounds: int
    batches: int


def train_and_evaluate(
    config: ConfigDict,
    workdir: str | None,
    data_dir: str | None = None,
    dry_run: bool = False,
    download: bool = False,
) -> dict[str, Any]:
    """Train a config's model in a run folder, from where the folder stands.

    A folder with checkpoints is continued, bit-identical to a run that was never stopped; a
    finished one is left as it is. SIGINT and SIGTERM save and stop, see `StopOnRequest`.

    Args:
        config: config with the sections `model`, `optimizers`, `data`, `train` and `watch`.
        workdir: the run's folder, made if missing; not needed for a dry run.
        data_dir: folder of tensorflow-datasets or of pictures; None for tensorflow-datasets' own.
        dry_run: bool, print what would run, take one step, and write nothing.
        download: bool, prepare a missing set of tensorflow-datasets.

    Returns:
        dict: the last line of `metrics.jsonl`, or the logs of the dry run's step.

    Raises:
        ValueError: if the config, the data or the folder cannot be used.
        FileNotFoundError: if the data are not there.
    """
    check(config)
    if dry_run:
        return _try_one_step(config, data_dir, download)
    folder = RunFolder(workdir)
    folder.check(config)
    if _is_finished(folder, config):
        print(f"{folder.path} is finished: {folder.generator}. Nothing to do.")
        return folder.last_record()
    keras.utils.set_random_seed(config.train.seed)
    source = sources.build_source(config, data_dir, download)
    labels = run_labels.of_run(config, folder, data_dir)
    model = builders.build_model(config, source.sample_shape, labels)
    schedule = plan(config, model)
    folder.begin(config)
    run_labels.keep(folder, labels)
    callbacks.write_png(folder.reals, watching.picture_of(source.real))
    path, (epoch, *_, done) = _restore(model, folder)
    print(describe(config, model, source, schedule))
    place = f"after epoch {epoch}" + f" and {done:,} rounds" * bool(done)
    print(f"In {folder.path}, {place}. Curves: tensorboard --logdir={folder.logs}")
    watchers = watching.watchers(config, source, folder, epoch + done == 0, data_dir)
    watchers.append(StopOnRequest(folder.checkpoints, schedule.rounds))
    if done:
        resumed = [checkpoints.RestoreMeans(path), *watchers]
        _fit(model, source, schedule, epoch, epoch + 1, done, resumed)
        epoch += 1
    if epoch < schedule.epochs:
        _fit(model, source, schedule, epoch, schedule.epochs, 0, watchers)
    export_generator(
        model.ema_generator or model.generator,
        folder.generator,
        prior=model.prior,
        labels=model.labels,
        format="keras",
        step=model.step,
        overwrite=True,
    )
    print(f"Finished: {folder.generator}")
    return folder.last_record()


def check(config: ConfigDict) -> None:
    """Check what can be checked before anything is loaded.

    Args:
        config: the whole config.

    Raises:
        ValueError: if a count does not fit or a name is unknown.
    """
    train = config.train
    for key in ("generator_updates", "batch_size", "updates_per_epoch", "steps_per_execution"):
        if train[key] < 1:
            raise ValueError(f"`train.{key}` must be at least 1. Received: {train[key]}.")
    if train.generator_updates % train.updates_per_epoch:
        raise ValueError(
            "`train.generator_updates` must be a multiple of train.updates_per_epoch. Received: "
            f"{train.generator_updates} and {train.updates_per_epoch}. An epoch ends with a "
            "checkpoint; the last one must be whole."
        )
    sources.check_name(config)
    for name in config.watch.pictures:
        look_up("watch.pictures", name, dict.fromkeys(watching.PICTURES))
    builders.build_metrics(config.watch.metrics, sources.toy_mixture(config))
    judging.check(config)
    rewinding.check(config)


def plan(config: ConfigDict, model: AdversarialModel) -> Schedule:
    """Cut the training into epochs and rounds.

    Args:
        config: the whole config.
        model: the model, which knows the updates of a round.

    Returns:
        `Schedule`.

    Raises:
        ValueError: if an epoch does not hold whole rounds, or whole calls of them.
    """
    train = config.train
    rounds, rest = divmod(train.updates_per_epoch, model.generator_steps)
    if rest or rounds % train.steps_per_execution:
        raise ValueError(
            "`train.updates_per_epoch` must be a multiple of model.generator_steps * "
            f"train.steps_per_execution. Received: {train.updates_per_epoch}, and "
            f"{model.generator_steps} * {train.steps_per_execution}. Change one of them."
        )
    epochs = train.generator_updates // train.updates_per_epoch
    return Schedule(epochs, rounds, model.passes_per_round)


def describe(
    config: ConfigDict, model: AdversarialModel, source: sources.Source, schedule: Schedule
) -> str:
    """Say in a few lines what is trained on what.

    Args:
        config: the whole config.
        model: compiled model.
        source: real data.
        schedule: its epochs and rounds.

    Returns:
        str.
    """
    train = config.train
    classes = "" if model.labels is None else f", {model.labels.num_classes} classes"
    lines = [
        f"{type(model).__name__} on {config.data.name}, samples {source.sample_shape}{classes}"
    ]
    for role, parts in model.networks.items():
        parameters = sum(part.count_params() for part in parts)
        optimizer = config.optimizers[role]
        rate = f"{optimizer.name}, learning rate {optimizer.learning_rate:g}"
        lines.append(f"  {role:<10} {parameters:>12,} parameters, {rate}")
    updates = ", ".join(f"{n} {role}" for role, n in model.updates_per_round.items())
    lines.append(
        f"{train.generator_updates:,} generator updates: {schedule.epochs} epochs of "
        f"{schedule.rounds:,} rounds, {updates} updates in a round, batch {train.batch_size}"
    )
    return "\n".join(lines)


def _try_one_step(config: ConfigDict, data_dir: str | None, download: bool) -> dict[str, Any]:
    """Print the resolved config and the plan, and take one step that is forgotten."""
    print(json.dumps(config.to_dict(), indent=2))
    single = config.copy_and_resolve_references()
    single.train.steps_per_execution = 1  # a call of many rounds would need many
    keras.utils.set_random_seed(config.train.seed)
    source = sources.build_source(config, data_dir, download)
    labels = run_labels.of_run(config, None, data_dir)
    model = builders.build_model(single, source.sample_shape, labels)
    schedule = plan(config, model)
    print(describe(config, model, source, schedule))
    start = time.perf_counter()
    dataset, _ = source.rounds(schedule.batches, first=0)
    history = model.fit(dataset, steps_per_epoch=1, verbose=0).history
    logs = {name: values[-1] for name, values in history.items()}
    text = ", ".join(f"{name} {value:.4g}" for name, value in logs.items())
    seconds = time.perf_counter() - start
    print(f"One round, with its compilation: {seconds:.1f} s, {text}. Nothing was written.")
    return logs


def _is_finished(folder: RunFolder, config: ConfigDict) -> bool:
    """Whether the last epoch is done and the generator written."""
    found = checkpoints.files(folder.checkpoints)
    done = checkpoints.epoch_of(found[-1]) if found else 0
    epochs = config.train.generator_updates // config.train.updates_per_epoch
    return folder.generator.exists() and (done == epochs or not found)


def _restore(
    model: AdversarialModel, folder: RunFolder
) -> tuple[Path | None, checkpoints.Progress]:
    """Load the newest whole checkpoint, if there is one; return it and how far it came."""
    found = checkpoints.newest(folder.checkpoints)
    if found is None:
        return None, checkpoints.Progress(0, 0, ())
    model.load_weights(found[0])
    return found


def _fit(
    model: AdversarialModel,
    source: sources.Source,
    schedule: Schedule,
    first: int,
    last: int,
    done: int,
    watchers: list[keras.callbacks.Callback],
) -> None:
    """Train epochs `first` to `last`, the first without `done` rounds of it, on their own data."""
    dataset, first_pass = source.rounds(schedule.batches, first * schedule.rounds + done)
    watchers[-1].done = done

    def rewind(logs: Any) -> None:
        source.order.set_epoch(first_pass)  # `fit` has looked at a batch

    try:
        model.fit(
            dataset,
            epochs=last,
            initial_epoch=first,
            steps_per_epoch=schedule.rounds - done,
            callbacks=[keras.callbacks.LambdaCallback(on_train_begin=rewind), *watchers],
            verbose=1 if sys.stdout.isatty() else 2,  # a bar would fill a log file
        )
    except BaseException:
        for watcher in watchers:
            watcher.on_train_end()  # Keras leaves files, threads and signals as they are
        raise
