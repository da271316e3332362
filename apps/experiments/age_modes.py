"""Table 4, Figs. 1 and 9 of AGE: modes of an imbalanced mixture that each divergence captures."""

import math

import numpy as np

from apps.experiments import age_mixtures
from apps.experiments.record import Experiment, Part, Run, halved
from keras_ot_gans import datasets, metrics
from keras_ot_gans.callbacks.density_pictures import density_picture

METHODS = tuple(label for label in age_mixtures.METHODS if label != "VAE")
# Appendix E.1: as many updates (30 epochs), constant rates of 5e-5 and 1e-4 for networks four times
# as wide. The number of samples in the wrong modes falls with the generator's rate, up to here, and
# grows with the discriminator's.
PROTOCOL = age_mixtures.Protocol("deterministic", 5, 8160, 500, 4e-4, 4e-4)
SAMPLES = 10_000  # the paper does not say how many
RADIUS = 3.0  # standard deviations; neighbouring modes are 6.7 apart


def _part(run: Run, trainer: age_mixtures.Trainer, label: str, seed: int) -> Part:
    data = datasets.imbalanced_grid(5, seed=seed)
    model, mixture = trainer.train(seed, data.points), data.mixture
    if not age_mixtures.finite(model):  # a result, not an accident
        row = {"method": label, "seed": seed, "modes": 0, "reverse_kl": math.inf, "near": 0.0}
        run.say(str(row))
        return Part([row], [halved(age_mixtures.blank())] * 3)
    fake = model.sample(SAMPLES, seed=seed)
    labels = metrics.mixture_labels(fake, mixture.centres, mixture.scale)
    modes, reverse_kl = metrics.mode_histogram_scores(labels, mixture.weights)
    near = metrics.mode_coverage(fake, mixture.centres, mixture.scale, mixture.weights, RADIUS)
    row = {"method": label, "seed": seed, "modes": modes, "reverse_kl": reverse_kl}
    row["near"] = near.high_quality_share
    run.say(str(row))
    real, prior = data.points[:2000], np.random.default_rng(seed).standard_normal((2000, 2))
    pictures = (
        density_picture(real, fake[:2000], f"{label}, generated"),
        density_picture(real, model.reconstruct(real, seed=seed), f"{label}, reconstructed"),
        density_picture(prior, model.encode(real, seed=seed), f"{label}, codes and prior", "codes"),
    )
    return Part([row], [halved(picture) for picture in pictures])


def _run(run: Run) -> list[dict]:
    rows, pictures = age_mixtures.parts(run, METHODS, PROTOCOL, _part)
    # Two methods beside one another, as Fig. 9 has them; Fig. 1 is a column of it.
    pairs = [pictures[i] + pictures[i + 1] for i in range(0, len(pictures), 2)]
    run.picture("figure_9", pairs)
    return rows


EXPERIMENT = Experiment(
    name="age_modes",
    source="AGE (Shen, Zhang and Chen, 2020), Table 4, Figs. 1 and 9",
    claim="modes of 25 and reverse KL (standard error): AGE-KL 24.9 (0.36), 0.0284; f-GAN-KL 24.1 "
    "(1.33), 0.0477; AGE-H2 24.5 (0.94), 0.0439; AGE-RevKL 21.8 (3.21), 0.2498; GAN (JS) 24.1 "
    "(1.23), 0.0462; AGE-ALL 23.2 (1.33), 0.1133; logD-GAN 20.0 (3.14), 0.3437; Hinge 20.9 (0.92), "
    "0.1929.",
    budget="8,160 updates of generator and encoder of batch 500 as in the paper, 5 of the "
    "discriminator for each, widths of 128; the paper's are 500 and 400",
    settings=("method",),
    run=_run,
)
