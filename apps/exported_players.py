"""Exported generators in the place of a run's, for sampling."""

from pathlib import Path

import keras
import numpy as np

from apps.sampler_builders import Players, no_data
from keras_ot_gans.callbacks.density_pictures import FAKE, as_drawable
from keras_ot_gans.callbacks.pictures import figure_to_array, new_figure
from keras_ot_gans.models.exported import load_export
from keras_ot_gans.ops.labels import Labels


def exported_players(
    generator: str, sampler: str | None = None, critic: keras.Model | None = None
) -> Players:
    """Load an exported generator.

    Args:
        generator: file or folder that `apps.export` wrote.
        sampler: what is to sample it, None for the generator alone.
        critic: `keras.Model` for that sampler, or None.

    Returns:
        `sampler_builders.Players`; `generator` is a `models.exported.Exported`.

    Raises:
        ValueError: if it cannot be read, or does not fit what is asked.
    """
    try:
        exported = load_export(generator)
    except ImportError as error:
        raise ValueError(str(error)) from error
    notes = exported.notes
    if sampler is not None and not exported.in_tensorflow:
        raise ValueError(
            f"`sampler` must be left out for ONNX, which has no gradients. Received: {sampler!r}. "
            "Export a SavedModel."
        )
    if not isinstance(notes.labels, Labels | None):
        raise ValueError(
            "`--generator` must take classes, or nothing but latents. Received: "
            f"{generator}, which takes vectors of width {notes.labels.dim}. Call "
            "`load_export(path).sample(n, labels=vectors)` from Python."
        )
    return Players(exported, critic, notes.prior, notes.labels, no_data, Path(generator).name)


def points_picture(samples: np.ndarray, title: str) -> np.ndarray:
    """Draw generated points alone, where the data are not known.

    Args:
        samples: array `(n,)`, `(n, 1)` or `(n, 2)`.
        title: str, above the picture.

    Returns:
        uint8 array `(H, W, 3)`.

    Raises:
        ValueError: if the points do not fit on paper.

    Example:
        >>> points_picture(np.zeros((5, 2)), "zeros").shape
        (510, 480, 3)
    """
    points = as_drawable("samples", samples)
    figure = new_figure(4.8, 5.1)
    axes = figure.subplots()
    if points.shape[1] == 1:
        axes.hist(points[:, 0], bins=50, color=FAKE)
    else:
        axes.scatter(*points.T, s=6, color=FAKE, alpha=0.6, linewidths=0)
        axes.set_aspect("equal", "datalim")
    axes.set_title(title, fontsize=10)
    return figure_to_array(figure)
