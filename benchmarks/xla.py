"""Rounds of each config with and without XLA, beside what the config chooses.

    python -m benchmarks.xla --data_dir=tensorflow_datasets

What a user would train: the networks, objectives and optimizers of `configs`, calls of
`train.steps_per_execution` rounds included. Batches are cut to `--largest_batch`, features in
micro-batches are taken whole. For small batches of points the ratio is of calls of many rounds.
"""

import importlib
import statistics
from collections.abc import Callable

import keras
import tensorflow as tf
from absl import app, flags
from ml_collections import ConfigDict

from apps import builders, run_labels, schedule, sources
from benchmarks.timing import interleaved, ratio, set_threads

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
    "ot_gan_cifar10",
)
_NAMES = flags.DEFINE_list("configs", list(_CONFIGS), "Files of `configs`, `name` or `name:kind`.")
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


def _rounds(config: ConfigDict, jit: bool) -> Callable[[], None]:
    """Return one call of the training, as `fit` makes it."""
    config = config.copy_and_resolve_references()
    config.train.jit_compile = jit
    keras.utils.set_random_seed(config.train.seed)
    source = sources.build_source(config, _DATA.value)
    labels = run_labels.of_run(config, None, _DATA.value)
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
    print("| config | batch | rounds in a call | graph, ms | XLA, ms | XLA to graph | on in it |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in _NAMES.value:
        keras.backend.clear_session()
        config = _config(name)
        seconds = interleaved(
            {mode: _rounds(config, mode == "XLA") for mode in ("graph", "XLA")}, _TURNS.value
        )
        per = config.train.steps_per_execution
        graph, xla = (1000 * statistics.median(seconds[mode]) / per for mode in ("graph", "XLA"))
        print(
            f"| {name} | {config.train.batch_size} | {per} | {graph:.3g} | {xla:.3g} | "
            f"{ratio(seconds, 'XLA', 'graph'):.2f} | "
            f"{'yes' if config.train.jit_compile else 'no'} |",
            flush=True,
        )


if __name__ == "__main__":
    app.run(main)
