"""AGE's networks for stacked MNIST by hand, in float64; counts and saving: `networks_test.py`."""

import numpy as np
import pytest

from keras_ot_gans import networks

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(3, 4)).astype("float32")
X = RNG.uniform(-1, 1, (3, 28, 28, 2)).astype("float32")
NOISE = [RNG.normal(size=(3, side, side, 1)).astype("float32") for side in (4, 7, 14)]
# Sums of up to some hundred products of order 1, in float32.
CLOSE = {"rtol": 1e-3, "atol": 1e-4}


def drawn(network):
    for weight in network.weights:
        fan_in = max(np.prod(weight.shape[:-1]), 1) if "kernel" in weight.path else 1
        weight.assign(RNG.normal(size=weight.shape) / np.sqrt(fan_in))
        if "moving_variance" in weight.path:
            weight.assign(np.abs(weight) + 0.5)
    return network


def taps(large):
    """For stride 2 between sides `large` and half of it, rounded up: large index of each tap."""
    small = (large + 1) // 2
    # The zeros around the image: two on each side; one before an even side.
    before = 2 if large % 2 else 1
    for i in range(small):
        for a in range(5):
            if 0 <= 2 * i + a - before < large:
                yield i, a, 2 * i + a - before


def conv(layer, x):
    kernel = layer.kernel.numpy().astype("float64")
    small = (x.shape[1] + 1) // 2
    y = np.zeros((len(x), small, small, kernel.shape[-1]))
    for i, a, row in taps(x.shape[1]):
        for j, b, column in taps(x.shape[2]):
            y[:, i, j] += x[:, row, column] @ kernel[a, b]
    return y if layer.bias is None else y + layer.bias.numpy()


def transposed(layer, x, large):
    """The transpose of the convolution from `large` to the side of `x`."""
    kernel = layer.kernel.numpy().astype("float64")  # (5, 5, outputs, inputs)
    y = np.zeros((len(x), large, large, kernel.shape[2]))
    for i, a, row in taps(large):
        for j, b, column in taps(large):
            y[:, row, column] += x[:, i, j] @ kernel[a, b].T
    return y if layer.bias is None else y + layer.bias.numpy()


def normed(layer, x):
    scaled = (x - layer.moving_mean.numpy()) / np.sqrt(layer.moving_variance.numpy() + 1e-3)
    return scaled * layer.gamma.numpy() + layer.beta.numpy()


def relu(x, slope=0.0):
    return np.where(x > 0, x, slope * x)


@pytest.mark.parametrize("transformation", ["implicit", "deterministic"])
def test_generator(transformation):
    network = drawn(
        networks.age_stacked_mnist_generator(4, 2, width=3, transformation=transformation)
    )
    implicit = transformation == "implicit"

    def end(x, k):
        """Noise before the norm, ReLU after it."""
        if implicit:
            x = x + network.get_layer(f"after{k}").scale.numpy() * NOISE[k]
        return relu(normed(network.get_layer(f"norm{k}"), x))

    assert network.get_layer("dense").bias is None
    x = end((Z @ network.get_layer("dense").kernel.numpy()).reshape(3, 4, 4, 12), 0)
    x = end(transposed(network.get_layer("up1"), x, 7), 1)
    x = end(transposed(network.get_layer("up2"), x, 14), 2)
    expected = np.tanh(transposed(network.get_layer("image"), x, 28))
    assert expected.shape == (3, 28, 28, 2)
    np.testing.assert_allclose(network([Z, *NOISE] if implicit else Z), expected, **CLOSE)


def test_encoder():
    network = drawn(networks.age_stacked_mnist_encoder(4, 2, width=3))
    x = X
    for k in (1, 2, 3):
        x = relu(normed(network.get_layer(f"norm{k}"), conv(network.get_layer(f"conv{k}"), x)))
    assert x.shape == (3, 4, 4, 12)
    head = network.get_layer("dense")
    expected = x.reshape(3, -1) @ head.kernel.numpy() + head.bias.numpy()
    np.testing.assert_allclose(network(X), expected, **CLOSE)


def test_discriminator():
    network = drawn(networks.age_stacked_mnist_discriminator(4, 2, width=3, dense_width=5))
    x = X
    for k in (1, 2, 3):
        x = relu(conv(network.get_layer(f"conv{k}"), x), 0.01)
    h = np.concatenate([x.reshape(3, -1), Z], 1)
    for name, slope in (("dense", 0.01), ("score", 1.0)):
        layer = network.get_layer(name)
        h = relu(h @ layer.kernel.numpy() + layer.bias.numpy(), slope)
    np.testing.assert_allclose(network([X, Z]), h, **CLOSE)


@pytest.mark.parametrize("width", [4, 64])
def test_channels_of_the_tables(width):
    # Tables 8 to 10 at width 64: 256, 128, 64 and back, 7 and 14 pixels between.
    generator = networks.age_stacked_mnist_generator(width=width)
    shapes = [generator.get_layer(f"relu{k}").output.shape[1:] for k in (0, 1, 2)]
    assert shapes == [(4, 4, 4 * width), (7, 7, 2 * width), (14, 14, width)]
    encoder = networks.age_stacked_mnist_encoder(width=width)
    discriminator = networks.age_stacked_mnist_discriminator(width=width)
    for network, name in ((encoder, "relu"), (discriminator, "lrelu")):
        shapes = [network.get_layer(f"{name}{k}").output.shape[1:] for k in (1, 2, 3)]
        assert shapes == [(14, 14, width), (7, 7, 2 * width), (4, 4, 4 * width)]
