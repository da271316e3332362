"""Mode coverage of GAN, LSGAN, WGAN-GP, SNGAN and MaxGP, with a critic frozen half-way."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import keras

from apps.experiments import lipschitz_toys, toys
from apps.experiments.one_program import OneProgram
from apps.experiments.record import Experiment, Part, Run, halved
from keras_ot_gans import datasets, losses, models, networks
from keras_ot_gans.callbacks.density_pictures import density_picture

HALF = 15_000
DATA_SIZE = 5000
# Adam's rates of both players, and beta = (0, 0.9). Ours: the papers have no such toy.
GENERATOR_RATE, CRITIC_RATE = 2e-4, 5e-4
WEIGHT = 0.1  # of MaxGP: the authors' 2-D toys; of WGAN-GP: ACT's toy code


class Method(NamedTuple):
    """One row of the comparison.

    Attributes:
        phi: value of `losses.phi`.
        penalty: `losses.Penalty` or None.
        constraint: key of `lipschitz_toys.constraints`, for the critic.
        generator_loss: value of `losses`.
        critic_steps: int, updates of the critic per update of the generator.
    """

    phi: losses.phi.Phi
    penalty: losses.Penalty | None = None
    constraint: str = "none"
    generator_loss: Callable = losses.linear_generator_loss
    critic_steps: int = 1


STEPS = 2  # critic updates per generator update, of methods with a slope penalty

METHODS = {
    "GAN": Method(losses.phi.logistic, generator_loss=losses.non_saturating_generator_loss),
    "LSGAN": Method(losses.phi.LeastSquares(), generator_loss=losses.non_saturating_generator_loss),
    "WGAN-GP": Method(
        losses.phi.linear, losses.penalties.gradient_penalty(WEIGHT), critic_steps=STEPS
    ),
    "SNGAN": Method(losses.phi.hinge, constraint=lipschitz_toys.SPECTRAL),
    **{
        f"MaxGP, {name}": Method(
            phi, losses.penalties.max_gradient_penalty(WEIGHT), critic_steps=STEPS
        )
        for name, phi in lipschitz_toys.FAMILY.items()
    },
}


def lipschitz_gan(method: Method, seed: int) -> models.LipschitzGAN:
    """Return a compiled model on the generator of the other toy experiments.

    Args:
        method: a value of `METHODS`.
        seed: int, of the weights and of the latents.

    Returns:
        `models.LipschitzGAN`.
    """
    keras.utils.set_random_seed(seed)
    model = models.LipschitzGAN(
        networks.mlp(toys.LATENT_DIM, toys.HIDDEN, 2, batch_norm=True),
        lipschitz_toys.critic(2, toys.HIDDEN, method.constraint),
        phi=method.phi,
        penalty=method.penalty,
        generator_loss=method.generator_loss,
        batch_size=toys.BATCH,
        critic_steps=method.critic_steps,
        seed=seed,
    )
    rates = {"generator": GENERATOR_RATE, "critic": CRITIC_RATE}
    model.compile({role: keras.optimizers.Adam(rate, 0.0, 0.9) for role, rate in rates.items()})
    return model


class _Case(NamedTuple):
    """A density, and whether the critic is frozen half-way."""

    draw: Callable
    mixture: datasets.GaussianMixture | None = None
    weights: object = None
    freeze: bool = True

    def sample(self, seed: int):
        extra = {} if self.weights is None else {"weights": self.weights}
        return self.draw(DATA_SIZE, seed=seed, **extra)


def _weighted(rho: float) -> _Case:
    weights = datasets.imbalanced_weights(rho)
    mixture = datasets.eight_gaussians_mixture(weights)
    return _Case(datasets.eight_gaussians, mixture, weights, freeze=False)


CASES = {
    "8 Gaussians": _Case(datasets.eight_gaussians, datasets.eight_gaussians_mixture()),
    "25 Gaussians": _Case(datasets.twenty_five_gaussians, datasets.twenty_five_gaussians_mixture()),
    "swiss roll": _Case(datasets.swiss_roll),
    "half moons": _Case(datasets.half_moons),
    "rho 0.05": _weighted(0.05),
    "rho 0.5": _weighted(0.5),
}


class _Trainer:
    """Trains one method on every case; its program is made when it is first needed."""

    def __init__(self, label: str, method: Method):
        self._label, self._method = label, method

    @functools.cached_property
    def _program(self) -> OneProgram:
        return OneProgram(functools.partial(lipschitz_gan, self._method), toys.BATCH)

    def __call__(self, run: Run, name: str, case: _Case, seed: int) -> Part:
        """Train one model, and score it after 15k and, if frozen then, after 30k updates."""
        real, program, part = case.sample(seed), self._program, Part([], [])
        program.start(seed, real)
        half, model = run.updates(HALF), program.model
        for updates in (half, 2 * half) if case.freeze else (half,):
            if updates > half:
                model.freeze("critic")
            program.train(half)
            fake = model.sample(2000, seed=seed)
            found = None if case.mixture is None else toys.coverage(fake, case.mixture)
            setting = {"data": name, "method": self._label, "updates": updates, "seed": seed}
            row = setting | toys.scores(real[:2000], fake, found)
            if found is not None:
                row["lower_left"] = float(found.histogram[datasets.LOWER_LEFT])
            part.rows.append(row)
            run.say(str(part.rows[-1]))
            picture = density_picture(real, fake, f"{self._label}, {updates} updates")
            # Halved: 18 pictures of one data set fill a page.
            part.pictures.append(halved(picture))
        return part


def _run(run: Run) -> list[dict]:
    rows = []
    columns: dict[str, list] = {name: [] for name in CASES}
    # Method by method, because a program is compiled once for all of its cases.
    for label, method in METHODS.items():
        trainer = _Trainer(label, method)
        for name, case in CASES.items():
            for seed in run.seeds:
                make = functools.partial(trainer, run, name, case, seed)
                part = run.part((label, name, seed), make)
                rows += part.rows
                if seed == run.seeds[0]:
                    columns[name].append(part.pictures)
    for name, pictures in columns.items():
        # One column of methods per look.
        run.picture("samples_" + name.replace(" ", "_").lower(), zip(*pictures, strict=True))
    return sorted(rows, key=lambda row: list(CASES).index(row["data"]))


EXPERIMENT = Experiment(
    name="lipschitz_modes",
    source="ACT (Zheng and Zhou, 2020), Figs. 4 and 10 to 13, with the baselines and objectives of "
    "Zhou et al., 2018",
    claim="GAN and WGAN-GP miss the rare mode at rho = 0.05 and others at rho = 0.5; once the "
    "critic is frozen after 15k updates, their mode collapse gets worse.",
    budget="15,000 generator updates (and 15,000 with a frozen critic but for rho) with "
    "N = M = 100 on 5,000 points per run; 2 critic updates for each with a slope penalty, else 1",
    settings=("data", "method", "updates"),
    run=_run,
)
