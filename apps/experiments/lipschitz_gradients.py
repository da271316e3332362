"""Figs. 1 to 3: do the critic's gradients at fakes point to real points?"""

import numpy as np

from apps.experiments import lipschitz_scores, lipschitz_toys
from apps.experiments.record import Experiment, Run
from keras_ot_gans.losses.phi import LeastSquares

POINTS = 20_000  # stand for a distribution; every batch is drawn from them
SCORED = 500
UPDATES, RATE, BATCH, HIDDEN = 2000, 1e-3, 128, (64, 64, 64)
WEIGHT = 0.1  # of MaxGP: the authors' 2-D toys
# Least squares is outside the family: the paper's example of what fails without a bound.
PHIS = {**lipschitz_toys.FAMILY, "least squares": LeastSquares()}


def two_sides(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw fakes between two real modes, of which one is near.

    Args:
        n: int.
        seed: int.

    Returns:
        `(real, fake)`, float32 arrays `(n, 2)`.

    Source: Zhou et al., 2018, Fig. 2; the numbers are those of the authors' toy code.
    """
    draw = np.random.default_rng(seed)
    fake = draw.normal((-0.75, 0.0), 0.15, (n, 2))
    centres = np.where(draw.random((n, 1)) < 0.5, (1.0, 0.0), (-1.25, 0.0))
    return draw.normal(centres, 0.15).astype("float32"), fake.astype("float32")


def squares(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw two squares: the fake one with mass on sixteen points of its edge.

    Args:
        n: int.
        seed: int.

    Returns:
        `(real, fake)`, float32 arrays `(n, 2)`.

    Source: Zhou et al., 2018, Fig. 1; the numbers are those of the authors' toy code.
    """
    draw = np.random.default_rng(seed)
    side = np.linspace(-0.5, 0.5, 5)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    edge = grid[np.abs(grid).max(axis=1) == 0.5]
    inner = draw.uniform(-0.25, 0.25, (n, 2))
    fake = np.where(draw.random((n, 1)) < 0.2, edge[draw.integers(len(edge), size=n)], inner)
    real = draw.uniform(-0.5, 0.5, (n, 2))
    return (real + (1, 0)).astype("float32"), (fake - (1, 0)).astype("float32")


def ten_points(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Repeat ten real and ten fake points, the same for every seed.

    Args:
        n: int, a multiple of 10.
        seed: int, not used.

    Returns:
        `(real, fake)`, float32 arrays `(n, 2)`.

    Source: point masses at random places, as in the authors' toy code; the places are ours.
    """
    del seed
    places = np.random.default_rng(0).uniform(-1, 1, (2, 10, 2)).astype("float32")
    return np.tile(places[0], (n // 10, 1)), np.tile(places[1], (n // 10, 1))


DATA = {"two sides": two_sides, "squares": squares, "ten points": ten_points}


def _references(name: str, seed: int) -> list[dict]:
    """Score directions that no critic made."""
    real, fake = DATA[name](SCORED, seed + 1000)
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, SCORED)
    again = DATA[name](SCORED, seed + 2000)[0]
    rows = []
    for label, directions in (
        ("random directions", np.stack([np.cos(angles), np.sin(angles)], axis=1)),
        ("towards the real mean", real.mean(axis=0) - fake),
        ("partners in another real sample", again[lipschitz_scores.partners(again, fake)] - fake),
    ):
        scores = lipschitz_scores.direction_scores(directions, real, fake)
        rows.append({"data": name, "phi": "", "constraint": label, "seed": seed, **scores})
    return rows


def _run(run: Run) -> list[dict]:
    rows = [row for name in DATA for seed in run.seeds for row in _references(name, seed)]
    updates = run.updates(UPDATES)
    pictures = {name: [] for name in DATA}
    for phi_name, phi in PHIS.items():
        lines = {name: [] for name in DATA}
        for constraint, penalty in lipschitz_toys.constraints(WEIGHT).items():
            alone = lipschitz_toys.CriticAlone(
                2,
                phi,
                penalty,
                constraint,
                hidden=HIDDEN,
                batch_size=BATCH,
                rate=RATE,
                decay_over=updates,
            )
            for name, draw in DATA.items():
                for seed in run.seeds:
                    alone.start(seed, *draw(POINTS, seed))
                    alone.train(updates)
                    real, fake = draw(SCORED, seed + 1000)
                    setting = {"data": name, "phi": phi_name, "constraint": constraint}
                    rows.append({**setting, "seed": seed, **alone.scores(real, fake)})
                    if seed == run.seeds[0]:
                        title = f"{phi_name}\n{constraint}"
                        lines[name].append(lipschitz_toys.surface_picture(alone, real, fake, title))
                run.say(str(rows[-1]))
        for name, line in lines.items():
            pictures[name].append(line)
    for name, grid in pictures.items():
        run.picture("surface_" + name.replace(" ", "_"), grid)
    return rows


EXPERIMENT = Experiment(
    name="lipschitz_gradients",
    source="Zhou et al., 2018 (Lipschitz-continuity in GANs), Figs. 1 to 3 and appendix A",
    claim="with a Lipschitz bound and any phi of the family, the critic's gradient at each fake "
    "points towards a real sample; without it, it does not, and GP, LP and spectral norm miss the "
    "optimal critic in many synthetic experiments.",
    budget="2,000 updates of a 64-64-64 ReLU critic at batch 128 per run; the authors take up to "
    "1,000,000 of 1024-1024-1024-1024 at batch 256",
    settings=("data", "phi", "constraint"),
    run=_run,
)
