"""Fig. 9: do the conditional plans degenerate where each side has an outlier?"""

import keras
import numpy as np
import tensorflow as tf

from apps.experiments.record import Experiment, Run
from keras_ot_gans import datasets, divergences, networks, ops
from keras_ot_gans.callbacks.pictures import figure_to_array, new_figure

RHO, CENTRE = 0.01, 1000.0
SIZES = (50, 200, 400, 500)


def outlier_mass(x: float, phi: np.ndarray | float) -> np.ndarray:
    """Return the analytic `pi(y = 1 | x)` of the point-mass-and-Gaussian mixture (eq. 19).

    Args:
        x: float, the real point.
        phi: float or array, the navigator's log scale.

    Returns:
        float array, the forward plan's mass on the point mass at 1.
    """
    scale = np.exp(phi)
    log_point = np.log(RHO) - (x - 1.0) ** 2 / (2 * scale)
    log_normal = (
        np.log(1 - RHO) + 0.5 * np.log(scale / (1 + scale)) - (x - CENTRE) ** 2 / (2 * (1 + scale))
    )
    return 1 / (1 + np.exp(np.clip(log_normal - log_point, -700, 700)))


class _Scale(keras.layers.Layer):
    """The navigator of the paper's analysis, `d = (x - y)^2 / (2 exp(phi))`, from phi = 15."""

    def __init__(self):
        super().__init__()
        self.phi = self.add_weight(shape=(), initializer=lambda shape, dtype: 15.0, name="phi")
        self.built = True

    def distance(self, x, y):
        return ops.squared_euclidean(x, y) * tf.exp(-self.phi) / 2


class _Network(keras.layers.Layer):
    """A feature network of Table 3's widths on the points in units of 1000."""

    def __init__(self):
        super().__init__()
        self.features = networks.mlp(1, (100, 50), 10)
        self.built = True

    def distance(self, x, y):
        return ops.squared_euclidean(self.features(x / CENTRE), self.features(y / CENTRE))


def _fit(navigator, real, fake, n: int, seed: int, stops: list[int]):
    """Train a navigator on mini-batches of two discrete sets; yield the whole plan at each stop."""
    optimizer = keras.optimizers.Adam(0.02 if isinstance(navigator, _Scale) else 2e-4)
    optimizer.build(navigator.trainable_variables)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            cost = ops.squared_euclidean(x, y) / CENTRE**2
            value = divergences.conditional_transport(cost, navigator.distance(x, y)).value
        variables = navigator.trainable_variables
        optimizer.apply(tape.gradient(value, variables), variables)

    rng, done = np.random.default_rng(seed), 0
    for stop in stops:
        for _ in range(stop - done):
            x, y = (a[rng.choice(len(a), n, replace=False)] for a in (real, fake))
            step(tf.constant(x), tf.constant(y))
        done = stop
        whole = navigator.distance(tf.constant(real), tf.constant(fake))
        yield stop, ops.forward_plan(whole).numpy()


def _run(run: Run) -> list[dict]:
    rows, plans = [], {}
    for x, phi, printed in (
        (-1000.0, 15.0, 0.0157),
        (-1.0, 15.0, 0.0116),
        (-1000.0, -1.095945, 0.0626),
        (-1.0, -1.095945, 1.0),
    ):
        rows.append(
            {
                "part": f"analytic, x = {x:g}, phi = {phi:g}",
                "seed": run.seeds[0],
                "pi(y = 1 | x)": float(outlier_mass(x, phi)),
                "printed in the paper": printed,
            }
        )
    stops = [run.updates(full) for full in (100, 300, 1500)]
    for name, make in (("scale", _Scale), ("network", _Network)):
        for n in SIZES:
            for seed in run.seeds:
                keras.utils.set_random_seed(seed)
                real, fake = datasets.outlier_sets(500, seed=seed)
                for stop, plan in _fit(make(), real, fake, n, seed, stops):
                    inner = plan[1:]  # the rows of the points near -1000
                    entropy = -np.sum(inner * np.log(np.maximum(inner, 1e-30)), axis=1)
                    rows.append(
                        {
                            "part": f"learned {name}, N = M = {n}, {stop} updates",
                            "seed": seed,
                            "pi(y = 1 | x)": float(inner[:, 0].mean()),
                            "effective targets of 500": float(np.exp(entropy).mean()),
                        }
                    )
                    if seed == run.seeds[0]:
                        plans[name, n, stop] = np.sort(inner[0])[::-1]
                run.say(f"{name}, N = {n}, seed {seed}: {rows[-1]}")
    figure = new_figure(12, 7.2)
    axes = figure.subplots(3, 4)
    grid = np.linspace(-6, 20, 200)
    for axis, x in zip(axes[0], (-1.0, -1000.0), strict=False):
        axis.plot(grid, outlier_mass(x, grid))
        axis.set(title=f"analytic $\\pi(y = 1 | x = {x:g})$", xlabel="$\\phi$", ylim=(-0.05, 1.05))
    for axis in axes[0, 2:]:
        axis.axis("off")
    for line, name in zip(axes[1:], ("scale", "network"), strict=True):
        for axis, n in zip(line, SIZES, strict=True):
            for stop in stops:
                axis.plot(np.arange(1, 501), plans[name, n, stop], label=f"{stop} updates")
            axis.set(title=f"{name}, N = {n}", xlabel="target, sorted by mass")
            axis.set(xscale="log", ylim=(-0.05, 1.05))
    axes[1, 0].set_ylabel("plan of one x near -1000")
    axes[2, 0].set_ylabel("plan of one x near -1000")
    axes[2, 3].legend(fontsize=8)
    run.picture("plans", [[figure_to_array(figure)]])
    return rows


EXPERIMENT = Experiment(
    name="act_plans",
    source="ACT (Zheng and Zhou, 2020), Fig. 9 and appendix B.2",
    claim="the conditional plans learned on mini-batches do not degenerate to the outlier.",
    budget="1,500 navigator updates per navigator, batch size and seed",
    settings=("part",),
    run=_run,
)
