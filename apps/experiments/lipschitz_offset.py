"""Fig. 5: how far a critic's mean value drifts, for each phi."""

import numpy as np

from apps.experiments import lipschitz_gradients, lipschitz_toys
from apps.experiments.record import Experiment, Run
from keras_ot_gans.callbacks.pictures import figure_to_array, new_figure
from keras_ot_gans.losses import penalties

UPDATES, LOOKS = 30_000, 300


def drift(means: np.ndarray, gaps: np.ndarray) -> dict[str, float]:
    """Measure how a critic's mean value moves over the second half of its training.

    Args:
        means: array `(k,)`, mean value over all points, real and fake, look by look.
        gaps: array `(k,)`, mean value of real points less that of fake ones.

    Returns:
        Dict: `deviation`, the standard deviation of the means, as in the paper's plot; `gap`, the
        mean gap; and in units of it, which makes critics of any slope comparable, `drift` (the same
        deviation), `range` (the largest difference of two means) and `offset` (their average).

    Example:
        >>> drift(np.array([9.0, 9.0, 1.0, 3.0]), np.array([2.0, 2.0, 4.0, 4.0]))
        {'deviation': 1.0, 'gap': 4.0, 'drift': 0.25, 'range': 0.5, 'offset': 0.5}
    """
    means, gaps = means[len(means) // 2 :], gaps[len(gaps) // 2 :]
    gap, deviation = float(np.mean(gaps)), float(np.std(means))
    return {
        "deviation": deviation,
        "gap": gap,
        "drift": deviation / gap,
        "range": float(np.ptp(means)) / gap,
        "offset": float(np.mean(means)) / gap,
    }


def _run(run: Run) -> list[dict]:
    rows = []
    figure = new_figure(7.0, 4.0)
    axes = figure.subplots()
    looks = min(LOOKS, run.updates(UPDATES))
    between = run.updates(UPDATES) // looks
    for phi_name, phi in lipschitz_toys.FAMILY.items():
        alone = lipschitz_toys.CriticAlone(
            2,
            phi,
            penalties.max_gradient_penalty(lipschitz_gradients.WEIGHT),
            lipschitz_toys.MAX_GP,
            hidden=lipschitz_gradients.HIDDEN,
            batch_size=lipschitz_gradients.BATCH,
            rate=lipschitz_gradients.RATE,
        )
        for seed in run.seeds:
            alone.start(seed, *lipschitz_gradients.two_sides(lipschitz_gradients.POINTS, seed))
            points = lipschitz_gradients.two_sides(lipschitz_gradients.SCORED, seed + 1000)
            ends = []
            for _ in range(looks):
                alone.train(between)
                ends.append([alone.values(x).mean() for x in points])
            real, fake = np.asarray(ends, np.float64).T
            found = drift((real + fake) / 2, real - fake)
            rows.append({"phi": phi_name, "seed": seed, **found})
            if seed == run.seeds[0]:
                steps = between * np.arange(1, looks + 1)
                axes.plot(steps, (real + fake) / 2 / found["gap"], label=phi_name, linewidth=1)
        run.say(str(rows[-1]))
    axes.set(xlabel="updates", ylabel="mean f / (mean f of real - of fake)")
    axes.legend(fontsize=8)
    run.picture("offset", [[figure_to_array(figure)]])
    return rows


EXPERIMENT = Experiment(
    name="lipschitz_offset",
    source="Zhou et al., 2018 (Lipschitz-continuity in GANs), Fig. 5",
    claim="for phi = x the critic's offset is free and f oscillates; for any other phi of the "
    "family it is stable.",
    budget="30,000 updates of a 64-64-64 ReLU critic with MaxGP at a constant rate per run",
    settings=("phi",),
    run=_run,
)
