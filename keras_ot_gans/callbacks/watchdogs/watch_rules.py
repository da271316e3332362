"""All rules of a watchdog by name, with their default thresholds."""

from keras_ot_gans.callbacks.watchdogs.diversity_rules import FallingScore, LowDiversity
from keras_ot_gans.callbacks.watchdogs.rule import Rule
from keras_ot_gans.callbacks.watchdogs.saturation_rules import (
    PlanEntropy,
    SaturatedCost,
    SaturatedCritic,
)

RULES = {
    "falling_score": FallingScore,
    "low_diversity": LowDiversity,
    "plan_entropy": PlanEntropy,
    "saturated_cost": SaturatedCost,
    "saturated_critic": SaturatedCritic,
}
"""Every kind of rule."""


def default_rules(points: int | None = None) -> dict[str, Rule]:
    """Return every rule with its default thresholds, by name.

    Args:
        points: int, points of a transport plan, for `PlanEntropy`.

    Returns:
        dict of `Rule`.

    Example:
        >>> sorted(default_rules())
        ['falling_score', 'low_diversity', 'plan_entropy', 'saturated_cost', 'saturated_critic', \
'shrinking_samples']
    """
    return {
        "falling_score": FallingScore(),
        "low_diversity": LowDiversity(),
        "plan_entropy": PlanEntropy(points=points),
        "saturated_cost": SaturatedCost(),
        "saturated_critic": SaturatedCritic(),
        # Distances of pixels and points have no scale: only a great fall is a sign.
        "shrinking_samples": FallingScore(("sample_distance",), to=0.25),
    }
