"""From a config to a trained generator: the place that joins configs and the library."""

import contextlib
import functools
import sys
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf
from ml_collections import ConfigDict

from apps import (
    builders,
    checkpoints,
    full_disk,
    judging,
    overriding,
    rewinding,
    run_data,
    run_labels,
    run_lock,
    signals,
    sources,
    strategies,
    watching,
)
from apps.data_picture import data_picture
from apps.dry_run import try_steps
from apps.look_up import look_up
from apps.run_folder import RunFolder
from apps.schedule import Schedule, describe, plan
from apps.stopping import StopOnRequest
from keras_ot_gans import callbacks
from keras_ot_gans.models import AdversarialModel
from keras_ot_gans.models.exporting import export_generator, export_model


def train_and_evaluate(
    config: ConfigDict,
    workdir: str | None,
    data_dir: str | None = None,
    dry_run: bool = False,
    download: bool = False,
    override: bool = False,
    strategy: tf.distribute.Strategy | None = None,
) -> dict[str, Any]:
    """Train a config's model in a run folder, from where the folder stands.

    A folder with checkpoints is continued, bit-identical to a run that was never stopped; a
    finished one is left as it is. SIGINT and SIGTERM save and stop, see `apps.signals`.

    Args:
        config: config with the sections `model`, `optimizers`, `data`, `train` and `watch`.
        workdir: the run's folder, made if missing; not needed for a dry run.
        data_dir: folder of tensorflow-datasets or of pictures; None for tensorflow-datasets' own.
        dry_run: bool, print what would run, try a few steps, and write nothing.
        download: bool, prepare a missing set of tensorflow-datasets.
        override: bool, go on with a folder that was begun with another config; the earlier one
            stays beside it.
        strategy: of `strategies.build`; None for one replica. Batches are shared by its replicas,
            and only the chief of several workers writes to the folder.

    Returns:
        dict: the last line of `metrics.jsonl`, or the logs of the dry run's steps.

    Raises:
        ValueError: if the config, the data or the folder cannot be used; a folder that belongs to
            another config, or cannot go on with this one, is left as it is. Or if its disk is
            full, see `full_disk.explained`.
        FileNotFoundError: if the data are not there.
    """
    check(config)
    strategy = strategy or tf.distribute.get_strategy()
    with signals.listening():
        if dry_run:
            return try_steps(strategies.adapted(config, strategy), data_dir, download, strategy)
        with strategies.together(strategy), strategies.own_folder(strategy, workdir) as place:
            folder = RunFolder(place)
            changed = folder.check(config, override)
            if not changed and _is_finished(folder, config):
                print(f"{folder.path} is finished: {folder.generator}. Nothing to do.")
                return folder.last_record()
            with run_lock.held(folder):
                return _train(config, folder, changed, data_dir, download, override, strategy)


def _train(
    config: ConfigDict,
    folder: RunFolder,
    changed: list[str],
    data_dir: str | None,
    download: bool,
    override: bool,
    strategy: tf.distribute.Strategy,
) -> dict[str, Any]:
    """Train in a folder of this process, whose config differs by what has `changed`."""
    runs = strategies.adapted(config, strategy)
    found = checkpoints.newest(folder.checkpoints)
    if changed:
        overriding.check(folder, config, found)
    run_data.check_place(folder, config, data_dir)
    keras.utils.set_random_seed(config.train.seed)
    source = sources.build_source(config, data_dir, download)
    data = run_data.describe(config, source, data_dir)
    changed = list(dict.fromkeys(changed + run_data.check(folder, data, override)))
    labels = run_labels.of_run(config, folder, data_dir, source)
    if changed:
        overriding.check_labels(labels, config, changed, data_dir)
    with strategy.scope():
        model = builders.build_model(runs, source.sample_shape, labels)
    schedule = plan(config, model)
    watching.check(config, model, source)
    print(describe(config, model, source, schedule) + strategies.describe(config, strategy))
    path, (epoch, *_, done) = found or (None, checkpoints.Progress(0, 0, ()))
    memory = {}
    if path is not None:
        memory = overriding.load(model, *found, folder.config_of(path), config)
    with full_disk.explained(folder), rewinding.explained(config, folder):
        judges = judging.usable_scores(config, model, data_dir)
        if changed:  # before what tells that they have: whoever ends here draws them again
            folder.reals.unlink(missing_ok=True)
        folder.begin(config, path)  # now that all of it is known to fit
        run_data.keep(folder, data)
        run_labels.keep(folder, labels)
        if not folder.reals.exists():  # a run that goes on has the same data
            callbacks.write_png(folder.reals, data_picture(*source.sample()))
        if changed:
            print("Accepted by --override:\n  " + "\n  ".join(changed))
        place = f"after epoch {epoch}" + f" and {done:,} rounds" * bool(done)
        print(f"In {folder.path}, {place}. Curves: tensorboard --logdir={folder.logs}")
        watchers = watching.watchers(config, source, folder, epoch + done == 0, judges, memory)
        ask = functools.partial(strategies.any_worker, strategy)
        watchers.append(StopOnRequest(folder.checkpoints, schedule.rounds, ask))
        if done:
            resumed = [checkpoints.RestoreMeans(path), *watchers]
            with _whole_calls(model, schedule.rounds - done):
                _fit(model, source, schedule, epoch, epoch + 1, done, resumed)
        if epoch + bool(done) < schedule.epochs:
            _fit(model, source, schedule, epoch + bool(done), schedule.epochs, 0, watchers)
        _export(model, folder)
        return folder.last_record()


def _export(model: AdversarialModel, folder: RunFolder) -> None:
    """Write the results; the generator comes last, as it says that the run is finished."""
    if getattr(model, "encoder", None) is not None:  # a generator alone cannot encode
        export_model(model, folder.model, overwrite=True)
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


def _is_finished(folder: RunFolder, config: ConfigDict) -> bool:
    """Whether the last epoch is done and the generator written."""
    found = checkpoints.files(folder.checkpoints)
    done = checkpoints.epoch_of(found[-1]) if found else 0
    epochs = config.train.generator_updates // config.train.updates_per_epoch
    return folder.generator.exists() and (done == epochs or not found)


@contextlib.contextmanager
def _whole_calls(model: AdversarialModel, rounds: int) -> Iterator[None]:
    """Let `fit` take round by round what its usual calls of several rounds would overshoot.

    The run was stopped on several replicas, or under another config, where calls are shorter.
    """
    usual = model.steps_per_execution
    if rounds % usual == 0:
        yield
        return
    model.steps_per_execution = 1
    model.make_train_function(force=True)
    yield
    model.steps_per_execution = usual
    model.make_train_function(force=True)


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
        with contextlib.ExitStack() as ends:  # all of them, also where one finds the disk full
            for watcher in reversed(watchers):
                ends.callback(watcher.on_train_end)
            raise  # Keras leaves files, threads and signals as they are
