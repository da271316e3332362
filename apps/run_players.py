"""A run's generator and critic, from its files."""

from pathlib import Path
from typing import NamedTuple

import keras
from ml_collections import ConfigDict

from apps import builders, checkpoints, held_out, judging, model_builders, run_labels
from apps.look_up import look_up
from apps.run_folder import RunFolder
from apps.sampler_builders import Players
from keras_ot_gans.models import AdversarialModel
from keras_ot_gans.models.exported import load_keras


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
    loaded, critic = load_generator(folder, config), None
    if with_critic and critic_workdir is None and loaded.model is not None:
        critic = _critic_of(loaded.model)  # of one checkpoint, also while the training goes on
    elif with_critic:
        critic = load_critic(folder.path if critic_workdir is None else critic_workdir)
    return Players(
        loaded.network,
        critic,
        look_up("model.prior", config.model.prior, model_builders.PRIORS)(),
        run_labels.read(folder, config),
        lambda n: held_out.read(config, n, data_dir),
        loaded.origin + judged_by(critic_workdir),
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
    found = _newest(folder, ConfigDict(folder.read_config()))
    return None if found is None else _critic_of(found[0])


def _critic_of(model: AdversarialModel) -> keras.Model | None:
    return getattr(model, "critic", None) or getattr(model, "discriminator", None)


def _newest(folder: RunFolder, config: ConfigDict) -> tuple[AdversarialModel, Path, int] | None:
    """Return the model of a run's newest checkpoint, its file and generator updates, if any."""
    found = checkpoints.newest(folder.checkpoints)
    if found is None:
        return None
    labels = run_labels.read(folder, config)
    model = builders.build_model(config, found[1].sample_shape, labels)
    path, progress = checkpoints.load_newest(model, folder.checkpoints)
    return model, path, progress.step


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
        model: the model of the checkpoint that it comes from, None if it comes from none.
    """

    network: keras.Model
    origin: str
    step: int | None
    model: AdversarialModel | None = None


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
    model, path, step = _trained(folder, config)
    return Loaded(model.ema_generator or model.generator, path.name, step, model)


def load_model(folder: RunFolder, config: ConfigDict) -> tuple[keras.Model, str]:
    """Load the whole model of a finished or unfinished run.

    Args:
        folder: the run's folder.
        config: its config.

    Returns:
        (model, name of the file it comes from): a finished run's `model.keras` if it has one, else
        the newest checkpoint.

    Raises:
        ValueError: if there is none yet, or it cannot be read.
    """
    if folder.generator.exists() and folder.model.exists():
        advice = "Remove that file to use the newest checkpoint."
        return load_keras(folder.model, "--workdir", advice), folder.model.name
    model, path, _ = _trained(folder, config)
    return model, path.name


def _trained(folder: RunFolder, config: ConfigDict) -> tuple[AdversarialModel, Path, int]:
    """Return what `_newest` does, where there must be a checkpoint."""
    found = _newest(folder, config)
    if found is None:
        raise ValueError(
            f"`--workdir` must hold a generator. Received: {folder.path}, with no checkpoint yet. "
            "The first one is written at the end of the first epoch."
        )
    return found
