"""Which curves stand together, in which order, and what their names mean."""

import re
from typing import NamedTuple

FLOOR = "_floor"


class Group(NamedTuple):
    """Curves of one kind.

    Attributes:
        identifier: target of links.
        title: heading.
        pattern: what a name must match as a whole.
        about: a sentence for the reader.
    """

    identifier: str
    title: str
    pattern: str
    about: str


GROUPS = (
    Group(
        "distances",
        "Distance to the data",
        r"w1|w2.*|mode.*|high_quality_share|.*reverse_kl|precision|recall|density|coverage",
        "Samples against real data, after every evaluation.",
    ),
    Group(
        "transport",
        "Transport",
        r"transport_cost|forward_cost|backward_cost|distance|cross|within_.*|marginal_error|"
        r"iterations|not_converged|plan_.*|navigator_.*",
        "Costs of the plans that the training minimises, and how well the plans were solved.",
    ),
    Group(
        "slopes",
        "Slopes of the critic",
        r"(?i:k_eff)|largest_slope|.*slope.*|penalty|consistency",
        "How steep the critic is, and what that costs.",
    ),
    Group("time", "Time and memory", r"seconds|updates_per_second|peak_(gpu_)?memory_gib", ""),
    Group(
        "losses",
        "Losses",
        r".*",
        "Means over an epoch. A loss of a game need not fall: read it beside the scores.",
    ),
)
"""Tuple of `Group`; a name belongs to the first that it matches."""

NOTES = {
    "generator_loss": "what the generator minimises",
    "critic_loss": "what the critic minimises, without penalties",
    "discriminator_loss": "what the discriminator minimises",
    "encoder_loss": "what the encoder minimises",
    "transport_cost": "weighted sum of forward and backward cost",
    "forward_cost": "each real point to its generated partners",
    "backward_cost": "each generated point to its real partners",
    "distance": "minibatch energy distance: twice the cross cost less both inner ones",
    "cross": "matching cost of real with generated batches",
    "within_real": "matching cost of two real batches",
    "within_fake": "matching cost of two generated batches",
    "marginal_error": "L1 distance of a plan's marginals from equal weights, largest of an update",
    "iterations": "Sinkhorn iterations of a matching",
    "not_converged": "matchings of an update that ran out of iterations",
    "plan_entropy": "nats per point: 0 is one partner, log n is all of them",
    "K_eff": "largest slope of the critic between two generated samples",
    "k_eff": "the same between their latents",
    "largest_slope": "of the points where the penalty looked",
    "penalty": "on slopes of the critic",
    "w1": "Wasserstein-1 distance of samples and data",
    "w2_squared": "squared Wasserstein-2 distance of samples and data",
    "modes_captured": "modes that hold enough samples",
    "modes_within_radius": "modes that hold enough samples near their centre",
    "high_quality_share": "share of samples near a centre",
    "mode_reverse_kl": "of the shares of the modes, nats",
    "real_score": "mean score of encoded data",
    "fake_score": "mean score of generated data",
    "seconds": "of an epoch, with pictures and scores",
    "updates_per_second": "generator updates, without pictures and scores",
    "peak_memory_gib": "GiB, the most that the process has held since its start",
    "peak_gpu_memory_gib": "GiB, the most that TensorFlow has held on one GPU since the start",
    "is": "Inception score",
    "fid": "Frechet distance",
    "kid": "kernel distance",
    "fid_infinity": "Frechet distance extrapolated to infinitely many samples",
    "intra_fid": "Frechet distance within classes",
    "accuracy": "share of samples in which a classifier finds their label",
    "precision": "share of samples among the data",
    "recall": "share of the data among the samples",
}
"""dict of name to what it means, in a few words."""


def group_of(name: str) -> Group:
    """Return the group of a curve.

    Args:
        name: of a value in metrics.jsonl.

    Returns:
        `Group`.

    Example:
        >>> [group_of(name).identifier for name in ("w1", "plan_entropy", "K_eff", "my_loss")]
        ['distances', 'transport', 'slopes', 'losses']
    """
    return next(group for group in GROUPS if re.fullmatch(group.pattern, name))
