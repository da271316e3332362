"""What the data look like and how they are spread: `reals.png`."""

from typing import Any

import numpy as np

from apps.exported_players import points_picture
from keras_ot_gans.callbacks import density_picture, figure_to_array, image_grid, new_figure
from keras_ot_gans.callbacks.pictures import magnification

SHOWN = 64  # images in the grid
_SIDE = 480  # pixels of the statistics' column
_COLOURS = {1: ("#424242",), 3: ("#c62828", "#2e7d32", "#1565c0")}
_NAMES = {1: ("grey",), 3: ("red", "green", "blue")}
_MANY = 40  # classes that are counted by a bar each


def data_picture(
    real: np.ndarray, labels: np.ndarray | None = None, total: int | None = None
) -> np.ndarray:
    """Draw real data: a grid of images beside their statistics, or points.

    The statistics are of the data given: their number, size and channels, the mean image, how
    often each pixel value occurs in each channel, and how many images each class has.

    Args:
        real: float array `(n, height, width, channels)` in [-1, 1], or points `(n, d)`.
        labels: integer array `(n,)`, None for data without.
        total: int, how many there are in all; None where these are all.

    Returns:
        uint8 array `(H, W, 3)`.

    Example:
        >>> data_picture(np.zeros((4, 8, 8, 1), "float32")).shape
        (480, 614, 3)
    """
    if real.ndim == 4:
        grid = image_grid(real[:SHOWN], magnify=magnification(real))
        return _beside(grid, _statistics(real, labels, total or len(real)))
    count = _count(len(real), total or len(real), "points")
    if real.shape[1] > 2:
        return _coordinates(real, count)
    if len(real) == 1:
        return points_picture(real, count)
    return density_picture(real[::2], real[1::2], f"{count}, in two halves", "the other half")


def pixel_counts(images: np.ndarray) -> np.ndarray:
    """Count how often each of 256 values occurs.

    Args:
        images: float array `(n, height, width, channels)` in [-1, 1].

    Returns:
        int64 array `(channels, 256)`.

    Example:
        >>> pixel_counts(np.full((2, 3, 3, 1), -1.0))[0, :2].tolist()
        [18, 0]
    """
    pixels = np.rint((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)
    return np.stack(
        [np.bincount(channel.ravel(), minlength=256) for channel in np.moveaxis(pixels, -1, 0)]
    )


def _count(shown: int, total: int, what: str) -> str:
    return f"{total:,} {what}" if shown >= total else f"{shown:,} of {total:,} {what}"


def _statistics(images: np.ndarray, labels: np.ndarray | None, total: int) -> np.ndarray:
    """Draw the column of numbers, mean image, pixel values and classes."""
    n, height, width, channels = images.shape
    heights = [1.0, 1.2] if labels is None else [1.0, 1.0, 1.0]
    figure = new_figure(_SIDE / 100, (_SIDE if labels is None else 1.25 * _SIDE) / 100)
    panels = figure.subplots(len(heights), 1, height_ratios=heights)
    figure.suptitle(
        f"{_count(n, total, 'images')}, {height} x {width}, "
        f"{'grey' if channels == 1 else 'colour'}",
        fontsize=10,
    )
    mean = image_grid(images.mean(axis=0, keepdims=True), gap=0)
    panels[0].imshow(mean, interpolation="nearest")
    panels[0].set_title("mean image", fontsize=9)
    panels[0].set_axis_off()
    _draw_values(panels[1], images)
    if labels is not None:
        _draw_classes(panels[2], labels)
    return figure_to_array(figure)


def _draw_values(axes: Any, images: np.ndarray) -> None:
    from matplotlib.ticker import NullFormatter  # slow to import: only who draws pays for it

    channels = images.shape[3]
    counts = pixel_counts(images)
    counts = counts / counts.sum(axis=1, keepdims=True)
    drawn = zip(counts, _COLOURS[channels], _NAMES[channels], strict=True)
    for share, colour, name in drawn:
        axes.stairs(share, np.arange(257) - 0.5, color=colour, label=name, linewidth=1)
    # A background of one value hides all others on a plain axis.
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(-2, 257)
    axes.set_title("share of each pixel value, 0 to 255", fontsize=9)
    axes.tick_params(labelsize=8)
    if channels > 1:
        axes.legend(fontsize=8, ncols=3, frameon=False)


def _draw_classes(axes: Any, labels: np.ndarray) -> None:
    counts = np.bincount(labels)
    if len(counts) > _MANY:  # too many to tell apart: from the most frequent to the rarest
        counts = np.sort(counts)[::-1]
    axes.bar(np.arange(len(counts)), counts, width=0.8, color="#1565c0")
    order = ", by frequency" if len(counts) > _MANY else ""
    axes.set_title(f"images of each of {len(counts)} classes{order}", fontsize=9)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(labelsize=8)


def _coordinates(points: np.ndarray, title: str) -> np.ndarray:
    """Draw the range of each coordinate, of points that have too many for a plane."""
    figure = new_figure(4.8, 3.6)
    axes = figure.subplots()
    places = np.arange(points.shape[1])
    low, first, middle, third, high = np.percentile(points, [0, 25, 50, 75, 100], axis=0)
    axes.bar(places, high - low, 1.0, low, color="#bbdefb", label="all")
    axes.bar(places, third - first, 1.0, first, color="#1565c0", label="the middle half")
    axes.hlines(middle, places - 0.5, places + 0.5, color="white", linewidth=1)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="coordinate", ylabel="value")
    axes.set_title(f"{title} with {points.shape[1]} coordinates", fontsize=10)
    figure.legend(loc="outside lower center", fontsize=8, ncols=2, frameon=False)
    return figure_to_array(figure)


def _beside(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Put two pictures side by side, tops in line, on white."""
    height = max(len(left), len(right))
    parts = [
        np.pad(part, ((0, height - len(part)), (0, 0), (0, 0)), constant_values=255)
        for part in (left, right)
    ]
    return np.concatenate(parts, axis=1)
