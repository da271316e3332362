"""Every public network, against counts made by hand."""

import inspect
import math

import keras
import numpy as np
import pytest

from keras_ot_gans import networks
from keras_ot_gans.layers import SpectralNormalization
from keras_ot_gans.networks import stochastic
from tests.networks.age_counts import AGE, AGE_SHAPES, small_age
from tests.networks.ot_gan_counts import OT_GAN
from tests.networks.resnet_counts import RESNETS

# A dense layer has (inputs + 1) * outputs parameters, a k x k convolution (k * k * inputs + 1) *
# outputs, less the outputs without a bias; a batch norm has 4 per channel. A pair counts what is
# trained and what is not.
GOLDEN = {
    # Table 3 (a), V = 2: 51 * 100 + 101 * 50 + 51 * 2
    "toy generator": (networks.mlp, (50, (100, 50), 2), {}, 5_100 + 5_050 + 102),
    # Table 3 (b), V = 2: 3 * 100 + 101 * 50 + 51 * 1
    "toy navigator": (networks.mlp, (2, (100, 50), 1), {}, 300 + 5_050 + 51),
    # The authors' toy generator has batch norms: 4 * (100 + 50) more.
    "toy generator with batch norm": (
        networks.mlp,
        (50, (100, 50), 2),
        {"batch_norm": True},
        10_252 + 600,
    ),
    # 3 * 1
    "linear": (networks.mlp, (2, (), 1), {}, 3),
    # Table 4 (a): dense 129 * 8192; deconvolutions 16 * 512 * 256, 16 * 256 * 128, 16 * 128 * 64
    # without bias; batch norms 4 * (256 + 128 + 64); convolution (9 * 64 + 1) * 3
    "DCGAN generator": (
        networks.dcgan_generator,
        (),
        {},
        1_056_768 + 2_097_152 + 524_288 + 131_072 + 1_792 + 1_731,
    ),
    # 28 = 7 * 2 * 2: dense 129 * 7 * 7 * 256; deconvolutions 16 * 256 * 128, 16 * 128 * 64;
    # batch norms 4 * (128 + 64); convolution (9 * 64 + 1) * 1
    "DCGAN generator 28x28x1": (
        networks.dcgan_generator,
        (128, (28, 28, 1)),
        {},
        1_618_176 + 524_288 + 131_072 + 768 + 577,
    ),
    # Table 5 (a): dense 129 * 16384; deconvolutions 16 * (1024 * 512 + 512 * 256 + 256 * 128 +
    # 128 * 64); batch norms 4 * (512 + 256 + 128 + 64); convolution (9 * 64 + 1) * 3
    "DCGAN generator 64x64": (
        networks.dcgan_generator,
        (128, (64, 64, 3)),
        {},
        2_113_536 + 11_141_120 + 3_840 + 1_731,
    ),
    # Table 4 (b): (27 + 1) * 64, (16 * 64 + 1) * 64, (9 * 64 + 1) * 128, (16 * 128 + 1) * 128,
    # (9 * 128 + 1) * 256, (16 * 256 + 1) * 256, (9 * 256 + 1) * 512, (16 * 512 + 1) * 2048
    "DCGAN critic": (
        networks.dcgan_critic,
        (),
        {},
        1_792 + 65_600 + 73_856 + 262_272 + 295_168 + 1_048_832 + 1_180_160 + 16_779_264,
    ),
    # As above with (9 + 1) * 64 at first, 28 -> 14 -> 7 -> 4 and (16 * 512 + 1) * 256 at last.
    "DCGAN critic 28x28x1": (
        networks.dcgan_critic,
        ((28, 28, 1), 256),
        {},
        640 + 65_600 + 73_856 + 262_272 + 295_168 + 1_048_832 + 1_180_160 + 2_097_408,
    ),
    # Navigator on differences, images: m = 256: 257 * 512 + 513 * 256 + 257
    "difference navigator": (
        networks.difference_navigator,
        (256,),
        {},
        131_584 + 131_328 + 257,
    ),
    # The same on 2-d data: 3 * 100 + 101 * 50 + 51
    "toy difference navigator": (
        networks.difference_navigator,
        (2, (100, 50)),
        {},
        300 + 5_050 + 51,
    ),
    # (9 + 1) * 16, (9 * 16 + 1) * 32, 28 -> 14 -> 7: (7 * 7 * 32 + 1) * 64, 65 * 10
    "classifier": (networks.small_classifier, (), {}, 160 + 4_640 + 100_416 + 650),
    **RESNETS,
    **OT_GAN,
    **AGE,
}


def small(kind, **kwargs):
    """A cheap network of each kind, and an input for it."""
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (3, 16, 16, 1)).astype("float32")
    vectors = rng.normal(size=(3, 4)).astype("float32")
    return {
        "mlp": lambda: (networks.mlp(4, (5,), 2, **kwargs), (vectors,)),
        "dcgan_generator": lambda: (
            networks.dcgan_generator(4, (16, 16, 1), width=4, **kwargs),
            (vectors,),
        ),
        "dcgan_critic": lambda: (
            networks.dcgan_critic((16, 16, 1), 6, width=4, **kwargs),
            (images,),
        ),
        "difference_navigator": lambda: (
            networks.difference_navigator(4, (5,), **kwargs),
            (vectors, vectors[:2]),
        ),
        "small_classifier": lambda: (
            networks.small_classifier((16, 16, 1), 3, width=2, **kwargs),
            (images,),
        ),
        "wgan_gp_resnet_generator": lambda: (
            networks.wgan_gp_resnet_generator(4, (16, 16, 1), width=2, **kwargs),
            (vectors,),
        ),
        "wgan_gp_resnet_critic": lambda: (
            networks.wgan_gp_resnet_critic((16, 16, 1), 6, width=2, **kwargs),
            (images,),
        ),
        "sngan_resnet_generator": lambda: (
            networks.sngan_resnet_generator(4, (28, 28, 1), width=2, **kwargs),
            (vectors,),
        ),
        "sngan_resnet_critic": lambda: (
            networks.sngan_resnet_critic((28, 28, 1), 6, width=2, **kwargs),
            (np.repeat(images, 2, axis=1)[:, :28].repeat(2, axis=2)[:, :, :28],),
        ),
        "sndcgan_generator": lambda: (
            networks.sndcgan_generator(4, (16, 16, 1), width=2, **kwargs),
            (vectors,),
        ),
        "sndcgan_critic": lambda: (
            networks.sndcgan_critic((16, 16, 1), 6, width=2, **kwargs),
            (images,),
        ),
        "ot_gan_generator": lambda: (
            networks.ot_gan_generator(4, (16, 16, 1), width=2, **kwargs),
            (vectors,),
        ),
        "ot_gan_critic": lambda: (
            networks.ot_gan_critic((16, 16, 1), width=2, **kwargs),
            (images,),
        ),
        **small_age(vectors, **kwargs),
    }[kind]()


SHAPES = {
    "mlp": (3, 2),
    "dcgan_generator": (3, 16, 16, 1),
    "dcgan_critic": (3, 6),
    "difference_navigator": (3, 2),
    "small_classifier": (3, 3),
    "wgan_gp_resnet_generator": (3, 16, 16, 1),
    "wgan_gp_resnet_critic": (3, 6),
    "sngan_resnet_generator": (3, 28, 28, 1),
    "sngan_resnet_critic": (3, 6),
    "sndcgan_generator": (3, 16, 16, 1),
    "sndcgan_critic": (3, 6),
    "ot_gan_generator": (3, 16, 16, 1),
    "ot_gan_critic": (3, 4 * 4 * 2 * 8),
    **AGE_SHAPES,
}


@pytest.mark.parametrize("name", GOLDEN)
def test_parameter_count(name, monkeypatch):
    # Counts need no singular values, whose first estimates take most of a wide network's time.
    monkeypatch.setattr(SpectralNormalization, "power_step", lambda layer: None)
    function, arguments, keywords, count = GOLDEN[name]
    network = function(*arguments, **keywords)
    if isinstance(count, tuple):
        kinds = (network.trainable_variables, network.non_trainable_variables)
        assert tuple(sum(math.prod(v.shape) for v in kind) for kind in kinds) == count
        count = sum(count)
    assert network.count_params() == count


def test_every_public_network_is_counted():
    counted = {function.__name__ for function, *_ in GOLDEN.values()}
    functions = {n for n in networks.__all__ if inspect.isfunction(getattr(networks, n))}
    functions -= set(stochastic.__dict__)  # those wrap a network, and have no weights of their own
    assert counted == functions == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_output_is_float32_under_every_policy(name, policy):
    keras.config.set_dtype_policy(policy)
    try:
        network, inputs = small(name)
    finally:
        keras.config.set_dtype_policy("float32")
    output = network(*inputs)
    assert (output.shape, output.dtype) == (SHAPES[name], "float32")
    assert np.isfinite(output).all()
    assert {v.dtype for v in network.weights} == {"float32"}


@pytest.mark.parametrize("name", SHAPES)
def test_name_and_round_trip(name):
    network, inputs = small(name, name="other")
    assert network.name == "other"
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(network))
    copy.set_weights(network.get_weights())
    np.testing.assert_array_equal(copy(*inputs), network(*inputs))


@pytest.mark.parametrize("training", [False, True])
def test_images_lie_in_the_range_of_tanh(training):
    network, (z,) = small("dcgan_generator")
    network.layers[-2].kernel.assign(network.layers[-2].kernel * 100.0)  # saturate it
    images = network(z * 10.0, training=training).numpy()
    assert -1.0 <= images.min() < -0.99 < 0.99 < images.max() <= 1.0


@pytest.mark.parametrize("size", [8, 12, 20, 24, 28, 32])
def test_image_sizes_that_work(size):
    generator = networks.dcgan_generator(2, (size, size, 1), width=1)
    assert generator.output_shape == (None, size, size, 1)
    critic = networks.dcgan_critic((size, size, 1), 3, width=1)
    assert critic.input_shape == generator.output_shape


@pytest.mark.parametrize("function", [networks.dcgan_generator, networks.dcgan_critic])
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((30, 30, 3), r"`image_shape` must have a side of 4, 5, 6 or 7 .*\(30, 30, 3\).*Resize"),
        ((7, 7, 1), "a side of"),
        ((9, 9, 1), "a side of"),
        ((1, 1, 1), "a side of"),
        ((0, 0, 1), "a side of"),
        ((32, 28, 1), r"`image_shape` must be a square .*\(32, 28, 1\)"),
        ((32, 32), r"`image_shape` must be a square .*\(32, 32\)"),
    ],
)
def test_image_sizes_that_cannot_work(function, shape, message):
    keyword = {"image_shape": shape}
    with pytest.raises(ValueError, match=message):
        function(**keyword)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, (3,), 1), "`input_dim` must be positive. Received: 0"),
        ((2, (3, -1), 1), "`hidden` must be positive. Received: -1"),
        ((2, (3,), 0), "`output_dim` must be positive. Received: 0"),
    ],
)
def test_widths_that_cannot_work(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.mlp(*arguments)


def test_slopes_of_the_leaky_units():
    # One unit of weight 1: what comes out below zero is the slope itself.
    network = networks.mlp(1, (1,), 1, negative_slope=0.25)
    network.set_weights([np.ones((1, 1)), np.zeros(1), np.ones((1, 1)), np.zeros(1)])
    np.testing.assert_array_equal(network(np.array([[-4.0], [4.0]])), [[-1.0], [4.0]])
    navigator = networks.difference_navigator(1, (1,))
    slopes = [layer.negative_slope for layer in navigator.network.layers if "leaky" in layer.name]
    np.testing.assert_allclose(slopes, [0.01])


def test_batch_norm_is_shared_by_the_replicas():
    for network in (networks.mlp(2, (3,), 1, batch_norm=True), small("dcgan_generator")[0]):
        norms = [n for n in network.layers if isinstance(n, keras.layers.BatchNormalization)]
        assert norms and all(norm.synchronized for norm in norms)


def test_classifier_needs_two_classes():
    with pytest.raises(ValueError, match="`num_classes` must be at least 2. Received: 1"):
        networks.small_classifier(num_classes=1)


@pytest.mark.parametrize(
    "make", [networks.sngan_resnet_generator, networks.wgan_gp_resnet_generator]
)
def test_no_two_kernels_start_equal(make):
    # An initialiser object without a seed repeats its values for equal shapes.
    kernels = [v.numpy() for v in make(16, (32, 32, 3), width=8).weights if "kernel" in v.path]
    for i, first in enumerate(kernels):
        for second in kernels[:i]:
            assert first.shape != second.shape or not np.array_equal(first, second)
