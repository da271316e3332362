"""Image scores of a model in training, and the best of them so far."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from keras_ot_gans.metrics.feature_networks import WeightsMissing
from keras_ot_gans.metrics.image_scores import ImageScores
from keras_ot_gans.metrics.score import Scores
from keras_ot_gans.metrics.score_names import HIGHER_IS_BETTER
from keras_ot_gans.ops.spread import spread_over


def score_model(scores: ImageScores, model: Any) -> Scores:
    """Score a model's generator on images drawn batch by batch.

    The latents are drawn at once by the scores' seed, so that the images do not depend on the
    batch size; the images never lie in memory all at once. The average of the generator is
    judged where the model keeps one. Under a strategy, its replicas share the images.

    Args:
        scores: `ImageScores`.
        model: offers `sample_latents(n, seed)` and `generate(z)`; a conditional one also
            `sample_labels(n, seed)`, and `generate` then takes `labels`.

    Returns:
        `Scores`.
    """
    num = scores.num
    latents = model.sample_latents(num, scores.seed)
    labels = model.sample_labels(num, scores.seed) if hasattr(model, "sample_labels") else None
    averaged = getattr(model, "ema_generator", None) is not None

    def images() -> Iterator[Any]:
        for start in range(0, num, scores.batch_size):
            part = slice(start, start + scores.batch_size)
            if labels is None:
                yield np.asarray(model.generate(latents[part]))
            else:
                made = model.generate(latents[part], labels=labels[part])
                yield np.asarray(made), labels[part]

    with spread_over(_strategy_of(model)):
        return scores.evaluate(
            images, num, generator_weights="ema" if averaged else "raw", sampler="prior"
        )


def usable(all_scores: Iterable[ImageScores], model: Any) -> list[ImageScores]:
    """Prepare scores, and leave out those whose weights are missing, with one line in the log.

    The replicas of one process share the real images. Of several workers, one may find their
    statistics in its cache and another not, so each works alone.

    Args:
        all_scores: `ImageScores`.
        model: the model in training.

    Returns:
        List of those that can be computed.
    """
    found, strategy = [], _strategy_of(model)
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        strategy = tf.distribute.get_strategy()
    for scores in all_scores:
        try:
            with spread_over(strategy):
                scores.prepare()
        except WeightsMissing as error:
            logging.getLogger(__name__).warning(
                "Training without %s: %s", ", ".join(scores.scores), " ".join(str(error).split())
            )
            continue
        found.append(scores)
    return found


class BestScores:
    """The best value of each score so far; each protocol card has its own.

    Example:
        >>> best = BestScores()
        >>> best.update("fid", 20.0, card="a1b2")
        20.0
        >>> best.update("fid", 25.0, card="a1b2")
        20.0
        >>> record = {"epoch": 2, "scores": {"fid": {"value": 10.0, "card": "a1b2"}}}
        >>> best.resume([record], epochs=3)
        >>> best.update("fid", 30.0, card="a1b2")
        10.0
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._best: dict[tuple[str, str], float] = {}

    def update(self, name: str, value: float, card: str) -> float:
        """Offer a value.

        Args:
            name: the score's name.
            value: float.
            card: short form of its card.

        Returns:
            The best value of that name and card so far.
        """
        known = self._best.get((name, card), value)
        better = max if HIGHER_IS_BETTER[name] else min
        self._best[name, card] = better(known, value)
        return self._best[name, card]

    def resume(self, records: Iterable[dict[str, Any]], epochs: int) -> None:
        """Take over what earlier lines of `metrics.jsonl` tell.

        Args:
            records: lines as `EvaluateGenerator` writes them.
            epochs: int, epochs that are finished where the training goes on: later lines are of
                epochs that are repeated now. Steps would not tell: a rewind counts some again.
        """
        for record in records:
            if record.get("epoch", epochs + 1) > epochs:
                continue
            for name, score in (record.get("scores") or {}).items():
                if name in HIGHER_IS_BETTER and score.get("value") is not None:
                    self.update(name, score["value"], score["card"])


def _strategy_of(model: Any) -> tf.distribute.Strategy:
    return getattr(model, "distribute_strategy", None) or tf.distribute.get_strategy()
