"""AGE's networks for photographs; counts and saving: `networks_test.py`, blocks by hand:
`residual_blocks_test.py`.
"""

import keras
import numpy as np
import pytest

from keras_ot_gans import networks
from keras_ot_gans.layers import SelfAttention, SpectralNormalization
from keras_ot_gans.models.players import take_power_steps

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (2, 64, 64, 3)).astype("float32")
Z = RNG.normal(size=(2, 4)).astype("float32")
FUNCTIONS = [networks.age_sagan_generator, networks.age_sagan_discriminator]


def outputs(network, *names):
    """The outputs of layers that have a name."""
    return keras.Model(network.inputs, [network.get_layer(name).output for name in names])


def relu(x):
    return np.maximum(x, 0.0)


def test_shapes_of_table_11():
    generator = networks.age_sagan_generator(4, width=8)
    blocks = [generator.get_layer(f"block{k}_after2").output.shape[1:] for k in (1, 2, 3, 4)]
    assert blocks == [(8, 8, 128), (16, 16, 64), (32, 32, 32), (64, 64, 16)]
    assert generator.get_layer("reshape").output.shape[1:] == (4, 4, 128)
    assert generator.get_layer("attention").output.shape[1:] == (32, 32, 32)
    discriminator = networks.age_sagan_discriminator(4, width=8, dense_width=5)
    blocks = [discriminator.get_layer(f"block{k}_add").output.shape[1:] for k in range(1, 6)]
    assert blocks == [(32, 32, 16), (16, 16, 32), (8, 8, 64), (4, 4, 128), (4, 4, 128)]
    assert discriminator.get_layer("from_image").output.shape[1:] == (64, 64, 8)
    assert discriminator.get_layer("attention").output.shape[1:] == (32, 32, 16)
    # Each block widens in its first convolution.
    assert discriminator.get_layer("block2_conv1").output.shape[1:] == (32, 32, 32)


@pytest.mark.parametrize(
    ("make", "side"),
    [(FUNCTIONS[0], 16), (FUNCTIONS[0], 64), (FUNCTIONS[1], 64), (FUNCTIONS[1], None)],
)
def test_attention_elsewhere(make, side):
    network = make(4, width=1, attention_side=side)
    sides = [n.output.shape[1] for n in network.layers if isinstance(n, SelfAttention)]
    assert sides == ([] if side is None else [side])


@pytest.mark.parametrize("make", FUNCTIONS)
def test_every_kernel_is_spectrally_normalised(make):
    network = make(4, width=1)
    take_power_steps([network])
    wrapped = [n for n in network._flatten_layers() if isinstance(n, SpectralNormalization)]
    kernels = [v for v in network.trainable_variables if "kernel" in v.path]
    assert {id(n.layer.kernel) for n in wrapped} == {id(v) for v in kernels}


@pytest.mark.parametrize("sum_pool", [False, True])
def test_scores_of_the_three_modules(sum_pool):
    network = networks.age_sagan_discriminator(4, width=2, dense_width=5, sum_pool=sum_pool)
    for weight in network.trainable_variables:
        if "bias" in weight.path:
            weight.assign(RNG.normal(size=weight.shape))

    def dense(name, h):
        layer = network.get_layer(name)
        return h @ layer.normalised_kernel().numpy() + layer.layer.bias.numpy()

    def perceptron(h, part):
        h = relu(dense(f"{part}_dense", h))
        for k in (1, 2, 3):
            inner = relu(dense(f"{part}_block{k}_dense1", h))
            h = relu(h + dense(f"{part}_block{k}_dense2", inner))
        return h

    pixels = outputs(network, "relu")([X, Z]).numpy()
    f_x = pixels.sum((1, 2)) if sum_pool else pixels.mean((1, 2))
    f_z = perceptron(Z, "z")
    f_xz = perceptron(np.concatenate([f_x, f_z], 1), "xz")
    scores = [dense(f"{part}_score", f) for part, f in (("x", f_x), ("z", f_z), ("xz", f_xz))]
    # Sums of some 30 products of order 1, in float32.
    np.testing.assert_allclose(network([X, Z]), sum(scores) / 3, rtol=1e-4, atol=1e-5)


def test_pixels_are_pooled_in_float32():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = networks.age_sagan_discriminator(4, width=1, dense_width=5, sum_pool=True)
    finally:
        keras.config.set_dtype_policy("float32")
    pixels = outputs(network, "relu")([X, Z])
    assert pixels.dtype == "float16"
    head = network.get_layer("x_score")
    expected = pixels.numpy().astype("float64").sum((1, 2)) @ head.normalised_kernel().numpy()
    # A sum in float16 would be off by 5e-4.
    np.testing.assert_allclose(outputs(network, "x_score")([X, Z]), expected, rtol=1e-5)


@pytest.mark.parametrize("make", FUNCTIONS)
@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"image_shape": (32, 32, 3)}, r"`image_shape` must have a side of 64.*\(32, 32, 3\)"),
        ({"image_shape": (64, 32, 3)}, "`image_shape` must be a square"),
        ({"image_shape": (64, 64)}, "`image_shape` must be a square"),
        ({"attention_side": 4}, "`attention_side` must be one of 8, 16, 32, 64, None. Rec.*: 4"),
    ],
)
def test_what_cannot_work(make, keywords, message):
    with pytest.raises(ValueError, match=message):
        make(**keywords)
