import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import layers


def network(d, out=1, name="net"):
    return keras.Sequential(
        [
            keras.Input((d,)),
            keras.layers.Dense(6, activation="tanh"),
            keras.layers.Dense(out, dtype="float32"),
        ],
        name=name,
    )


def points(n, d, seed):
    return np.random.default_rng(seed).normal(size=(n, d)).astype("float32")


@pytest.mark.parametrize(("n", "m"), [(1, 1), (4, 6), (6, 4)])
@pytest.mark.parametrize("d", [1, 3])
def test_equals_a_double_loop(n, m, d):
    layer = layers.PairwiseDistance(network(d))
    x, y = points(n, d, 0), points(m, d, 1)
    result = layer(x, y)
    assert (result.shape, result.dtype) == ((n, m), "float32")
    for i in range(n):
        for j in range(m):
            alone = layer.network((x[i : i + 1] - y[j : j + 1]) ** 2)[0, 0]
            # One row or many: the products are summed in another order.
            np.testing.assert_allclose(result[i, j], alone, rtol=1e-5, atol=1e-6)


def test_symmetric():
    layer = layers.PairwiseDistance(network(3))
    x, y = points(4, 3, 0), points(5, 3, 1)
    np.testing.assert_allclose(layer(x, y), layer(y, x).numpy().T, rtol=1e-6, atol=1e-7)


def test_network_of_ones_is_the_squared_distance():
    total = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    x, y = points(3, 2, 0), points(4, 2, 1)
    expected = ((x[:, None] - y[None]) ** 2).sum(-1)
    np.testing.assert_allclose(layers.PairwiseDistance(total)(x, y), expected, rtol=1e-5)


def test_training_reaches_the_network():
    class Flag(keras.layers.Layer):
        def call(self, x, training=None):
            return x[:, :1] * 0.0 + float(bool(training))

    layer = layers.PairwiseDistance(keras.Sequential([keras.Input((2,)), Flag()]))
    x = points(2, 2, 0)
    assert float(layer(x, x, training=True)[0, 0]) == 1.0
    assert float(layer(x, x, training=False)[0, 0]) == 0.0


def test_every_variable_belongs_to_the_layer_and_gets_a_gradient():
    layer = layers.PairwiseDistance(network(3))
    assert [v.path for v in layer.trainable_variables] == [
        v.path for v in layer.network.trainable_variables
    ]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(points(4, 3, 0), points(5, 3, 1)))
    for slope in tape.gradient(loss, layer.trainable_variables):
        assert np.abs(slope).max() > 0


def test_half_precision_forms_differences_before_it_rounds():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = layers.PairwiseDistance(network(2))
    finally:
        keras.config.set_dtype_policy("float32")
    # Float16 has steps of 2 beyond 2048: rounded first, these points would be one.
    x, y = np.array([[4096.0, 0.0]], "float32"), np.array([[4097.0, 0.0]], "float32")
    result = layer(x, y)
    assert result.dtype == "float32"
    expected = layer.network(np.array([[1.0, 0.0]], "float32"))
    np.testing.assert_array_equal(result, expected)


def test_serialisation_round_trip():
    layer = layers.PairwiseDistance(network(3), name="navigator")
    config = keras.saving.serialize_keras_object(layer)
    copy = keras.saving.deserialize_keras_object(config)
    assert (copy.name, copy.network.name) == ("navigator", "net")
    assert copy.get_config() == layer.get_config()
    copy.set_weights(layer.get_weights())
    x, y = points(4, 3, 0), points(5, 3, 1)
    np.testing.assert_array_equal(copy(x, y), layer(x, y))


def test_saved_inside_a_model(tmp_path):
    x, y = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([x, y], layers.PairwiseDistance(network(3))(x, y))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    a, b = points(4, 3, 0), points(5, 3, 1)
    np.testing.assert_array_equal(loaded([a, b]), model([a, b]))


def test_network_of_the_wrong_width_is_refused():
    with pytest.raises(ValueError, match=r"`network` must return one number.*\(None, 2\)"):
        layers.PairwiseDistance(network(3, out=2))


def test_points_of_different_widths_are_refused():
    layer = layers.PairwiseDistance(network(3))
    with pytest.raises(ValueError, match=r"`x_real` and `x_fake` must have the same last"):
        layer(points(4, 3, 0), points(4, 2, 0))
