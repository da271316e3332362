"""Rounds of each config: compiled by TensorFlow, by XLA, and in half precision.

    python -m benchmarks.rounds --data_dir=tensorflow_datasets

What a user would train: the networks, objectives and optimizers of `configs`, in calls of
`train.steps_per_execution` rounds. Batches of images are cut to `--largest_batch`, whose features
need no micro-batches. `bfloat16` is faster where the processor multiplies matrices of it (AMX, or a
GPU's tensor cores).
"""

import importlib
import statistics
from collections.abc import Callable

import keras
import tensorflow as tf
from absl import app, flags
from ml_collections import ConfigDict

from apps import builders, run_labels, schedule, sources
from benchmarks.timing import define_modes, interleaved, ratio, set_threads

_CONFIGS = (
    "act_8gaussians",
    "act_bimodal_1d",
    "swd_8gaussians",
    "age_imbalanced_grid",
    "act_mnist",
    "lipschitz_mnist:wgan_gp",
    "lipschitz_mnist:sngan",
    "lipschitz_mnist:max_gp",
    "ot_gan_mnist",
    "age_mnist",
    "act_cifar10_dcgan",
    "lipschitz_cifar10",
)  # not ot_gan_cifar10, whose programs take minutes to compile
_NAMES = flags.DEFINE_list("configs", list(_CONFIGS), "Files of `configs`, `name` or `name:kind`.")
_MODES = define_modes("graph", "XLA", "bfloat16")
_DATA = flags.DEFINE_string("data_dir", None, "TFDS folder of MNIST and CIFAR-10.")
_TURNS = flags.DEFINE_integer("rounds", 5, "Turns.", lower_bound=1)
_BATCH = flags.DEFINE_integer("largest_batch", 64, "Images in a batch, at most.", lower_bound=2)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads.", lower_bound=1)


def _config(text: str) -> ConfigDict:
    """Return a stock config whose batch of images is small enough to be timed."""
    name, _, kind = text.partition(":")
    config = importlib.import_module(f"configs.{name}").get_config(*([kind] if kind else []))
    if "image_size" in config.data:
        config.train.batch_size = min(config.train.batch_size, _BATCH.value)
    if config.model.get("micro_batch"):
        with config.unlocked():  # the batch is small, and XLA cannot take a loop
            del config.model.micro_batch
    return config


def _rounds(config: ConfigDict, mode: str) -> Callable[[], None]:
    """Return one call of the training, as `fit` makes it."""
    config = config.copy_and_resolve_references()
    config.train.jit_compile = mode == "XLA"
    if mode == "bfloat16":
        with config.unlocked():
            config.train.mixed_precision = mode
    keras.utils.set_random_seed(config.train.seed)
    source = sources.build_source(config, _DATA.value)
    labels = run_labels.of_run(config, None, _DATA.value, source)
    model = builders.build_model(config, source.sample_shape, labels)
    dataset, _ = source.rounds(schedule.plan(config, model).batches, first=0)
    model.fit(dataset, steps_per_epoch=config.train.steps_per_execution, verbose=0)
    iterator = iter(dataset)

    def call() -> None:
        tf.nest.map_structure(lambda value: value.numpy(), model.train_function(iterator))

    return call


def main(argv: list[str]) -> None:
    """Time all, and print a Markdown table."""
    del argv
    set_threads(_THREADS.value)
    modes, first = _MODES.value, _MODES.value[0]
    columns = [f"{mode}, ms" for mode in modes] + [f"{mode} to {first}" for mode in modes[1:]]
    print(f"| config | batch | rounds in a call | {' | '.join(columns)} | its XLA |")
    print("|---" * (len(columns) + 4) + "|", flush=True)
    for name in _NAMES.value:
        keras.backend.clear_session()
        config = _config(name)
        seconds = interleaved({mode: _rounds(config, mode) for mode in modes}, _TURNS.value)
        per = config.train.steps_per_execution
        cells = [f"{1000 * statistics.median(seconds[mode]) / per:.3g}" for mode in modes]
        cells += [f"{ratio(seconds, mode, first):.2f}" for mode in modes[1:]]
        choice = "on" if config.train.jit_compile else "off"
        print(
            f"| {name} | {config.train.batch_size} | {per} | {' | '.join(cells)} | {choice} |",
            flush=True,
        )


if __name__ == "__main__":
    app.run(main)
