import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from hypothesis.extra import numpy as hnp

from keras_ot_gans import ops
from tests.oracles import sigmoid

# A float32 sum of a hundred masses.
UNIT = {"rtol": 1e-5}


def distances(n, m, dtype="float64"):
    return np.random.default_rng(0).normal(size=(n, m)).astype(dtype) * 3.0


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 5), (5, 1), (6, 4), (4, 6)])
@pytest.mark.parametrize("offset", [0.0, 1e4, -1e4])
def test_rows_and_columns_sum_to_one(n, m, offset):
    plans = ops.conditional_plans(distances(n, m, "float32") + np.float32(offset))
    assert plans.forward.shape == plans.backward.shape == (n, m)
    np.testing.assert_allclose(plans.forward.numpy().sum(axis=1), 1.0, **UNIT)
    np.testing.assert_allclose(plans.backward.numpy().sum(axis=0), 1.0, **UNIT)
    assert min(plans.forward.numpy().min(), plans.backward.numpy().min()) >= 0.0


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 5), (5, 1), (6, 4)])
def test_equals_scipy_softmax(n, m):
    d = distances(n, m)
    forward, backward = ops.conditional_plans(d)
    np.testing.assert_allclose(forward, scipy.special.softmax(-d, axis=1), rtol=1e-13)
    np.testing.assert_allclose(backward, scipy.special.softmax(-d, axis=0), rtol=1e-13)


def test_of_two_points_is_a_sigmoid():
    gaps = np.array([-30.0, -2.0, 0.0, 0.5, 30.0])
    d = np.stack([np.zeros(5), gaps], axis=1)
    np.testing.assert_allclose(ops.forward_plan(d)[:, 0], sigmoid(gaps), rtol=1e-13)
    np.testing.assert_allclose(ops.backward_plan(d.T)[0], sigmoid(gaps), rtol=1e-13)


@pytest.mark.parametrize("far", [1e4, -1e4])
def test_extreme_distances_stay_finite(far):
    d = np.zeros((3, 4), "float32")
    d[0, 0] = far
    for plan in ops.conditional_plans(d):
        assert np.isfinite(plan).all()
    # exp(-1e4) is 0 in float32: all mass, or none, goes to the pair.
    share = 0.0 if far > 0 else 1.0
    assert float(ops.forward_plan(d)[0, 0]) == float(ops.backward_plan(d)[0, 0]) == share


@hypothesis.given(
    d=hnp.arrays("float64", (4, 3), elements=st.floats(-50, 50)),
    rows=hnp.arrays("float64", (4, 1), elements=st.floats(-50, 50)),
    order=st.permutations(range(4)),
)
@hypothesis.settings(max_examples=30)
def test_offsets_are_immaterial_and_points_may_be_reordered(d, rows, order):
    # Adding an offset of up to 50 rounds a distance by 50 * 2^-52, about 1e-14.
    close = {"rtol": 1e-10, "atol": 1e-300}
    np.testing.assert_allclose(ops.forward_plan(d + rows), ops.forward_plan(d), **close)
    np.testing.assert_allclose(ops.backward_plan(d.T + rows.T), ops.backward_plan(d.T), **close)
    order = list(order)
    for plan in (ops.forward_plan, ops.backward_plan):
        np.testing.assert_allclose(plan(d[order]), plan(d).numpy()[order], **close)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_widened(dtype):
    d = tf.cast(np.round(distances(4, 5)), dtype)
    for plan, wide in zip(
        ops.conditional_plans(d), ops.conditional_plans(tf.cast(d, "float32")), strict=True
    ):
        assert plan.dtype == "float32"
        np.testing.assert_array_equal(plan, wide)


@pytest.mark.parametrize("plan", [ops.forward_plan, ops.backward_plan, ops.conditional_plans])
def test_wrong_rank_is_refused(plan):
    with pytest.raises(ValueError, match=r"`distance` must have rank 2.*\(3,\)"):
        plan(np.zeros(3))
