"""Samples of a run or of an exported generator, without their data."""

import sys
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from ml_collections import ConfigDict

from apps import (
    builders,
    checkpoints,
    held_out,
    judging,
    model_builders,
    run_labels,
    sources,
    tuned_sampler,
)
from apps.atomic import replacing
from apps.exported_players import exported_players, points_picture
from apps.look_up import look_up
from apps.run_folder import RunFolder
from apps.sampler_builders import Players
from keras_ot_gans.callbacks import density_picture, image_grid, write_png
from keras_ot_gans.models.exported import load_keras
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
    network, origin = players.generator, players.origin
    if sampler is not None:
        made = tuned_sampler.build(sampler, players, min(num, 100))
        samples = made.sampler.sample(num, seed, labels, sys.stdout.isatty())
        origin = f"{origin} by {made.describe()}"
    elif generator is not None:
        samples = network.sample(num, seed, labels)
    else:
        shape = (num, latent_dim(network))
        z = players.prior.sample(shape, keras.random.SeedGenerator(seed)).numpy()
        samples = network.predict(with_labels(z, labels), batch_size=256, verbose=0)
    if not np.isfinite(samples).all():
        raise ValueError(
            f"`{'--workdir' if generator is None else 'generator'}` must hold a generator that "
            f"gives finite samples. Received: NaN or infinity from {origin}. Its weights are not "
            "finite, or its labels are of other classes: take an earlier checkpoint."
        )
    if path.suffix == ".png":
        write_png(path, _picture(samples, config, origin))
    else:
        with replacing(path) as temporary:
            arrays = {} if labels is None else {"labels": labels}
            np.savez_compressed(temporary, samples=samples, **arrays)
    of_class = "" if label is None else f" of class {label}"
    return f"{num} samples{of_class} of shape {samples.shape[1:]} from {origin}: {path}"


def load_players(
    folder: RunFolder,
    config: ConfigDict,
    data_dir: str | None = None,
    critic_workdir: str | None = None,
    with_critic: bool = True,
) -> Players:
    """Load a run's generator, and the critic of its newest checkpoint or of another run's.

    Args:
        folder: the run's folder.
        config: its config.
        data_dir: folder of the run's data, for samplers that need some, held out where possible.
        critic_workdir: folder of the run whose critic judges; None is the run itself.
        with_critic: bool, whether anything asks a critic.

    Returns:
        `sampler_builders.Players`.

    Raises:
        ValueError: if there is no generator, or a critic's run cannot be read.
    """
    generator, origin, _ = load_generator(folder, config)
    judge = folder.path if critic_workdir is None else critic_workdir
    return Players(
        generator,
        load_critic(judge) if with_critic else None,
        look_up("model.prior", config.model.prior, model_builders.PRIORS)(),
        run_labels.read(folder, config),
        lambda n: held_out.read(config, n, data_dir),
        origin + judged_by(critic_workdir),
        lambda: judging.run_network(config, data_dir)(),
    )


def judged_by(critic_workdir: str | None) -> str:
    """Return what the origin of a generator adds where another run's critic judges.

    Args:
        critic_workdir: folder of that run, or None.

    Returns:
        str, such as ", judged by other,".
    """
    return "" if critic_workdir is None else f", judged by {RunFolder(critic_workdir).path.name},"


def load_critic(workdir: str | Path) -> keras.Model | None:
    """Load a critic, or a discriminator, from a run's newest checkpoint.

    Args:
        workdir: the run's folder.

    Returns:
        `keras.Model`; None where the method or the run has none.

    Raises:
        ValueError: if the run cannot be read.
    """
    folder = RunFolder(workdir)
    config = ConfigDict(folder.read_config())
    found = checkpoints.newest(folder.checkpoints)
    if found is None:
        return None
    shape = found[1].sample_shape
    model = builders.build_model(config, shape, run_labels.read(folder, config))
    checkpoints.load_newest(model, folder.checkpoints)
    return getattr(model, "critic", None) or getattr(model, "discriminator", None)


def latent_dim(generator: keras.Model) -> int:
    """Return the width of the latents that a generator takes.

    Args:
        generator: `keras.Model` of latents, or of `[latents, labels]`.

    Returns:
        int.
    """
    shape = generator.input_shape
    return (shape[0] if isinstance(shape, list) else shape)[-1]


class Loaded(NamedTuple):
    """A run's generator.

    Attributes:
        network: `keras.Model`.
        origin: str, name of the file it comes from.
        step: int, generator updates behind it; None where the run does not say.
    """

    network: keras.Model
    origin: str
    step: int | None


def load_generator(folder: RunFolder, config: ConfigDict) -> Loaded:
    """Load the generator of a finished or unfinished run.

    Args:
        folder: the run's folder.
        config: its config.

    Returns:
        `Loaded`.

    Raises:
        ValueError: if there is none yet, or it cannot be read.
    """
    if folder.generator.exists():
        advice = "Remove that file to use the newest checkpoint."
        step = folder.last_record().get("step")
        step = step if type(step) is int and step >= 0 else None
        return Loaded(
            load_keras(folder.generator, "--workdir", advice), folder.generator.name, step
        )
    found = checkpoints.newest(folder.checkpoints)
    if found is None:
        raise ValueError(
            f"`--workdir` must hold a generator. Received: {folder.path}, with no checkpoint yet. "
            "The first one is written at the end of the first epoch."
        )
    labels = run_labels.read(folder, config)
    model = builders.build_model(config, found[1].sample_shape, labels)
    path, progress = checkpoints.load_newest(model, folder.checkpoints)
    return Loaded(model.ema_generator or model.generator, path.name, progress.step)


def _picture(samples: np.ndarray, config: ConfigDict | None, origin: str) -> np.ndarray:
    """Lay images out in a grid; draw points over the density of their toy data, if known."""
    if samples.ndim == 4:
        return image_grid(samples)
    real = None if config is None else sources.toy_points(config)
    if real is not None:
        return density_picture(real, samples, title=origin)
    return points_picture(samples, title=origin)
