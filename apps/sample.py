r"""Draw samples from a trained run.

Example:
    python -m apps.sample --workdir=runs/act_mnist --num=64 --out=grid.png
    python -m apps.sample --workdir=runs/classes_mnist --label=3

Needs no data, and works while the run is still training.
"""

from absl import flags

from apps import command_line

FLAGS = flags.FlagValues()
flags.DEFINE_string("workdir", None, "Folder of the run.", flag_values=FLAGS)
flags.DEFINE_integer("num", 64, "How many samples.", flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "The same seed gives the same latents.", flag_values=FLAGS)
flags.DEFINE_integer(
    "label",
    None,
    "Class of all samples, of a conditional run (default: drawn as in the data).",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "out", "samples.png", "File: .png for a picture, .npz for an array.", flag_values=FLAGS
)


def main() -> None:
    """Read the flags, sample, and say where."""
    workdir = command_line.require(FLAGS, "workdir", "runs/my_run")
    from apps import sampling  # after the flags: it takes seconds to import

    print(sampling.sample_to_file(workdir, FLAGS.num, FLAGS.seed, FLAGS.out, FLAGS.label))


if __name__ == "__main__":
    command_line.run(main, FLAGS, __doc__)
