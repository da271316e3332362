import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import ops
from tests import oracles

RNG = np.random.default_rng(0)


def network(policy="float32", activation="tanh", **last):
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential(
            [
                keras.Input((3,), dtype="float64" if policy == "float64" else "float32"),
                keras.layers.Dense(8, activation=activation),
                keras.layers.Dense(1, **last),
            ]
        )
    finally:
        keras.config.set_dtype_policy("float32")
    return model


# --- critics whose slopes are known ---


@pytest.mark.parametrize("shape", [(5,), (5, 3), (5, 4, 4, 2)])
def test_linear_critic_has_its_weights_as_gradient(shape):
    x, weights = RNG.normal(size=shape), RNG.normal(size=shape[1:])
    axes = tuple(range(1, len(shape)))

    def critic(points):
        return tf.reduce_sum(points * weights, axis=axes) + 3.0

    gradients = ops.input_gradients(critic, x)
    np.testing.assert_allclose(gradients, np.broadcast_to(weights, shape), rtol=1e-12)
    length = np.sqrt(np.sum(weights**2))
    np.testing.assert_allclose(ops.slopes(critic, x), np.full(5, length), rtol=1e-12)
    np.testing.assert_allclose(ops.squared_slopes(critic, x), np.full(5, length**2), rtol=1e-12)


def test_quadratic_critic_is_as_steep_as_it_is_far():
    matrix = RNG.normal(size=(3, 3))
    matrix = matrix + matrix.T
    x = np.concatenate([np.zeros((1, 3)), RNG.normal(size=(4, 3))])

    def critic(points):
        return 0.5 * tf.reduce_sum(points * (points @ matrix), axis=1, keepdims=True)

    np.testing.assert_allclose(ops.input_gradients(critic, x), x @ matrix, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        ops.slopes(critic, x), np.linalg.norm(x @ matrix, axis=1), rtol=1e-10
    )


def test_network_by_finite_differences_sample_by_sample():
    model = network("float64")
    x = RNG.normal(size=(4, 3))
    gradients = ops.input_gradients(model, x)
    for i in range(4):
        alone = oracles.finite_differences(lambda p: model(p[None])[0, 0], x[i])
        # Central differences of step 1e-6 in float64.
        np.testing.assert_allclose(gradients[i], alone, rtol=1e-7, atol=1e-9)


# --- differentiable again ---


def test_gradient_of_the_weights_of_a_linear_critic():
    weights = tf.Variable([3.0, 4.0])
    x = RNG.normal(size=(6, 2)).astype("float32")
    with tf.GradientTape(persistent=True) as tape:
        slopes = ops.slopes(lambda p: tf.linalg.matvec(p, weights), x)
        penalty = tf.reduce_mean(tf.square(slopes - 1.0))
        squares = tf.reduce_mean(ops.squared_slopes(lambda p: tf.linalg.matvec(p, weights), x))
    # d (|w| - 1)^2 / dw = 2 (|w| - 1) w / |w| and d |w|^2 / dw = 2 w, whatever the points.
    np.testing.assert_allclose(tape.gradient(penalty, weights), [8 * 0.6, 8 * 0.8], rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(squares, weights), [6.0, 8.0], rtol=1e-6)


def test_slope_zero_has_a_finite_gradient():
    model = network("float32", kernel_initializer="zeros")
    x = RNG.normal(size=(4, 3)).astype("float32")
    with tf.GradientTape() as tape:
        slopes = ops.slopes(model, x)
        loss = tf.reduce_mean(tf.square(slopes - 1.0))
    np.testing.assert_array_equal(slopes, np.zeros(4))
    gradients = tape.gradient(loss, model.trainable_variables)
    assert [gradient is None for gradient in gradients] == [False, False, False, True]
    for gradient in gradients[:3]:
        np.testing.assert_array_equal(gradient, np.zeros(gradient.shape))


def second_order(model, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(ops.slopes(model, x) - 1.0))
    return tape.gradient(loss, model.trainable_variables[0])


@pytest.mark.parametrize("jit_compile", [False, True])
def test_graph_and_xla_equal_eager(jit_compile):
    model = network()
    x = tf.constant(RNG.normal(size=(4, 3)), tf.float32)
    compiled = tf.function(second_order, jit_compile=jit_compile)
    eager = second_order(model, x)
    # Float32, other order of sums.
    np.testing.assert_allclose(compiled(model, x), eager, **oracles.relative(5e-6, eager))


def test_unknown_batch_size():
    model = network()
    spec = [tf.TensorSpec((None, 3), tf.float32)]
    traced = tf.function(lambda x: ops.slopes(model, x), input_signature=spec)
    for n in (2, 5):
        x = RNG.normal(size=(n, 3)).astype("float32")
        np.testing.assert_allclose(traced(x), ops.slopes(model, x), rtol=1e-5)


# --- precision ---


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("last", [{}, {"dtype": "float32"}])
def test_mixed_precision_sums_in_float32(policy, last):
    model = network(policy, **last)
    x = RNG.normal(size=(16, 3)).astype("float32")
    slopes = ops.slopes(model, x)
    assert slopes.dtype == "float32"
    exact = network()
    exact.set_weights(model.get_weights())
    expected = ops.slopes(exact, x)
    # Half precision inside the critic has 11 or 8 bits, and is rounded a few times.
    bits = 8 if "bfloat" in policy else 11
    np.testing.assert_allclose(slopes, expected, **oracles.relative(4 * 2.0**-bits, expected))


def test_a_steep_half_precision_critic_does_not_overflow():
    # Each partial derivative fits float16, their squares (9e4 above 65504) do not.
    def critic(points):
        return tf.reduce_sum(tf.cast(points, tf.float16) * tf.constant(300.0, tf.float16), axis=1)

    squares = ops.squared_slopes(critic, tf.ones((2, 4), tf.float16))
    assert squares.dtype == tf.float32
    np.testing.assert_allclose(squares, [36e4, 36e4], rtol=1e-6)


def test_batch_normalisation_is_why_samples_must_not_be_coupled():
    # The sum's gradient is then not each sample's own: for two samples it cancels to nearly 0.
    def coupled(points):
        return (points - tf.reduce_mean(points, axis=0))[:, 0]

    np.testing.assert_allclose(ops.slopes(coupled, [[1.0], [5.0]]), [0.0, 0.0], atol=1e-7)


# --- refusals ---


@pytest.mark.parametrize(
    "critic",
    [
        lambda x: tf.reduce_mean(x),
        lambda x: x,
        lambda x: tf.reduce_sum(x, axis=0, keepdims=True)[:, :1],
    ],
)
def test_critic_must_give_one_number_per_sample(critic):
    with pytest.raises(ValueError, match=r"`critic` must return one number per sample"):
        ops.slopes(critic, np.ones((4, 3)))


def test_critic_must_depend_on_its_argument():
    with pytest.raises(ValueError, match=r"`critic` must depend on `x`"):
        ops.slopes(lambda x: tf.ones((4,)), np.ones((4, 3)))


# --- blends ---


@pytest.mark.parametrize("shape", [(6,), (6, 2), (6, 4, 4, 3)])
def test_blend_by_a_loop(shape):
    x_real, x_fake, u = RNG.normal(size=shape), RNG.normal(size=shape), RNG.uniform(size=6)
    result = ops.blend(x_real, x_fake, u)
    for i in range(6):
        expected = u[i] * x_real[i] + (1 - u[i]) * x_fake[i]
        np.testing.assert_allclose(result[i], expected, rtol=1e-12)


def test_blend_widens_and_meets_its_ends():
    x_real, x_fake = tf.ones((2, 3), tf.float16), tf.zeros((2, 3), tf.bfloat16)
    result = ops.blend(x_real, x_fake, [0.0, 1.0])
    assert result.dtype == tf.float32
    np.testing.assert_array_equal(result, [[0.0] * 3, [1.0] * 3])


def test_blend_refuses_what_would_broadcast():
    x = np.ones((4, 3))
    with pytest.raises(ValueError, match=r"`x_real` and `x_fake` must have the same shape.*\(1, 3"):
        ops.blend(x, x[:1], np.ones(4))
    with pytest.raises(ValueError, match=r"`u` must have rank 1, axes \(B,\)"):
        ops.blend(x, x, np.ones((4, 1)))
    with pytest.raises(ValueError, match=r"`u` must hold one number per sample.*\(1,\) for 4"):
        ops.blend(x, x, np.ones(1))
