"""OT-GAN's networks; their counts: `networks_test.py`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import networks, ops
from keras_ot_gans.layers import WeightNormalization, initialise_from_data
from keras_ot_gans.models.players import latent_dim_of
from tests.oracles import sigmoid

RNG = np.random.default_rng(0)
SHAPE = (16, 16, 2)
Z = RNG.uniform(-1, 1, (12, 5)).astype("float32")
X = RNG.uniform(-1, 1, (12, *SHAPE)).astype("float32")
LABELS = np.arange(12, dtype="int32") % 3
VECTORS = RNG.normal(size=(12, 4)).astype("float32")
NORMS = {"generator": ["dense", "conv1", "conv2", "image"], "critic": ["conv1", "conv2", "conv3"]}


def small(role, shape=SHAPE, width=3, **kwargs):
    """A network of 4x4, 8x8 and 16x16, and an input for it."""
    if role == "generator":
        network, first = networks.ot_gan_generator(5, shape, width=width, **kwargs), Z
    else:
        network = networks.ot_gan_critic(shape, width=width, **kwargs)
        first = X[:, : shape[0], : shape[1]]
    if "num_classes" in kwargs:
        return network, [first, LABELS]
    return network, [first, VECTORS] if "side_dim" in kwargs else first


def drawn(role, **kwargs):
    """The same with variables that are all drawn."""
    network, inputs = small(role, **kwargs)
    network.set_weights([RNG.normal(size=w.shape) for w in network.get_weights()])
    return network, inputs


# --- the layers by hand, float64 ---


def kernel(network, name):
    norm = network.get_layer(name)
    v = norm.layer.kernel.numpy().astype("float64")
    lengths = np.sqrt((v**2).sum(tuple(range(v.ndim - 1))))
    return norm.gain.numpy() * v / lengths, norm.layer.bias.numpy()


def conv(network, name, x, stride=1):
    """5x5 convolution whose output is as large as its input, or half as large, rounded up."""
    w, b = kernel(network, name)
    size = x.shape[1]
    # The zeros around the image: two on each side; with stride 2 on an even side one before.
    before = 2 if stride == 1 or size % 2 else 1
    x = np.pad(x, ((0, 0), (before, 3), (before, 3), (0, 0)))
    steps = range(0, size, stride)
    patches = np.stack([np.stack([x[:, i : i + 5, j : j + 5] for j in steps], 1) for i in steps], 1)
    return np.einsum("bhwijc,ijcd->bhwd", patches, w) + b


def gated(x):
    half = x.shape[-1] // 2
    return x[..., :half] * sigmoid(x[..., half:])


def both_signs(x):
    return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], -1)


def test_generator_by_hand():
    network, z = drawn("generator")
    w, b = kernel(network, "dense")
    x = gated(z @ w + b).reshape(-1, 4, 4, 12)
    for name in ("conv1", "conv2"):
        x = gated(conv(network, name, x.repeat(2, axis=1).repeat(2, axis=2)))
    assert x.shape[1:] == (16, 16, 3)
    expected = np.tanh(conv(network, "image", x))
    np.testing.assert_allclose(network(z), expected, rtol=1e-4, atol=1e-4)


def test_critic_by_hand():
    network, x = drawn("critic")
    h = conv(network, "conv1", x)
    for name in ("conv2", "conv3"):
        h = conv(network, name, both_signs(h), stride=2)
    assert h.shape[1:] == (4, 4, 12)
    expected = both_signs(h).reshape(len(x), -1)
    features = network(x).numpy()
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4)
    # The features are not of unit length, and OT-GAN's cost does not ask for it.
    assert np.abs(np.linalg.norm(features, axis=1) - 1.0).min() > 0.1
    unit = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    cost = ops.cosine(network(x[:4]), network(x[4:]))
    np.testing.assert_allclose(cost, 1 - unit[:4] @ unit[4:].T, atol=1e-5)


# --- sizes ---


@pytest.mark.parametrize("size", [8, 12, 14, 20, 24, 28, 32, 48, 64, 128])
def test_image_sizes_that_work(size):
    made = networks.ot_gan_generator(2, (size, size, 2), width=1)
    assert made.output_shape == (None, size, size, 2)
    critic = networks.ot_gan_critic((size, size, 2), width=1)
    assert critic.input_shape == made.output_shape
    base, doublings = next((size >> k, k) for k in range(9) if size >> k in (4, 5, 6, 7))
    assert critic.output_shape == (None, base * base * 2 * min(2**doublings, 8))


def test_layers_of_the_table():
    # The published pair with an eighth of its channels.
    made = networks.ot_gan_generator(width=16)
    outputs = [made.get_layer(f"glu{k}").output.shape[1:] for k in (1, 2, 3)]
    assert outputs == [(8, 8, 64), (16, 16, 32), (32, 32, 16)]
    assert made.get_layer("reshape").output.shape[1:] == (4, 4, 128)
    critic = networks.ot_gan_critic(width=16)
    outputs = [critic.get_layer(f"conv{k}").output.shape[1:] for k in (1, 2, 3, 4)]
    assert outputs == [(32, 32, 16), (16, 16, 32), (8, 8, 64), (4, 4, 128)]
    assert critic.output_shape == (None, 32_768 // 8)


@pytest.mark.parametrize("function", [networks.ot_gan_generator, networks.ot_gan_critic])
@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"image_shape": (30, 30, 3)}, r"`image_shape` must have a side of 4.*\(30, 30, 3\).*128"),
        ({"image_shape": (4, 4, 3)}, "`image_shape` must have a side of"),
        ({"image_shape": (32, 28, 3)}, r"`image_shape` must be a square .*Crop"),
        ({"image_shape": (32, 32)}, r"`image_shape` must be a square"),
        ({"width": 0}, "`width` must be positive. Received: width=0"),
        ({"num_classes": 0}, "`num_classes` must be positive, or None.*=0"),
        ({"side_dim": 0}, "`side_dim` must be positive, or None.*=0"),
        ({"num_classes": 2, "side_dim": 3}, "must not both.*num_classes=2, side_dim=3. Append"),
    ],
)
def test_arguments_that_cannot_work(function, keywords, message):
    with pytest.raises(ValueError, match=message):
        function(**keywords)


# --- initialisation ---


@pytest.mark.parametrize("side", [{}, {"num_classes": 3}, {"side_dim": 4}], ids=str)
@pytest.mark.parametrize("role", ["generator", "critic"])
def test_initialisation_by_data(role, side):
    network, inputs = small(role, **side)
    norms = [p for p in network._flatten_layers() if isinstance(p, WeightNormalization)]
    assert [norm.name for norm in norms] == NORMS[role]
    # Nothing in the network is outside a weight normalisation.
    assert sum(norm.count_params() for norm in norms) == network.count_params()
    initialise_from_data(network, inputs)
    parts = keras.Model(network.input, [norm.output for norm in norms])(inputs)
    for norm, y in zip(norms, parts, strict=True):
        y = y.numpy().reshape(len(Z), -1, y.shape[-1]).astype("float64")
        scale = 0.1 if norm.name == "image" else 1.0
        # float32 sums over batch and pixels
        np.testing.assert_allclose(y.mean((0, 1)), 0.0, atol=2e-5 * scale)
        np.testing.assert_allclose(y.std((0, 1)), scale, rtol=2e-5)


def test_start():
    network = networks.ot_gan_generator(width=16)
    kernels = [network.get_layer(name).layer.kernel.numpy() for name in ("dense", "conv1")]
    for v in kernels:
        # 400,000 draws: the deviation is known to 0.1 per cent
        np.testing.assert_allclose([v.mean(), v.std()], [0.0, 0.05], rtol=0.01, atol=5e-4)
    # Layers of one shape start at numbers of their own.
    network = networks.ot_gan_generator(image_shape=(128, 128, 3), width=2)
    first, second = (network.get_layer(f"conv{k}").layer.kernel.numpy() for k in (1, 2))
    assert first.shape == second.shape and np.abs(first - second).mean() > 0.01


# --- side information ---


@pytest.mark.parametrize("role", ["generator", "critic"])
def test_side_information_moves_the_output(role):
    network, (first, labels) = small(role, num_classes=3)
    initialise_from_data(network, [first, labels])
    assert [tensor.dtype for tensor in network.inputs] == ["float32", "int32"]
    same = network([np.repeat(first[:1], 3, axis=0), np.arange(3)]).numpy()
    assert np.abs(same[0] - same[1]).max() > 1e-2
    assert np.abs(same[1] - same[2]).max() > 1e-2
    # A label is the vector that is 1 at its class.
    twin, _ = small(role, side_dim=3)
    twin.set_weights(network.get_weights())
    np.testing.assert_array_equal(network([first, labels]), twin([first, np.eye(3)[labels]]))


@pytest.mark.parametrize("role", ["generator", "critic"])
def test_labels_of_every_integer_kind_and_out_of_range(role):
    network, (first, labels) = small(role, num_classes=3)
    expected = network([first, labels])
    for dtype in ("uint8", "int64"):
        np.testing.assert_array_equal(network([first, labels.astype(dtype)]), expected)
    bad = np.where(np.arange(12) == 5, 3, labels).astype("int32")
    with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 2\] .* from 0 to 3"):
        network([first, bad])
    outputs = tf.function(lambda x, y: network([x, y]))(first, bad).numpy().reshape(12, -1)
    np.testing.assert_array_equal(np.isnan(outputs).all(axis=1), np.arange(12) == 5)
    np.testing.assert_array_equal(np.isnan(outputs).any(axis=1), np.arange(12) == 5)


def test_conditional_generator_is_what_models_take():
    network, _ = small("generator", num_classes=3)
    assert latent_dim_of(network, None, ops.Labels(4)) == 5
    assert latent_dim_of(small("generator")[0], None) == 5


# --- gradients, modes, saving ---


@pytest.mark.parametrize("role", ["generator", "critic"])
def test_eager_graph_and_xla_agree_and_every_variable_gets_a_gradient(role):
    network, inputs = small(role, (8, 8, 2), num_classes=3)
    initialise_from_data(network, inputs)
    inputs = tf.nest.map_structure(tf.constant, inputs)
    variables = [v.value for v in network.trainable_variables]

    def step(inputs):
        with tf.GradientTape() as tape:
            y = network(inputs, training=True)
            loss = tf.reduce_mean(y**3)
        return y, *tape.gradient(loss, variables)

    expected = step(inputs)
    for slope in expected[1:]:
        assert np.isfinite(slope).all() and np.abs(slope).max() > 0
    for jit in (False, True):
        for received, right in zip(
            tf.function(step, jit_compile=jit)(inputs), expected, strict=True
        ):
            # Sums in another order, through three layers.
            scale = float(np.abs(right).max())
            np.testing.assert_allclose(received, right, rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("role", ["generator", "critic"])
def test_half_precision(role, policy):
    keras.config.set_dtype_policy(policy)
    try:
        network, inputs = small(role, num_classes=3)
    finally:
        keras.config.set_dtype_policy("float32")
    initialise_from_data(network, inputs)
    with tf.GradientTape() as tape:
        y = network(inputs, training=True)
        loss = tf.reduce_mean(y**2)
    assert y.dtype == tf.float32
    assert {v.dtype for v in network.variables} == {"float32"}
    wide, _ = small(role, num_classes=3)
    wide.set_weights(network.get_weights())
    # Four layers of 8-bit numbers of order 1.
    np.testing.assert_allclose(y, wide(inputs), atol=0.15)
    for slope in tape.gradient(loss, [v.value for v in network.trainable_variables]):
        assert np.isfinite(slope).all()


@pytest.mark.parametrize("side", [{}, {"num_classes": 3}, {"side_dim": 4}], ids=str)
@pytest.mark.parametrize("role", ["generator", "critic"])
def test_save_and_load_and_clone(tmp_path, role, side):
    network, inputs = drawn(role, **side)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(network(inputs), loaded(inputs))
    clone = keras.models.clone_model(network)  # a model's moving average is a clone
    clone.set_weights(network.get_weights())
    np.testing.assert_array_equal(network(inputs), clone(inputs))
    scales = [p.scale for p in loaded._flatten_layers() if isinstance(p, WeightNormalization)]
    assert scales == ([1.0, 1.0, 1.0, 0.1] if role == "generator" else [1.0, 1.0, 1.0])


@pytest.mark.parametrize("role", ["generator", "critic"])
def test_direction_of_zeros_is_finite(role):
    network, inputs = small(role)
    norm = network.get_layer("conv2")
    norm.layer.kernel.assign(np.zeros(norm.layer.kernel.shape))
    initialise_from_data(network, inputs)
    with tf.GradientTape() as tape:
        y = network(inputs)
        loss = tf.reduce_sum(y**2)
    assert np.isfinite(y).all()
    for slope in tape.gradient(loss, [v.value for v in network.trainable_variables]):
        assert np.isfinite(slope).all()
