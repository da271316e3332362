r"""Write a page about a run, or about several that are compared: curves, scores, pictures, config.

Example:
    python -m apps.report --workdir=runs/act_mnist --out=report.html
    python -m apps.report --workdir=runs/act_mnist,runs/ot_gan_mnist --out=both.html

The page is one file that fetches nothing and runs nothing. Works while a run is still training. It
shows the run's command lines, and so the paths in them.
"""

from pathlib import Path

from absl import flags

from apps import command_line

FLAGS = flags.FlagValues()
flags.DEFINE_multi_string(
    "workdir", None, "Folder of a run; several with commas or repeated.", flag_values=FLAGS
)
flags.DEFINE_string("out", "report.html", "File of the page, .html.", flag_values=FLAGS)


def main() -> None:
    """Read the flags, write the page, and say where."""
    given = command_line.require(FLAGS, "workdir", "runs/my_run")
    print(report_to_file(given, FLAGS.out))


def report_to_file(given: list[str], out: str) -> str:
    """Write the report of runs to a file.

    Args:
        given: folders of runs; one that is not there is cut at its commas.
        out: file name that ends with .html, in a folder that exists.

    Returns:
        str, what was written, in words.

    Raises:
        ValueError: if a folder or the name cannot be used; a page that is there stays.
    """
    from apps.atomic import written  # after the flags: it takes seconds to import
    from apps.reporting import page

    path = Path(out).expanduser()
    if path.suffix not in (".html", ".htm") or not path.parent.is_dir() or path.is_dir():
        raise ValueError(
            "`out` must be a file name that ends with .html, in a folder that exists. "
            f"Received: {out}. Try --out=report.html."
        )
    workdirs = [
        part
        for one in given
        for part in ([one] if Path(one).expanduser().exists() else one.split(","))
        if part
    ]
    content = page.build(workdirs).encode()
    with written(path) as temporary:
        temporary.write_bytes(content)
    runs = "1 run" if len(workdirs) == 1 else f"{len(workdirs)} runs"
    return f"Report of {runs}, {len(content) / 1e6:.1f} MB: {path}"


if __name__ == "__main__":
    command_line.run(main, FLAGS, __doc__)
