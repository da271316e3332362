import math

import numpy as np
import ot
import pytest
import scipy.optimize
import tensorflow as tf

from keras_ot_gans import ops
from keras_ot_gans.divergences import (
    EntropicMatching,
    minibatch_energy_distance,
    random_matching,
    single_batch_energy_distance,
    uniform_matching,
)
from tests import oracles

# Sizes and settings recur in this file: each new pair of them is a program to compile.
EXACT = EntropicMatching(0.1, tolerance=1e-10)


def batches(n=12, m=12, d=3, seed=0, dtype="float64"):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).astype(dtype), (rng.normal(size=(m, d)) + 0.5).astype(dtype)


def product(x, y):
    """The cosine cost of features that have unit length already."""
    return 1.0 - tf.matmul(x, y, transpose_b=True)


def distances(x, y):
    return np.linalg.norm(x[:, None] - y[None], axis=-1)


# --- values ---


@pytest.mark.parametrize("matching", [random_matching, uniform_matching, EntropicMatching(0.5)])
def test_four_points_by_hand(matching):
    # Halves of one point have one plan only.
    found = minibatch_energy_distance([[0.0], [1.0]], [[3.0], [5.0]], ops.euclidean, matching)
    assert float(found.cross) == pytest.approx((3 + 5 + 2 + 4) / 4)
    assert (float(found.within_real), float(found.within_fake)) == pytest.approx((1.0, 2.0))
    assert float(found.value) == pytest.approx((3 + 5 + 2 + 4) / 2 - 1 - 2)


def test_all_halves_alike():
    x, _ = batches(6)
    both = np.concatenate([x, x])
    found = minibatch_energy_distance(both, both, ops.euclidean, random_matching)
    assert float(found.value) == float(found.cross) == 0.0
    # With any plan that all six pairs share, the terms cancel.
    found = minibatch_energy_distance(both, both, ops.euclidean, EntropicMatching(0.1))
    np.testing.assert_allclose(found.value, 0.0, atol=1e-12)
    assert float(found.cross) > 1e-3  # though no plan of this epsilon is the identity


def mean_absolute(mean, deviation):
    """E|N(mean, deviation^2)|."""
    a = mean / deviation
    density = math.exp(-(a**2) / 2) * math.sqrt(2 / math.pi)
    return deviation * (density + a * math.erf(a / math.sqrt(2)))


def test_random_matching_is_unbiased():
    # 20,000 batches of 2 + 2 points of N(0, 1) and N(1, 2^2).
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 4, 1))
    y = 1.0 + 2.0 * rng.normal(size=(20_000, 4, 1))
    values = tf.vectorized_map(
        lambda pair: minibatch_energy_distance(*pair, ops.euclidean, random_matching).value,
        (tf.constant(x), tf.constant(y)),
    ).numpy()
    expected = (
        2 * mean_absolute(1.0, math.sqrt(5)) - mean_absolute(0, 2**0.5) - mean_absolute(0, 8**0.5)
    )
    # Four standard errors; most single values are further away, and some negative.
    np.testing.assert_allclose(values.mean(), expected, atol=4 * values.std() / np.sqrt(20_000))
    assert values.min() < 0


@pytest.mark.parametrize(("n", "m"), [(12, 12), (8, 14)])
def test_uniform_matching_is_the_statistic_of_all_pairs(n, m):
    x, y = batches(n, m)
    found = minibatch_energy_distance(x, y, ops.euclidean, uniform_matching)
    # The four cross terms together are all pairs.
    cross = distances(x, y).mean()
    within = [distances(z[: len(z) // 2], z[len(z) // 2 :]).mean() for z in (x, y)]
    np.testing.assert_allclose(found.value, 2 * cross - sum(within), rtol=1e-12)
    np.testing.assert_allclose(
        (found.cross, found.within_real, found.within_fake), (cross, *within), rtol=1e-12
    )


def assigned(cost):
    return cost[scipy.optimize.linear_sum_assignment(cost)].mean()


def test_small_epsilon_gives_exact_transport():
    x, y = batches()
    found = minibatch_energy_distance(x, y, ops.euclidean, EntropicMatching(2e-3))
    (x1, x2), (y1, y2) = np.split(x, 2), np.split(y, 2)
    cross = np.mean([assigned(distances(a, b)) for a in (x1, x2) for b in (y1, y2)])
    within = [assigned(distances(*pair)) for pair in ((x1, x2), (y1, y2))]
    # The cost of an entropic plan is above by at most epsilon log 6, and the marginal error of 1e-3
    # may leave out, or bring a long way, half as much of the mass: costs are below 5.
    received = [found.cross, found.within_real, found.within_fake]
    np.testing.assert_allclose(received, [cross, *within], atol=6e-3)
    np.testing.assert_allclose(found.value, 2 * received[0] - sum(received[1:]), rtol=1e-12)


@pytest.mark.parametrize("m", [12, 8])
def test_order_of_the_halves_does_not_matter(m):
    x, y = batches(12, m)
    swapped = [np.concatenate(np.split(z, 2)[::-1]) for z in (x, y)]
    value = minibatch_energy_distance(x, y, matching=EXACT).value
    for a, b in [(swapped[0], y), (x, swapped[1]), swapped]:
        # Each plan is good to the matching's tolerance.
        again = minibatch_energy_distance(a, b, matching=EXACT).value
        np.testing.assert_allclose(again, value, rtol=0, atol=1e-9)


def test_default_is_the_papers():
    x, y = batches(dtype="float32")
    default = minibatch_energy_distance(x, y)
    written = minibatch_energy_distance(x, y, ops.cosine, EntropicMatching(0.002))
    assert float(default.value) == float(written.value)


# --- the authors' algorithm ---


def authors(a, b, epsilon):
    """Injected gradients and logged distance of OT-GAN's code, for generated `a` and data `b`.

    Plans there have rows that sum to 1; matched features are sums, not means.
    """
    (a1, a2), (b1, b2), k = np.split(a, 2), np.split(b, 2), len(a) // 2

    def match(x, y):
        return k * ot.sinkhorn(
            [], [], 1 - x @ y.T, epsilon, method="sinkhorn_log", stopThr=1e-13, numItermax=10**5
        )

    aa, bb = match(a1, a2), match(b1, b2)
    ab = [[match(x, y) for y in (b1, b2)] for x in (a1, a2)]
    f_aa = np.concatenate([aa @ a2, aa.T @ a1])
    f_bb = np.concatenate([bb @ b2, bb.T @ b1])
    f_ab = np.concatenate([(row[0] @ b1 + row[1] @ b2) / 2 for row in ab])
    f_ba = np.concatenate([(ab[0][j].T @ a1 + ab[1][j].T @ a2) / 2 for j in (0, 1)])
    logged = (np.sum(b * f_bb) + np.sum(a * f_aa) - 2 * np.sum(a * f_ab)) / (2 * 2 * k)
    return f_aa - f_ab, f_bb - f_ba, logged


def test_gradients_are_those_that_the_authors_inject():
    b, a = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in batches())
    of_fake, of_real, logged = authors(a, b, 0.1)
    k = len(a) // 2

    def value(real, fake, cost=product):
        return minibatch_energy_distance(real, fake, cost, EXACT).value

    slopes = oracles.gradient(value, b, a)
    np.testing.assert_allclose(value(b, a), 2 * logged, rtol=0, atol=1e-9)
    for slope, injected in zip(slopes, (of_real, of_fake), strict=True):
        np.testing.assert_allclose(k * slope, injected, rtol=0, atol=1e-8)
    # The cosine cost also divides by the length, which takes away the part along the feature.
    slopes = oracles.gradient(lambda *x: value(*x, cost=ops.cosine), b, a)
    for slope, injected, f in zip(slopes, (of_real, of_fake), (b, a), strict=True):
        tangent = injected - f * np.sum(f * injected, axis=1, keepdims=True)
        np.testing.assert_allclose(k * slope, tangent, rtol=0, atol=1e-8)


@pytest.mark.parametrize("m", [12, 8])
def test_value_gradient_and_telemetry_are_those_of_six_constant_plans(m):
    x, y = batches(12, m)
    parts = [np.split(z, 2) for z in (x, y)]
    pairs = [(a, b) for a in parts[0] for b in parts[1]] + [tuple(parts[0]), tuple(parts[1])]
    costs = [ops.cosine(*pair).numpy() for pair in pairs]
    plans = [
        ot.sinkhorn([], [], c, 0.1, method="sinkhorn_log", stopThr=1e-13, numItermax=10**5)
        for c in costs
    ]
    seen = []

    def matching(cost):
        seen.append(EXACT(cost))
        return seen[-1]

    def value(y):
        (x1, x2), (y1, y2) = np.split(x, 2), np.split(y, 2)
        pairs = [(x1, y1), (x1, y2), (x2, y1), (x2, y2), (x1, x2), (y1, y2)]
        terms = [np.sum(p * ops.cosine(*pair)) for p, pair in zip(plans, pairs, strict=True)]
        return sum(terms[:4]) / 2 - terms[4] - terms[5]

    found = minibatch_energy_distance(x, y, matching=matching)
    np.testing.assert_allclose(found.value, value(y), atol=1e-9)
    entropies = [-np.sum(p * np.log(len(p) * p)) for p in plans]
    np.testing.assert_allclose(found.entropy, np.mean(entropies), atol=1e-8)
    iterations = np.concatenate([np.ravel(s.iterations) for s in seen])
    assert len(iterations) == 6
    np.testing.assert_allclose(found.iterations, iterations.mean(), rtol=1e-6)
    errors = np.concatenate([np.ravel(s.marginal_error) for s in seen])
    assert float(found.marginal_error) == errors.max() > 0
    assert float(found.not_converged) == 0.0
    (slope,) = oracles.gradient(lambda y: minibatch_energy_distance(x, y, matching=EXACT).value, y)
    np.testing.assert_allclose(slope, oracles.finite_differences(value, y), atol=1e-8)


# --- what cannot be ---


def test_matchings_that_do_not_converge_are_counted():
    x, y = batches(dtype="float32")
    capped = EntropicMatching(0.01, max_iterations=2)
    with pytest.warns(RuntimeWarning, match="Sinkhorn did not converge: 6 of 6 problems"):
        found = minibatch_energy_distance(x, y, matching=capped)
    assert float(found.not_converged) == 6.0 and float(found.marginal_error) > 1e-3


def test_nan_features_are_counted_in_a_graph():
    x, y = batches(dtype="float32")
    x[2] = np.nan  # in the first half: three of the six matchings
    with pytest.raises(ValueError, match="`cost` must be finite"):
        minibatch_energy_distance(x, y)
    found = tf.function(minibatch_energy_distance)(x, y)
    assert np.isnan([found.value, found.cross, found.within_real]).all()
    assert np.isfinite(found.within_fake)
    assert float(found.not_converged) == 3.0


@pytest.mark.parametrize("m", [12, 8])
def test_graphs_that_do_not_know_the_sizes(m):
    x, y = batches(12, m, dtype="float32")
    for distance in (minibatch_energy_distance, single_batch_energy_distance):
        graph = tf.function(
            lambda x, y, distance=distance: distance(x, y, matching=uniform_matching),
            input_signature=[tf.TensorSpec((None, 3))] * 2,
        )
        expected = distance(x, y, matching=uniform_matching).value
        np.testing.assert_allclose(graph(x, y).value, expected, atol=1e-6)


def test_half_precision_is_widened():
    x, y = batches(dtype="float16")
    found = minibatch_energy_distance(x, y)
    wide = minibatch_energy_distance(x.astype("float32"), y.astype("float32"))
    assert found.value.dtype == "float32" and float(found.value) == float(wide.value)


@pytest.mark.parametrize("n", [0, 7])
def test_a_batch_that_has_no_halves(n):
    x, y = batches(n)
    with pytest.raises(ValueError, match=rf"`x_real` must have an even .* Received: {n}\. Use"):
        minibatch_energy_distance(x, y)
    with pytest.raises(ValueError, match="`x_fake` must have an even number of rows"):
        minibatch_energy_distance(y, x)


def test_other_shapes_are_refused():
    x, y = batches()
    for distance in (minibatch_energy_distance, single_batch_energy_distance):
        with pytest.raises(ValueError, match="must have the same last dimension"):
            distance(x, y[:, :2])
        with pytest.raises(ValueError, match="must have rank 2"):
            distance(x[None], y)
    with pytest.raises(ValueError, match="`x_fake` must have at least two points"):
        single_batch_energy_distance(x, y[:1])
