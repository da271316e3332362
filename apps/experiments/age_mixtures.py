"""What AGE's experiments on mixtures share: networks, methods and how they are trained."""

import functools
from collections.abc import Callable, Sequence

import keras
import numpy as np

from apps.experiments.one_program import OneProgram
from apps.experiments.record import Part, Run
from keras_ot_gans import models, networks
from keras_ot_gans.divergences import bidirectional, f_divergence

LATENT_DIM = 2  # the authors' code
BATCH = 500  # appendix E.1
# Appendix E.1: 500 and 400; a discriminator's update would take 15 times as long.
HIDDEN, DISCRIMINATOR_WIDTH = 128, 128
RATE, DISCRIMINATOR_RATE = 2e-4, 4e-4  # appendix E.1: 5e-5 and 1e-4, for far longer


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


def model(
    label: str, transformation: str, discriminator_steps: int, updates: int, seed: int
) -> models.AGE | models.VAE:
    """Return a compiled model of a mixture in the plane; all methods have the same networks.

    Args:
        label: key of `METHODS`.
        transformation: "gaussian" or "deterministic", of encoder and generator.
        discriminator_steps: int, updates of the discriminator for each of the others.
        updates: int, generator updates, over which all rates fall to 0 along a cosine.
        seed: int, of the weights and of the latents.

    Returns:
        `models.AGE`, or `models.VAE`.
    """
    keras.utils.set_random_seed(seed)
    kind = {"transformation": transformation}
    generator = networks.age_mlp_generator(LATENT_DIM, 2, (HIDDEN,) * 2, **kind)
    encoder = networks.age_mlp_encoder(LATENT_DIM, 2, (HIDDEN,) * 3, **kind)
    if transformation == "gaussian":
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
            discriminator_steps=discriminator_steps,
            seed=seed,
        )
    made.compile({role: _adam(role, updates, discriminator_steps) for role in made.networks})
    return made


class Trainer:
    """Trains one method from several seeds; its program is made when it is first needed.

    Args:
        label: as `model`.
        transformation: as `model`.
        discriminator_steps: as `model`.
        updates: as `model`.
    """

    def __init__(self, label: str, transformation: str, discriminator_steps: int, updates: int):
        self._updates = updates
        self._make = functools.partial(model, label, transformation, discriminator_steps, updates)

    @functools.cached_property
    def _program(self) -> OneProgram:
        return OneProgram(self._make, BATCH)

    def train(self, seed: int, points: np.ndarray) -> models.AGE | models.VAE:
        """Train a new model.

        Args:
            seed: int, of the weights, the latents and the batches.
            points: float32 array `(n, 2)`, the data.

        Returns:
            The model, good until the next call.
        """
        self._program.start(seed, points)
        self._program.train(self._updates)
        return self._program.model


def parts(
    run: Run,
    labels: Sequence[str],
    transformation: str,
    discriminator_steps: int,
    updates: int,
    score: Callable[[Run, Trainer, str, int], Part],
) -> tuple[list[dict], list[list[np.ndarray]]]:
    """Train and score every method from every seed.

    Args:
        run: `Run`.
        labels: keys of `METHODS`.
        transformation: as `model`.
        discriminator_steps: as `model`.
        updates: as `model`, of the full experiment.
        score: function `(run, trainer, label, seed)` that trains and scores.

    Returns:
        As `Run.parts`.
    """

    def make(label: str) -> Callable[[int], Part]:
        trainer = Trainer(label, transformation, discriminator_steps, run.updates(updates))
        return functools.partial(score, run, trainer, label)

    return run.parts(labels, make)


def _adam(role: str, updates: int, discriminator_steps: int) -> keras.optimizers.Adam:
    """Adam (0, 0.999) as the authors' code has it, with a rate that falls."""
    rate = RATE
    if role == "discriminator":
        rate, updates = DISCRIMINATOR_RATE, updates * discriminator_steps
    schedule = keras.optimizers.schedules.CosineDecay(rate, updates)
    return keras.optimizers.Adam(schedule, 0.0, 0.999)
