"""Arguments that make no problem, and problems that do not converge."""

import numpy as np
import pytest

from keras_ot_gans import ops

COST = np.eye(3, 2, dtype="float32")


def test_no_convergence_warns():
    cost = np.random.default_rng(0).random((2, 12, 9)).astype("float32")
    cost[1] = 1.0  # solved by the first iteration
    message = (
        r"1 of 2 problems, marginal error up to .* where `tolerance` is 0\.001\. "
        r"Use more `max_iterations`"
    )
    with pytest.warns(RuntimeWarning, match=message) as record:
        potentials = ops.sinkhorn(cost, 0.002, max_iterations=2)
    assert potentials.converged.numpy().tolist() == [False, True]
    assert record[0].filename == __file__


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_costs_must_be_finite(bad):
    cost = COST.copy()
    cost[2, 1] = bad
    with pytest.raises(ValueError, match=r"`cost` must be finite\. Received: .* at \[2, 1\] and 0"):
        ops.sinkhorn(cost, 0.1)


@pytest.mark.parametrize("epsilon", [0.0, -0.1, np.nan, np.inf, [0.1, 0.0]])
def test_epsilon_must_be_positive(epsilon):
    with pytest.raises(ValueError, match="`epsilon` must be positive and finite. Received: eps"):
        ops.sinkhorn(COST, epsilon)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("tolerance", -1e-3),
        ("tolerance", 2.0),
        ("tolerance", np.nan),
        ("max_iterations", 0),
        ("relaxation", 0.9),
        ("relaxation", 2.0),
        ("relaxation", np.nan),
        ("annealing", 1.0),
        ("annealing", -5.0),
        ("annealing", np.nan),
        ("penalties", (0.0, None)),
        ("penalties", (None, -1.0)),
        ("penalties", (np.inf, None)),
        ("penalties", (1.0,)),
        ("penalties", 1.0),
        ("penalties", None),
    ],
)
def test_numbers_out_of_range_are_refused(option, value):
    with pytest.raises(ValueError, match=rf"`{option}` must .* Received: {option}=.*\. .*[tT]ry"):
        ops.sinkhorn(COST, 0.1, **{option: value})


@pytest.mark.parametrize("shape", [(), (3,)])
def test_costs_must_be_a_matrix(shape):
    with pytest.raises(ValueError, match=r"`cost` must have rank 2 or more.*Received: shape \("):
        ops.sinkhorn(np.zeros(shape, "float32"), 0.1)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.full(2, 0.5), r"one weight per point, 3 of them.*\(2,\)"),
        (1.0, r"one weight per point, 3 of them.*\(\)"),
        ([0.5, 0.6, -0.1], "finite, not negative, and not all 0. Received: from -0.1 to 0.6"),
        ([0.5, 0.5, np.nan], "finite, not negative, and not all 0"),
        ([0.5, 0.5, np.inf], "finite, not negative, and not all 0"),
        ([0.0, 0.0, 0.0], "finite, not negative, and not all 0"),
    ],
)
def test_weights_must_be_masses(weights, message):
    with pytest.raises(ValueError, match="`real_weights` must .*" + message):
        ops.sinkhorn(COST, 0.1, real_weights=weights)
    with pytest.raises(ValueError, match="`fake_weights` must .*" + message):
        ops.sinkhorn(COST.T, 0.1, fake_weights=weights)


@pytest.mark.parametrize("penalties", [(None, None), [None, None]])
def test_masses_must_be_equal(penalties):
    message = r"must have the same total\. Received: 1\.5 and 1\.0\. .* `penalties`"
    with pytest.raises(ValueError, match=message):
        ops.sinkhorn(COST, 0.1, real_weights=np.full(3, 0.5), penalties=penalties)


def test_masses_may_differ_at_a_price():
    potentials = ops.sinkhorn(COST, 0.1, real_weights=np.full(3, 0.5), penalties=(1.0, None))
    assert bool(potentials.converged)
