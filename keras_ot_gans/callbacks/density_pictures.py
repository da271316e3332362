"""Samples over the density of the real data, in one and two dimensions."""

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from keras_ot_gans.callbacks.pictures import figure_to_array, new_figure

REAL, FAKE = "#c62828", "#1565c0"  # the paper's red and blue
_MARGIN = 0.15  # of the real data's extent, on each side


def as_drawable(name: str, x: Any) -> np.ndarray:
    """Check and shape points that fit on paper.

    Args:
        name: the argument's name, for the messages.
        x: array `(n,)`, `(n, 1)` or `(n, 2)`.

    Returns:
        float64 array `(n, 1)` or `(n, 2)`.

    Raises:
        ValueError: if the points have another shape or are not finite.

    Example:
        >>> as_drawable("real", [1.0, 2.0]).shape
        (2, 1)
    """
    points = np.asarray(x, dtype=np.float64)
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2 or points.shape[1] not in (1, 2) or not len(points):
        raise ValueError(
            f"`{name}` must be points on the line or the plane, shape (n,), (n, 1) or (n, 2). "
            f"Received: shape {np.shape(x)}. For images use `SampleGrid`."
        )
    if not np.all(np.isfinite(points)):
        raise ValueError(
            f"`{name}` must be finite. Received: NaN or infinity among {points.size} numbers. "
            "If they are generated, the training has diverged: lower the learning rate."
        )
    return points


def limits(real: np.ndarray) -> np.ndarray:
    """Axis limits fixed by the real data, so that pictures of a run can be compared.

    Args:
        real: array `(n, d)`.

    Returns:
        float array `(d, 2)`, lower and upper limit, 15 % wider than the data on each
        side, in 2-D of equal length on both axes.

    Example:
        >>> limits(np.array([[0.0, 0.0], [1.0, 2.0]])).round(4).tolist()
        [[-0.8, 1.8], [-0.3, 2.3]]
    """
    low, high = real.min(axis=0), real.max(axis=0)
    half = 0.5 * max(float(np.max(high - low)), 1e-6) * (1 + 2 * _MARGIN)
    middle = 0.5 * (low + high)
    return np.stack([middle - half, middle + half], axis=1)


def kernel_density(points: np.ndarray, grid: np.ndarray, bandwidth: float) -> np.ndarray:
    """Gaussian kernel density estimate on the line.

    Args:
        points: array `(n,)`.
        grid: array `(k,)`, where to estimate.
        bandwidth: float > 0, the kernel's standard deviation.

    Returns:
        float array `(k,)`.

    Example:
        >>> round(float(kernel_density(np.zeros(1), np.zeros(1), 1.0)[0]), 4)
        0.3989
    """
    total = np.zeros(len(grid))
    for part in np.array_split(points, max(1, len(points) // 1000)):  # bounds the memory
        total += np.exp(-0.5 * ((grid[:, None] - part) / bandwidth) ** 2).sum(axis=1)
    return total / (len(points) * bandwidth * np.sqrt(2 * np.pi))


def draw_density(axes: Any, real: np.ndarray) -> None:
    """Paint the real density in light red under the points of 2-D axes.

    A smoothed histogram: narrow modes survive it, a kernel estimate of one global
    bandwidth would blur them. The colour grows with the square root of the density.

    Args:
        axes: Matplotlib axes.
        real: array `(n, 2)`.
    """
    bounds = limits(real)
    counts, _, _ = np.histogram2d(real[:, 0], real[:, 1], bins=220, range=bounds)
    density = np.sqrt(gaussian_filter(counts, sigma=1.2)).T
    axes.imshow(
        np.ma.masked_less(density, 0.1 * density.max()),
        origin="lower",
        extent=bounds.ravel(),
        cmap="Reds",
        vmin=-0.25 * density.max(),  # so that faint places are pink and not white
        vmax=1.1 * density.max(),
        interpolation="bilinear",
        zorder=0,
    )


def fix_axes(axes: Any, real: np.ndarray) -> None:
    """Set limits by the real data, equal aspect and few ticks.

    Args:
        axes: Matplotlib axes of a 2-D picture.
        real: array `(n, 2)`.
    """
    (left, right), (bottom, top) = limits(real)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.locator_params(nbins=5)
    axes.tick_params(labelsize=8)


def outside_note(axes: Any, real: np.ndarray, fake: np.ndarray, label: str = "generated") -> None:
    """Say on the picture how many of the points on top its limits leave out."""
    bounds = limits(real)
    lost = int(np.sum(np.any((fake < bounds[:, 0]) | (fake > bounds[:, 1]), axis=1)))
    if lost:
        axes.text(
            0.02, 0.02, f"{lost} of {len(fake)} {label} lie outside",
            transform=axes.transAxes, fontsize=8, color=FAKE,
        )  # fmt: skip


def density_picture(
    real: Any, fake: Any, title: str = "", label: str = "generated", below: str = "real"
) -> np.ndarray:
    """Generated points over the real density (2-D), or both densities (1-D).

    In 1-D both curves are kernel estimates of one bandwidth (Silverman's rule on the
    real data), real in red, generated in blue, as in the ACT paper's Fig. 2.

    Args:
        real: array `(n,)`, `(n, 1)` or `(n, 2)`; it alone fixes the limits.
        fake: array `(m, ...)` of the same dimension.
        title: str, above the picture.
        label: str, what the legend calls `fake`.
        below: str, what the legend calls `real`.

    Returns:
        uint8 array `(H, W, 3)`.

    Raises:
        ValueError: if the points do not fit on paper, or the dimensions differ.

    Example:
        >>> points = np.random.default_rng(0).normal(size=(100, 2))
        >>> density_picture(points, points).shape
        (510, 480, 3)
    """
    real, fake = as_drawable("real", real), as_drawable("fake", fake)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            "`real` and `fake` must have the same dimension. "
            f"Received: shapes {real.shape} and {fake.shape}. Check the generator's output."
        )
    if real.shape[1] == 1:
        return _line_picture(real[:, 0], fake[:, 0], title, label, below)
    figure = new_figure(4.8, 5.1)
    axes = figure.subplots()
    draw_density(axes, real)
    axes.scatter(*fake.T, s=6, color=FAKE, alpha=0.6, linewidths=0)
    axes.scatter([], [], s=30, marker="s", color="#ef9a9a", label=f"{below} density, {len(real)}")
    axes.scatter([], [], s=16, color=FAKE, label=f"{label}, {len(fake)}")
    figure.legend(loc="outside lower center", fontsize=8, ncols=2, frameon=False)
    axes.set_title(title, fontsize=10)
    fix_axes(axes, real)
    outside_note(axes, real, fake, label)
    return figure_to_array(figure)


def _line_picture(
    real: np.ndarray, fake: np.ndarray, title: str, label: str, below: str
) -> np.ndarray:
    """Both kernel density curves over one axis."""
    low, high = limits(real[:, None])[0]
    quartiles = np.subtract(*np.percentile(real, [75, 25])) / 1.34
    spread = min(s for s in (real.std(), quartiles, high - low) if s > 0)
    bandwidth = 0.9 * spread * len(real) ** -0.2
    grid = np.linspace(low, high, 400)
    figure = new_figure(5.6, 3.4)
    axes = figure.subplots()
    top = 0.0
    for points, colour, name in ((real, REAL, below), (fake, FAKE, label)):
        curve = kernel_density(points, grid, bandwidth)
        top = top or 1.6 * curve.max()  # by the real curve alone
        axes.plot(grid, curve, color=colour, label=f"{name}, {len(points)}")
        axes.fill_between(grid, curve, color=colour, alpha=0.15, linewidth=0)
    axes.plot(fake[:500], np.full(len(fake[:500]), -0.03 * top), "|", color=FAKE, alpha=0.3)
    axes.set(xlim=(low, high), ylim=(-0.06 * top, top), xlabel="x", ylabel="density")
    axes.legend(loc="upper right", fontsize=8)
    axes.set_title(title, fontsize=10)
    outside_note(axes, real[:, None], fake[:, None], label)
    return figure_to_array(figure)
