r"""Score generated images against real ones, by a protocol that is written beside the numbers.

Example:
    python -m apps.evaluate --workdir=runs/act_mnist --network=classifier --num=10000
    python -m apps.evaluate --workdir=runs/wgan_gp_mnist --sampler="dot(rate=0.1)"
    python -m apps.evaluate --workdir=runs/wgan_gp_mnist --sampler="dot(tune=fid)"
    python -m apps.evaluate --images=samples --data=cifar10 --preset=ttur --metrics=fid,kid
    python -m apps.evaluate --npz=samples.npz --real_folder=photos --weights=inception.pb

Generated images: --workdir (a run), --generator, --images or --npz. Real ones: --data,
--real_folder, --real_npz or --statistics; a run's own data if none of them is given.
"""

from absl import flags

from apps import command_line

FLAGS = flags.FlagValues()
flags.DEFINE_string(
    "workdir", None, "Folder of a run whose generator is scored.", flag_values=FLAGS
)
flags.DEFINE_string(
    "generator", None, "A .keras file whose generator is scored.", flag_values=FLAGS
)
flags.DEFINE_string("images", None, "Folder of generated pictures.", flag_values=FLAGS)
flags.DEFINE_string(
    "npz",
    None,
    "File of generated images: the array `samples`, `images` or the only one.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "sampler",
    None,
    "NAME or NAME(knob=value, ...), as in apps.sample (default: the generator's own samples, of "
    "other latents than those of plain, from which the others begin).",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "critic_workdir",
    None,
    "Folder of another run whose critic the sampler asks (default: that of --workdir).",
    flag_values=FLAGS,
)
flags.DEFINE_string("data", None, "Real images: a set of tensorflow-datasets.", flag_values=FLAGS)
flags.DEFINE_string(
    "data_dir",
    None,
    "Folder of tensorflow-datasets (default: its own), of pictures for data.name 'folder', or a "
    ".npz file for 'npz'.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "split", None, "Split of --data (default: the paper's, else train).", flag_values=FLAGS
)
flags.DEFINE_string(
    "real_folder",
    None,
    "Real images: folder of pictures, cropped square and resized.",
    flag_values=FLAGS,
)
flags.DEFINE_string("real_npz", None, "Real images: file of an array.", flag_values=FLAGS)
flags.DEFINE_string(
    "statistics", None, "Real images: a file of the statistics cache.", flag_values=FLAGS
)
flags.DEFINE_string(
    "network",
    "inception_graph",
    "inception_graph, inception_torch, keras_applications, classifier (trained on the labels of "
    "the real data), or a .keras file.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "weights", None, "File of the network's weights (default: fetched once).", flag_values=FLAGS
)
flags.DEFINE_string(
    "preset",
    "standard",
    "Protocol: standard, ttur, mimicry, studiogan, miyato, ot_gan, ...",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "prior", "normal", "Latents of --generator: normal or uniform.", flag_values=FLAGS
)
flags.DEFINE_string(
    "cache_dir",
    None,
    "Folder of reference statistics (default: in Keras's own).",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "out", "scores.json", "File of the scores with their whole protocol card.", flag_values=FLAGS
)
flags.DEFINE_list(
    "metrics",
    None,
    "is, fid, kid, fid_infinity, prdc; accuracy, intra_fid of a conditional run (default: the "
    "preset's).",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "num", None, "Generated images (default: the preset's; all of a file).", flag_values=FLAGS
)
flags.DEFINE_integer("seed", 0, "Of latents, order of files and subsets.", flag_values=FLAGS)
flags.DEFINE_string(
    "strategy", "one", "one device, or mirrored: all GPUs share the images.", flag_values=FLAGS
)
flags.DEFINE_integer(
    "replicas",
    None,
    "GPUs of --strategy=mirrored (default: all), or parts of a CPU.",
    flag_values=FLAGS,
)


def main() -> None:
    """Read the flags, score, and print the table."""
    from apps import evaluation  # after the flags: it takes seconds to import

    names = [field for field in evaluation.Request._fields if field in FLAGS]
    request = evaluation.Request(**{name: FLAGS[name].value for name in names})
    print(evaluation.evaluate_to_file(request, FLAGS.out))


if __name__ == "__main__":
    command_line.run(main, FLAGS, __doc__)
