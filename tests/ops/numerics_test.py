import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import ops
from tests.oracles import finite_differences, gradient


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("float16", "float32"),
        ("bfloat16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("int64", "float32"),
        ("uint8", "float32"),
    ],
)
def test_as_float32_widens_and_never_narrows(dtype, expected):
    result = ops.as_float32(tf.cast(tf.constant([1, 2]), dtype))
    assert result.dtype == expected
    np.testing.assert_array_equal(result, [1.0, 2.0])


def test_safe_sqrt_values_and_slopes():
    x = np.array([-1.0, 0.0, 1e-20, 0.25, 4.0])
    np.testing.assert_array_equal(ops.safe_sqrt(x), [0.0, 0.0, 1e-10, 0.5, 2.0])
    (slope,) = gradient(lambda a: keras.ops.sum(ops.safe_sqrt(a)), x)
    np.testing.assert_allclose(slope, [0.0, 0.0, 0.5e10, 1.0, 0.25], rtol=1e-14)


def test_safe_sqrt_slope_at_zero_under_xla():
    # TensorFlow's own kernel turns 0 * infinity into 0; XLA does not.
    @tf.function(jit_compile=True)
    def slope(x):
        return tf.gradients(ops.safe_sqrt(x), x)[0]

    np.testing.assert_array_equal(slope(tf.constant([0.0, 4.0])), [0.0, 0.25])


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_safe_norm_equals_numpy(axis, keepdims):
    x = np.random.default_rng(0).normal(size=(3, 5))
    expected = np.linalg.norm(x, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(ops.safe_norm(x, axis, keepdims), expected, rtol=1e-14)


def test_safe_norm_is_smooth_off_zero_and_flat_at_zero():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    (slope,) = gradient(lambda a: keras.ops.sum(ops.safe_norm(a)), x)
    np.testing.assert_allclose(slope, [[0.6, 0.8], [0.0, 0.0]], rtol=1e-14)


def test_unit_vectors_have_length_one_unless_tiny():
    x = np.array([[3.0, 4.0], [1e-6, 0.0], [1e-7, 0.0], [0.0, 0.0], [1e15, -1e15]])
    root = np.sqrt(0.5)
    expected = [[0.6, 0.8], [1.0, 0.0], [0.1, 0.0], [0.0, 0.0], [root, -root]]
    np.testing.assert_allclose(ops.unit_vectors(x), expected, rtol=1e-12)
    np.testing.assert_allclose(ops.unit_vectors(x.T, axis=0).numpy().T, expected, rtol=1e-12)


def test_unit_vectors_gradient():
    x = np.random.default_rng(0).normal(size=(3, 4))
    weights = np.random.default_rng(1).normal(size=(3, 4))

    def total(a):
        return keras.ops.sum(ops.unit_vectors(a) * weights)

    # Central differences at step 1e-6 in float64 are good to about 1e-9.
    np.testing.assert_allclose(gradient(total, x)[0], finite_differences(total, x), atol=1e-8)
    assert np.isfinite(gradient(total, np.zeros((3, 4)))[0]).all()
