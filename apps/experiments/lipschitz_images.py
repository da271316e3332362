"""Figs. 4, 17 and 18: ten CIFAR-10 images against ten images of noise."""

from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from apps.experiments import lipschitz_scores, lipschitz_toys
from apps.experiments.record import Experiment, Run
from keras_ot_gans.callbacks.pictures import image_grid

# The authors' choice, by place in the original training files.
INDICES = (1400, 1621, 808, 809, 3687, 6815, 2100, 4037, 9154, 8532)
NAMES = tuple(f"train_{index:05d}" for index in INDICES)
COPIES = 3  # of the ten pairs in a batch: 30 blends per update
UPDATES, HIDDEN = 3000, (128, 128, 128)


class Setting(NamedTuple):
    """What is chosen for a `phi`, as the paper chooses it for each data set.

    Attributes:
        weight: float, of MaxGP and of the mean of squared slopes; the authors' image toy: 1.
        rate: float, of Adam, under every constraint.
    """

    weight: float = 1.0
    rate: float = 3e-3


SETTINGS = {
    "x": Setting(0.1, 1e-2),
    "-log sigmoid(-x)": Setting(0.3),
    "x + sqrt(x^2 + 1)": Setting(),
    "exp(x)": Setting(0.1),
    "-log sigmoid(-x) + 0.01 x": Setting(3.0),
}
SHOWN = 2  # rows of a critic's picture
STEPS = 6  # pictures between a noise image and the real one


def images(data_dir: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the ten real images and ten of noise.

    Args:
        data_dir: TFDS folder or None.

    Returns:
        `(real, fake)`, float32 arrays `(10, 32, 32, 3)` in [-1, 1].
    """
    found = {}
    builder = tfds.builder("cifar10", data_dir=data_dir)
    # TFDS shuffles what it stores; its names count the original files.
    for example in builder.as_dataset(split="train").as_numpy_iterator():
        found[example["id"].decode()] = example["image"]
    real = np.stack([found[name] for name in NAMES]).astype("float32") / 127.5 - 1.0
    fake = np.random.default_rng(0).uniform(-1, 1, real.shape).astype("float32")
    return real, fake


def walks(gradients: np.ndarray, real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Walk from each fake along its gradient, until it is nearest to where it points.

    Args:
        gradients: array `(n, d)`, at the fakes.
        real: array `(m, d)`.
        fake: array `(n, d)`.

    Returns:
        float64 array `(n, STEPS + 3, d)`: the fake, its gradient in units of its largest entry,
        points `x + epsilon grad f(x)` with the last at the foot of the perpendicular from the
        real point of the largest cosine, and that point.

    Source: Zhou et al., 2018, Figs. 4, 17 and 18.
    Differs: the foot of the perpendicular; the authors' code takes the median over pixels of
        `(y - x) / grad f(x)`. Both are the same where the gradient points to `y`.
    """
    gradients, real, fake = (np.asarray(x, np.float64) for x in (gradients, real, fake))
    ends = real[lipschitz_scores.cosines(gradients, real, fake).argmax(axis=1)]
    squared = np.maximum(np.sum(gradients**2, axis=1, keepdims=True), 1e-30)
    reach = np.sum((ends - fake) * gradients, axis=1, keepdims=True) / squared
    largest = np.maximum(np.abs(gradients).max(axis=1, keepdims=True), 1e-30)
    between = [fake + k / STEPS * reach * gradients for k in range(1, STEPS + 1)]
    return np.stack([fake, gradients / largest, *between, ends], axis=1)


def _reference(real: np.ndarray, fake: np.ndarray, seed: int) -> list[dict]:
    normal = np.random.default_rng(seed).normal(size=fake.shape)
    mean = real.mean(axis=0) - fake
    return [
        {"phi": "", "constraint": label, "seed": seed}
        | lipschitz_scores.direction_scores(directions, real, fake)
        for label, directions in (("random directions", normal), ("towards the real mean", mean))
    ]


def _run(run: Run) -> list[dict]:
    pictures = images(run.data_dir)
    real, fake = (x.reshape(len(x), -1) for x in pictures)
    batch = [np.tile(x, (COPIES, 1)) for x in (real, fake)]
    rows = [row for seed in run.seeds for row in _reference(real, fake, seed)]
    updates = run.updates(UPDATES)
    for place, (phi_name, phi) in enumerate(lipschitz_toys.FAMILY.items()):
        grid, chosen = [], SETTINGS[phi_name]
        for constraint, penalty in lipschitz_toys.constraints(chosen.weight).items():
            alone = lipschitz_toys.CriticAlone(
                real.shape[1],
                phi,
                penalty,
                constraint,
                hidden=HIDDEN,
                batch_size=len(batch[0]),
                rate=chosen.rate,
                decay_over=updates,
            )
            for seed in run.seeds:
                alone.start(seed, *batch)
                alone.train(updates)
                setting = {"phi": phi_name, "constraint": constraint, "seed": seed}
                rows.append({**setting, **alone.scores(real, fake)})
                if seed == run.seeds[0]:
                    grid.append(walks(alone.gradients(fake), real, fake)[:SHOWN])
            run.say(str(rows[-1]))
        # From the top: the constraints in their order, `SHOWN` rows of each.
        cells = np.clip(grid, -1, 1).reshape(-1, *pictures[0].shape[1:])
        run.picture(f"walks_{place}", [[image_grid(cells, columns=STEPS + 3)]])
    return rows


EXPERIMENT = Experiment(
    name="lipschitz_images",
    source="Zhou et al., 2018 (Lipschitz-continuity in GANs), Figs. 4, 17 and 18",
    claim="with MaxGP and any phi of the family, the gradient at each noise image leads to a real "
    "image; the mean of squared slopes, GP and LP do not get there.",
    budget="3,000 updates of a 128-128-128 ReLU critic per run; the authors: 8 densely connected "
    "layers of growth 256, batch 64",
    settings=("phi", "constraint"),
    run=_run,
)
