r"""Export a run's generator, for who has neither its data nor its config.

Example:
    python -m apps.export --workdir=runs/act_mnist --out=digits
    python -m apps.export --workdir=runs/act_mnist --out=digits.onnx
    python -m apps.sample --generator=digits --num=64

A folder name makes a SavedModel, which TensorFlow runs without this library and without Keras;
.onnx a file for onnxruntime (install the extra: pip install -e ".[onnx]"), compared with Keras
before it is written; .keras a file for this library. Works while the run is still training.
"""

from absl import flags

from apps import command_line

FLAGS = flags.FlagValues()
flags.DEFINE_string("workdir", None, "Folder of the run.", flag_values=FLAGS)
flags.DEFINE_string("out", None, "Folder to be made, or file: .onnx or .keras.", flag_values=FLAGS)
flags.DEFINE_string(
    "format", None, "saved_model, onnx or keras (default: by --out).", flag_values=FLAGS
)
flags.DEFINE_bool("overwrite", False, "Replace an export that is there.", flag_values=FLAGS)


def main() -> None:
    """Read the flags, export, and say where."""
    workdir = command_line.require(FLAGS, "workdir", "runs/my_run")
    out = command_line.require(FLAGS, "out", "generator")
    from apps import exporting  # after the flags: it takes seconds to import

    format, overwrite = FLAGS["format"].value, FLAGS["overwrite"].value
    print(exporting.export_run(workdir, out, format, overwrite))


if __name__ == "__main__":
    command_line.run(main, FLAGS, __doc__)
