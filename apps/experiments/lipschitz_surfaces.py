"""Figs. 7 to 11: what a critic without a bound learns depends on how it is trained."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from apps.experiments import lipschitz_gradients, lipschitz_toys
from apps.experiments.record import Experiment, Run
from keras_ot_gans import networks
from keras_ot_gans.losses.phi import LeastSquares

UPDATES, BATCH = 2000, 64
SIDE = 60  # points of the grid, along each axis


def _relu(layers: int, width: int = 1024) -> keras.Model:
    return networks.mlp(2, (width,) * layers, 1, negative_slope=0.0, name="critic")


def _selu(layers: int = 64, width: int = 128) -> keras.Model:
    """Return the deep network of Figs. 10 and 11, which its initial values keep alive."""
    dense = functools.partial(keras.layers.Dense, kernel_initializer="lecun_normal")
    hidden = [dense(width, "selu") for _ in range(layers)]
    return keras.Sequential([keras.Input((2,)), *hidden, dense(1)], name="critic")


class Setting(NamedTuple):
    """How one figure trains its critic.

    Attributes:
        critic: function that makes one.
        optimizer: function of the rate.
        rate: float.
    """

    critic: Callable[[], keras.Model]
    optimizer: Callable[..., keras.optimizers.Optimizer]
    rate: float


SETTINGS = {
    "Fig. 7: Adam 1e-2, ReLU 1 x 1024": Setting(lambda: _relu(1), lipschitz_toys.ADAM, 1e-2),
    "Fig. 8: Adam 1e-2, ReLU 4 x 1024": Setting(lambda: _relu(4), lipschitz_toys.ADAM, 1e-2),
    "Fig. 9: Adam 1e-5, ReLU 4 x 1024": Setting(lambda: _relu(4), lipschitz_toys.ADAM, 1e-5),
    "Fig. 10: SGD 1e-3, SELU 64 x 128": Setting(_selu, keras.optimizers.SGD, 1e-3),
    "Fig. 11: SGD 1e-4, SELU 64 x 128": Setting(_selu, keras.optimizers.SGD, 1e-4),
}
DATA = ("two sides", "squares")


def turning(alone: lipschitz_toys.CriticAlone, real: np.ndarray, fake: np.ndarray) -> float:
    """Measure how complex a surface is: how far its gradient turns between neighbours of a grid.

    Args:
        alone: a trained critic.
        real: array `(n, 2)`.
        fake: array `(n, 2)`; the grid of 60 x 60 covers both.

    Returns:
        float, degrees: the mean angle between gradients at adjacent points. 0 for a plane; 90
        where directions have nothing to do with each other.
    """
    both = np.concatenate([real, fake])
    sides = np.linspace(both.min(axis=0), both.max(axis=0), SIDE).T
    grid = np.stack(np.meshgrid(*sides), axis=-1)
    slopes = alone.gradients(grid.reshape(-1, 2)).reshape(SIDE, SIDE, 2).astype("float64")
    slopes /= np.maximum(np.linalg.norm(slopes, axis=-1, keepdims=True), 1e-30)
    pairs = ((slopes[1:], slopes[:-1]), (slopes[:, 1:], slopes[:, :-1]))
    angles = [np.arccos(np.clip(np.sum(a * b, axis=-1), -1, 1)).ravel() for a, b in pairs]
    return float(np.degrees(np.concatenate(angles).mean()))


def _run(run: Run) -> list[dict]:
    rows, updates, grid = [], run.updates(UPDATES), {name: [] for name in DATA}
    for label, setting in SETTINGS.items():
        alone = lipschitz_toys.CriticAlone(
            2,
            LeastSquares(),
            None,
            "none",
            hidden=setting.critic,
            batch_size=BATCH,
            rate=setting.rate,
            optimizer=setting.optimizer,
        )
        for name in DATA:
            draw = lipschitz_gradients.DATA[name]
            for seed in run.seeds:
                alone.start(seed, *draw(lipschitz_gradients.POINTS, seed))
                alone.train(updates)
                real, fake = draw(lipschitz_gradients.SCORED, seed + 1000)
                row = {"data": name, "critic": label, "seed": seed}
                rows.append(row | {"turning": turning(alone, real, fake)})
                rows[-1] |= alone.scores(real, fake)
                run.say(str(rows[-1]))
                if seed == run.seeds[0]:
                    title = label.replace(": ", "\n")
                    picture = lipschitz_toys.surface_picture(alone, real, fake, title)
                    grid[name].append(picture)
    run.picture("surfaces", [grid[name] for name in DATA])
    return sorted(rows, key=lambda row: DATA.index(row["data"]))


EXPERIMENT = Experiment(
    name="lipschitz_surfaces",
    source="Zhou et al., 2018 (Lipschitz-continuity in GANs), appendix A, Figs. 7 to 11",
    claim="the surface of a least-squares critic without a bound depends on everything: simple for "
    "a small network, more complex under SGD than under Adam, simpler at a large rate, more "
    "complex with a highly nonlinear activation.",
    budget="2,000 updates of batch 64 of the paper's networks; how many the paper took is not said",
    settings=("data", "critic"),
    run=_run,
)
