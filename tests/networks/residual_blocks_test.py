from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from keras_ot_gans.layers import SpectralNormalization
from keras_ot_gans.networks import residual_blocks
from keras_ot_gans.networks.conditioning import batch_norm, wrapper

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 6, 6, 3)).astype("float32")
# Sums of up to 3 * 9 * 5 products of order 1, in float32.
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def model(block, *arguments, **keywords):
    """A block as a network, with biases that are not zero, and its layers by name."""
    inputs = keras.Input(X.shape[1:])
    network = keras.Model(inputs, block(inputs, *arguments, **keywords))
    network.set_weights([RNG.normal(size=w.shape) for w in network.get_weights()])
    return network, {layer.name: layer for layer in network.layers}


def up(channels=5):
    network, parts = model(
        residual_blocks.up_block, channels, "b", batch_norm(None, None), "he_uniform"
    )
    for layer in parts.values():
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_variance.assign(np.abs(layer.moving_variance) + 0.5)
    return network, parts


def silence(parts):
    """Let the branch end in zeros."""
    for weight in parts["b_conv2"].weights:
        weight.assign(np.zeros(weight.shape))


def relu(x):
    return np.maximum(x, 0.0)


def pixelwise(layer, x):
    """A 1x1 convolution is a matrix product per pixel."""
    return x @ layer.kernel.numpy()[0, 0] + layer.bias.numpy()


def conv3(layer, x):
    """3x3 convolution with zeros around the image, by a sum over the nine shifts."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    n, h, w, _ = x.shape
    kernel = layer.kernel.numpy()
    total = sum(padded[:, i : i + h, j : j + w] @ kernel[i, j] for i in range(3) for j in range(3))
    return total + (layer.bias.numpy() if layer.use_bias else 0.0)


def nearest(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def pooled(x):
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))


def normed(layer, x):
    mean, variance = layer.moving_mean.numpy(), layer.moving_variance.numpy()
    scaled = (x - mean) / np.sqrt(variance + layer.epsilon)
    return scaled * layer.gamma.numpy() + layer.beta.numpy()


def test_up_block_by_hand():
    network, parts = up()
    h = nearest(relu(normed(parts["b_norm1"], X)))
    h = relu(normed(parts["b_norm2"], conv3(parts["b_conv1"], h)))
    # The shortcut as the papers draw it: enlarged first.
    expected = conv3(parts["b_conv2"], h) + pixelwise(parts["b_shortcut"], nearest(X))
    # Sums of float32 terms up to 20, whose last bit is 2e-6, cancel: CLOSE is too close to 0.
    np.testing.assert_allclose(network(X), expected, rtol=1e-4, atol=3e-5)


def test_shortcut_of_an_up_block_is_exact():
    network, parts = up()
    silence(parts)
    parts["b_shortcut"].kernel.assign(np.eye(3, 5)[None, None])
    parts["b_shortcut"].bias.assign(np.zeros(5))
    enlarged = network(X).numpy()
    np.testing.assert_array_equal(enlarged[..., :3], nearest(X))
    np.testing.assert_array_equal(enlarged[..., 3:], 0.0)


@pytest.mark.parametrize("channels", [3, 5])
@pytest.mark.parametrize("down", [False, True])
def test_critic_block_by_hand(channels, down):
    network, parts = model(
        residual_blocks.critic_block, channels, "b", wrapper(False), "he_uniform", down=down
    )
    assert parts["b_conv1"].filters == 3  # the channels change in the second convolution
    expected = conv3(parts["b_conv2"], relu(conv3(parts["b_conv1"], relu(X))))
    expected = pooled(expected) if down else expected
    if down or channels != 3:
        # As the papers draw it: convolved first.
        shortcut = pixelwise(parts["b_shortcut"], X)
        expected = expected + (pooled(shortcut) if down else shortcut)
    else:
        assert "b_shortcut" not in parts
        expected = expected + X
    np.testing.assert_allclose(network(X), expected, **CLOSE)


def test_shortcut_of_a_flat_block_is_the_input():
    network, parts = model(
        residual_blocks.critic_block, 3, "b", wrapper(False), "he_uniform", down=False
    )
    silence(parts)
    np.testing.assert_array_equal(network(X), X)


def test_first_block_by_hand():
    network, parts = model(residual_blocks.first_critic_block, 5, "b", wrapper(False), "he_uniform")
    assert "b_relu1" not in parts
    expected = pooled(conv3(parts["b_conv2"], relu(conv3(parts["b_conv1"], X))))
    expected = expected + pixelwise(parts["b_shortcut"], pooled(X))
    np.testing.assert_allclose(network(X), expected, **CLOSE)


def test_every_layer_of_a_critic_is_wrapped():
    for block, keywords in (
        (residual_blocks.first_critic_block, {}),
        (residual_blocks.critic_block, {"down": True}),
        (residual_blocks.critic_block, {"down": False}),
    ):
        _, parts = model(block, 5, "b", wrapper(True), "he_uniform", **keywords)
        for name in ("b_conv1", "b_conv2", "b_shortcut"):
            assert isinstance(parts[name], SpectralNormalization)


def test_image_output_by_hand():
    network, parts = model(residual_blocks.image_output, 2, batch_norm(None, None))
    parts["norm"].moving_variance.assign(np.ones(3))
    expected = np.tanh(conv3(parts["image"], relu(normed(parts["norm"], X))))
    np.testing.assert_allclose(network(X), expected, **CLOSE)


# --- what AGE adds ---


def test_up_block_hands_each_convolution_on():
    inputs = keras.Input(X.shape[1:])
    seen = []

    def after(h, name):
        seen.append(name)
        return layers.Rescaling(1.0, offset=len(seen), name=name)(h)

    outputs = residual_blocks.up_block(
        inputs, 5, "b", batch_norm(None, None), "he_uniform", wrapper(True), after
    )
    network = keras.Model(inputs, outputs)
    parts = {layer.name: layer for layer in network.layers}
    assert seen == ["b_after1", "b_after2"]
    for name in ("b_conv1", "b_conv2", "b_shortcut"):
        assert isinstance(parts[name], SpectralNormalization)

    def conv(name, x):
        used = SimpleNamespace(
            kernel=parts[name].normalised_kernel(), bias=parts[name].layer.bias, use_bias=False
        )
        return conv3(used, x) if "conv" in name else pixelwise(used, x)

    h = conv("b_conv1", nearest(relu(normed(parts["b_norm1"], X)))) + 1.0
    h = conv("b_conv2", relu(normed(parts["b_norm2"], h))) + 2.0
    expected = h + conv("b_shortcut", nearest(X))
    np.testing.assert_allclose(network(X), expected, **CLOSE)


def test_critic_block_of_another_width_inside():
    _, parts = model(
        residual_blocks.critic_block, 5, "b", wrapper(False), "he_uniform", down=True, hidden=7
    )
    assert (parts["b_conv1"].filters, parts["b_conv2"].filters) == (7, 5)


def test_image_output_is_wrapped():
    _, parts = model(residual_blocks.image_output, 2, batch_norm(None, None), wrapper(True))
    assert isinstance(parts["image"], SpectralNormalization)
