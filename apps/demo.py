"""Train ACT on 8 Gaussians, then print what came of it and where the pictures lie.

Example:
    python -m apps.demo

Takes a few minutes on two CPU cores and no network. A second call goes on with a demo that was
stopped, and only prints the table of one that is finished.
"""

from absl import flags
from ml_collections import ConfigDict

from apps import command_line
from configs import act_8gaussians

FLAGS = flags.FlagValues()
flags.DEFINE_string("workdir", "runs/demo", "Folder of the demo's run.", flag_values=FLAGS)


def demo(config: ConfigDict, workdir: str) -> str:
    """Train a config of toy data with known modes, and describe the result.

    Args:
        config: config whose metrics are "mode_coverage" and "earth_mover".
        workdir: folder of the run.

    Returns:
        str, a table and the places of the pictures.
    """
    from apps import builders, experiment, run_folder, sources  # they take seconds to import

    experiment.train_and_evaluate(config, workdir)
    folder, mixture = run_folder.RunFolder(workdir), sources.toy_mixture(config)
    records = folder.records()
    made = [record for record in records if "w1" in record][-1]
    (judge,) = builders.build_metrics(["mode_coverage"], mixture)
    real = judge(None, sources.toy_points(config))
    count = len(mixture.centres)
    rows = [
        ("", "generated", "real data"),
        ("modes captured", *(f"{r:.0f} of {count}" for r in _both(made, real, "modes_captured"))),
        ("near a mode (3 std)", *(f"{r:.1%}" for r in _both(made, real, "high_quality_share"))),
        ("reverse KL of modes", *(f"{r:.4f}" for r in _both(made, real, "mode_reverse_kl"))),
        ("W1 to the data", f"{made['w1']:.4f}", f"{made['w1_floor']:.4f}"),
        (
            "W2^2 to the data",
            f"{made['w2_squared']:.4f}",
            f"{made['w2_squared_floor']:.4f}",
        ),
    ]
    table = "\n".join(f"{name:<22}{left:>12}{right:>12}" for name, left, right in rows)
    seconds = sum(record["seconds"] for record in records)
    pictures = sorted(folder.path.glob("samples/*.png"))
    return (
        f"\nACT on {config.data.name}, {made['step']:,} generator updates in {seconds:.0f} s\n\n"
        f"{table}\n\n(The last column: what as many other real points score.)\n\n"
        f"Generated points over the data: {pictures[-1]}\n"
        f"What the navigator sees:        {folder.path / 'navigator'}\n"
        f"Plans and matched pairs:        {folder.path / 'plans'}\n"
        f"Curves:                         tensorboard --logdir={folder.logs}"
    )


def _both(made: dict, real: dict, name: str) -> tuple[float, float]:
    return made[name], real[name]


def main() -> None:
    """Run the demo."""
    print(demo(act_8gaussians.get_config(), FLAGS.workdir))


if __name__ == "__main__":
    command_line.run(main, FLAGS, __doc__)
