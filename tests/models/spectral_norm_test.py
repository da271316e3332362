"""Spectral normalisation in the game: one power step per update of its role, and no other."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_ot_gans import models, networks
from keras_ot_gans.layers import PairwiseDistance, SpectralNormalization
from keras_ot_gans.models import players
from tests.models.cases import adam, critic, generator, navigator, spectral
from tests.models.harness import states

X = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")


def normalised(width=5, name="critic"):
    """A network with a normalised layer inside a network inside it."""
    inner = keras.Sequential([keras.Input((2,)), SpectralNormalization(layers.Dense(6))])
    return keras.Sequential(
        [keras.Input((2,)), inner, SpectralNormalization(layers.Dense(width))], name=name
    )


def wrappers(network):
    return [network.layers[0].layers[0], network.layers[1]]


def gan(run_eagerly=True, **kwargs):
    keras.utils.set_random_seed(0)
    model = models.ACTGAN(
        generator(), navigator(), normalised(), generator_steps=1, seed=1, **kwargs
    )
    model.compile(adam(model), run_eagerly=run_eagerly)
    return model


@pytest.fixture
def steps(monkeypatch):
    """The layers that have taken a power step, in order."""
    taken = []
    step = SpectralNormalization.power_step

    def counted(self):
        taken.append(self)
        step(self)

    monkeypatch.setattr(SpectralNormalization, "power_step", counted)
    return taken


@pytest.mark.parametrize("critic_steps", [1, 3])
def test_one_power_step_per_update_of_the_role(steps, critic_steps):
    model = gan(critic_steps=critic_steps)
    steps.clear()
    model.train_step(X)
    expected = wrappers(model.critic)
    assert len(steps) == 2 * critic_steps
    assert {id(layer) for layer in steps} == {id(layer) for layer in expected}


def test_looking_takes_no_power_step(steps):
    model = gan()
    steps.clear()
    model.test_step(X)
    model.plans(X[:3], X[3:])
    model.sample(2)
    assert steps == []


def test_frozen_role_takes_no_power_step(steps):
    model = gan()
    model.freeze("critic")
    steps.clear()
    model.train_step(X)
    assert steps == []


def test_vectors_follow_the_kernels_that_have_moved():
    model = gan()
    layer = wrappers(model.critic)[0]
    left = layer.left.numpy()
    model.train_step(X)
    kernel = layer.layer.kernel.numpy()
    expected = left @ kernel.T @ kernel  # the power step comes after the optimizer's
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(layer.left, expected, rtol=0, atol=1e-6)


def test_layers_are_found_at_any_depth_and_once(steps):
    distance = PairwiseDistance(normalised(1))
    players.take_power_steps([normalised(), distance, distance])
    steps.clear()
    players.take_power_steps([distance, distance.network])
    assert len(steps) == 2
    assert {id(layer) for layer in steps} == {id(layer) for layer in wrappers(distance.network)}


def test_whole_critic_trains_saves_and_resumes(tmp_path):
    keras.utils.set_random_seed(0)
    shape = (8, 8, 1)
    model = models.ACTGAN(
        networks.dcgan_generator(3, shape, width=2),
        networks.dcgan_critic(shape, 4, width=2, name="navigator"),
        networks.dcgan_critic(shape, 4, width=2, spectral_norm=True),
        generator_steps=1,
        seed=1,
    )
    model.compile(adam(model), run_eagerly=True)
    x = model.sample(8, seed=0)
    model.train_step(x)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for m in (model, loaded):
        m.train_step(x)
    for (path, a), (_, b) in zip(states(model), states(loaded), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=path)
    assert "left" in {path.split("/")[-1] for path, _ in states(model)}


def test_eager_graph_and_xla_reach_the_same_weights():
    """One round of a conditional SNGAN; two replicas are in `mirrored_test.py`."""
    labels = np.arange(16) % 2
    found = []
    for options in ({"run_eagerly": True}, {"jit_compile": False}, {"jit_compile": True}):
        keras.utils.set_random_seed(0)
        model = spectral()
        kernels = [v for v in model.variables_of("critic") if len(v.shape) > 1]
        start = [v.numpy() for v in kernels]
        optimizers = {role: keras.optimizers.SGD(0.05) for role in model.networks}
        model.compile(optimizers, **options)
        model.fit(X, labels, batch_size=16, shuffle=False, verbose=0)
        for kernel, before in zip(kernels, start, strict=True):
            assert np.abs(kernel.numpy() - before).max() > 1e-4, kernel.path
        kinds = [type(part.layer).__name__ for part in model.critic._flatten_layers()
                 if isinstance(part, SpectralNormalization)]  # fmt: skip
        assert set(kinds) == {"Conv2D", "Conv2DTranspose", "Dense", "Embedding"}
        found.append(states(model))
    for other in found[1:]:
        for (path, value), (_, received) in zip(found[0], other, strict=True):
            # Float32 sums in another order.
            np.testing.assert_allclose(received, value, rtol=1e-5, atol=1e-6, err_msg=path)


def test_spectral_norm_adds_no_trainable_number():
    plain, other = (networks.dcgan_critic((8, 8, 1), 4, width=2, spectral_norm=s) for s in (0, 1))

    assert [v.shape for v in plain.trainable_variables] == [
        v.shape for v in other.trainable_variables
    ]
    # One vector as long as the outputs of each of eight layers.
    extra = other.count_params() - plain.count_params()
    assert extra == 2 + 2 + 4 + 4 + 8 + 8 + 16 + 4


def test_float16_layer_deep_inside_asks_for_loss_scaling():
    half = SpectralNormalization(layers.Dense(4, dtype="mixed_float16"))
    scaled = players.with_loss_scale(keras.optimizers.SGD(), [half])
    assert isinstance(scaled, keras.optimizers.LossScaleOptimizer)
    plain = players.with_loss_scale(keras.optimizers.SGD(), [critic()])
    assert isinstance(plain, keras.optimizers.SGD)
