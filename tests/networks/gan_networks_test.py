"""What the residual and SNGAN networks have in common; their counts: `networks_test.py`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import networks
from keras_ot_gans.layers import ConditionalBatchNormalization, SpectralNormalization
from keras_ot_gans.models.players import take_power_steps
from tests.networks.resnet_counts import RESNETS

RNG = np.random.default_rng(0)
GENERATORS = [
    networks.wgan_gp_resnet_generator,
    networks.sngan_resnet_generator,
    networks.sndcgan_generator,
]
CRITICS = [
    networks.wgan_gp_resnet_critic,
    networks.sngan_resnet_critic,
    networks.sndcgan_critic,
]
SHAPE = (28, 28, 1)
Z = RNG.normal(size=(3, 4)).astype("float32")
X = RNG.uniform(-1, 1, (3, *SHAPE)).astype("float32")
LABELS = np.array([1, 0, 1], "int32")


def small_generator(function, shape=SHAPE, **kwargs):
    return function(4, shape, width=2, **kwargs)


def small_critic(function, shape=SHAPE, **kwargs):
    return function(shape, width=2, **kwargs)


def of_type(network, kind):
    return [layer for layer in network._flatten_layers() if isinstance(layer, kind)]


# --- sizes ---

SIZES = {
    "wgan_gp_resnet": [8, 12, 20, 24, 28, 32, 48, 64],
    "sngan_resnet": [28, 32, 48, 64, 128, 256],
    "sndcgan": [8, 12, 16, 20, 28, 32, 36, 48, 64],
}
REFUSED = {
    "wgan_gp_resnet": [
        ((30, 30, 3), r"`image_shape` must have a side that is a multiple of 4, and 4, 5.*28, 32"),
        ((10, 10, 3), "a multiple of 4"),
        ((4, 4, 3), "a multiple of 4"),
        ((36, 36, 3), r"Received: image_shape=\(36, 36, 3\)"),
    ],
    "sngan_resnet": [
        ((96, 96, 3), r"one of 28, 32, 48, 64, 128, 256\. .*\(96, 96, 3\).*the nearest of these\."),
    ],
    "sndcgan": [
        ((30, 30, 3), r"a side of at least 8 that is a multiple of 4\. .*Resize .* 32 or 48 pix"),
        ((4, 4, 1), "at least 8"),
    ],
}
FUNCTIONS = {
    kind: (getattr(networks, f"{kind}_generator"), getattr(networks, f"{kind}_critic"))
    for kind in SIZES
}


@pytest.mark.parametrize(("kind", "size"), [(k, s) for k, sizes in SIZES.items() for s in sizes])
def test_image_sizes_that_work(kind, size):
    generator, critic = FUNCTIONS[kind]
    made = generator(2, (size, size, 2), width=1)
    assert made.output_shape == (None, size, size, 2)
    judged = critic((size, size, 2), 3, width=1, spectral_norm=False)
    assert judged.input_shape == made.output_shape
    assert judged.output_shape == (None, 3)


@pytest.mark.parametrize(
    ("kind", "shape", "message"),
    [(k, *case) for k, cases in REFUSED.items() for case in cases]
    + [
        (k, shape, r"`image_shape` must be a square .*Crop")
        for k in SIZES
        for shape in [(32, 28, 1), (32, 32), (0, 0, 1), (None, None, 3), (32, 32, 0)]
    ],
)
def test_image_sizes_that_cannot_work(kind, shape, message):
    for function in FUNCTIONS[kind]:
        with pytest.raises(ValueError, match=message):
            function(image_shape=shape)


def test_channels_of_the_tables_scale_with_the_width():
    # Table 7 with a quarter of the channels: the outputs of its blocks.
    network = networks.sngan_resnet_generator(8, (64, 64, 3), width=16)
    blocks = [network.get_layer(f"block{k}_add").output.shape for k in (1, 2, 3, 4)]
    assert blocks == [(None, 2**k * 4, 2**k * 4, 2**8 // 2**k) for k in (1, 2, 3, 4)]
    network = networks.sngan_resnet_critic((64, 64, 3), width=32, spectral_norm=False)
    blocks = [network.get_layer(f"block{k}_add").output.shape for k in (1, 2, 3, 4)]
    assert blocks == [(None, 64 // 2**k, 64 // 2**k, 16 * 2**k) for k in (1, 2, 3, 4)]


# --- pooling and initial kernels ---


@pytest.mark.parametrize(("mean_pool", "factor"), [(False, 7 * 7), (True, 1)])
def test_sum_and_mean_pooling(mean_pool, factor):
    network = small_critic(networks.sngan_resnet_critic, mean_pool=mean_pool, spectral_norm=False)
    before = keras.Model(network.input, network.get_layer("relu").output)
    head = network.get_layer("dense")
    expected = head(factor * before(X).numpy().mean((1, 2)))
    np.testing.assert_allclose(network(X), expected, rtol=1e-5)


def test_wgan_gp_critic_takes_the_mean():
    network = small_critic(networks.wgan_gp_resnet_critic)
    before = keras.Model(network.input, network.get_layer("relu").output)
    expected = network.get_layer("dense")(before(X).numpy().mean((1, 2)))
    np.testing.assert_allclose(network(X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("network", "name", "variance"),
    [
        # He: 2 / fan in
        (networks.wgan_gp_resnet_critic(width=32), "block2_conv1", 2 / (9 * 32)),
        (networks.wgan_gp_resnet_critic(width=32), "block1_conv1", 2 / (9 * 3)),
        # Glorot: 2 / (fan in + fan out), and twice that with a gain of sqrt(2)
        (networks.wgan_gp_resnet_critic(width=32), "block2_shortcut", 2 / (32 + 32)),
        (
            networks.sngan_resnet_critic(width=32, spectral_norm=False),
            "block1_conv1",
            4 / (9 * 3 + 9 * 32),
        ),
        (networks.sngan_resnet_generator(width=32), "block1_shortcut", 2 / (32 + 32)),
    ],
)
def test_initial_kernels(network, name, variance):
    layer = network.get_layer(name)
    kernel = layer.kernel.numpy()
    # Uniform numbers lie within sqrt(3) deviations, and reach nearly that far.
    bound = np.sqrt(3 * variance)
    np.testing.assert_allclose(np.abs(kernel).max(), bound, rtol=0.02)
    np.testing.assert_allclose(kernel.var(), variance, rtol=0.2)
    np.testing.assert_array_equal(layer.bias, 0.0)


# --- labels ---


@pytest.mark.parametrize("function", GENERATORS)
def test_class_moves_the_image(function):
    network = small_generator(function, num_classes=2)
    norms = of_type(network, ConditionalBatchNormalization)
    assert norms and all(norm.synchronized for norm in norms)
    assert [tensor.dtype for tensor in network.inputs] == ["float32", "int32"]
    z = np.repeat(Z[:1], 2, axis=0)
    same = network([z, np.array([0, 1])]).numpy()
    np.testing.assert_allclose(same[0], same[1], atol=1e-6)  # the classes start alike
    for norm in norms:
        norm.gamma.assign(RNG.normal(size=norm.gamma.shape))
    moved = network([z, np.array([0, 1])]).numpy()
    assert np.abs(moved[0] - moved[1]).max() > 1e-3


@pytest.mark.parametrize("function", CRITICS)
def test_projection_is_added_to_the_value(function):
    network = small_critic(function, num_classes=2, spectral_norm=False)
    assert network.output_shape == (None, 1)
    head, projection = network.get_layer("dense"), network.get_layer("projection")
    features = keras.Model(network.input, head.input)([X, LABELS]).numpy()
    vectors = projection.embedding.kernel.numpy()
    expected = head(features).numpy() + np.sum(features * vectors[LABELS], 1, keepdims=True)
    np.testing.assert_allclose(network([X, LABELS]), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("function", GENERATORS + CRITICS)
def test_labels_of_every_integer_kind_and_out_of_range(function):
    small = small_generator if function in GENERATORS else small_critic
    first = Z if function in GENERATORS else X
    norm = {} if function in GENERATORS else {"spectral_norm": False}
    network = small(function, num_classes=2, **norm)
    expected = network([first, LABELS])
    for dtype in ("uint8", "int64"):
        np.testing.assert_array_equal(network([first, LABELS.astype(dtype)]), expected)
    bad = np.array([0, 2, 1], "int32")
    with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 1\] .* from 0 to 2"):
        network([first, bad])
    outputs = tf.function(lambda x, y: network([x, y]))(first, bad).numpy()
    finite = np.isfinite(outputs).all(axis=tuple(range(1, outputs.ndim)))
    np.testing.assert_array_equal(finite, [True, False, True])


@pytest.mark.parametrize("function", CRITICS)
def test_heads_that_cannot_be(function):
    with pytest.raises(ValueError, match="`feature_dim` must be positive. Received: .*=0"):
        function(SHAPE, 0)
    with pytest.raises(ValueError, match="`feature_dim` must be 1 .* labels.*feature_dim=8"):
        function(SHAPE, 8, num_classes=10)
    with pytest.raises(ValueError, match="`num_classes` must be positive, or None.*=0"):
        function(SHAPE, num_classes=0)


# --- precision, saving ---


def every_kind():
    for function in GENERATORS:
        yield small_generator(function, num_classes=2), [Z, LABELS]
    for function in CRITICS:
        # A norm takes long to build: in one of them, to see it next to labels.
        norm = function is networks.sndcgan_critic
        yield small_critic(function, num_classes=2, spectral_norm=norm), [X, LABELS]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_conditional_networks_return_float32(policy):
    keras.config.set_dtype_policy(policy)
    try:
        kinds = list(every_kind())
    finally:
        keras.config.set_dtype_policy("float32")
    for network, inputs in kinds:
        outputs = network(inputs, training=True)
        assert outputs.dtype == tf.float32
        assert np.isfinite(outputs).all()
        assert {v.dtype for v in network.trainable_variables} == {"float32"}


def test_save_and_load(tmp_path):
    for network, inputs in every_kind():
        network.save(tmp_path / "network.keras")
        loaded = keras.saving.load_model(tmp_path / "network.keras")
        np.testing.assert_array_equal(network(inputs), loaded(inputs))


@pytest.mark.parametrize("function", GENERATORS)
def test_clone(function):
    network = small_generator(function, num_classes=2)  # its moving average is a clone
    network([Z, LABELS], training=True)
    clone = keras.models.clone_model(network)
    clone.set_weights(network.get_weights())
    np.testing.assert_array_equal(network([Z, LABELS]), clone([Z, LABELS]))


@pytest.mark.parametrize("function", GENERATORS)
def test_batch_norm_is_shared_by_the_replicas(function):
    norms = of_type(small_generator(function), keras.layers.BatchNormalization)
    assert norms and all(norm.synchronized for norm in norms)


# --- spectral norm ---


def largest(norm):
    """Largest singular value of a wrapped layer's kernel, as a matrix with the outputs last."""
    kernel = norm.layer.kernel.numpy()
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]


@pytest.mark.parametrize("function", CRITICS)
def test_norms_of_a_trained_critic(function):
    network = function(SHAPE, width=6, spectral_norm=True, num_classes=2)
    optimizer = keras.optimizers.SGD(0.2)
    optimizer.build(network.trainable_variables)
    norms = of_type(network, SpectralNormalization)
    kernels = [norm.layer.kernel.numpy() for norm in norms]
    for _ in range(3):
        with tf.GradientTape() as tape:
            real, fake = network([X, LABELS]), network([X[::-1], LABELS])
            loss = tf.reduce_mean(fake) - tf.reduce_mean(real**2)
        slopes = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(slopes, network.trainable_variables)
        take_power_steps([network])
    # Every kernel of the critic has its norm, that of the classes too.
    assert len(norms) == sum(variable.name == "kernel" for variable in network.weights)
    for norm, old in zip(norms, kernels, strict=True):
        assert np.abs(norm.layer.kernel.numpy() - old).max() > 1e-4
    used = [largest(norm) / float(norm.sigma()) for norm in norms]
    assert min(used) > 1.0 - 1e-5  # the estimate is never too large
    # Singular values of such small kernels are close: 23 iterations have not parted them.
    for _ in range(60):
        take_power_steps([network])
    used = [largest(norm) / float(norm.sigma()) for norm in norms]
    np.testing.assert_allclose(used, 1.0, rtol=2e-3)


def test_counts_are_of_all_these_networks():
    assert {function for function, *_ in RESNETS.values()} == {*GENERATORS, *CRITICS}
