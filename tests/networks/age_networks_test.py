"""What AGE's networks have in common; their counts: `networks_test.py`."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import networks
from keras_ot_gans.layers import NoiseInjection, SelfAttention
from tests.networks.age_counts import AGE_SHAPES, small_age

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(3, 4)).astype("float32")
GENERATORS = ["age_stacked_mnist_generator", "age_sagan_generator"]
VECTORS = ["age_mlp_generator", "age_mlp_encoder", "age_stacked_mnist_encoder"]
VECTORS += ["age_resnet_encoder"]
DISCRIMINATORS = [name for name in AGE_SHAPES if name.endswith("discriminator")]


def small(name, **kwargs):
    network, (inputs,) = small_age(Z, **kwargs)[name]()
    return network, inputs


def switch_on(network):
    """Give noise and attention, which start at 0, a weight."""
    for layer in network._flatten_layers():
        if isinstance(layer, NoiseInjection):
            layer.scale.assign(RNG.normal(size=layer.scale.shape))
        if isinstance(layer, SelfAttention):
            layer.gate.assign(0.5)


@functools.cache
def opened(name):
    """The same with noise and attention switched on: one for all tests, which train nothing."""
    network, inputs = small(name)
    switch_on(network)
    return network, inputs


@pytest.mark.parametrize("name", AGE_SHAPES)
def test_save_and_load(tmp_path, name):
    network, inputs = opened(name)
    network(inputs, training=True)  # the moving averages move
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for a, b in zip(network.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(loaded(inputs), network(inputs))


@pytest.mark.parametrize("name", AGE_SHAPES)
def test_every_variable_gets_a_gradient(name):
    network, inputs = opened(name)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network(inputs, training=True) ** 2)
    for variable, slope in zip(
        network.trainable_variables,
        tape.gradient(loss, network.trainable_variables),
        strict=True,
    ):
        assert slope is not None, variable.path


@pytest.mark.parametrize("name", AGE_SHAPES)
def test_batch_norms_are_shared_by_the_replicas(name):
    network, _ = opened(name)
    norms = [n for n in network.layers if isinstance(n, keras.layers.BatchNormalization)]
    assert all(norm.synchronized for norm in norms)
    assert bool(norms) is not name.endswith("discriminator")


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_scores_are_not_mixed_between_samples(name):
    network, (x, z) = opened(name)
    scores = network([x, z]).numpy()
    assert scores.shape == (3, 1)
    alone = np.concatenate([network([x[k : k + 1], z[k : k + 1]]) for k in range(3)])
    # Sums in another order.
    np.testing.assert_allclose(scores, alone, rtol=1e-4, atol=1e-5)
    # Each score depends on both of its inputs, and on no others.
    for changed in ([x[::-1], z], [x, z[::-1]]):
        moved = network(changed).numpy() - scores
        assert np.abs(moved[[0, 2]]).min() > 1e-4
        np.testing.assert_allclose(moved[1], 0.0, atol=1e-5)


@pytest.mark.parametrize("name", GENERATORS)
def test_noise_is_ignored_at_first_and_each_map_can_matter(name):
    network, inputs = small(name)
    silent = [inputs[0]] + [np.zeros_like(noise) for noise in inputs[1:]]
    np.testing.assert_array_equal(network(inputs), network(silent))
    assert np.abs(network(inputs)).max() <= 1.0
    switch_on(network)
    image = network(silent).numpy()
    for k in range(1, len(inputs)):
        one = list(silent)
        one[k] = inputs[k]
        moved = np.abs(network(one).numpy() - image).max((1, 2, 3))
        assert (moved > 1e-4).all()


def test_compiled():
    # Transposed convolutions from 4 to 7 pixels, and noise.
    network, inputs = opened("age_stacked_mnist_generator")
    compiled = tf.function(lambda x: network(x), jit_compile=True)(inputs)
    np.testing.assert_allclose(compiled, network(inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", GENERATORS)
def test_deterministic_generators_take_z_alone(name):
    network, inputs = small(name, transformation="deterministic")
    assert network.input_shape == (None, 4)
    assert network(inputs[0]).shape == AGE_SHAPES[name]


@pytest.mark.parametrize("name", VECTORS)
def test_deterministic_networks_return_half_as_many_numbers(name):
    network, inputs = small(name, transformation="deterministic")
    rows, width = AGE_SHAPES[name]
    assert network(inputs).shape == (rows, width // 2)


@pytest.mark.parametrize("name", [n for n in AGE_SHAPES if not n.endswith("discriminator")])
def test_unknown_transformation(name):
    valid = "'deterministic', 'implicit'" if name in GENERATORS else "'deterministic', 'gaussian'"
    with pytest.raises(ValueError, match=f"`transformation` must be one of {valid}. .*'none'"):
        small(name, transformation="none")


@pytest.mark.parametrize("name", AGE_SHAPES)
def test_latent_width_that_cannot_work(name):
    with pytest.raises(ValueError, match="`latent_dim` must be a positive int. .*latent_dim=0. "):
        getattr(networks, name)(0)


@pytest.mark.parametrize(
    ("name", "keywords", "message"),
    [
        ("age_mlp_generator", {"data_dim": 0}, "`data_dim` must be a positive int"),
        ("age_mlp_generator", {"hidden": (5, 0)}, "`hidden` must be positive. Received: 0"),
        ("age_mlp_encoder", {"data_dim": -1}, "`data_dim` must be .*=-1"),
        ("age_mlp_discriminator", {"width": 0}, "`width` must be a positive int"),
        ("age_stacked_mnist_generator", {"width": 0}, "`width` must be a positive int"),
        ("age_stacked_mnist_generator", {"channels": 0}, "`channels` must be a positive int"),
        ("age_stacked_mnist_encoder", {"channels": 0}, "`channels` must be a positive int"),
        ("age_stacked_mnist_discriminator", {"dense_width": 0}, "`dense_width` must be"),
        ("age_sagan_generator", {"width": 0}, "`width` must be a positive int"),
        ("age_sagan_discriminator", {"dense_width": 0}, "`dense_width` must be"),
        ("age_resnet_encoder", {"width": 0}, "`width` must be a positive int"),
    ],
)
def test_other_widths_that_cannot_work(name, keywords, message):
    with pytest.raises(ValueError, match=message):
        getattr(networks, name)(**keywords)


@pytest.mark.parametrize("name", AGE_SHAPES)
def test_no_two_kernels_start_equal(name):
    # An initialiser object without a seed repeats its values for equal shapes.
    kernels = [v.numpy() for v in opened(name)[0].trainable_variables if "kernel" in v.path]
    for i, first in enumerate(kernels):
        for second in kernels[:i]:
            assert first.shape != second.shape or not np.array_equal(first, second)
