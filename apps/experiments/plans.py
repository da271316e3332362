"""Fig. 9: do the conditional plans degenerate where each side has an outlier?"""

import keras
import numpy as np
import tensorflow as tf

from apps.experiments.record import Experiment, Run
from keras_ot_gans import datasets, divergences, ops
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


@tf.function(reduce_retracing=True)
def _step(x, y, phi, optimizer):
    with tf.GradientTape() as tape:
        squared = ops.squared_euclidean(x, y)
        distance = squared * tf.exp(-phi) / 2
        value = divergences.conditional_transport(squared, distance).value
    optimizer.apply([tape.gradient(value, phi.value)], [phi])
    return value


def _fit(n: int, seed: int, updates: int) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Optimise the navigator's scale on mini-batches of the two discrete sets."""
    real, fake = datasets.outlier_sets(500, seed=seed)
    phi = keras.Variable(15.0, name="phi")
    optimizer = keras.optimizers.Adam(0.02)
    optimizer.build([phi])
    step = tf.function(lambda x, y: _step.python_function(x, y, phi, optimizer))
    rng = np.random.default_rng(seed)
    for _ in range(updates):
        x, y = (a[rng.choice(len(a), n, replace=False)] for a in (real, fake))
        step(tf.constant(x), tf.constant(y))
    distance = ops.squared_euclidean(real, fake) * float(np.exp(-phi.numpy())) / 2
    return float(phi.numpy()), ops.forward_plan(distance).numpy(), real, fake


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
    for n in SIZES:
        for seed in run.seeds:
            phi, plan, real, fake = _fit(n, seed, run.updates(1500))
            inner = plan[1:]  # the rows of the points near -1000
            entropy = -np.sum(inner * np.log(np.maximum(inner, 1e-30)), axis=1)
            rows.append(
                {
                    "part": f"learned, N = M = {n}",
                    "seed": seed,
                    "pi(y = 1 | x)": float(inner[:, 0].mean()),
                    "learned phi": phi,
                    "effective targets of 500": float(np.exp(entropy).mean()),
                }
            )
            plans[n] = (inner[:1, np.argsort(fake[:, 0])].ravel(), np.sort(fake[:, 0]))
            run.say(f"N = {n}, seed {seed}: phi = {phi:.2f}")
    figure = new_figure(12, 5.4)
    axes = figure.subplots(2, 4)
    grid = np.linspace(-6, 20, 200)
    for axis, x in zip(axes[0], (-1.0, -1000.0), strict=False):
        axis.plot(grid, outlier_mass(x, grid))
        axis.set(title=f"analytic $\\pi(y = 1 | x = {x:g})$", xlabel="$\\phi$", ylim=(-0.05, 1.05))
    for axis in axes[0, 2:]:
        axis.axis("off")
    for axis, n in zip(axes[1], SIZES, strict=True):
        mass, points = plans[n]
        axis.stem(np.arange(len(mass)), mass, markerfmt=" ", basefmt=" ")
        axis.set(title=f"plan of one x near -1000, N = {n}", xlabel="y, sorted (first: outlier)")
    figure.tight_layout()
    run.picture("plans", [[figure_to_array(figure)]])
    return rows


EXPERIMENT = Experiment(
    name="act_plans",
    source="ACT (Zheng and Zhou, 2020), Fig. 9 and appendix B.2",
    claim="the conditional plans learned on mini-batches do not degenerate to the outlier.",
    budget="1,500 navigator updates per batch size and seed",
    settings=("part",),
    run=_run,
)
