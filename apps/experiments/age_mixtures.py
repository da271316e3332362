"""What AGE's experiments on mixtures share: networks, methods and how they are trained."""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np

from apps.experiments.one_program import OneProgram
from apps.experiments.record import Part, Run
from keras_ot_gans import models, networks
from keras_ot_gans.callbacks.density_pictures import density_picture
from keras_ot_gans.divergences import bidirectional, f_divergence

LATENT_DIM = 2  # the authors' code
# Appendix E.1: 500 and 400; a discriminator's update would take 15 times as long.
HIDDEN, DISCRIMINATOR_WIDTH = 128, 128


class Protocol(NamedTuple):
    """How all methods of an experiment are trained.

    Attributes:
        transformation: "gaussian" or "deterministic", of encoder and generator.
        discriminator_steps: int, updates of the discriminator for each of the others.
        updates: int, of generator and encoder, over which all rates fall to 0 along a cosine.
        batch: int.
        rate: float, of generator and encoder at the beginning.
        discriminator_rate: float, at the beginning.
        beta_1: float, of all Adams. 0: the authors' code.
    """

    transformation: str
    discriminator_steps: int
    updates: int
    batch: int
    rate: float
    discriminator_rate: float
    beta_1: float = 0.0


LOOKS = 40  # in a training, at whether it has diverged: an f-GAN's exponential may

# None: the VAE.
METHODS = {
    "VAE": None,
    "AGE-KL": bidirectional.age(f_divergence.kl),
    "f-GAN-KL": bidirectional.f_gan(f_divergence.kl),
    "AGE-H2": bidirectional.age(f_divergence.squared_hellinger),
    "AGE-RevKL": bidirectional.age(f_divergence.reverse_kl),
    "GAN (JS)": bidirectional.bigan,
    "AGE-ALL": bidirectional.age(f_divergence.all_divergences),
    "logD-GAN": bidirectional.log_d_bigan,
    "Hinge": bidirectional.hinge,
}


def model(label: str, protocol: Protocol, seed: int) -> models.AGE | models.VAE:
    """Return a compiled model of a mixture in the plane; all methods have the same networks.

    Args:
        label: key of `METHODS`.
        protocol: `Protocol`.
        seed: int, of the weights and of the latents.

    Returns:
        `models.AGE`, or `models.VAE`.
    """
    keras.utils.set_random_seed(seed)
    kind = {"transformation": protocol.transformation}
    generator = networks.age_mlp_generator(LATENT_DIM, 2, (HIDDEN,) * 2, **kind)
    encoder = networks.age_mlp_encoder(LATENT_DIM, 2, (HIDDEN,) * 3, **kind)
    if protocol.transformation == "gaussian":
        generator = networks.gaussian_generator(generator)
        encoder = networks.gaussian_encoder(encoder)
    objective = METHODS[label]
    if objective is None:
        made = models.VAE(generator, encoder, seed=seed)
    else:
        made = models.AGE(
            generator,
            encoder,
            networks.age_mlp_discriminator(LATENT_DIM, 2, width=DISCRIMINATOR_WIDTH),
            objective=objective,
            discriminator_steps=protocol.discriminator_steps,
            seed=seed,
        )
    made.compile({role: _adam(role, protocol) for role in made.networks})
    return made


class Trainer:
    """Trains one method from several seeds; its program is made when it is first needed.

    Args:
        label: as `model`.
        protocol: as `model`.
    """

    def __init__(self, label: str, protocol: Protocol):
        self._protocol = protocol
        self._make = functools.partial(model, label, protocol)

    @functools.cached_property
    def _program(self) -> OneProgram:
        return OneProgram(self._make, self._protocol.batch)

    def train(self, seed: int, points: np.ndarray) -> models.AGE | models.VAE:
        """Train a new model; one that diverges is left where that shows.

        Args:
            seed: int, of the weights, the latents and the batches.
            points: float32 array `(n, 2)`, the data.

        Returns:
            The model, good until the next call; see `finite`.
        """
        self._program.start(seed, points)
        left, model = self._protocol.updates, self._program.model
        while left and finite(model):
            updates = min(left, -(-self._protocol.updates // LOOKS))
            self._program.train(updates)
            left -= updates
        return model


def finite(model: keras.Model) -> bool:
    """Whether all weights of a model are numbers.

    Args:
        model: any Keras model.

    Returns:
        bool.
    """
    return all(np.isfinite(weight).all() for weight in model.get_weights())


def blank() -> np.ndarray:
    """Return what stands for the picture of a training that diverged.

    Returns:
        uint8 array of the size of a `density_picture`, white.
    """
    corner = np.zeros((1, 2))
    return np.full_like(density_picture(corner, corner), 255)


def parts(
    run: Run,
    labels: Sequence[str],
    protocol: Protocol,
    score: Callable[[Run, Trainer, str, int], Part],
) -> tuple[list[dict], list[list[np.ndarray]]]:
    """Train and score every method from every seed.

    Args:
        run: `Run`.
        labels: keys of `METHODS`.
        protocol: of the full experiment; `run` scales its updates.
        score: function `(run, trainer, label, seed)` that trains and scores.

    Returns:
        As `Run.parts`.
    """
    protocol = protocol._replace(updates=run.updates(protocol.updates))

    def make(label: str) -> Callable[[int], Part]:
        return functools.partial(score, run, Trainer(label, protocol), label)

    return run.parts(labels, make)


def _adam(role: str, protocol: Protocol) -> keras.optimizers.Adam:
    """Adam with a rate that falls."""
    rate, updates = protocol.rate, protocol.updates
    if role == "discriminator":
        rate, updates = protocol.discriminator_rate, updates * protocol.discriminator_steps
    schedule = keras.optimizers.schedules.CosineDecay(rate, updates)
    return keras.optimizers.Adam(schedule, protocol.beta_1, 0.999)
