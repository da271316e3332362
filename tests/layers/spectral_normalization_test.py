import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_ot_gans.layers import SpectralNormalization
from tests import oracles

RNG = np.random.default_rng(0)
KINDS = {
    "dense": (lambda **k: layers.Dense(4, **k), (6,)),
    "conv1d": (lambda **k: layers.Conv1D(4, 3, strides=2, **k), (7, 3)),
    "conv2d": (lambda **k: layers.Conv2D(4, 3, padding="same", **k), (5, 5, 2)),
    "transposed": (
        lambda **k: layers.Conv2DTranspose(3, 4, strides=2, padding="same", **k),
        (3, 3, 5),
    ),
    "embedding": (lambda **k: layers.Embedding(6, 4, **k), (3,)),
}


def kernel_of(bare):
    return bare.embeddings if isinstance(bare, layers.Embedding) else bare.kernel


def wrapped(kind, steps=0, **kwargs):
    make, shape = KINDS[kind]
    layer = SpectralNormalization(make(**kwargs))
    layer.build((None, *shape))
    kernel_of(layer.layer).assign(RNG.normal(size=kernel_of(layer.layer).shape))
    for _ in range(steps):
        layer.power_step()
    if kind == "embedding":
        return layer, RNG.integers(0, 6, (2, *shape)).astype("int32")
    return layer, RNG.normal(size=(2, *shape)).astype("float32")


def matrix(layer):
    """Kernel as (everything else, outputs), by the shapes that Keras documents."""
    kernel = kernel_of(layer.layer).numpy().astype("float64")
    if isinstance(layer.layer, layers.Embedding):
        return kernel
    if isinstance(layer.layer, layers.Conv2DTranspose):  # (height, width, outputs, inputs)
        kernel = np.moveaxis(kernel, 2, 3)
    return kernel.reshape(-1, layer.layer.filters if kernel.ndim > 2 else layer.layer.units)


def largest(layer):
    return np.linalg.svd(matrix(layer), compute_uv=False)[0]


def plain(layer, kind, **kwargs):
    """The bare layer with the kernel divided by its singular value."""
    copy = KINDS[kind][0](**kwargs)
    copy.build((None, *KINDS[kind][1]))
    copy.set_weights(layer.layer.get_weights())
    kernel_of(copy).assign(kernel_of(layer.layer).numpy() / largest(layer))
    return copy


# --- value ---


@pytest.mark.parametrize("kind", KINDS)
def test_sigma_is_the_largest_singular_value(kind):
    layer, x = wrapped(kind, steps=300)
    # Converged; the rest is float32.
    np.testing.assert_allclose(layer.sigma(), largest(layer), rtol=2e-6)
    np.testing.assert_allclose(layer(x), plain(layer, kind)(x), rtol=0, atol=5e-6)
    assert layer.compute_output_shape(x.shape) == layer(x).shape


def test_estimate_grows_towards_the_value_and_never_beyond():
    layer, _ = wrapped("dense")
    layer.left.assign([[1.0, 0.0, 0.0, 0.0]])
    seen = []
    for _ in range(30):
        seen.append(float(layer.sigma()))
        layer.power_step()
    assert (np.diff(seen) > -1e-6).all()
    assert seen[0] < seen[-1] <= largest(layer) * (1 + 1e-6)
    # One iteration by hand.
    right = matrix(layer)[:, 0] / np.linalg.norm(matrix(layer)[:, 0])
    np.testing.assert_allclose(seen[0], np.linalg.norm(right @ matrix(layer)), rtol=1e-6)


def test_fresh_layer_is_nearly_normalised():
    layer = SpectralNormalization(layers.Dense(16))
    layer.build((None, 32))
    # Twenty steps at build.
    np.testing.assert_allclose(layer.sigma(), largest(layer), rtol=0.05)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transposed_convolutions_are_normalised_by_outputs(rank):
    kind = getattr(layers, f"Conv{rank}DTranspose")
    layer = SpectralNormalization(kind(3, 2))
    layer.build((None, *[4] * rank, 5))
    assert layer.left.shape == (1, 3)


def test_kernel_of_zeros_stays_finite_and_recovers():
    layer, x = wrapped("dense")
    layer.layer.kernel.assign(np.zeros((6, 4)))
    layer.power_step()
    with tf.GradientTape() as tape:
        y = layer(x)
    np.testing.assert_array_equal(y, np.zeros((2, 4)))
    assert np.isfinite(tape.gradient(y, layer.layer.kernel)).all()
    layer.layer.kernel.assign(RNG.normal(size=(6, 4)))
    for _ in range(300):
        layer.power_step()
    np.testing.assert_allclose(layer.sigma(), largest(layer), rtol=2e-6)


# --- gradient ---


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_is_that_through_the_singular_value(kind):
    layer, x = wrapped(kind, steps=300)
    target = RNG.normal(size=layer(x).shape).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((layer(x) - target) ** 2)
    slopes = tape.gradient(loss, layer.trainable_variables)
    # The same loss by Keras's bare layer and TensorFlow's SVD.
    bare = KINDS[kind][0]()
    bare.build((None, *KINDS[kind][1]))
    values = [tf.constant(v.numpy()) for v in layer.trainable_variables]  # kernel, bias
    with tf.GradientTape() as tape:
        tape.watch(values)
        rows = tf.transpose(values[0], [0, 1, 3, 2]) if kind == "transposed" else values[0]
        sigma = tf.linalg.svd(tf.reshape(rows, (-1, rows.shape[-1])), compute_uv=False)[0]
        used = [values[0] / sigma, *values[1:]]
        state = list(zip(bare.trainable_variables, used, strict=True))
        with keras.StatelessScope(state_mapping=state):
            expected = tf.reduce_sum((bare(x) - target) ** 2)
    # Float32 sums of tens of terms, of order 10.
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    for ours, right in zip(slopes, tape.gradient(expected, values), strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-4, atol=1e-4)
        cosine = np.sum(ours * right) / (np.linalg.norm(ours) * np.linalg.norm(right))
        assert cosine >= 0.999


def test_gradient_by_finite_differences_and_at_right_angles_to_the_kernel():
    layer, x = wrapped("dense", steps=300)
    kernel = layer.layer.kernel.numpy()

    def loss(values):
        with keras.StatelessScope(state_mapping=[(layer.layer.kernel, values)]):
            return tf.reduce_sum(layer(x) ** 2)

    (slope,) = oracles.gradient(loss, kernel)
    # Float32 sums near 10 lose 1e-6 / 1e-2; the vectors' own motion enters in second order.
    np.testing.assert_allclose(slope, oracles.finite_differences(loss, kernel, 1e-2), atol=5e-3)
    # The normalised kernel does not know the kernel's length.
    assert abs((slope * kernel).sum()) < 1e-4


def test_second_derivatives_exist():
    layer, x = wrapped("dense", steps=300)
    x = tf.constant(x)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(layer(x))
        penalty = tf.reduce_sum(inner.gradient(y, x) ** 2)
    # The slope is the row sum of kernel / sigma, at each of two points.
    rows = matrix(layer).sum(axis=1) / largest(layer)
    np.testing.assert_allclose(penalty, 2 * (rows**2).sum(), rtol=1e-5)
    assert np.abs(outer.gradient(penalty, layer.layer.kernel)).max() > 0.01


# --- state ---


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_forward_passes_move_nothing(kind, training):
    layer, x = wrapped(kind)
    before = layer.get_weights()
    first, second = layer(x, training=training), layer(x, training=training)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, layer(x, training=not training))
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_power_step_moves_only_its_vector():
    layer, _ = wrapped("conv2d")
    before = {v.path: v.numpy() for v in layer.variables}
    layer.power_step()
    moved = {v.path for v in layer.variables if (v.numpy() != before[v.path]).any()}
    assert moved == {layer.left.path}
    assert not layer.left.trainable
    np.testing.assert_allclose(np.linalg.norm(layer.left), 1.0, rtol=1e-6)


def test_state_given_from_outside_is_used():
    # All of it, also the bias: what gradients of states or another backend's trainer ask for.
    layer, x = wrapped("dense", steps=300)
    trainable = [2 * v.numpy() for v in layer.trainable_variables]
    trainable[1] += 3.0
    rest = [v.value for v in layer.non_trainable_variables]
    y, after = layer.stateless_call(trainable, rest, x)
    np.testing.assert_allclose(y, layer(x) + 3.0, atol=1e-5)
    np.testing.assert_array_equal(after[0], rest[0])


# --- modes ---


@pytest.mark.parametrize("kind", ["dense", "transposed", "embedding"])
def test_eager_graph_and_xla_agree(kind):
    layer, x = wrapped(kind)
    start = layer.left.numpy()

    def step(x):
        with tf.GradientTape() as tape:
            y = layer(x)
            loss = tf.reduce_sum(y**2)
        slope = tape.gradient(loss, kernel_of(layer.layer))
        layer.power_step()
        return y, slope, layer.left.value

    expected = step(x)
    for jit in (False, True):
        layer.left.assign(start)
        for received, right in zip(tf.function(step, jit_compile=jit)(x), expected, strict=True):
            # Sums in another order.
            np.testing.assert_allclose(received, right, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["dense", "conv2d", "transposed", "embedding"])
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_sigma_is_float32_in_half_precision(policy, kind):
    layer, x = wrapped(kind, steps=300, dtype=policy)
    assert layer.sigma().dtype == tf.float32
    assert {v.dtype for v in layer.variables} == {"float32"}
    # A bare layer whose float32 kernel was divided beforehand: one rounding to half, at its use.
    bare = plain(layer, kind, dtype=policy)
    kernel_of(bare).assign(kernel_of(layer.layer) / layer.sigma())
    assert layer(x).dtype == bare(x).dtype == policy[len("mixed_") :]
    np.testing.assert_array_equal(tf.cast(layer(x), "float32"), tf.cast(bare(x), "float32"))
    # The same inside a network that computes in half precision.
    inputs = keras.Input(x.shape[1:], dtype=x.dtype.name)
    network = keras.Model(inputs, layer(inputs))
    np.testing.assert_array_equal(tf.cast(network(x), "float32"), tf.cast(bare(x), "float32"))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(network(x), "float32"))
    assert tape.gradient(loss, kernel_of(layer.layer)).dtype == tf.float32


def test_kernel_held_in_float16_has_its_sigma_in_float32():
    layer, x = wrapped("dense", steps=50, dtype="float16")
    assert layer.sigma().dtype == tf.float32
    # The vector is held in 11 bits.
    np.testing.assert_allclose(layer.sigma(), largest(layer), rtol=1e-3)
    assert layer(x).dtype == tf.float16


def test_training_reaches_the_layer_that_takes_it():
    seen = []

    class Told(layers.Dense):
        def call(self, inputs, training=None):
            seen.append(training)
            return super().call(inputs)

    layer = SpectralNormalization(Told(2))
    for training in (True, False):
        layer(np.ones((1, 3), "float32"), training=training)
    assert seen[-2:] == [True, False]
    SpectralNormalization(layers.Dense(2))(np.ones((1, 3), "float32"), training=True)


def test_mask_of_an_embedding_is_kept():
    layer = SpectralNormalization(layers.Embedding(6, 4, mask_zero=True))
    labels = keras.Input((None,), dtype="int32")
    network = keras.Model(labels, layers.LSTM(2)(layer(labels)))
    # What follows does not see the padding; sums in the same order.
    padded, short = network(np.array([[1, 2, 0, 0]])), network(np.array([[1, 2]]))
    np.testing.assert_allclose(padded, short, atol=1e-6)


# --- saving ---


def test_save_and_load(tmp_path):
    inputs = keras.Input((8, 8, 1))
    x = SpectralNormalization(layers.Conv2D(3, 3, strides=2), name="first")(inputs)
    x = SpectralNormalization(layers.Conv2DTranspose(2, 2))(x)
    x = SpectralNormalization(layers.Dense(2))(layers.Flatten()(x))
    labels = keras.Input((), dtype="int32")
    rows = SpectralNormalization(layers.Embedding(5, 2))(labels)
    network = keras.Model([inputs, labels], layers.Add()([x, rows]))
    network.get_layer("first").power_step()
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for a, b in zip(network.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    images = RNG.normal(size=(2, 8, 8, 1)).astype("float32")
    images = [images, np.array([1, 4], "int32")]
    np.testing.assert_array_equal(network(images), loaded(images))
    assert len(loaded.trainable_weights) == 7
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    np.testing.assert_array_equal(network(images), copy(images))


# --- errors ---


@pytest.mark.parametrize(
    "layer",
    [
        layers.Flatten(),
        layers.BatchNormalization(),
        layers.SeparableConv2D(2, 3),
        layers.DepthwiseConv2D(3),
        keras.Sequential([layers.Dense(2)]),
    ],
)
def test_layers_without_one_kernel_are_refused(layer):
    name = type(layer).__name__
    with pytest.raises(ValueError, match=f"`layer` must be a dense, convolution or emb.*: {name}"):
        SpectralNormalization(layer)


@pytest.mark.parametrize(
    "layer", [layers.Dense(4, lora_rank=2), layers.Embedding(4, 4, lora_rank=2)]
)
def test_kernels_in_parts_are_refused(layer):
    with pytest.raises(ValueError, match="`layer` must have a plain kernel.*LoRA"):
        SpectralNormalization(layer)


def test_layer_that_is_not_built_has_no_sigma():
    layer = SpectralNormalization(layers.Dense(2))
    for method in (layer.sigma, layer.power_step):
        with pytest.raises(ValueError, match=r"`layer` must be built before.*not built"):
            method()
