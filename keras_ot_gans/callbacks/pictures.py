"""From arrays to pictures to files: image grids, figures, PNGs.

Figures are made of Matplotlib's objects and its Agg canvas, without `pyplot`: no
global state, no window, safe beside whatever the user draws.
"""

import math
import os
from typing import Any

import numpy as np
from PIL import Image

from keras_ot_gans.files import replacing

_GAP = 230  # light grey between and behind the cells
_READABLE = 64  # smaller images are magnified to about this side


def image_grid(
    images: Any, columns: int | None = None, gap: int = 2, magnify: int = 1
) -> np.ndarray:
    """Lay a batch of images out row by row.

    Args:
        images: float array `(n, h, w, c)` in `[-1, 1]`, `c` 1 or 3. What lies a little
            outside is clipped; beyond `[-2, 2]` the range is taken for a mistake.
        columns: int > 0, or `None` for the most square grid.
        gap: int >= 0, light grey pixels around each cell.
        magnify: int > 0, each pixel becomes a square of this side.

    Returns:
        uint8 array `(H, W, 3)`; `round((x + 1) * 127.5)`; unfilled cells light grey.

    Raises:
        ValueError: if shape, range or a number is wrong.

    Example:
        >>> grid = image_grid(np.zeros((5, 4, 4, 1), "float32"), columns=3, gap=1)
        >>> grid.shape, grid.dtype, int(grid[1, 1, 0])
        ((11, 16, 3), dtype('uint8'), 128)
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in images.shape:
        raise ValueError(
            "`images` must have axes (n, h, w, c) with c = 1 or 3. "
            f"Received: shape {images.shape}. Put the channels last."
        )
    if images.dtype.kind != "f" or not np.all(np.abs(images) <= 2.0):
        raise ValueError(
            "`images` must be floats in [-1, 1]. Received: dtype "
            f"{images.dtype}, range {images.min()} to {images.max()}. "
            "Scale bytes by x / 127.5 - 1; a NaN means that the training has diverged."
        )
    for name, value, least in (("gap", gap, 0), ("magnify", magnify, 1), ("columns", columns, 1)):
        if value is not None and value < least:
            raise ValueError(f"`{name}` must be at least {least}. Received: {name}={value}.")
    images = np.rint((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)
    images = np.broadcast_to(images, (*images.shape[:3], 3))
    images = images.repeat(magnify, axis=1).repeat(magnify, axis=2)
    n, height, width, _ = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    grid = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), _GAP, np.uint8)
    for index, image in enumerate(images):
        top = gap + index // columns * (height + gap)
        left = gap + index % columns * (width + gap)
        grid[top : top + height, left : left + width] = image
    return grid


def magnification(images: Any) -> int:
    """Return what `image_grid` should magnify images by, to be looked at.

    Args:
        images: array `(n, h, w, c)`.

    Returns:
        int >= 1: the longer side becomes about 64 pixels; larger images stay as they are.

    Example:
        >>> magnification(np.zeros((1, 28, 28, 1))), magnification(np.zeros((1, 96, 64, 3)))
        (2, 1)
    """
    return max(1, _READABLE // max(images.shape[1:3]))


def write_png(path: str | os.PathLike, picture: np.ndarray) -> None:
    """Write a PNG so that a reader sees the old file or the new one, never a part.

    The bytes go to a temporary file in the same folder, are synced to the disk and
    then take the name in one step: `keras_ot_gans.files.replacing`.

    Args:
        path: file name; its folder must exist.
        picture: uint8 array `(H, W, 3)`.

    Raises:
        ValueError: if `picture` is no such array.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> write_png(os.path.join(folder, "black.png"), np.zeros((2, 2, 3), np.uint8))
        >>> os.listdir(folder)
        ['black.png']
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(
            "`picture` must be a uint8 array with axes (H, W, 3). "
            f"Received: shape {picture.shape}, dtype {picture.dtype}. See `image_grid`."
        )
    with replacing(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")


def new_figure(width: float, height: float, dpi: int = 100) -> Any:
    """A Matplotlib figure on an Agg canvas, outside `pyplot`.

    Args:
        width: float > 0, inches.
        height: float > 0, inches.
        dpi: int > 0, pixels per inch.

    Returns:
        `matplotlib.figure.Figure` with constrained layout; it is freed like any object.

    Example:
        >>> figure_to_array(new_figure(2, 1)).shape
        (100, 200, 3)
    """
    # Matplotlib takes half a second to import: only who draws pays for it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)  # attaches itself
    return figure


def figure_to_array(figure: Any) -> np.ndarray:
    """Render a figure to pixels.

    Args:
        figure: figure made by `new_figure`.

    Returns:
        uint8 array `(H, W, 3)`.

    Example:
        >>> int(figure_to_array(new_figure(1, 1))[0, 0, 0])      # white
        255
    """
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
