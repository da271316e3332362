r"""Train a model as a config file says.

Example:
    python -m apps.train --config=configs/act_8gaussians.py --workdir=runs/act_8gaussians
    python -m apps.train --config=configs/act_mnist.py --workdir=runs/act_mnist \
        --config.train.batch_size=128

The same command goes on with a run that was stopped. With other values of the config it is refused,
unless --override says that the run is to go on with them.
"""

from absl import flags
from ml_collections import config_flags

from apps import command_line, config_form, signals

FLAGS = flags.FlagValues()
config_flags.DEFINE_config_file(
    "config",
    None,
    "File of `configs`, or your own. Change its keys by --config.section.key=value.",
    lock_config=True,
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "workdir", None, "Folder of the run: begun if new, continued if not.", flag_values=FLAGS
)
flags.DEFINE_string(
    "data_dir",
    None,
    "Folder of tensorflow-datasets (default: its own), of pictures for data.name 'folder', or a "
    ".npz file for 'npz'.",
    flag_values=FLAGS,
)
flags.DEFINE_bool(
    "download", False, "Prepare a set of tensorflow-datasets that is missing.", flag_values=FLAGS
)
flags.DEFINE_bool(
    "dry_run",
    False,
    "Print plan, networks, memory and time of a few steps; write nothing.",
    flag_values=FLAGS,
)
flags.DEFINE_bool(
    "override",
    False,
    "Go on with a run that was begun with another config, which is kept beside it, or other data.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "strategy",
    "one",
    "one device, mirrored (all GPUs of this machine), or multi_worker (TF_CONFIG says which worker "
    "this is); the batch of the config is that of all replicas together.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "replicas",
    None,
    "GPUs of --strategy=mirrored (default: all), or parts of a CPU, to try it out.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "mixed_precision",
    None,
    "bfloat16 or float16: networks compute in it; plans, penalties and metrics stay float32. "
    "Sets train.mixed_precision.",
    flag_values=FLAGS,
)


def main() -> None:
    """Read the flags and train, with an ear for signals."""
    with signals.listening():
        _train()


def _train() -> None:
    config = command_line.require(FLAGS, "config", "configs/act_8gaussians.py")
    if not FLAGS.dry_run:
        command_line.require(FLAGS, "workdir", "runs/my_run")
    config_form.check(config)
    from apps import experiment, strategies  # after the flags: they take seconds to import

    if FLAGS.mixed_precision is not None:
        with config.unlocked():
            config.train.mixed_precision = FLAGS.mixed_precision

    experiment.train_and_evaluate(
        config,
        FLAGS.workdir,
        FLAGS.data_dir,
        FLAGS.dry_run,
        FLAGS.download,
        FLAGS.override,
        strategies.build(FLAGS.strategy, FLAGS.replicas),
    )


if __name__ == "__main__":
    command_line.run(main, FLAGS, __doc__)
