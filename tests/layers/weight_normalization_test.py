import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_ot_gans.layers import WeightNormalization
from tests import oracles
from tests.layers.weight_normalization_cases import KINDS, bare, kernel_by_hand, wrapped

RNG = np.random.default_rng(0)


# --- value ---


@pytest.mark.parametrize("kind", KINDS)
def test_layer_computes_with_gain_times_direction(kind):
    layer, x = wrapped(kind)
    kernel = kernel_by_hand(layer)
    np.testing.assert_allclose(layer.normalised_kernel(), kernel, rtol=1e-6)
    expected = bare(layer, kind, kernel, layer.layer.bias)(x)
    # Float32 sums of tens of products of order 10.
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-4)
    assert layer.compute_output_shape(x.shape) == layer(x).shape


@pytest.mark.parametrize("kind", KINDS)
def test_parameters(kind):
    layer, _ = wrapped(kind)
    plain = KINDS[kind][0]()
    plain.build((None, *KINDS[kind][1]))
    # The direction and the bias are the layer's; a gain per output channel comes on top.
    assert layer.count_params() == plain.count_params() + plain.bias.shape[0]
    assert {v.name for v in layer.trainable_variables} == {"gain", "kernel", "bias"}
    assert layer.non_trainable_variables == []


def test_columns_of_an_embedding():
    layer = WeightNormalization(layers.Embedding(6, 4))
    layer.build((None, 3))
    table, gain = RNG.normal(size=(6, 4)), RNG.normal(size=4)
    layer.kernel.assign(table)
    layer.gain.assign(gain)
    labels = np.array([[5, 0, 5]])
    expected = gain * table / np.sqrt((table**2).sum(0))
    np.testing.assert_allclose(layer(labels), expected[labels], rtol=1e-5)
    assert layer.count_params() == 6 * 4 + 4


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transposed_convolutions_are_normalised_by_outputs(rank):
    kind = getattr(layers, f"Conv{rank}DTranspose")
    layer = WeightNormalization(kind(3, 2))
    layer.build((None, *[4] * rank, 5))
    lengths = np.sqrt((layer.normalised_kernel().numpy() ** 2).sum((*range(rank), -1)))
    np.testing.assert_allclose(lengths, np.ones(3), rtol=1e-6)


def test_start():
    make = layers.Dense(50, kernel_initializer=keras.initializers.RandomNormal(stddev=0.05))
    layer = WeightNormalization(make)
    layer.build((None, 400))
    np.testing.assert_array_equal(layer.gain, np.ones(50))
    np.testing.assert_array_equal(layer.layer.bias, np.zeros(50))
    # 20,000 draws: the deviation is known to 0.5 per cent
    np.testing.assert_allclose(np.std(layer.kernel), 0.05, rtol=0.03)


# --- gradient ---


@pytest.mark.parametrize("kind", ["dense", "conv2d", "transposed"])
def test_gradient_is_that_through_the_norm(kind):
    layer, x = wrapped(kind)
    target = RNG.normal(size=layer(x).shape).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((layer(x) - target) ** 2)
    variables = [layer.kernel, layer.gain, layer.layer.bias]
    slopes = tape.gradient(loss, [v.value for v in variables])
    # The same loss by Keras' bare layer and the norm written out.
    plain = bare(layer, kind, layer.kernel, layer.layer.bias)
    axes = (0, 1, 3) if kind == "transposed" else tuple(range(len(plain.kernel.shape) - 1))

    def formula(kernel, gain, bias):
        gain = gain[:, None] if kind == "transposed" else gain
        used = gain * kernel / tf.sqrt(tf.reduce_sum(kernel**2, axes, keepdims=True))
        with keras.StatelessScope(state_mapping=[(plain.kernel, used), (plain.bias, bias)]):
            return tf.reduce_mean((plain(x) - target) ** 2)

    values = [v.numpy() for v in variables]
    np.testing.assert_allclose(loss, formula(*values), rtol=1e-5)
    for slope, right in zip(slopes, oracles.gradient(formula, *values), strict=True):
        np.testing.assert_allclose(slope, right, **oracles.relative(1e-5, right))


def test_gradient_by_finite_differences_and_at_right_angles_to_the_direction():
    layer, x = wrapped("dense")
    kernel = layer.kernel.numpy()
    gain, bias = layer.gain.numpy().astype("float64"), layer.layer.bias.numpy()

    def by_hand(v):
        lengths = np.sqrt((v**2).sum(0))
        return ((x.astype("float64") @ (gain * v / lengths) + bias) ** 2).mean()

    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(layer(x) ** 2)
    slope = tape.gradient(loss, layer.kernel.value).numpy()
    expected = oracles.finite_differences(by_hand, kernel)
    np.testing.assert_allclose(slope, expected, **oracles.relative(1e-5, expected))
    # A longer direction is the same direction.
    np.testing.assert_allclose((slope * kernel).sum(0), np.zeros(4), atol=1e-5)


def test_second_derivatives_exist():
    layer, x = wrapped("dense")
    x = tf.constant(x)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(layer(x))
        penalty = tf.reduce_sum(inner.gradient(y, x) ** 2)
    # The slope is the row sum of the kernel, at each of eight points.
    rows = kernel_by_hand(layer).sum(axis=1)
    np.testing.assert_allclose(penalty, 8 * (rows**2).sum(), rtol=1e-5)
    assert np.abs(outer.gradient(penalty, layer.kernel.value)).max() > 0.01


@pytest.mark.parametrize("length", [0.0, 1e-25])
def test_direction_of_zeros_is_finite(length):
    layer, x = wrapped("dense")
    kernel = layer.kernel.numpy()
    kernel[:, 0] = length
    layer.kernel.assign(kernel)
    with tf.GradientTape() as tape:
        y = layer(x)
        loss = tf.reduce_sum(y**2)
    # 1e-25 / 1e-6 of the input is nothing beside the bias
    np.testing.assert_allclose(y[:, 0], np.full(8, layer.layer.bias[0]), rtol=1e-6)
    slope = tape.gradient(loss, layer.kernel.value).numpy()
    assert np.isfinite(slope).all()
    assert np.abs(slope[:, 0]).max() > 0.0  # it can leave zero


# --- modes ---


def test_forward_passes_move_nothing():
    layer, x = wrapped("conv2d")
    before = layer.get_weights()
    np.testing.assert_array_equal(layer(x, training=True), layer(x, training=False))
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_state_given_from_outside_is_used():
    layer, x = wrapped("dense")
    trainable = [v.numpy() for v in layer.trainable_variables]
    doubled = [2.0 * v for v in trainable]  # gain and bias count twice, the direction once
    y, _ = layer.stateless_call(doubled, [], x)
    np.testing.assert_allclose(y, 2.0 * layer(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["dense", "transposed"])
def test_eager_graph_and_xla_agree(kind):
    layer, x = wrapped(kind)

    def step(x):
        with tf.GradientTape() as tape:
            y = layer(x)
            loss = tf.reduce_mean(y**2)
        return y, *tape.gradient(loss, [v.value for v in layer.trainable_variables])

    expected = step(x)
    for jit in (False, True):
        for received, right in zip(tf.function(step, jit_compile=jit)(x), expected, strict=True):
            # Sums in another order.
            np.testing.assert_allclose(received, right, **oracles.relative(1e-5, right))


@pytest.mark.parametrize("kind", ["dense", "conv2d", "transposed"])
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_kernel_is_float32_in_half_precision(policy, kind):
    layer, x = wrapped(kind, dtype=policy)
    assert layer.normalised_kernel().dtype == tf.float32
    assert {v.dtype for v in layer.variables} == {"float32"}
    # A bare layer whose float32 kernel was normalised beforehand: one rounding to half, at its use.
    plain = bare(layer, kind, layer.normalised_kernel(), layer.layer.bias, dtype=policy)
    inputs = keras.Input(x.shape[1:])
    network = keras.Model(inputs, layer(inputs))
    for received in (layer(x), network(x)):
        assert received.dtype == plain(x).dtype == policy[len("mixed_") :]
        np.testing.assert_array_equal(tf.cast(received, "float32"), tf.cast(plain(x), "float32"))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(network(x), "float32"))
    slopes = tape.gradient(loss, [v.value for v in layer.trainable_variables])
    assert {slope.dtype for slope in slopes} == {tf.float32}
    assert all(np.isfinite(slope).all() for slope in slopes)


def test_variables_held_in_float16():
    layer, x = wrapped("dense", dtype="float16")
    assert {v.dtype for v in layer.variables} == {"float16"}
    assert layer.normalised_kernel().dtype == tf.float32
    np.testing.assert_allclose(layer.normalised_kernel(), kernel_by_hand(layer), rtol=1e-5)
    layer.initialise(x)
    assert layer(x).dtype == tf.float16


def test_training_reaches_the_layer_that_takes_it():
    seen = []

    class Told(layers.Dense):
        def call(self, inputs, training=None):
            seen.append(training)
            return super().call(inputs)

    layer = WeightNormalization(Told(2))
    for training in (True, False):
        layer(np.ones((1, 3), "float32"), training=training)
    assert seen[-2:] == [True, False]
    layer.initialise(np.array([[1, 2, 3], [3, 2, 1]], "float32"))
    assert seen[-1] is False


# --- saving ---


def test_save_and_load(tmp_path):
    inputs = keras.Input((8, 8, 1))
    x = WeightNormalization(layers.Conv2D(3, 3, strides=2), name="first")(inputs)
    x = WeightNormalization(layers.Conv2DTranspose(2, 2))(x)
    head = WeightNormalization(layers.Dense(2), scale=0.1, name="head")
    network = keras.Model(inputs, head(layers.Flatten()(x)))
    network.set_weights([RNG.normal(size=w.shape) for w in network.get_weights()])
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for a, b in zip(network.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    images = RNG.normal(size=(2, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(network(images), loaded(images))
    assert loaded.get_layer("head").scale == 0.1
    assert len(loaded.trainable_weights) == 9
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    np.testing.assert_array_equal(network(images), copy(images))


# --- errors ---


@pytest.mark.parametrize(
    "layer",
    [
        layers.Flatten(),
        layers.SeparableConv2D(2, 3),
        layers.DepthwiseConv2D(3),
        keras.Sequential([layers.Dense(2)]),
    ],
)
def test_layers_without_one_kernel_are_refused(layer):
    name = type(layer).__name__
    with pytest.raises(ValueError, match=f"`layer` must be a dense, convolution or emb.*: {name}"):
        WeightNormalization(layer)


def test_layers_with_more_than_their_kernel_are_refused():
    layer = layers.Dense(2, lora_rank=1, name="adapted")
    with pytest.raises(ValueError, match="`layer` must have a plain kernel.*'adapted'.*LoRA"):
        WeightNormalization(layer)


def test_masks_go_through():
    network = keras.Sequential(
        [
            layers.Embedding(6, 4, mask_zero=True),
            WeightNormalization(layers.Dense(3)),
            layers.GRU(2),
        ]
    )
    # What follows does not see the padding; sums in the same order.
    padded, short = network(np.array([[1, 2, 0, 0]])), network(np.array([[1, 2]]))
    np.testing.assert_allclose(padded, short, atol=1e-6)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_scale_must_be_positive(scale):
    with pytest.raises(ValueError, match=f"`scale` must be positive. Received: scale={scale}"):
        WeightNormalization(layers.Dense(2), scale)


def test_layer_that_is_not_built_has_no_kernel():
    with pytest.raises(ValueError, match=r"`layer` must be built before.*not built"):
        WeightNormalization(layers.Dense(2)).normalised_kernel()
