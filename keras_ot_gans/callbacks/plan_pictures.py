"""A conditional transport plan as matrices and as matched pairs."""

from typing import Any

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.optimize import linear_sum_assignment

from keras_ot_gans.callbacks.density_pictures import FAKE, REAL, as_drawable, limits
from keras_ot_gans.callbacks.pictures import figure_to_array, image_grid, new_figure


def plan_order(
    real: np.ndarray, forward: np.ndarray, backward: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """An order of rows and columns that shows a plan's structure.

    Rows: neighbours in data space side by side (leaves of average linkage). Columns:
    the one-to-one matching of greatest `forward + backward` lies on the diagonal;
    columns that it leaves over come last.

    Args:
        real: array `(n, d)`, `n >= 2`.
        forward: array `(n, m)`.
        backward: array `(n, m)`.

    Returns:
        Two int arrays, permutations of `n` rows and `m` columns.

    Example:
        >>> plan = np.array([[0.0, 1.0], [1.0, 0.0]])
        >>> rows, columns = plan_order(np.array([[0.0], [1.0]]), plan, plan)
        >>> plan[np.ix_(rows, columns)].tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    rows = leaves_list(linkage(real, method="average", optimal_ordering=True))
    matched_rows, matched = linear_sum_assignment((forward + backward)[rows], maximize=True)
    columns = matched[np.argsort(matched_rows)]
    rest = np.setdiff1d(np.arange(forward.shape[1]), columns)
    return rows, np.concatenate([columns, rest])


def effective_partners(plan: np.ndarray, axis: int) -> float:
    """Mean of `exp(entropy)`: over how many partners a point spreads its mass.

    Args:
        plan: array `(n, m)` that sums to 1 along `axis`.
        axis: int, 1 for a forward plan, 0 for a backward one.

    Returns:
        float from 1 (a point mass each) to the length of `axis` (no preference).

    Example:
        >>> round(effective_partners(np.full((3, 4), 0.25), axis=1), 4)
        4.0
    """
    logs = np.log(np.where(plan > 0, plan, 1.0))
    return float(np.mean(np.exp(-np.sum(plan * logs, axis=axis))))


def plan_picture(
    real: Any, fake: Any, forward: Any, backward: Any, title: str = "", top: int = 3
) -> np.ndarray:
    """The two conditional plans, and below each the pairs that it matches.

    Points: a line per pair, as opaque as the plan's weight. Images: some rows of one
    image and its `top` most probable partners with their probabilities.

    Args:
        real: array `(n,)`, `(n, 1)`, `(n, 2)`, or images `(n, h, w, c)` in `[-1, 1]`.
        fake: array `(m, ...)` of the same kind.
        forward: array `(n, m)`, rows sum to 1: `P(fake j | real i)`.
        backward: array `(n, m)`, columns sum to 1: `P(real i | fake j)`.
        title: str, above the picture.
        top: int > 0, partners shown per image.

    Returns:
        uint8 array `(H, W, 3)`.

    Raises:
        ValueError: if the plans' shape is not `(n, m)` or the data cannot be drawn.

    Example:
        >>> points, plan = np.arange(4.0), np.eye(4)
        >>> plan_picture(points, points, plan, plan).shape
        (800, 840, 3)
    """
    forward = np.asarray(forward, np.float64)
    backward = np.asarray(backward, np.float64)
    shape = (len(real), len(fake))
    if forward.shape != shape or backward.shape != shape or shape[0] < 2:
        raise ValueError(
            f"`forward` and `backward` must have shape (n, m) = {shape} with n >= 2. "
            f"Received: shapes {forward.shape} and {backward.shape}. See `ACTGAN.plans`."
        )
    images = np.ndim(real) == 4
    if not images:
        real, fake = as_drawable("real", real), as_drawable("fake", fake)
    rows, columns = plan_order(np.reshape(real, (shape[0], -1)), forward, backward)
    figure = new_figure(8.4, 6.4 if images else 8.0)
    figure.suptitle(title, fontsize=11)
    ((matrix_f, matrix_b), (pairs_f, pairs_b)) = figure.subplots(
        2, 2, height_ratios=(1.9 if images else 1.0, 1.0)
    )
    _draw_matrix(matrix_f, forward[np.ix_(rows, columns)], "forward: each real point's partners", 1)
    shades = _draw_matrix(
        matrix_b, backward[np.ix_(rows, columns)], "backward: each generated point's partners", 0
    )
    bar = figure.colorbar(shades, ax=[matrix_f, matrix_b], shrink=0.8, label="probability")
    bar.set_ticks([0.0, 0.05, 0.2, 0.5, 1.0])
    if images:
        _draw_partners(pairs_f, real[rows], fake, forward[rows], top, "real")
        _draw_partners(pairs_b, fake[columns], real, backward.T[columns], top, "generated")
    else:
        _draw_lines(pairs_f, real, fake, forward)
        _draw_lines(pairs_b, real, fake, backward)
    return figure_to_array(figure)


def _draw_matrix(axes: Any, plan: np.ndarray, title: str, axis: int) -> Any:
    """One plan as an image, on a square-root scale from 0 to 1 in every picture."""
    shades = axes.imshow(plan, cmap="magma", norm=_root_scale(), interpolation="nearest")
    partners = effective_partners(plan, axis)
    axes.set_title(f"{title}\n{partners:.1f} effective of {plan.shape[axis]}", fontsize=9)
    axes.set_xlabel("generated", fontsize=9)
    axes.set_ylabel("real", fontsize=9)
    axes.tick_params(labelsize=8)
    return shades


def _root_scale() -> Any:
    from matplotlib.colors import PowerNorm

    return PowerNorm(gamma=0.5, vmin=0.0, vmax=1.0)


def _draw_lines(axes: Any, real: np.ndarray, fake: np.ndarray, plan: np.ndarray) -> None:
    """Every pair as a line of the plan's weight; 1-D data on two levels."""
    from matplotlib.collections import LineCollection

    line = real.shape[1] == 1
    if line:
        real = np.column_stack([real, np.ones(len(real))])
        fake = np.column_stack([fake, np.zeros(len(fake))])
    pairs = np.argwhere(plan > 0.01)  # fainter lines are invisible
    segments = np.stack([real[pairs[:, 0]], fake[pairs[:, 1]]], axis=1)
    alpha = np.clip(plan[tuple(pairs.T)], 0.0, 1.0)
    axes.add_collection(LineCollection(segments, colors="#444444", alpha=alpha, linewidths=1.0))
    axes.scatter(*real.T, s=22, color=REAL, zorder=3)
    axes.scatter(*fake.T, s=22, color=FAKE, zorder=3)
    if line:
        axes.set(yticks=[0, 1], ylim=(-0.2, 1.2), xlabel="x", xlim=limits(real[:, :1])[0])
        axes.set_yticklabels(["generated", "real"])
    else:
        (left, right), (bottom, upper) = limits(real)
        axes.set(xlim=(left, right), ylim=(bottom, upper), aspect="equal")
    axes.set_title("real (red) and generated (blue)", fontsize=9)
    axes.tick_params(labelsize=8)


def _draw_partners(
    axes: Any, images: np.ndarray, others: np.ndarray, plan: np.ndarray, top: int, name: str
) -> None:
    """Rows of an image and its most probable partners, plan `(image, partner)`."""
    shown = np.linspace(0, len(images) - 1, min(8, len(images))).round().astype(int)
    top = min(top, len(others))
    best = np.argsort(-plan[shown], axis=1, kind="stable")[:, :top]
    cells = np.concatenate([images[shown][:, None], others[best]], axis=1)
    height, width = images.shape[1:3]
    magnify = max(1, 56 // max(height, width))
    # Two blocks of rows side by side fill the panel better than one narrow column.
    blocks = 2 if len(shown) > 4 and top <= 4 else 1
    per_block = -(-len(shown) // blocks)
    step, offset = 0, 2
    for block in range(blocks):
        part = slice(block * per_block, (block + 1) * per_block)
        grid = image_grid(cells[part].reshape(-1, *images.shape[1:]), 1 + top, 2, magnify)
        bottom = grid.shape[0]
        axes.imshow(grid, extent=(step, step + grid.shape[1], bottom, 0), interpolation="nearest")
        for row, index in enumerate(range(part.start, min(part.stop, len(shown)))):
            for column in range(top):
                x = step + offset + (column + 1) * (width * magnify + offset)
                y = offset + row * (height * magnify + offset)
                axes.text(
                    x + 2, y + 2, f"{plan[shown[index], best[index, column]]:.2f}",
                    fontsize=7, va="top", color="white",
                    bbox={"facecolor": "black", "alpha": 0.6, "pad": 1, "linewidth": 0},
                )  # fmt: skip
        step += grid.shape[1] + 4 * offset
    axes.set(xlim=(0, step), ylim=(bottom, 0))
    axes.set_title(f"left of each row: {name}; then its partners", fontsize=9)
    axes.set_axis_off()
