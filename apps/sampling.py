"""Samples of a run or of an exported generator, without their data."""

import sys
from pathlib import Path

import keras
import numpy as np
from ml_collections import ConfigDict

from apps import run_labels, sources, tuned_sampler
from apps.atomic import written
from apps.exported_players import exported_players, points_picture
from apps.run_folder import RunFolder
from apps.run_players import judged_by, latent_dim, load_critic, load_players
from apps.sampler_builders import Players
from keras_ot_gans.callbacks import density_picture, image_grid, write_png
from keras_ot_gans.networks.conditioning import with_labels

SUFFIXES = (".npz", ".png")
MOST = 2**24  # samples of one call


def sample_to_file(
    workdir: str | None,
    num: int,
    seed: int,
    out: str,
    label: int | None = None,
    sampler: str | None = None,
    critic_workdir: str | None = None,
    data_dir: str | None = None,
    generator: str | None = None,
) -> str:
    """Draw samples from a run's generator, or from an exported one, and write them to a file.

    A run's generator is `generator.keras` of a finished run, else that of the newest checkpoint;
    its moving average where the run keeps one. No data are needed, but by samplers that calibrate
    a critic or are tuned. An exported generator needs no run.

    Args:
        workdir: the run's folder; None where `generator` is given.
        num: int from 1 to `MOST`, how many samples.
        seed: int from 0 to 2**31 - 1; the same one gives the same latents to all samplers, and
            others where there is none.
        out: file name; `.png` for a picture, `.npz` for the array `samples`, float32 `(num, ...)`,
            and of a conditional run `labels`, int32 `(num,)`.
        label: int, the class of all samples of a conditional run; None draws labels as it does.
        sampler: as `tuned_sampler.build`; None draws from the prior.
        critic_workdir: as `load_players`.
        data_dir: folder of the run's data.
        generator: what `apps.export` wrote, in place of `workdir`.

    Returns:
        str, what was written, in words.

    Raises:
        ValueError: if an argument is out of range, there is no generator, or the sampler does not
            fit the run.
        FileNotFoundError: if the data are needed and not there.
    """
    path = _checked(workdir, num, seed, out, sampler, critic_workdir, generator)
    if generator is not None:
        critic = None if critic_workdir is None else load_critic(critic_workdir)
        config, players = None, exported_players(generator, sampler, critic)
        players = players._replace(origin=players.origin + judged_by(critic_workdir))
        labels = run_labels.draw(players.labels, num, seed, label)
    else:
        folder = RunFolder(workdir)
        config = ConfigDict(folder.read_config())
        labels = run_labels.draw(run_labels.read(folder, config), num, seed, label)
        players = load_players(folder, config, data_dir, critic_workdir, sampler is not None)
    samples, origin = _drawn(players, num, seed, labels, sampler)
    picture = _picture(samples, config, origin) if path.suffix == ".png" else None
    with written(path) as temporary:
        if picture is not None:
            write_png(temporary, picture)
        else:
            arrays = {} if labels is None else {"labels": labels}
            np.savez_compressed(temporary, samples=samples, **arrays)
    of_class = "" if label is None else f" of class {label}"
    return f"{num} samples{of_class} of shape {samples.shape[1:]} from {origin}: {path}"


def _checked(
    workdir: str | None,
    num: int,
    seed: int,
    out: str,
    sampler: str | None,
    critic_workdir: str | None,
    generator: str | None,
) -> Path:
    """Check what can be checked before anything is loaded; return the file to be written."""
    if not 1 <= num <= MOST or not 0 <= seed < 2**31:
        raise ValueError(
            f"`num` must be at least 1 and `seed` at least 0, up to {MOST} and 2147483647. "
            f"Received: num={num}, seed={seed}. Try --num=64 --seed=0."
        )
    path = Path(out).expanduser()
    if path.suffix not in SUFFIXES or not path.parent.is_dir() or path.is_dir():
        raise ValueError(
            f"`out` must be a file name that ends with {' or '.join(SUFFIXES)}, in a folder that "
            f"exists. Received: {out}. Try --out=samples.png."
        )
    if (workdir is None) == (generator is None):
        raise ValueError(
            "`--workdir` or `--generator` must be given, and not both. Received: "
            f"workdir={workdir}, generator={generator}. Try --workdir=runs/my_run."
        )
    if sampler is None and critic_workdir is not None:
        raise ValueError(
            "`critic_workdir` must be left out where nothing asks a critic. Received: "
            f"{critic_workdir}, and no sampler. Try --sampler=dot."
        )
    return path


def _drawn(
    players: Players, num: int, seed: int, labels: np.ndarray | None, sampler: str | None
) -> tuple[np.ndarray, str]:
    """Draw finite samples; return them and their origin in words."""
    network, origin = players.generator, players.origin
    of_run = isinstance(network, keras.Model)
    if sampler is not None:
        made = tuned_sampler.build(sampler, players)
        samples = made.sampler.sample(num, seed, labels, sys.stdout.isatty())
        origin = f"{origin} by {made.describe()}"
    elif of_run:
        shape = (num, latent_dim(network))
        z = players.prior.sample(shape, keras.random.SeedGenerator(seed)).numpy()
        samples = network.predict(with_labels(z, labels), batch_size=256, verbose=0)
    else:
        samples = network.sample(num, seed, labels)
    if not np.isfinite(samples).all():
        raise ValueError(
            f"`{'--workdir' if of_run else 'generator'}` must hold a generator that gives finite "
            f"samples. Received: NaN or infinity from {origin}. Its weights are not finite, or its "
            "labels are of other classes: take an earlier checkpoint."
        )
    return samples, origin


def _picture(samples: np.ndarray, config: ConfigDict | None, origin: str) -> np.ndarray:
    """Lay images out in a grid; draw points over the density of their toy data, if known."""
    if samples.ndim == 4:
        return image_grid(samples)
    real = None if config is None else sources.toy_points(config)
    if real is not None:
        return density_picture(real, samples, title=origin)
    return points_picture(samples, title=origin)
