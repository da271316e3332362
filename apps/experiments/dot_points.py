"""Fig. 3 of DOT: released WGAN-GP networks of the plane, and transport by their critics."""

import keras
import numpy as np

from apps.experiments import released_weights
from apps.experiments.record import Experiment, Part, Run
from keras_ot_gans import datasets, metrics, ops, samplers
from keras_ot_gans.callbacks.density_pictures import density_picture

UPDATES = 100
BOX = (-2.0, 2.0)  # the authors' code clips after each update
SIZES = (500, 1000)
LARGE, LARGE_TRIALS = 4000, 10  # ten seconds for each distance
BATCH = 500


def _twenty_five_gaussians(n: int, seed: int) -> np.ndarray:
    return datasets.twenty_five_gaussians(n, seed, spacing=2 / 2.828, std=0.05 / 2.828)


def _swiss_roll(n: int, seed: int) -> np.ndarray:
    return datasets.swiss_roll(n, seed, noise=0.25, scale=7.5)


REAL = {"25gaussians": _twenty_five_gaussians, "swissroll": _swiss_roll}


def make_samplers(folder: str, data: str) -> dict[str, samplers.Sampler]:
    """Return the samplers of Fig. 3.

    Args:
        folder: the released weights.
        data: key of `REAL`.

    Returns:
        Dict of "G", "DOT" and "naive"; the last two estimate K_eff as the authors' code does, as
        the mean over 10 draws of the maximum over 100 pairs, anew for each trial.
    """
    pair = [released_weights.load(folder, role, data) for role in ("G", "D")]
    kind = {"prior": ops.Uniform(), "batch_size": BATCH}
    transport = {
        "space": "data",
        "updates": UPDATES,
        "pairs": 100,
        "repeats": 10,
        "reduce": "mean",
        "box": BOX,
    }
    made = {"G": samplers.PlainSampler(*pair, **kind)}
    for label, naive in (("DOT", False), ("naive", True)):
        adam = keras.optimizers.Adam(0.01, 0.0, 0.9, epsilon=1e-8)
        made[label] = samplers.DOTSampler(*pair, optimizer=adam, naive=naive, **transport, **kind)
    return made


def _trial(run: Run, data: str, made: dict[str, samplers.Sampler], trial: int) -> Part:
    """Score one trial of every sampler: all see the same latents and the same real points."""
    rows, real, moving = [], REAL[data], ("DOT", "naive")
    constants = {label: float(made[label].estimate_k_eff(seed=trial)) for label in moving}
    for n in SIZES + (LARGE,) * (trial < LARGE_TRIALS):
        points = real(n, seed=2 * trial)
        drawn = {label: sampler.sample(n, seed=trial) for label, sampler in made.items()}
        drawn["real"] = real(n, seed=2 * trial + 1)  # the floor
        for label, fake in drawn.items():
            found = metrics.earth_mover(points, fake)
            row = {"data": data, "n": n, "method": label, "seed": trial}
            row |= {"w2_squared": found.w2_squared, "w1": found.w1}
            rows.append(row | ({"K_eff": constants[label]} if label in constants else {}))
    run.say(f"{data}, trial {trial}")
    pictures = [density_picture(points, drawn[label], f"{data}, {label}") for label in drawn]
    return Part(rows, pictures if trial == 0 else [])


def _run(run: Run) -> list[dict]:
    rows, pictures = [], []
    for data in REAL:
        released_weights.check(run.data_dir or ".", data)
    for data in REAL:
        made = make_samplers(run.data_dir or ".", data)
        parts = [
            run.part((data, s), lambda s=s, d=data, m=made: _trial(run, d, m, s)) for s in run.seeds
        ]
        rows += [row for part in parts for row in part.rows]
        pictures.append(parts[0].pictures)
    run.picture("samples", pictures)
    return rows


EXPERIMENT = Experiment(
    name="dot_points",
    source="DOT (Tanaka, 2019), Fig. 3",
    claim="earth mover's distance over 100 trials (one standard deviation), samples of the "
    "generator, DOT, naive: 25 Gaussians 0.052 (8), 0.052 (10), 0.065 (11); swiss roll 0.021 (5), "
    "0.020 (6), 0.160 (22).",
    budget="a seed is a trial, the paper has 100, with its own estimate of K_eff; 100 updates of "
    "Adam; 4,000 points in the first ten trials; --data_dir is the folder of the authors' weights",
    settings=("data", "n", "method"),
    run=_run,
)
