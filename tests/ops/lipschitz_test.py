import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import ops
from tests import oracles


def brute_force(points, values):
    """All pairs, one by one, in float64."""
    points, values = np.asarray(points, "float64"), np.asarray(values, "float64").ravel()
    best = 0.0
    for i in range(len(points)):
        for j in range(i):
            distance = np.sqrt(np.sum((points[i] - points[j]) ** 2))
            if distance > 0:
                best = max(best, abs(values[i] - values[j]) / distance)
    return best


def draw(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).astype("float32"), rng.normal(size=n).astype("float32")


@pytest.mark.parametrize(("n", "d"), [(2, 1), (30, 2), (30, 5), (40, 700)])
@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_equals_a_loop_over_pairs(n, d, offset):
    points, values = draw(n, d)
    points += np.float32(offset)
    expected = brute_force(points, values)
    for given in (values, values[:, None]):
        # One float32 difference, norm and quotient.
        np.testing.assert_allclose(ops.effective_lipschitz(points, given), expected, rtol=1e-5)


@pytest.mark.parametrize("d", [3, 700])
def test_coincident_points_have_no_slope(d):
    points, values = draw(20, d)
    points[7] = points[3]  # two values at one point: a critic with dropout, or of labels
    expected = brute_force(points, values)
    assert 0 < expected < np.inf
    np.testing.assert_allclose(ops.effective_lipschitz(points, values), expected, rtol=1e-5)
    same = np.ones((5, d), "float32")
    assert float(ops.effective_lipschitz(same, values[:5])) == 0.0
    assert float(ops.effective_lipschitz(same[:1], values[:1])) == 0.0


@pytest.mark.parametrize("d", [3, 700])
def test_close_points_get_their_own_slope(d):
    # The products of wide points know such a distance to two digits or none.
    points, values = draw(20, d)
    points[7] = points[3]
    points[7, 0] += np.float32(2e-3)
    values[7] = values[3] + 1.0
    expected = brute_force(points, values)
    assert expected > 400
    np.testing.assert_allclose(ops.effective_lipschitz(points, values), expected, rtol=1e-5)


def test_never_more_than_the_true_constant():
    # f(x) = 3 |x| has constant 3, reached along a ray.
    points = draw(64, 300)[0]
    points[1] = 1.5 * points[0]
    values = 3.0 * np.linalg.norm(points, axis=1)
    found = float(ops.effective_lipschitz(points, values))
    np.testing.assert_allclose(found, 3.0, rtol=1e-5)


def test_half_precision_is_widened():
    points, values = draw(16, 6)
    half = tf.cast(points, tf.float16), tf.cast(values, tf.float16)
    found = ops.effective_lipschitz(*half)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, brute_force(*(h.numpy() for h in half)), rtol=1e-5)


def test_unknown_sizes_and_xla():
    points, values = draw(16, 6)
    signature = [tf.TensorSpec((None, None)), tf.TensorSpec((None, 1))]
    compiled = tf.function(ops.effective_lipschitz, input_signature=signature)
    jitted = tf.function(ops.effective_lipschitz, jit_compile=True)
    expected = brute_force(points, values)
    np.testing.assert_allclose(compiled(points, values[:, None]), expected, rtol=1e-5)
    np.testing.assert_allclose(jitted(points, values), expected, rtol=1e-5)


def test_scales_with_its_units():
    points, values = keras.ops.convert_to_tensor(draw(12, 4)[0]), draw(12, 4)[1]
    once = float(ops.effective_lipschitz(points, values))
    np.testing.assert_allclose(
        [
            ops.effective_lipschitz(points * 2.0, values),
            ops.effective_lipschitz(points, -5 * values),
        ],
        [once / 2, once * 5],
        **oracles.relative(1e-6, once * 5),
    )


def test_refusals():
    with pytest.raises(ValueError, match=r"`points` must .*\(n, d\)"):
        ops.effective_lipschitz(np.zeros((4, 2, 2), "float32"), np.zeros(4, "float32"))
    with pytest.raises(ValueError, match="`values` must hold one number per point.*3 values and 4"):
        ops.effective_lipschitz(np.zeros((4, 2), "float32"), np.zeros(3, "float32"))
