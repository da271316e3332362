r"""Export a run's generator, or its whole model, for who has neither its data nor its config.

Example:
    python -m apps.export --workdir=runs/act_mnist --out=digits
    python -m apps.export --workdir=runs/act_mnist --out=digits.onnx
    python -m apps.sample --generator=digits --num=64
    python -m apps.export --workdir=runs/age_mnist --part=model --out=model.keras

A folder name makes a SavedModel, which TensorFlow runs without this library and without Keras;
.onnx a file for onnxruntime (install the extra: pip install -e ".[onnx]"), compared with Keras
before it is written; .keras a file for this library. --part=model is a .keras file of all networks,
whose model encodes, reconstructs and interpolates where it has an encoder; of such a run it lies in
its folder, once finished. Works while the run is still training.
"""

from absl import flags

from apps import command_line

FLAGS = flags.FlagValues()
flags.DEFINE_string("workdir", None, "Folder of the run.", flag_values=FLAGS)
flags.DEFINE_string("out", None, "Folder to be made, or file: .onnx or .keras.", flag_values=FLAGS)
flags.DEFINE_string(
    "format", None, "saved_model, onnx or keras (default: by --out).", flag_values=FLAGS
)
flags.DEFINE_string("part", "generator", "generator, or model: all networks.", flag_values=FLAGS)
flags.DEFINE_bool("overwrite", False, "Replace an export that is there.", flag_values=FLAGS)


def main() -> None:
    """Read the flags, export, and say where."""
    workdir = command_line.require(FLAGS, "workdir", "runs/my_run")
    out = command_line.require(FLAGS, "out", "generator")
    from apps import exporting  # after the flags: it takes seconds to import

    given = {name: FLAGS[name].value for name in ("format", "overwrite", "part")}
    print(exporting.export_run(workdir, out, **given))


if __name__ == "__main__":
    command_line.run(main, FLAGS, __doc__)
