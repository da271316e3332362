"""What the toy experiments share: models, training in stretches, and their scores."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans import datasets, divergences, metrics, models, networks

ADAM = keras.optimizers.Adam
# Table 3's widths. The rates and the navigator are ours: see docs/results/act.md.
HIDDEN = (100, 50)
LATENT_DIM = 50
GENERATOR_RATE, NAVIGATOR_RATE = 1e-3, 2e-4
DIRECTIONS = 100  # of sliced Wasserstein; the authors take 1000, dearer on a CPU
BATCH = 100


def act(
    seed: int,
    *,
    navigator: Callable[[], keras.layers.Layer] | None = None,
    generator_batch_norm: bool = True,
    generator_rate: float = GENERATOR_RATE,
    navigator_rate: float = NAVIGATOR_RATE,
    **kwargs,
) -> models.ACTGAN:
    """Return a compiled ACT-GAN without a critic for 2-D data.

    Args:
        seed: int, of the weights and of the latents.
        navigator: function that makes one; None takes 10 features with batch norm.
        generator_batch_norm: bool, as the authors' toy code, unlike Table 3.
        generator_rate: float, Adam's learning rate.
        navigator_rate: float, Adam's learning rate.
        **kwargs: of `ACTGAN`.

    Returns:
        `models.ACTGAN`.
    """
    keras.utils.set_random_seed(seed)
    model = models.ACTGAN(
        networks.mlp(LATENT_DIM, HIDDEN, 2, batch_norm=generator_batch_norm),
        networks.mlp(2, HIDDEN, 10, batch_norm=True) if navigator is None else navigator(),
        seed=seed,
        **kwargs,
    )
    model.compile(
        {"generator": ADAM(generator_rate), "navigator": ADAM(navigator_rate)},
        jit_compile=True,
        steps_per_execution=50,
    )
    return model


def sliced(seed: int, *, generator_rate: float = GENERATOR_RATE) -> models.MinimumDistanceModel:
    """Return a compiled sliced Wasserstein model on the same generator.

    Args:
        seed: int, of the weights and of the latents.
        generator_rate: float, Adam's learning rate.

    Returns:
        `models.MinimumDistanceModel`.
    """
    keras.utils.set_random_seed(seed)
    model = models.MinimumDistanceModel(
        networks.mlp(LATENT_DIM, HIDDEN, 2, batch_norm=True),
        divergences.SlicedWasserstein(DIRECTIONS),
        seed=seed,
    )
    model.compile({"generator": ADAM(generator_rate)}, steps_per_execution=50)
    return model


def endless(x: np.ndarray, batch_size: int, seed: int) -> tf.data.Dataset:
    """Return batches of shuffled data without end.

    Args:
        x: float32 array `(n, d)`.
        batch_size: int.
        seed: int.

    Returns:
        `tf.data.Dataset`.
    """
    return datasets.from_array(x, batch_size, seed=seed, repeat=True)


def train(
    model: models.AdversarialModel,
    data: tf.data.Dataset,
    stops: list[int],
    look: Callable[[int], None],
) -> None:
    """Train up to each of a list of updates, and look at the model there.

    Args:
        model: compiled.
        data: endless dataset.
        stops: increasing numbers of generator updates.
        look: called with each of them.
    """
    for stop in stops:
        left = stop - model.step
        # A stretch that is no multiple of `steps_per_execution` would overshoot.
        at_once = next(k for k in (50, 20, 10, 5, 1) if left % k == 0)
        if at_once != model.steps_per_execution:
            model.steps_per_execution = at_once
            model.train_function = None  # it was traced for the other number
        # How far the last stretch read ahead depends on timing; the order must not.
        data.epoch_shuffle.set_epoch(model.step)
        model.fit(data, steps_per_epoch=left, epochs=1, verbose=0)
        look(stop)


def coverage(
    fake: np.ndarray, mixture: datasets.GaussianMixture, radius: float = 10.0
) -> metrics.ModeCoverageResult:
    """Count the samples near each mode.

    Args:
        fake: array `(n, d)`.
        mixture: the true modes.
        radius: float > 0, how near, in standard deviations.

    Returns:
        `metrics.ModeCoverageResult`.
    """
    return metrics.mode_coverage(fake, mixture.centres, mixture.scale, mixture.weights, radius)


def scores(
    real: np.ndarray, fake: np.ndarray, found: metrics.ModeCoverageResult | None = None
) -> dict[str, float]:
    """Score samples against data: `W2^2` and, for mixtures, mode coverage.

    Args:
        real: array `(n, d)`.
        fake: array `(n, d)`.
        found: result of `coverage`, or None.

    Returns:
        Dict of floats: `w2_squared`; `modes` (at least a tenth of its weight within the radius),
        `near` (share of samples within the radius), `reverse_kl`.
    """
    result = {"w2_squared": metrics.earth_mover(real, fake).w2_squared}
    if found is not None:
        result |= {
            "modes": found.modes_captured,
            "near": found.high_quality_share,
            "reverse_kl": found.reverse_kl,
        }
    return result
