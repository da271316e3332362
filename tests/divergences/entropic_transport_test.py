import numpy as np
import ot
import pytest
import tensorflow as tf

from keras_ot_gans import ops
from keras_ot_gans.divergences import entropic_transport, sinkhorn_divergence
from tests import oracles

RNG = np.random.default_rng(0)
COSTS = RNG.random((2, 3, 4))
COST = COSTS[0]
EPSILON = 0.2
A, B = np.array([0.5, 0.2, 0.3]), np.array([0.1, 0.4, 0.3, 0.2])
# Float64 and this tolerance throughout: each new shape or setting is a program to compile.
TIGHT = {"tolerance": 1e-12}
SOLVERS = {
    "stop": TIGHT,
    "envelope": TIGHT,
    "implicit": TIGHT,
    "unroll": {"max_iterations": 30},
}


def solved(cost, a=None, b=None, epsilon=EPSILON):
    """Plan, sharp and regularised value by POT."""
    a = np.full(len(cost), 1 / len(cost)) if a is None else a
    b = np.full(len(cost.T), 1 / len(cost.T)) if b is None else b
    plan = ot.sinkhorn(a, b, cost, epsilon, method="sinkhorn_log", stopThr=1e-14, numItermax=10**5)
    independent = a[:, None] * b
    used = plan > 0
    divergence = np.sum(plan[used] * np.log(plan[used] / independent[used]))
    return plan, np.sum(plan * cost), np.sum(plan * cost) + epsilon * divergence


def slope_of(gradient, cost=COST, **kwargs):
    return oracles.gradient(
        lambda c: tf.reduce_sum(entropic_transport(c, EPSILON, gradient=gradient, **kwargs).value),
        cost,
    )[0]


# --- values and gradients ---


@pytest.mark.parametrize("weights", [{}, {"real_weights": A, "fake_weights": B}])
def test_values_and_plans_equal_pot(weights):
    plan, sharp, regularised = solved(COST, *weights.values())
    values = {"stop": sharp, "envelope": regularised, "implicit": sharp, "unroll": sharp}
    for gradient, value in values.items():
        # 300 plain iterations have converged.
        solver = SOLVERS[gradient] if gradient != "unroll" else {"max_iterations": 300}
        found = entropic_transport(COST, EPSILON, gradient=gradient, **weights, **solver)
        np.testing.assert_allclose(found.value, value, rtol=0, atol=1e-11, err_msg=gradient)
        np.testing.assert_allclose(found.plan, plan, rtol=0, atol=1e-11, err_msg=gradient)
        assert float(found.marginal_error) <= 1e-12


@pytest.mark.parametrize("gradient", ["envelope", "implicit", "unroll"])
@pytest.mark.parametrize("weights", [{}, {"real_weights": A, "fake_weights": B}])
def test_gradient_is_that_of_the_value(gradient, weights):
    keywords = {"gradient": gradient, **weights, **SOLVERS[gradient]}
    expected = oracles.finite_differences(
        lambda c: entropic_transport(c, EPSILON, **keywords).value, COST, step=1e-5
    )
    # Differences of values that are good to 1e-12, over steps of 1e-5; the linear system of
    # `implicit` is solved to 1e-6 of its right side.
    atol = 1e-6 if gradient == "implicit" else 1e-7
    np.testing.assert_allclose(slope_of(**keywords), expected, rtol=0, atol=atol)


def test_stop_has_the_gradient_of_the_regularised_value():
    plan, *_ = solved(COST)
    for gradient in ("stop", "envelope"):
        slope = slope_of(gradient, **TIGHT)
        np.testing.assert_allclose(slope, plan, rtol=0, atol=1e-11)
    # Which is not that of its own value.
    assert np.abs(slope_of("implicit", **TIGHT) - plan).max() > 0.01


def test_implicit_is_the_limit_of_unroll():
    many = slope_of("unroll", max_iterations=300)
    np.testing.assert_allclose(slope_of("implicit", **TIGHT), many, rtol=0, atol=1e-6)


@pytest.mark.parametrize("gradient", SOLVERS)
def test_a_batch_is_its_problems(gradient):
    weights = {"real_weights": A, "fake_weights": np.stack([B, B[::-1]])}
    keywords = {"gradient": gradient, **SOLVERS[gradient]}
    epsilons = np.array([EPSILON, 0.4])
    found = entropic_transport(COSTS, epsilons, **weights, **keywords)
    (slope,) = oracles.gradient(
        lambda c: tf.reduce_sum(entropic_transport(c, epsilons, **weights, **keywords).value), COSTS
    )
    assert found.value.shape == found.marginal_error.shape == (2,)
    for k in range(2):
        one = {"real_weights": A, "fake_weights": weights["fake_weights"][k], **keywords}
        single = entropic_transport(COSTS[k], epsilons[k], **one)
        np.testing.assert_allclose(found.value[k], single.value, rtol=0, atol=1e-11)
        np.testing.assert_allclose(found.plan[k], single.plan, rtol=0, atol=1e-11)
        (own,) = oracles.gradient(
            lambda c, k=k, one=one: entropic_transport(c, epsilons[k], **one).value, COSTS[k]
        )
        np.testing.assert_allclose(slope[k], own, rtol=0, atol=1e-6)


def test_regularised_value_of_two_normals_is_the_closed_form():
    # Densities on grids so fine that the sums are the integrals (trapezia of smooth functions).
    (m, s), (k, t), epsilon = (0.0, 1.0), (0.7, 0.6), 0.8
    x, y = np.linspace(-6, 6, 61)[:, None], np.linspace(-4, 5, 61)[:, None]
    a, b = (np.exp(-((z[:, 0] - c) ** 2) / 2 / w**2) for z, c, w in ((x, m, s), (y, k, t)))
    found = entropic_transport(
        (x - y.T) ** 2,
        epsilon,
        real_weights=a / a.sum(),
        fake_weights=b / b.sum(),
        tolerance=1e-9,
    )
    # Janati et al., "Entropic Optimal Transport between Unbalanced Gaussian Measures has a Closed
    # Form", 2020, theorem 1 with 2 sigma^2 = epsilon.
    half = epsilon / 2
    d = np.sqrt(4 * s**2 * t**2 + half**2)
    spread = s**2 + t**2 - d + half * (1 - np.log(2 * half)) + half * np.log(d + half)
    np.testing.assert_allclose(found.value, (m - k) ** 2 + spread, rtol=1e-7)


# --- corners ---


def test_points_without_weight_have_no_part():
    a, b = np.array([0.5, 0.0, 0.5]), np.array([0.4, 0.6, 0.0, 0.0])
    inner = np.ix_([0, 2], [0, 1])
    plan, sharp, _ = solved(COST[inner], a[[0, 2]], b[:2])
    for gradient, solver in SOLVERS.items():
        keywords = {"real_weights": a, "fake_weights": b, **solver}
        if gradient == "unroll":
            keywords["max_iterations"] = 300
        found = entropic_transport(COST, EPSILON, gradient=gradient, **keywords)
        whole = np.zeros((3, 4))
        whole[inner] = plan
        np.testing.assert_allclose(found.plan, whole, atol=1e-11, err_msg=gradient)
        slope = slope_of(gradient, **keywords)
        assert np.isfinite(slope).all()
        np.testing.assert_allclose(slope[1], 0.0, atol=1e-11)
        np.testing.assert_allclose(slope[:, 2:], 0.0, atol=1e-11)
        if gradient != "envelope":
            np.testing.assert_allclose(found.value, sharp, atol=1e-11)


@pytest.mark.parametrize("gradient", SOLVERS)
def test_graphs_that_do_not_know_the_sizes(gradient):
    keywords = {"gradient": gradient, **SOLVERS[gradient]}

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.float64)])
    def graph(cost):
        with tf.GradientTape() as tape:
            tape.watch(cost)
            found = entropic_transport(cost, EPSILON, **keywords)
        return found, tape.gradient(found.value, cost)

    found, slope = graph(COST)
    expected = entropic_transport(COST, EPSILON, **keywords)
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-10)
    np.testing.assert_allclose(found.marginal_error, expected.marginal_error, atol=1e-11)
    np.testing.assert_allclose(slope, slope_of(**keywords), atol=1e-7)


def test_unroll_reports_how_far_it_came():
    found = entropic_transport(COST, 0.02, gradient="unroll", max_iterations=2)
    gaps = [np.abs(found.plan.numpy().sum(k) - 1 / COST.shape[1 - k]).sum() for k in (0, 1)]
    np.testing.assert_allclose(found.marginal_error, sum(gaps), rtol=1e-12)
    assert gaps[0] > 0.01 and gaps[1] < 1e-12  # the rows come last


@pytest.mark.parametrize("gradient", SOLVERS)
@pytest.mark.parametrize(
    ("cost", "epsilon", "keywords", "message"),
    [
        (COST, 0.0, {}, "`epsilon` must be positive"),
        (COST * np.nan, EPSILON, {}, "`cost` must be finite"),
        (COST, EPSILON, {"max_iterations": 0}, "iterations` must be positive"),
        (COST, EPSILON, {"real_weights": B}, "`real_weights` must have one weight per point"),
        (COST, EPSILON, {"fake_weights": -B}, "`fake_weights` must be finite, not negative"),
        (COST, EPSILON, {"real_weights": 2 * A}, "must have the same total"),
    ],
)
def test_bad_input_is_refused(gradient, cost, epsilon, keywords, message):
    with pytest.raises(ValueError, match=message):
        entropic_transport(cost, epsilon, gradient=gradient, **keywords)


def test_options_that_have_no_effect_are_refused():
    with pytest.raises(ValueError, match="`gradient` must be one of 'stop', 'envelope'"):
        entropic_transport(COST, EPSILON, gradient="exact")
    with pytest.raises(TypeError, match="must have no option but `max_iterations`.*tolerance"):
        entropic_transport(COST, EPSILON, gradient="unroll", tolerance=0.1)
    for name, value in (("relative", True), ("penalties", (1.0, 1.0))):
        with pytest.raises(TypeError, match=f"`{name}` must be left out"):
            entropic_transport(COST, EPSILON, **{name: value})


# --- without bias ---

X, Y = RNG.normal(size=(6, 2)), RNG.normal(size=(6, 2)) + 0.5


def divergence(x, y, epsilon=1.0, cost=ops.squared_euclidean, tolerance=1e-10):
    return sinkhorn_divergence(x, y, epsilon, cost=cost, tolerance=tolerance)


def test_nothing_lies_between_a_batch_and_itself():
    assert float(divergence(X, X)) == 0.0
    assert abs(float(divergence(X, X[::-1]))) < 1e-9
    # The least value of a smooth function; each plan's marginals are good to 1e-10.
    for slope in oracles.gradient(divergence, X, X):
        np.testing.assert_allclose(slope, 0.0, atol=1e-9)


def test_a_shift_costs_its_square():
    # Of the squared distance, the part that the shift adds is the same for every plan.
    t = np.array([0.7, -1.1])
    for epsilon in (0.5, 1.0, 30.0):
        np.testing.assert_allclose(divergence(X, X + t, epsilon), t @ t, rtol=0, atol=1e-9)


def test_small_epsilon_gives_the_transport_cost():
    x, y = X[:, :1], 1.5 * Y[:, :1]
    exact = np.mean((np.sort(x, axis=0) - np.sort(y, axis=0)) ** 2)  # sorted pairs, on the line
    # An entropic plan is dearer by at most epsilon log 6; the marginal error is below 1e-3 / 2.
    np.testing.assert_allclose(divergence(x, y, 1e-3, tolerance=1e-4), exact, rtol=0, atol=2e-3)


@pytest.mark.parametrize("cost", [ops.euclidean, ops.squared_euclidean])
def test_large_epsilon_gives_half_of_the_energy_distance(cost):
    cross, within = cost(X, Y).numpy().mean(), [cost(z, z).numpy().mean() for z in (X, Y)]
    energy = 2 * cross - sum(within)
    # The next term is of order (variance of the costs) / epsilon.
    np.testing.assert_allclose(divergence(X, Y, 1e6, cost), energy / 2, rtol=0, atol=1e-5)


def test_never_negative():
    values = []
    for seed in range(20):
        x, y = np.random.default_rng(seed).normal(size=(2, 6, 2))
        values.append([float(divergence(x, y, epsilon)) for epsilon in (2.0, 20.0)])
        assert min(values[-1]) > -1e-9
    # It grows as epsilon falls, from the distance of the means to the transport cost.
    assert (np.diff(values, axis=1) < 0).all()


def test_gradient_of_the_divergence_equals_finite_differences():
    slopes = oracles.gradient(divergence, X, Y)
    for k, slope in enumerate(slopes):

        def at(z, k=k):
            return divergence(*(z if i == k else other for i, other in enumerate((X, Y))))

        # Values are good to the marginals' error times the potentials: 1e-10, over steps of 1e-4.
        expected = oracles.finite_differences(at, (X, Y)[k], step=1e-4)
        np.testing.assert_allclose(slope, expected, rtol=0, atol=1e-5)


def test_divergence_takes_no_weights_and_no_other_gradient():
    for name, value in (("real_weights", A), ("fake_weights", B), ("gradient", "stop")):
        with pytest.raises(TypeError, match=rf"`solver` must not hold \['{name}'\]"):
            sinkhorn_divergence(X, Y, 1.0, cost=ops.euclidean, **{name: value})
