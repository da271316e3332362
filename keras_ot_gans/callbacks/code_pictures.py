"""Codes beside their prior: histograms of coordinates, and how far they are from it in words."""

from typing import Any

import numpy as np

from keras_ot_gans.callbacks.density_pictures import FAKE, REAL
from keras_ot_gans.callbacks.pictures import figure_to_array, new_figure
from keras_ot_gans.metrics.latent import aggregate_posterior
from keras_ot_gans.ops.priors import Normal, Uniform

_MOST, _COLUMNS = 16, 4  # coordinates shown, and in a row
_BINS = 40


def deviation(codes: Any, prior: Normal | Uniform) -> str:
    """Say how far codes are from the prior, in two lines, or one where it is uniform.

    Args:
        codes: array `(n, k)`, `n >= 2`.
        prior: `ops.Normal()` or `ops.Uniform()`. The energy distance is that to the normal, and
            left out for the uniform.

    Returns:
        The energy distance of `metrics.aggregate_posterior`; by how much the coordinate whose mean
        is farthest off is so, the least and the greatest standard deviation, the prior's.

    Raises:
        ValueError: if there are fewer than two codes or a number is not finite.

    Example:
        >>> print(deviation([[-1.0], [1.0]], Normal()))
        energy distance to the prior -0.7951
        means off by up to 0.00, std 1.41 (prior 1.00)
    """
    found = aggregate_posterior(codes)
    centre, spread = 0.0, 1.0
    if isinstance(prior, Uniform):
        centre, spread = (prior.low + prior.high) / 2, (prior.high - prior.low) / np.sqrt(12)
    stds = np.sqrt(np.diag(found.covariance))
    # Each value once: of one coordinate there is no range.
    span = " to ".join(dict.fromkeys((f"{stds.min():.2f}", f"{stds.max():.2f}")))
    off = np.abs(found.mean - centre).max()
    text = f"means off by up to {off:.2f}, std {span} (prior {spread:.2f})"
    if isinstance(prior, Uniform):
        return text
    return f"energy distance to the prior {found.energy_distance:.4f}\n{text}"


def histogram_picture(codes: Any, prior: Normal | Uniform, title: str = "") -> np.ndarray:
    """Histograms of the first 16 coordinates of codes over the prior's density.

    The prior alone fixes the limits, so that pictures of a run can be compared; how many codes lie
    outside stands in each panel. Where codes crowd, the histogram is cut off at the top.

    Args:
        codes: array `(n, k)`.
        prior: `ops.Normal()` or `ops.Uniform()`, of each coordinate.
        title: str, above the picture.

    Returns:
        uint8 array `(H, W, 3)`.

    Example:
        >>> histogram_picture(np.zeros((9, 20)), Normal()).shape
        (810, 860, 3)
    """
    codes = np.asarray(codes, np.float64)
    n, k = codes.shape
    shown = min(k, _MOST)
    columns = min(_COLUMNS, shown)
    rows = -(-shown // columns)
    x, density = _prior_curve(prior)
    figure = new_figure(2.15 * columns, 1.3 + 1.7 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for index, axes in enumerate(panels):
        if index >= shown:
            axes.set_axis_off()
            continue
        counts, edges = np.histogram(codes[:, index], bins=_BINS, range=(x[0], x[-1]))
        heights = counts / (n * (edges[1] - edges[0]))  # by all codes, also those outside
        axes.stairs(heights, edges, fill=True, color=FAKE, alpha=0.5)
        axes.plot(x, density, color=REAL, linewidth=1.2)
        axes.set(xlim=(x[0], x[-1]), ylim=(0.0, 2.2 * density.max()))
        axes.tick_params(labelsize=7, labelleft=index % columns == 0)
        mean, std = codes[:, index].mean(), codes[:, index].std(ddof=1)
        axes.set_title(f"z[{index}]: mean {mean:.2f}, std {std:.2f}", fontsize=8)
        if lost := n - int(counts.sum()):
            axes.text(
                0.97, 0.95, f"{lost} outside",
                transform=axes.transAxes, fontsize=7, color=FAKE, ha="right", va="top",
            )  # fmt: skip
    panels[0].stairs([], [0.0], fill=True, color=FAKE, alpha=0.5, label=f"codes, {n}")
    panels[0].plot([], [], color=REAL, linewidth=1.2, label="prior")
    figure.legend(loc="outside lower center", fontsize=8, ncols=2, frameon=False)
    which = f"\ncoordinates 0 to {shown - 1} of {k}" if k > shown else ""
    figure.suptitle(title + which, fontsize=10)
    return figure_to_array(figure)


def _prior_curve(prior: Normal | Uniform) -> tuple[np.ndarray, np.ndarray]:
    """Where to draw, and the prior's density of a coordinate there."""
    if isinstance(prior, Uniform):
        margin = 0.25 * (prior.high - prior.low)
        x = np.linspace(prior.low - margin, prior.high + margin, 601)
        inside = (x >= prior.low) & (x <= prior.high)
        return x, inside / (prior.high - prior.low)
    x = np.linspace(-4.0, 4.0, 201)
    return x, np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
