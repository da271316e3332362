import numpy as np
import pytest

from keras_ot_gans.callbacks import plan_picture
from keras_ot_gans.callbacks.plan_pictures import effective_partners, plan_order


def softmax_plans(real, fake, sharpness=4.0):
    cost = ((real[:, None] - fake[None]) ** 2).reshape(len(real), len(fake), -1).sum(-1)
    forward = np.exp(sharpness * (cost.min(1, keepdims=True) - cost))
    backward = np.exp(sharpness * (cost.min(0) - cost))
    return forward / forward.sum(1, keepdims=True), backward / backward.sum(0)


def test_order_brings_a_shuffled_matching_to_the_diagonal(rng):
    real = rng.normal(size=(12, 2))
    shuffle = rng.permutation(12)
    plan = np.eye(12)[:, shuffle]
    rows, columns = plan_order(real, plan, plan)
    np.testing.assert_array_equal(plan[np.ix_(rows, columns)], np.eye(12))


def test_order_groups_neighbours_and_takes_any_shape(rng):
    real = np.repeat([[0.0], [100.0]], 5, axis=0)[rng.permutation(10)] + rng.normal(size=(10, 1))
    for m in (7, 10, 13):
        forward, backward = softmax_plans(real, rng.normal(size=(m, 1)))
        rows, columns = plan_order(real, forward, backward)
        assert sorted(rows) == list(range(10)) and sorted(columns) == list(range(m))
    groups = real[rows, 0] > 50
    assert np.abs(np.diff(groups.astype(int))).sum() == 1  # one border between the groups


def test_effective_partners_counts():
    assert effective_partners(np.eye(5), axis=1) == 1.0
    two = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
    np.testing.assert_allclose(effective_partners(two, axis=1), 2.0, rtol=1e-12)
    np.testing.assert_allclose(effective_partners(two.T, axis=0), 2.0, rtol=1e-12)


@pytest.mark.parametrize("shape", [(10,), (10, 1), (10, 2), (10, 8, 8, 1), (10, 8, 8, 3)])
def test_every_kind_of_data_is_drawn(shape, rng):
    real, fake = rng.uniform(-1, 1, shape), rng.uniform(-1, 1, (14, *shape[1:]))
    picture = plan_picture(real, fake, *softmax_plans(real, fake), title="step 3")
    assert picture.dtype == np.uint8 and picture.shape[1:] == (840, 3)


def test_plans_can_be_told_apart():
    real = np.linspace(-1, 1, 8)[:, None] * [1.0, 1.0]
    flat = np.full((8, 8), 1 / 8)
    sharp = plan_picture(real, real, np.eye(8), np.eye(8))
    assert np.any(sharp != plan_picture(real, real, flat, flat))


def test_two_images_are_enough(rng):
    images = rng.uniform(-1, 1, (2, 4, 4, 1)).astype(np.float32)
    plan_picture(images, images, np.eye(2), np.eye(2))


def test_bad_shapes_are_named():
    points = np.zeros((3, 2))
    with pytest.raises(ValueError, match=r"shape \(n, m\) = \(3, 3\) .* \(3, 3\) and \(3, 2\)"):
        plan_picture(points, points, np.eye(3), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="`real` must be points"):
        plan_picture(np.zeros((3, 4)), np.zeros((3, 4)), np.eye(3), np.eye(3))
