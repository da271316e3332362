"""Samples of a run, without its data."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from ml_collections import ConfigDict

from apps import builders, checkpoints, model_builders, run_labels, sources
from apps.atomic import replacing
from apps.look_up import look_up
from apps.run_folder import RunFolder
from keras_ot_gans.callbacks import density_picture, image_grid, write_png
from keras_ot_gans.networks.conditioning import with_labels

SUFFIXES = (".npz", ".png")


def sample_to_file(workdir: str, num: int, seed: int, out: str, label: int | None = None) -> str:
    """Draw samples from a run's generator and write them to a file.

    The generator is `generator.keras` of a finished run, else that of the newest checkpoint; its
    moving average where the run keeps one. No data are needed.

    Args:
        workdir: the run's folder.
        num: int > 0, how many samples.
        seed: int >= 0; the same one gives the same latents.
        out: file name; `.png` for a picture, `.npz` for the array `samples`, float32 `(num, ...)`,
            and of a conditional run `labels`, int32 `(num,)`.
        label: int, the class of all samples of a conditional run; None draws labels as it does.

    Returns:
        str, what was written, in words.

    Raises:
        ValueError: if an argument is out of range, or there is no generator.
    """
    if num < 1 or seed < 0:
        raise ValueError(
            "`num` must be at least 1 and `seed` at least 0. "
            f"Received: num={num}, seed={seed}. Try --num=64 --seed=0."
        )
    path = Path(out).expanduser()
    if path.suffix not in SUFFIXES or not path.parent.is_dir():
        raise ValueError(
            f"`out` must be a file name that ends with {' or '.join(SUFFIXES)}, in a folder that "
            f"exists. Received: {out}. Try --out=samples.png."
        )
    folder = RunFolder(workdir)
    config = ConfigDict(folder.read_config())
    labels = run_labels.draw(run_labels.read(folder, config), num, seed, label)
    generator, origin = load_generator(folder, config)
    prior = look_up("model.prior", config.model.prior, model_builders.PRIORS)()
    shape = (num, latent_dim(generator))
    z = prior.sample(shape, keras.random.SeedGenerator(seed)).numpy()
    samples = generator.predict(with_labels(z, labels), batch_size=256, verbose=0)
    if path.suffix == ".png":
        write_png(path, _picture(samples, config, origin))
    else:
        with replacing(path) as temporary:
            arrays = {} if labels is None else {"labels": labels}
            np.savez_compressed(temporary, samples=samples, **arrays)
    of_class = "" if label is None else f" of class {label}"
    return f"{num} samples{of_class} of shape {samples.shape[1:]} from {origin}: {path}"


def latent_dim(generator: keras.Model) -> int:
    """Return the width of the latents that a generator takes.

    Args:
        generator: `keras.Model` of latents, or of `[latents, labels]`.

    Returns:
        int.
    """
    shape = generator.input_shape
    return (shape[0] if isinstance(shape, list) else shape)[-1]


def load_generator(folder: RunFolder, config: ConfigDict) -> tuple[keras.Model, str]:
    """Load the generator of a finished or unfinished run.

    Args:
        folder: the run's folder.
        config: its config.

    Returns:
        `(generator, name of the file it comes from)`.

    Raises:
        ValueError: if there is none yet, or it cannot be read.
    """
    if folder.generator.exists():
        return _load(folder.generator), folder.generator.name
    found = checkpoints.newest(folder.checkpoints)
    if found is None:
        raise ValueError(
            f"`--workdir` must hold a generator. Received: {folder.path}, with no checkpoint yet. "
            "The first one is written at the end of the first epoch."
        )
    path, progress = found
    labels = run_labels.read(folder, config)
    model = builders.build_model(config, progress.sample_shape, labels)
    model.load_weights(path)
    return model.ema_generator or model.generator, path.name


def _load(path: Path) -> Any:
    try:
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"`--workdir` must hold a generator that can be read. Received: {path} ({error}). "
            "Remove that file to use the newest checkpoint."
        ) from error


def _picture(samples: np.ndarray, config: ConfigDict, origin: str) -> np.ndarray:
    """Lay images out in a grid; draw points over the density of their toy data."""
    if samples.ndim == 4:
        return image_grid(samples)
    return density_picture(sources.toy_points(config), samples, title=origin)
