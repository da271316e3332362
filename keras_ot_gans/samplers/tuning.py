"""Choice of DOT's learning rate and number of updates by a score of its samples."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.samplers.dot import DOTSampler
from keras_ot_gans.samplers.sampler import Sampler


class Trial(NamedTuple):
    """One row of the table.

    Attributes:
        rate: float, None for the control, which is not moved.
        updates: int >= 0.
        score: float, lower is better.
    """

    rate: float | None
    updates: int
    score: float


class Tuning(NamedTuple):
    """What `tune` found.

    Attributes:
        rate: float of the best trial; None where no update improves the score.
        updates: int of the best trial; 0 likewise.
        score: float, the best trial's.
        trials: tuple of all `Trial`, the control first, then rate by rate.
    """

    rate: float | None
    updates: int
    score: float
    trials: tuple[Trial, ...]


def tune(
    make: Callable[[float], DOTSampler],
    score: Callable[[np.ndarray], float],
    rates: Sequence[float],
    updates: Sequence[int],
    n: int,
    seed: int = 0,
) -> Tuning:
    """Try learning rates and numbers of updates, and return the best.

    All numbers of updates of a rate are stops of one transport, so that a rate costs its largest
    number alone; every trial and the control start from the same latents. The winner's score is too
    good, being the best of many: score it anew with another seed.

    Args:
        make: function of a rate that returns a `DOTSampler` whose `updates` are at least the
            largest tried. Give it a `k_eff` to save an estimate for each rate.
        score: function of float32 samples `(n, *sample_shape)` to a float, lower is better: FID,
            KID or earth mover's distance to validation data.
        rates: floats > 0, none twice.
        updates: ints > 0, none twice; 0, the control, is always scored.
        n: int > 0, samples to be scored. Held in memory once for each number of updates.
        seed: int, of the samples.

    Returns:
        `Tuning(rate, updates, score, trials)`. Ties go to fewer updates, then to the earlier rate.

    Raises:
        TypeError: if `make` returns something else than a `DOTSampler`, or a number is no integer.
        ValueError: if an argument is out of range, a sampler makes too few updates, or a score is
            not finite.

    Example:
        >>> hill = lambda x: -(x[:, 0] - 1.0) ** 2
        >>> make = lambda rate: DOTSampler(lambda z: z, hill, latent_dim=1, updates=8, k_eff=0.1,
        ...     optimizer=keras.optimizers.SGD(rate), projection="none", batch_size=50)
        >>> found = tune(make, lambda x: float(abs(x.mean() - 1.0)), [1e-3, 1e-2], [2, 8], n=50)
        >>> found.rate, found.updates, len(found.trials)
        (0.01, 8, 5)

    Source: the need for it: Tanaka, "Discriminator Optimal Transport", NeurIPS 2019, section 4.1.
    """
    rates, stops = _checked(rates, updates, n)
    trials: list[Trial] = []
    for rate in rates:
        sampler = _checked_sampler(make(rate), stops[-1])
        # The control is the same for all rates: the first shows it.
        shown = stops if trials else (0, *stops)
        along = _Along(sampler, shown).sample(n, seed)
        for i, stop in enumerate(shown):
            value = float(score(np.ascontiguousarray(along[:, i])))
            if not np.isfinite(value):
                raise ValueError(
                    f"`score` must return a finite number. Received: {value} for rate={rate:g}, "
                    f"updates={stop}. Leave that rate out, or score more samples."
                )
            trials.append(Trial(rate if stop else None, stop, value))
    best = min(trials, key=lambda trial: (trial.score, trial.updates))
    return Tuning(*best, tuple(trials))


class _Along(Sampler):
    """A DOT sampler's samples at several stops, `(n, stops, *sample_shape)`."""

    name = "dot_along"

    def __init__(self, sampler: DOTSampler, stops: Sequence[int]):
        # Not the base's: the networks were checked when `sampler` was made.
        self.pair, self.batch_size = sampler.pair, sampler.batch_size
        self.sampler, self.stops = sampler, stops

    def draw(self, stream: keras.random.SeedGenerator, labels: np.ndarray | None) -> np.ndarray:
        return np.stack(self.sampler.draw_along(stream, labels, self.stops), axis=1)

    def settings(self) -> dict[str, Any]:
        return self.sampler.settings() | {"stops": self.stops}


def _checked(
    rates: Sequence[float], updates: Sequence[int], n: int
) -> tuple[list[float], tuple[int, ...]]:
    rates = [float(rate) for rate in rates]
    stops = tuple(sorted(check_int("updates", stop, 1, "Try [5, 10, 20].") for stop in updates))
    if not rates or len(set(rates)) < len(rates) or not all(0 < r < np.inf for r in rates):
        raise ValueError(
            f"`rates` must be positive and finite, none twice. Received: rates={rates}. "
            "Try [0.003, 0.01, 0.03]."
        )
    if not stops or len(set(stops)) < len(stops):
        raise ValueError(
            f"`updates` must be ints, at least one, none twice. Received: updates={list(updates)}. "
            "Try [5, 10, 20]."
        )
    check_int("n", n, 1, "Try 1000.")
    return rates, stops


def _checked_sampler(sampler: Any, most: int) -> DOTSampler:
    if not isinstance(sampler, DOTSampler):
        raise TypeError(
            f"`make` must return a DOTSampler. Received: {type(sampler).__name__}. "
            "Try lambda rate: DOTSampler(generator, critic, optimizer=SGD(rate))."
        )
    if sampler.updates < most:
        raise ValueError(
            f"`make` must return samplers of at least {most} updates. Received: "
            f"updates={sampler.updates}. Make them with updates={most}."
        )
    return sampler
