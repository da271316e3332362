import keras
import numpy as np
import ot
import pytest
import scipy.optimize
import tensorflow as tf

from keras_ot_gans import divergences
from keras_ot_gans.divergences.matching import Matching

COST = np.random.default_rng(0).random((2, 5, 5))
TIGHT = {"tolerance": 1e-9}  # one choice of settings per dtype: each is a program to compile


def matching_of(plan):
    return Matching(tf.constant(plan, tf.float64), *[None] * 3)


# --- entropy ---


def test_entropy_of_plans_that_are_known():
    rows = np.array([[0.5, 0.0, 0.0], [0.25, 0.25, 0.0]])  # partners: one, and a fair coin
    plans = {
        0.0: np.eye(4) / 4,
        np.log(3): np.full((5, 3), 1 / 15),
        np.log(5): np.full((3, 5), 1 / 15),
        0.5 * np.log(2): rows,
    }
    for entropy, plan in plans.items():
        # Sums of 15 float64 terms.
        np.testing.assert_allclose(matching_of(plan).entropy(), entropy, atol=1e-14)


def test_entropy_is_the_mean_over_points_of_that_of_their_partners():
    plan = np.random.default_rng(1).random((2, 4, 6))
    plan /= plan.sum(axis=(1, 2), keepdims=True)
    mass = plan.sum(-1, keepdims=True)
    expected = (mass[..., 0] * -(plan / mass * np.log(plan / mass)).sum(-1)).sum(-1)
    np.testing.assert_allclose(matching_of(plan).entropy(), expected, rtol=1e-12)


# --- the matchings ---


def test_entropic_matching_equals_pot():
    found = divergences.EntropicMatching(0.1, **TIGHT)(COST)
    for plan, cost in zip(found.plan.numpy(), COST, strict=True):
        expected = ot.sinkhorn([], [], cost, 0.1, method="sinkhorn_log", stopThr=1e-12)
        # The tolerance bounds the marginals, and through them the plan.
        np.testing.assert_allclose(plan, expected, atol=1e-9)
    assert found.converged.numpy().all() and (found.marginal_error.numpy() <= 1e-9).all()


def test_entropic_matching_of_a_small_epsilon_is_the_best_assignment():
    found = divergences.EntropicMatching(1e-3)(COST.astype("float32"))
    for plan, cost in zip(found.plan.numpy(), COST, strict=True):
        rows, columns = scipy.optimize.linear_sum_assignment(cost)
        expected = np.zeros((5, 5))
        expected[rows, columns] = 0.2
        # The marginal error allows 1e-3; the next best assignment is many epsilons dearer.
        np.testing.assert_allclose(plan, expected, atol=1e-3)


def test_relative_epsilon_is_in_deviations_of_each_problem():
    relative = divergences.EntropicMatching(0.5, relative=True, **TIGHT)
    plans = relative(COST).plan
    for plan, cost in zip(plans, COST, strict=True):
        expected = ot.sinkhorn([], [], cost, 0.5 * cost.std(), method="sinkhorn_log", stopThr=1e-12)
        np.testing.assert_allclose(plan, expected, atol=1e-9)
    # So the unit of the costs does not matter.
    np.testing.assert_allclose(relative(COST * 100).plan, plans, atol=1e-9)


def test_random_and_uniform_matching():
    everyone = divergences.uniform_matching(COST[:, :4])
    np.testing.assert_allclose(everyone.plan, np.full((2, 4, 5), 0.05), rtol=1e-15)
    own = divergences.random_matching(COST)
    np.testing.assert_array_equal(own.plan, np.tile(np.eye(5) / 5, (2, 1, 1)))
    for found in (everyone, own):
        assert found.converged.numpy().tolist() == [True, True]
        assert found.iterations.numpy().tolist() == found.marginal_error.numpy().tolist() == [0, 0]


@pytest.mark.parametrize("sizes", [(None, None), (5, None), (None, 5)])
def test_graphs_that_do_not_know_the_sizes(sizes):
    cost = COST.astype("float32")
    for match in (divergences.random_matching, divergences.uniform_matching):
        graph = tf.function(match, input_signature=[tf.TensorSpec((None, *sizes))])
        np.testing.assert_array_equal(graph(cost).plan, match(cost).plan)


def test_entropic_matching_in_a_graph_that_does_not_know_the_sizes():
    cost, match = COST.astype("float32"), divergences.EntropicMatching(0.1)
    graph = tf.function(match, input_signature=[tf.TensorSpec((None, None, None))])
    # The same iterations, with sums in another order.
    np.testing.assert_allclose(graph(cost).plan, match(cost).plan, atol=1e-6)


def test_plans_are_constants():
    cost = tf.constant(COST)
    for match in (
        divergences.EntropicMatching(0.1, **TIGHT),
        divergences.random_matching,
        divergences.uniform_matching,
    ):
        with tf.GradientTape() as tape:
            tape.watch(cost)
            total = tf.reduce_sum(match(cost).plan ** 2)
        assert tape.gradient(total, cost) is None


# --- serialisation and refusals ---


@pytest.mark.parametrize(
    "match",
    [
        divergences.EntropicMatching(0.3, relative=True, tolerance=0.01, max_iterations=7),
        divergences.random_matching,
        divergences.uniform_matching,
        divergences.minibatch_energy_distance,
        divergences.single_batch_energy_distance,
    ],
)
def test_values_survive_serialisation(match):
    config = keras.saving.serialize_keras_object(match)
    assert keras.saving.deserialize_keras_object(config) == match


def test_random_matching_refuses_different_sizes():
    with pytest.raises(ValueError, match=r"`cost` must be square .* Received: shape \(2, 4, 5\)"):
        divergences.random_matching(COST[:, :4])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epsilon": 0.0}, "`epsilon` must be positive"),
        ({"epsilon": float("nan")}, "`epsilon` must be positive"),
        ({"tolerance": -1.0}, "`tolerance` must lie in"),
        ({"max_iterations": 0}, "`max_iterations` must be positive"),
    ],
)
def test_entropic_matching_refuses_at_once(arguments, message):
    with pytest.raises(ValueError, match=message):
        divergences.EntropicMatching(**arguments)
