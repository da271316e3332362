"""AGE's fully connected networks by hand; counts and saving: `networks_test.py`."""

import keras
import numpy as np
import pytest

from keras_ot_gans import networks

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3)).astype("float32")
Z = RNG.normal(size=(5, 2)).astype("float32")


def drawn(network):
    for weight in network.weights:
        weight.assign(np.abs(RNG.normal(size=weight.shape)) + 0.1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dense):
            layer.kernel.assign(RNG.normal(size=layer.kernel.shape))
    return network


def dense(layer, x):
    return x @ layer.kernel.numpy().astype("float64") + layer.bias.numpy()


@pytest.mark.parametrize(
    ("make", "inputs", "hidden"),
    [(networks.age_mlp_generator, Z, (6, 5)), (networks.age_mlp_encoder, X, (6, 5, 4))],
)
def test_generator_and_encoder(make, inputs, hidden):
    network = drawn(make(2, 3, hidden))
    h = inputs
    for layer in network.layers[1:]:
        if isinstance(layer, keras.layers.Dense):
            h = dense(layer, h)
        elif isinstance(layer, keras.layers.BatchNormalization):
            scale = layer.gamma.numpy() / np.sqrt(layer.moving_variance.numpy() + layer.epsilon)
            h = (h - layer.moving_mean.numpy()) * scale + layer.beta.numpy()
        else:
            h = np.maximum(h, 0.0)  # ReLU, not leaky
    # Sums of a few products of order 10, in float32.
    np.testing.assert_allclose(network(inputs), h, rtol=1e-4, atol=1e-4)
    assert [layer.units for layer in network.layers if hasattr(layer, "units")] == [
        *hidden,
        2 * (3 if make is networks.age_mlp_generator else 2),
    ]


def test_default_depths():
    # E.1: two layers in the generator, three in the encoder, of 500 units each.
    for make, depth in ((networks.age_mlp_generator, 2), (networks.age_mlp_encoder, 3)):
        units = [layer.units for layer in make().layers if hasattr(layer, "units")]
        assert units == [500] * depth + [4]


def test_discriminator():
    network = drawn(networks.age_mlp_discriminator(2, 3, width=4, negative_slope=0.25))

    def block(h, part):
        for k in (1, 2):
            h = dense(network.get_layer(f"{part}_dense{k}"), h)
            h = np.where(h > 0, h, 0.25 * h)
        return h, dense(network.get_layer(f"{part}_score"), h)

    (f_x, s_x), (f_z, s_z) = block(X, "x"), block(Z, "z")
    _, s_xz = block(np.concatenate([f_x, f_z], 1), "xz")
    expected = (s_x + s_z + s_xz) / 3
    np.testing.assert_allclose(network([X, Z]), expected, rtol=1e-4, atol=1e-4)
    assert [i.name for i in network.inputs] == ["x", "z"]


def test_default_slope():
    network = networks.age_mlp_discriminator()
    slopes = [layer.negative_slope for layer in network.layers if "lrelu" in layer.name]
    np.testing.assert_array_equal(slopes, [0.01] * 6)


def test_a_discriminator_starts_as_the_authors():
    keras.utils.set_random_seed(0)
    network = networks.age_mlp_discriminator(width=50)
    for layer in network.layers:
        if not isinstance(layer, keras.layers.Dense):
            continue
        limit = layer.kernel.shape[0] ** -0.5
        for values in map(np.asarray, layer.weights):
            assert np.abs(values).max() <= limit
            # A uniform law's deviation; 5 of its own standard errors.
            expected, error = limit / 3**0.5, limit / 3**0.5 * (0.2 / values.size) ** 0.5
            if values.size > 1:
                assert abs(np.sqrt(np.mean(values**2)) - expected) < 5 * error
    first, second = (network.get_layer(f"{part}_dense1").get_weights() for part in "xz")
    assert not np.array_equal(first[0], second[0]) and not np.array_equal(first[1], second[1])
