r"""Draw samples from a trained run, or from what `apps.export` wrote of one.

Example:
    python -m apps.sample --workdir=runs/act_mnist --num=64 --out=grid.png
    python -m apps.sample --workdir=runs/classes_mnist --label=3
    python -m apps.sample --workdir=runs/wgan_gp_mnist --sampler="dot(updates=20, rate=0.1)"
    python -m apps.sample --workdir=runs/wgan_gp_mnist --sampler="dot(tune=fid)"
    python -m apps.sample --generator=generator.onnx --num=64

Needs no data, and works while the run is still training. Samplers that calibrate the run's critic
(rejection, metropolis_hastings, langevin) read the run's data, unless told calibration=none; and
dot(tune=fid), or kid, or emd for points, which chooses rate and updates on 1,000 other samples.
"""

from absl import flags

from apps import command_line

FLAGS = flags.FlagValues()
flags.DEFINE_string("workdir", None, "Folder of the run.", flag_values=FLAGS)
flags.DEFINE_string(
    "generator",
    None,
    "In place of --workdir: SavedModel folder, .onnx or .keras file that apps.export wrote.",
    flag_values=FLAGS,
)
flags.DEFINE_integer("num", 64, "How many samples.", flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "The same seed gives the same samples.", flag_values=FLAGS)
flags.DEFINE_integer(
    "label",
    None,
    "Class of all samples, of a conditional run (default: drawn as in the data).",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "sampler",
    None,
    "NAME or NAME(knob=value, ...): plain, truncation, top_k, rejection, metropolis_hastings, "
    "langevin, dot (default: the generator's own samples, of other latents than those of plain, "
    "from which the others begin).",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "critic_workdir",
    None,
    "Folder of another run whose critic the sampler asks (default: the run's own).",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "data_dir",
    None,
    "Folder or file of the run's data, to calibrate or tune by.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "out", "samples.png", "File: .png for a picture, .npz for an array.", flag_values=FLAGS
)


def main() -> None:
    """Read the flags, sample, and say where."""
    if FLAGS["generator"].value is None:
        command_line.require(FLAGS, "workdir", "runs/my_run")
    from apps import sampling  # after the flags: it takes seconds to import

    names = ("workdir", "num", "seed", "out", "label", "sampler")
    names += ("critic_workdir", "data_dir", "generator")
    print(sampling.sample_to_file(**{name: FLAGS[name].value for name in names}))


if __name__ == "__main__":
    command_line.run(main, FLAGS, __doc__)
