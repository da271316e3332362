import numpy as np
import pytest

from keras_ot_gans import ops
from keras_ot_gans.divergences import EntropicMatching, single_batch_energy_distance
from tests.divergences.minibatch_energy_test import assigned, batches, distances


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_no_point_of_a_single_batch_is_matched_with_itself(scale):
    x, y = batches(3, 4)
    plans = []

    def seen(cost):
        found = EntropicMatching(0.05 * scale)(cost)
        plans.append(found.plan.numpy())
        return found

    single_batch_energy_distance(scale * x, scale * y, ops.euclidean, seen)
    assert [plan.shape for plan in plans] == [(3, 4), (3, 3), (4, 4)]
    for plan in plans[1:]:
        # A detour of at least the range of costs, above 1: exp(-20) of the mass at this epsilon.
        np.testing.assert_allclose(np.diagonal(plan), 0.0, atol=1e-8)


def test_single_batch_by_hand():
    # Each point has one partner: the real ones 1 apart, the fake ones 2. On the line, all ways
    # across cost the same.
    found = single_batch_energy_distance([[0.0], [1.0]], [[3.0], [5.0]], ops.euclidean)
    values = [float(v) for v in (found.cross, found.within_real, found.within_fake, found.value)]
    # The marginal error: 1e-3 of each term.
    np.testing.assert_allclose(values, [3.5, 1.0, 2.0, 4.0], rtol=1e-3, atol=3e-3)


def test_single_batch_of_three_by_exact_transport():
    x, y = batches(3, 3)
    found = single_batch_energy_distance(x, y, ops.euclidean, EntropicMatching(2e-3))
    costs = [distances(x, y), *(distances(z, z) + 1e6 * np.eye(3) for z in (x, y))]
    received = [found.cross, found.within_real, found.within_fake]
    # As for the small epsilon above, with epsilon log 3.
    np.testing.assert_allclose(received, [assigned(c) for c in costs], atol=5e-3)
