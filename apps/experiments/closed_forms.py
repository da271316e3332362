"""Figs. 1 and 8: conditional transport between two Gaussians, analytic against sampled."""

import math

import numpy as np
import tensorflow as tf

from apps.experiments.record import Experiment, Run
from keras_ot_gans import divergences, ops
from keras_ot_gans.callbacks.pictures import figure_to_array, new_figure

PHIS = (-4.0, -2.0, 0.0, 2.0)
THETAS = np.linspace(-3.0, 3.0, 25)


def analytic(theta, phi) -> tuple:
    """Return the forward and backward costs of eq. 17.

    Args:
        theta: float or array, log variance of the generator.
        phi: float or array, log scale of the navigator.

    Returns:
        `(forward, backward)`.
    """
    out, back = 1 / (1 + np.exp(theta - phi)), 1 / (1 + np.exp(-phi))
    return out * (np.exp(theta) + out), back * (1 + back * np.exp(theta))


@tf.function(reduce_retracing=True)
def _estimate(x, noise, theta, phi):
    y = tf.exp(theta / 2) * noise
    squared = ops.squared_euclidean(x, y)
    return divergences.conditional_transport(squared, squared / (2 * tf.exp(phi)))


@tf.function(reduce_retracing=True)
def _gradient(x, noise, theta, phi):
    with tf.GradientTape() as tape:
        tape.watch([theta, phi])
        value = _estimate(x, noise, theta, phi).value
    return value, tape.gradient(value, [theta, phi])


def _normal(rng: np.random.Generator, n: int) -> tf.Tensor:
    return tf.constant(rng.standard_normal((n, 1)), tf.float32)


def _curves(run: Run) -> list[dict]:
    """Compare curves over theta at several navigators and batch sizes."""
    rows, sampled = [], {}
    for n in (100, 1000, 4000):
        for phi in PHIS:
            for seed in run.seeds:
                rng = np.random.default_rng(seed)
                values = []
                for theta in THETAS:
                    found = _estimate(
                        _normal(rng, n), _normal(rng, n), tf.constant(theta, tf.float32), phi
                    )
                    values.append([float(found.forward), float(found.backward)])
                exact = np.stack(analytic(THETAS, phi), axis=1)
                error = np.abs(np.array(values) - exact) / exact
                sampled[n, phi] = np.array(values)
                rows.append(
                    {
                        "part": "curve over theta in [-3, 3]",
                        "N = M": n,
                        "phi": phi,
                        "seed": seed,
                        "relative_error_forward": error[:, 0].mean(),
                        "relative_error_backward": error[:, 1].mean(),
                    }
                )
        run.say(f"curves with N = {n} done")
    figure = new_figure(12, 3.2)
    for index, (phi, axes) in enumerate(zip(PHIS, figure.subplots(1, len(PHIS)), strict=True)):
        forward, backward = analytic(THETAS, phi)
        pairs = ((forward, "C1", "forward"), (backward, "C2", "backward"))
        for column, (curve, colour, name) in enumerate(pairs):
            axes.plot(THETAS, curve, colour, label=name)
            axes.plot(THETAS, sampled[4000, phi][:, column], colour + "o", markersize=3)
        axes.plot(THETAS, (forward + backward) / 2, "k", label="both")
        axes.axvline(0.0, color="0.7", linewidth=0.8)
        axes.set(title=f"$\\phi$ = {phi:g}", xlabel="$\\theta$", yscale="log")
        if index == 0:
            axes.legend(fontsize=8)
            axes.set_ylabel("cost (dots: N = 4000)")
    run.picture("curves", [[figure_to_array(figure)]])
    return rows


def _descent(run: Run) -> list[dict]:
    """Descend from theta = 2, phi = 1, with the exact and with the sampled gradient."""
    rows, traces = [], {}
    updates, rate, n = run.updates(2000), 0.05, 200
    for seed in run.seeds:
        rng = np.random.default_rng(seed)
        theta, phi, trace = 2.0, 1.0, []
        for _ in range(updates):
            value, (for_theta, for_phi) = _gradient(
                _normal(rng, n),
                _normal(rng, n),
                tf.constant(theta, tf.float32),
                tf.constant(phi, tf.float32),
            )
            trace.append((theta, phi, float(value)))
            theta, phi = theta - rate * float(for_theta), phi - rate * float(for_phi)
        traces[seed] = np.array(trace)
        rows.append(_end("sampled gradient, N = M = 200", seed, traces[seed]))
    exact = {}
    for slower in (1, 10):
        exact[slower] = _exact_descent(updates, rate, rate / slower)
        part = "exact gradient, navigator's rate " + ("the same" if slower == 1 else "a tenth")
        rows.append(_end(part, run.seeds[0], exact[slower]))
    figure = new_figure(9, 3.2)
    left, right = figure.subplots(1, 2)
    for trace, style, name in (
        (exact[1], "-", "exact"),
        (exact[10], ":", "exact, slow navigator"),
        (traces[run.seeds[0]], "--", "sampled"),
    ):
        left.plot(trace[:, 0], "C0" + style, label=f"$\\theta$ ({name})")
        left.plot(np.exp(trace[:, 1]), "C1" + style, label=f"$e^\\phi$ ({name})")
        right.plot(trace[:, 2], "k" + style, label=f"conditional transport ({name})")
        right.plot((1 - np.exp(trace[:, 0] / 2)) ** 2, "C3" + style, label=f"$W_2^2$ ({name})")
    for axes in (left, right):
        axes.set(xlabel="update")
        axes.legend(fontsize=8)
    right.set(yscale="log", ylim=(1e-6, None))
    run.picture("descent", [[figure_to_array(figure)]])
    return rows


def _exact_descent(updates: int, theta_rate: float, phi_rate: float) -> np.ndarray:
    """Descend on the closed form of eq. 17, by central differences."""
    theta, phi, trace, h = 2.0, 1.0, [], 1e-5
    for _ in range(updates):
        trace.append((theta, phi, sum(analytic(theta, phi)) / 2))
        for_theta = sum(analytic(theta + h, phi)) - sum(analytic(theta - h, phi))
        for_phi = sum(analytic(theta, phi + h)) - sum(analytic(theta, phi - h))
        theta, phi = theta - theta_rate * for_theta / (4 * h), phi - phi_rate * for_phi / (4 * h)
    return np.array(trace)


def _end(part: str, seed: int, trace: np.ndarray) -> dict:
    """Summarise a descent: where it ended, and how sharp the navigator was when it arrived."""
    arrived = np.flatnonzero(np.abs(trace[:, 0]) < 0.1)
    first = int(arrived[0]) if len(arrived) else 0
    return {
        "part": part,
        "N = M": "",
        "phi": "",
        "seed": seed,
        "final_theta": trace[-100:, 0].mean(),
        "final_exp_phi": math.exp(trace[-1, 1]),
        "exp_phi_when_theta_below_0.1": math.exp(trace[first, 1]) if len(arrived) else math.nan,
        "final_w2_squared": float(((1 - np.exp(trace[-100:, 0] / 2)) ** 2).mean()),
    }


EXPERIMENT = Experiment(
    name="act_closed_forms",
    source="ACT (Zheng and Zhou, 2020), Figs. 1 and 8, eq. 17",
    claim="theta is close to 0 long before exp(phi) is; the forward cost is smallest at theta > 0, "
    "the backward cost at theta -> -inf, their mean near 0.",
    budget="curves at N = 100, 1000, 4000; 2,000 descent updates per seed",
    settings=("part", "N = M", "phi"),
    run=lambda run: [*_curves(run), *_descent(run)],
)
