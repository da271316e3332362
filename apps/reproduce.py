r"""Run one experiment of a paper and write its table and pictures.

Example:
    python -m apps.reproduce --experiment=act_imbalance --seeds=5
"""

import importlib
import json
import time
from pathlib import Path

import tensorflow as tf
from absl import app, flags, logging

from apps.experiments import record

# name: module of `apps.experiments` that defines EXPERIMENT
EXPERIMENTS = {
    "age_modes": "age_modes",
    "age_objective": "age_objective",
    "age_stacked_mnist": "age_stacked_mnist",
    "act_closed_forms": "closed_forms",
    "act_batch_size": "batch_size",
    "act_imbalance": "imbalance",
    "act_forward_weight": "forward_weight",
    "act_plans": "plans",
    "act_stability": "stability",
    "act_navigators": "navigators",
    "act_digits": "digits",
    "dot_points": "dot_points",
    "lipschitz_gradients": "lipschitz_gradients",
    "lipschitz_images": "lipschitz_images",
    "lipschitz_offset": "lipschitz_offset",
    "lipschitz_modes": "lipschitz_modes",
    "lipschitz_runs": "lipschitz_runs",
    "lipschitz_surfaces": "lipschitz_surfaces",
    "sampler_scores": "sampler_scores",
    "ot_modes": "ot_modes",
    "ot_digits": "ot_digits",
}

_EXPERIMENT = flags.DEFINE_enum("experiment", None, sorted(EXPERIMENTS), "What to run.")
_OUT = flags.DEFINE_string("out", "runs/reproduce", "Results go to a folder of its name in here.")
_SEEDS = flags.DEFINE_integer("seeds", 3, "Number of seeds.", lower_bound=1)
_SCALE = flags.DEFINE_float(
    "scale", 1.0, "Multiplies the numbers of updates: 0.1 for a quick look.", lower_bound=1e-4
)
_THREADS = flags.DEFINE_integer(
    "threads", 1, "TensorFlow's threads; the toy networks are too small for two.", lower_bound=1
)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "TFDS folder, for experiments on images.")


def reproduce(
    name: str, out: str, seeds: int, scale: float = 1.0, data_dir: str | None = None
) -> str:
    """Run an experiment and write `results.json`, `table.md` and its PNGs.

    Args:
        name: key of `EXPERIMENTS`.
        out: folder; results go to `out/name`.
        seeds: int, how many.
        scale: float, multiplies the numbers of updates.
        data_dir: TFDS folder or None.

    Returns:
        str, the Markdown table.
    """
    module = importlib.import_module(f"apps.experiments.{EXPERIMENTS[name]}")
    experiment = module.EXPERIMENT
    folder = Path(out) / name
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()

    def say(line: str) -> None:
        logging.info("%6.0f s  %s", time.perf_counter() - start, line)

    run = record.Run(folder, tuple(range(seeds)), scale, say, data_dir)
    rows = experiment.run(run)
    return record.write(folder, experiment, run, rows, time.perf_counter() - start)


def main(argv: list[str]) -> None:
    """Parse the flags and run."""
    if len(argv) > 1:
        raise app.UsageError(
            f"Unexpected arguments: {json.dumps(argv[1:])}. Flags have two dashes."
        )
    logging.set_verbosity(logging.INFO)
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    tf.config.threading.set_inter_op_parallelism_threads(_THREADS.value)
    name = _EXPERIMENT.value
    print(reproduce(name, _OUT.value, _SEEDS.value, _SCALE.value, _DATA_DIR.value))
    print(f"Written to {Path(_OUT.value) / name}")


if __name__ == "__main__":
    flags.mark_flag_as_required("experiment")
    app.run(main)
