r"""Train a model as a config file says.

Example:
    python -m apps.train --config=configs/act_8gaussians.py --workdir=runs/act_8gaussians
    python -m apps.train --config=configs/act_mnist.py --workdir=runs/act_mnist \
        --config.train.batch_size=128

The same command goes on with a run that was stopped.
"""

from absl import flags
from ml_collections import config_flags

from apps import command_line

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
    "Folder of tensorflow-datasets (default: its own), or of pictures for data.name 'folder'.",
    flag_values=FLAGS,
)
flags.DEFINE_bool(
    "download", False, "Prepare a set of tensorflow-datasets that is missing.", flag_values=FLAGS
)
flags.DEFINE_bool(
    "dry_run", False, "Print the plan, take one step, write nothing.", flag_values=FLAGS
)


def main() -> None:
    """Read the flags and train."""
    config = command_line.require(FLAGS, "config", "configs/act_8gaussians.py")
    if not FLAGS.dry_run:
        command_line.require(FLAGS, "workdir", "runs/my_run")
    from apps import experiment  # after the flags: it takes seconds to import

    experiment.train_and_evaluate(
        config, FLAGS.workdir, FLAGS.data_dir, FLAGS.dry_run, FLAGS.download
    )


if __name__ == "__main__":
    command_line.run(main, FLAGS, __doc__)
