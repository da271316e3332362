"""Effective Lipschitz constants of a critic, from pairs of generated samples."""

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.samplers.arguments import check_seed
from keras_ot_gans.samplers.pair import Pair
from keras_ot_gans.samplers.step_seeds import reserved_stream

SPACES = ("latent", "data")
REDUCTIONS = {"max": np.max, "mean": np.mean}
_ROWS = 250  # pairs at a time: memory does not grow with their number


def pair_lipschitz(
    pair: Pair,
    space: str = "latent",
    pairs: int = 100,
    repeats: int = 1,
    reduce: str = "max",
    seed: int = 0,
) -> float | np.ndarray:
    """Largest slope of the critic over random pairs of generated samples.

    `K_eff` in data space, `max |D(x) - D(y)| / |x - y|`, and `k_eff` in latent space, the same over
    `|z - z_y|`. It is a lower bound of the Lipschitz constant that grows with the number of pairs:
    compare only numbers from as many pairs.

    Args:
        pair: generator and critic, with their prior.
        space: "latent" or "data".
        pairs: int > 0, pairs of independent samples in each repeat. 100: section 4.1.
        repeats: int > 0, how often the maximum over the pairs is taken.
        reduce: "max" or "mean" of the repeats' maxima.
        seed: int in [0, 2**31), equal numbers for equal seeds; of other latents than a sampler
            draws by this seed.

    Returns:
        float >= 0, in units of the critic per unit of the space; for a pair with labels a float64
        array `(num_classes,)`, each from the same latents. Pairs that coincide to float32
        precision are left out, 0 where none is left. Not finite where the critic is not.

    Raises:
        ValueError: if an argument is out of range.
        TypeError: if a number is no integer.

    Example:
        >>> pair = Pair(lambda z: 2.0 * z, lambda x: 3.0 * x[:, 0], latent_dim=1)
        >>> round(float(pair_lipschitz(pair, "latent")), 4)
        6.0
        >>> round(float(pair_lipschitz(pair, "data")), 4)
        3.0

    Source: Tanaka, "Discriminator Optimal Transport", NeurIPS 2019, eqs. 20, 21 and 26.
    Differs: `repeats` and `reduce` are not in the paper; its 2-D experiments took the mean of 10
        maxima over 100 pairs. The authors' code scores a conditional critic without the label,
        which drops its projection term; here the label reaches generator and critic. All pairs of
        given samples: `ops.effective_lipschitz`.
    """
    check_estimate(space, pairs, repeats, reduce)
    seed = check_seed(seed)
    classes = [None] if pair.labels is None else range(pair.labels.num_classes)
    found = [_constant(pair, space == "data", pairs, repeats, reduce, seed, y) for y in classes]
    return found[0] if pair.labels is None else np.asarray(found, "float64")


def check_estimate(space: str, pairs: int, repeats: int, reduce: str) -> None:
    """Check how a constant is to be estimated.

    Args:
        space: as `pair_lipschitz`.
        pairs: as `pair_lipschitz`.
        repeats: as `pair_lipschitz`.
        reduce: as `pair_lipschitz`.

    Raises:
        ValueError: if one of them is out of range.
        TypeError: if a number is no integer.
    """
    for name, value, names in (("space", space, SPACES), ("reduce", reduce, REDUCTIONS)):
        if value not in names:
            raise ValueError(
                f"`{name}` must be one of {', '.join(names)}. Received: {name}={value!r}."
            )
    check_int("pairs", pairs, 1, "Try 100.")
    check_int("repeats", repeats, 1, "Try 1.")


def _constant(
    pair: Pair, in_data: bool, pairs: int, repeats: int, reduce: str, seed: int, label: int | None
) -> float:
    stream = reserved_stream("slopes", seed)
    maxima = []
    for _ in range(repeats):
        sizes = [min(_ROWS, pairs - start) for start in range(0, pairs, _ROWS)]
        parts = [_slopes(pair, in_data, size, stream, label) for size in sizes]
        maxima.append(np.max(np.concatenate(parts)))
    return float(REDUCTIONS[reduce](maxima))


def _slopes(
    pair: Pair, in_data: bool, size: int, stream: keras.random.SeedGenerator, label: int | None
) -> np.ndarray:
    """Slopes between independent samples, `(size,)`."""
    z = pair.prior.sample((2 * size, pair.latent_dim), stream)
    labels = None if label is None else tf.fill((2 * size,), label)
    x = pair.generate(z, labels)
    values = np.asarray(pair.score(x, labels), "float64")
    points = np.asarray(x if in_data else z, "float64").reshape(2 * size, -1)
    first, second = points[:size], points[size:]
    with np.errstate(invalid="ignore"):  # infinite values: the result says so
        rise = np.abs(values[:size] - values[size:])
        distance = np.linalg.norm(first - second, axis=1)
        # Closer than this, both differences are rounding.
        least = 1e-6 * (np.linalg.norm(first, axis=1) + np.linalg.norm(second, axis=1))
        apart = distance > least
        return np.where(apart, rise, 0.0 * rise) / np.where(apart, distance, 1.0)
