"""What a navigator sees: points and generated points coloured by its logits."""

from typing import Any

import numpy as np

from keras_ot_gans.callbacks.density_pictures import (
    FAKE,
    REAL,
    as_drawable,
    fix_axes,
    limits,
    outside_note,
)
from keras_ot_gans.callbacks.pictures import figure_to_array, new_figure

_COLOURS = "viridis"


def navigator_picture(
    real: Any, fake: Any, real_logits: Any, fake_logits: Any, title: str = ""
) -> np.ndarray:
    """Five panels: both samples; the data by logit; its logits; the same of generated.

    One colour stands for one logit in all panels; the scale is that of the real data.
    1-D points are drawn against their logits.

    Args:
        real: array `(n,)`, `(n, 1)` or `(n, 2)`; it alone fixes the limits.
        fake: array `(m, ...)` of the same dimension.
        real_logits: array `(n,)`, the navigator's output of each real point.
        fake_logits: array `(m,)`.
        title: str, above the picture.

    Returns:
        uint8 array `(H, W, 3)`.

    Raises:
        ValueError: if there is not one finite logit per point, or the points cannot be
            drawn.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(50, 2))
        >>> navigator_picture(x, x, x[:, 0], x[:, 0]).shape
        (310, 1500, 3)

    Source: "ACT: Asymptotic Conditional Transport", ICLR 2021 submission, Fig. 14.
    Differs: one colour scale for both halves, and logits as histograms.
    """
    real, fake = as_drawable("real", real), as_drawable("fake", fake)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            "`real` and `fake` must have the same dimension. "
            f"Received: shapes {real.shape} and {fake.shape}. Check the generator's output."
        )
    real_logits = _as_logits("real_logits", real_logits, len(real))
    fake_logits = _as_logits("fake_logits", fake_logits, len(fake))
    both = np.concatenate([real_logits, fake_logits])
    reach = (both.min(), max(both.max(), both.min() + 1e-6))
    scale = {"vmin": real_logits.min(), "vmax": max(real_logits.max(), real_logits.min() + 1e-6)}
    figure = new_figure(15.0, 3.1)
    figure.suptitle(title, fontsize=11)
    axes = figure.subplots(1, 5)
    _draw_both(axes[0], real, fake)
    for left, right, points, logits, name in (
        (axes[1], axes[2], real, real_logits, "data"),
        (axes[3], axes[4], fake, fake_logits, "generated"),
    ):
        _draw_coloured(left, real, points, logits, reach, scale)
        left.set_title(f"{name}, coloured by logit", fontsize=9)
        _draw_histogram(right, logits, reach, scale)
        right.set_title(f"logits of {name}", fontsize=9)
    return figure_to_array(figure)


def _as_logits(name: str, logits: Any, n: int) -> np.ndarray:
    """Check that there is one finite logit per point."""
    array = np.asarray(logits, dtype=np.float64)
    if array.shape != (n,) or not np.all(np.isfinite(array)):
        raise ValueError(
            f"`{name}` must hold one finite logit per point, shape ({n},). "
            f"Received: shape {array.shape}, finite: {bool(np.all(np.isfinite(array)))}. "
            "See `ACTGAN.navigator_logits`."
        )
    return array


def _draw_both(axes: Any, real: np.ndarray, fake: np.ndarray) -> None:
    """Real points in red and generated ones in blue, as in the paper."""
    if real.shape[1] == 1:
        bins = np.linspace(*limits(real)[0], 41)
        for points, colour in ((real, REAL), (fake, FAKE)):
            axes.hist(points[:, 0], bins, density=True, color=colour, alpha=0.5)
        axes.set(xlabel="x", yticks=[])
    else:
        axes.scatter(*real.T, s=5, color=REAL, linewidths=0)
        axes.scatter(*fake.T, s=5, color=FAKE, linewidths=0, alpha=0.6)
        fix_axes(axes, real)
    outside_note(axes, real, fake)
    axes.set_title("data (red) and generated (blue)", fontsize=9)


def _draw_coloured(
    axes: Any, real: np.ndarray, points: np.ndarray, logits: np.ndarray, reach: tuple, scale: dict
) -> None:
    """Points by logit: colour in 2-D, colour and height in 1-D."""
    style = {"c": logits, "cmap": _COLOURS, "s": 7, "linewidths": 0, **scale}
    if real.shape[1] == 1:
        axes.scatter(points[:, 0], logits, **style)
        margin = 0.05 * (reach[1] - reach[0])
        axes.set(xlim=limits(real)[0], xlabel="x", ylabel="logit")
        axes.set_ylim(reach[0] - margin, reach[1] + margin)
        axes.tick_params(labelsize=8)
    else:
        axes.scatter(*points.T, **style)
        fix_axes(axes, real)


def _draw_histogram(axes: Any, logits: np.ndarray, reach: tuple, scale: dict) -> None:
    """A histogram whose bars wear the colour of their logit."""
    from matplotlib import colormaps

    shares, edges, bars = axes.hist(
        logits, bins=np.linspace(*reach, 51), weights=np.full(len(logits), 1 / len(logits))
    )
    centres = 0.5 * (edges[1:] + edges[:-1])
    values = (centres - scale["vmin"]) / (scale["vmax"] - scale["vmin"])
    for bar, colour in zip(bars, colormaps[_COLOURS](values), strict=True):
        bar.set_facecolor(colour)
    axes.set(xlim=reach, xlabel="logit", ylabel="share")
    axes.set_box_aspect(1)
    axes.locator_params(nbins=5)
    axes.tick_params(labelsize=8)
