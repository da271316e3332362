"""Every score by its name: what it needs, and in which direction it is better."""

from collections.abc import Sequence
from typing import NamedTuple

from keras_ot_gans.metrics.frechet import TooFewSamples, check_sample_count

HIGHER_IS_BETTER = {
    "is": True, "fid": False, "kid": False, "fid_infinity": False, "precision": True,
    "recall": True, "density": True, "coverage": True, "accuracy": True, "intra_fid": False,
}  # fmt: skip
"""Every score by its name in the results, with its direction."""


class Need(NamedTuple):
    """What a score asks of a pass.

    Attributes:
        moments: bool, moments of the features, more images than their width.
        kept: bool, kept features.
        classes: bool, logits of the network.
        labels: bool, labels on both sides.
    """

    moments: bool = False
    kept: bool = False
    classes: bool = False
    labels: bool = False


SCORES = {
    "is": Need(classes=True),
    "fid": Need(moments=True),
    "kid": Need(kept=True),
    "fid_infinity": Need(moments=True),
    "prdc": Need(kept=True),
    "accuracy": Need(classes=True, labels=True),
    "intra_fid": Need(labels=True),
}
"""Every score that can be asked for."""


def needs(
    scores: Sequence[str], n_real: int, n_fake: int, dim: int
) -> tuple[list[str], dict[str, str]]:
    """Leave out Frechet distances that the number of images does not allow; show KID instead.

    Args:
        scores: names of `SCORES`.
        n_real: int.
        n_fake: int.
        dim: int, feature width.

    Returns:
        `(names to compute, dict of refused name to reason)`.

    Example:
        >>> names, refused = needs(("is", "fid"), 50_000, 1000, 2048)
        >>> names, list(refused)
        (['is', 'kid'], ['fid'])
    """
    refused = {}
    for name in scores:
        for side, count in (("real", n_real), ("fake", n_fake)):
            if SCORES[name].moments and name not in refused:
                try:
                    check_sample_count(side, count, dim)
                except TooFewSamples:
                    refused[name] = (
                        f"{count} {side} images are too few for features of width {dim}, whose "
                        f"covariance needs more than {dim}; see kid instead."
                    )
    names = [name for name in scores if name not in refused]
    return names + ["kid"] * bool(refused and "kid" not in names), refused
