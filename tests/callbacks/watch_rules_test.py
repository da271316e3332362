"""Each rule on logs by epoch: of real runs that learned, and of runs that did not."""

import math

import numpy as np
import pytest

from keras_ot_gans import ops
from keras_ot_gans.callbacks.watchdogs.diversity_rules import (
    FallingScore,
    LowDiversity,
    mean_distance,
)
from keras_ot_gans.callbacks.watchdogs.saturation_rules import (
    PlanEntropy,
    SaturatedCost,
    SaturatedCritic,
)
from keras_ot_gans.callbacks.watchdogs.watch_rules import RULES, default_rules

NAN = float("nan")

# (rule, logged names, values by epoch, kind, epoch from 0 at which it is said first or None)
CASES = [
    (FallingScore(), ["recall"], [0.1, 0.5, 0.6, 0.55, 0.58, 0.43], None, None),
    (FallingScore(), ["recall"], [0.1, 0.6, 0.41, 0.5, 0.41, 0.40], "recall_fell", 5),  # 0.42
    (FallingScore(), ["modes_captured"], [2, 8, 8, 5, 5], "modes_captured_fell", 4),  # 5.6
    (FallingScore(), ["modes_captured"], [2, 8, 8, 6, 6], None, None),
    (FallingScore(to=0.9, epochs=1), ["coverage"], [0.5, 0.44], "coverage_fell", 1),
    (FallingScore(), ["coverage"], [0.5, NAN, 0.3, NAN, 0.2], "coverage_fell", 4),
    (LowDiversity(), ["sample_diversity"], [0.01, 0.02, 0.1, 0.6, 0.9, 0.95], None, None),
    (LowDiversity(), ["sample_diversity"], [0.01] * 7, "low_diversity", 6),  # grace of 5
    (LowDiversity(), ["sample_diversity"], [0.5, 0.1, 0.3, 0.1, 0.1], "low_diversity", 4),
    # OT-GAN on digits, batch 64: half a batch has 32 points.
    (PlanEntropy(points=32), ["plan_entropy"], [1.16, 0.67, 0.46, 0.36, 0.35, 0.36], None, None),
    (PlanEntropy(points=32), ["plan_entropy"], [0.0] * 9, None, None),  # random matching
    (PlanEntropy(points=32), ["plan_entropy"], [math.log(32)] * 9, None, None),  # uniform matching
    (PlanEntropy(), ["plan_entropy"], [1.16, 0.67, 0.05, 0.01], "plan_concentrated", 3),  # 0.058
    (PlanEntropy(points=32), ["plan_entropy"], [1.2, 3.4, 3.45], "plan_uniform", 2),  # 3.396
    (PlanEntropy(), ["plan_entropy"], [1.2, 3.4, 3.45], None, None),
    # ACT on digits: a run that learned, and one that was saturated from its third epoch on.
    (SaturatedCost(), ["transport_cost"], [0.85, 0.96, 1.07, 1.19, 1.29, 1.33], None, None),
    (SaturatedCost(), ["transport_cost"], [1.798, 1.816, 1.999, 2.0], "saturated_cost", 3),
    (SaturatedCost(), ["transport_cost"], [1.51, 1.996, 1.777, 0.856], None, None),  # recovered
    (SaturatedCost(), ["cross"], [0.4, 1.96, 1.97], "saturated_cost", 2),
    # Lipschitz GANs: MaxGP, SNGAN and WGAN-GP on digits; then one that is certain.
    (SaturatedCritic(), ["critic_loss"], [0.91, 1.2, 1.2, 1.17, 1.1], None, None),
    (SaturatedCritic(), ["critic_loss"], [-4.27, -2.32, -1.3, -0.01, 0.01, 0.01], None, None),
    (SaturatedCritic(), ["critic_loss"], [1.3, 0.1, 0.015, 0.004], "critic_saturated", 3),
    (SaturatedCritic(), ["discriminator_loss"], [0.3, 0.02, 0.0], "critic_saturated", 2),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "names", "values", "kind", "first"), CASES)
def test_rule_fires_at_its_epoch_and_not_in_health(rule, names, values, kind, first):
    said = [[found.kind for found in rule.look({names[0]: value})] for value in values]
    fired = [epoch for epoch, kinds in enumerate(said) if kinds]
    assert (fired[0] if fired else None) == first
    assert all(kinds in ([], [kind]) for kinds in said)
    assert rule.look({"other": 1.0, "note": "text"}) == []


def test_scores_of_age_are_compared():
    rule = SaturatedCritic()
    healthy = [(1.9, -1.58), (0.88, -0.84), (0.58, -0.56)]  # AGE on digits
    for real, fake in healthy:
        assert rule.look({"real_score": real, "fake_score": fake}) == []
    certain = {"real_score": 9.0, "fake_score": -12.0}
    assert rule.look(certain) == []
    (found,) = rule.look(certain)
    assert found.kind == "critic_saturated" and "score 9, generated ones -12" in found.what


def test_a_low_loss_of_scores_that_agree_is_a_solution_and_not_saturation():
    """An f-GAN with KL: its loss is 1/e untrained, and 0 with both scores at 1 when solved."""
    solved = [(0.368, 0.0, 0.0), (0.009, 1.01, 0.99), (0.006, 1.0, 1.0)]
    certain = [(0.368, 0.0, 0.0), (0.009, 5.0, -5.0), (0.006, 5.3, -5.3)]
    for looks, kinds in ((solved, []), (certain, ["critic_saturated"])):
        rule = SaturatedCritic()
        names = ("discriminator_loss", "real_score", "fake_score")
        said = [rule.look(dict(zip(names, look, strict=True))) for look in looks]
        assert [found.kind for founds in said for found in founds] == kinds


def test_cosine_rule_is_for_cosine_costs():
    class Model:
        cost = staticmethod(ops.cosine)

    assert SaturatedCost().fits(Model)
    Model.cost = staticmethod(ops.squared_euclidean)
    assert not SaturatedCost().fits(Model) and not SaturatedCost().fits(object())
    assert PlanEntropy().fits(Model)


def test_every_rule_is_among_the_defaults_with_a_complete_finding():
    assert {type(rule) for rule in default_rules().values()} == set(RULES.values())
    assert default_rules(points=7)["plan_entropy"].points == 7
    rule = default_rules()["shrinking_samples"]
    found = [rule.look({"sample_distance": d}) for d in (8.0, 10.0, 2.6, 2.4, 2.4)]
    assert [len(f) for f in found] == [0, 0, 0, 0, 1]
    assert found[-1][0].kind == "sample_distance_fell" and found[-1][0].details["best"] == 10.0
    assert all(found[-1][0][1:4])


def test_mean_distance_is_that_of_all_pairs():
    points = np.random.default_rng(0).normal(size=(5, 2, 3))
    pairs = [np.linalg.norm(points[i] - points[j]) for i in range(5) for j in range(i)]
    np.testing.assert_allclose(mean_distance(points), np.mean(pairs), rtol=1e-12)  # float64
