"""Half precision: the same game, with a scaled loss where float16 needs it."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import losses, models, networks
from tests.models.cases import CASES, critic, generator, navigator, value
from tests.models.harness import weights

X = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
RATE = 0.05


@contextlib.contextmanager
def policy(name):
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


def gan(name, compiled=True, run_eagerly=True, **kwargs):
    with policy(name):
        keras.utils.set_random_seed(0)
        kwargs = {"critic": critic(), "generator_steps": 1, "seed": 1, **kwargs}
        model = models.ACTGAN(generator(), kwargs.pop("navigator", None) or navigator(), **kwargs)
        if compiled:
            model.compile(
                {role: keras.optimizers.SGD(RATE) for role in model.networks},
                run_eagerly=run_eagerly,
            )
    return model


def steps_of(model):
    before = {role: weights(model.variables_of(role)) for role in model.networks}
    model.train_step(X)
    return {
        role: np.concatenate(
            [(v.numpy() - b).ravel() for v, b in zip(model.variables_of(role), old, strict=True)]
        )
        for role, old in before.items()
    }


@pytest.mark.parametrize("own_loss", [None, losses.discriminator_cross_entropy])
@pytest.mark.parametrize(("name", "digits"), [("mixed_float16", 2e-2), ("mixed_bfloat16", 1e-1)])
def test_step_equals_that_of_float32(name, digits, own_loss):
    expected = steps_of(gan("float32", critic_loss=own_loss))
    received = steps_of(gan(name, critic_loss=own_loss))
    for role, step in expected.items():
        # Significands of 11 and 8 bits, through three layers there and three back.
        error = np.linalg.norm(received[role] - step) / np.linalg.norm(step)
        assert error < digits, role


def test_float16_scales_the_loss_of_each_role():
    model = gan("mixed_float16")
    for role in model.networks:
        assert isinstance(model.optimizer_of(role), keras.optimizers.LossScaleOptimizer)
    for name in ("mixed_bfloat16", "float32"):
        assert isinstance(gan(name).optimizer_of("generator"), keras.optimizers.SGD)


def test_role_in_float32_is_not_scaled_beside_one_in_float16():
    expected = steps_of(gan("float32"))
    with policy("mixed_float16"):
        half = navigator()
    model = gan("float32", navigator=half)
    assert isinstance(model.optimizer_of("critic"), keras.optimizers.SGD)
    half.set_weights(gan("float32").navigator.get_weights())
    for role, step in steps_of(model).items():
        error = np.linalg.norm(step - expected[role]) / np.linalg.norm(expected[role])
        assert error < 2e-2, role


def test_roles_may_have_scales_of_their_own():
    model = gan("mixed_float16")
    model.optimizer_of("critic").dynamic_scale.assign(2.0**4)
    model.optimizer_of("navigator").dynamic_scale.assign(2.0**12)
    expected = steps_of(gan("float32"))
    for role, step in steps_of(model).items():
        error = np.linalg.norm(step - expected[role]) / np.linalg.norm(expected[role])
        assert error < 2e-2, role


def test_overflow_skips_the_step_and_lowers_the_scale():
    model = gan("mixed_float16")
    for role in model.networks:
        model.optimizer_of(role).dynamic_scale.assign(1e30)
    for step in steps_of(model).values():
        np.testing.assert_array_equal(step, 0.0)
    for role in model.networks:
        assert float(model.optimizer_of(role).dynamic_scale) < 1e30


def test_wrapped_optimizer_is_not_wrapped_again():
    model = gan("mixed_float16", compiled=False)
    inner = {role: keras.optimizers.SGD(RATE) for role in model.networks}
    model.compile({r: keras.optimizers.LossScaleOptimizer(o) for r, o in inner.items()})
    for role in model.networks:
        assert model.optimizer_of(role).inner_optimizer is inner[role]


def test_factor_of_a_plain_optimizer_changes_nothing():
    expected = steps_of(gan("float32"))
    model = gan("float32", compiled=False)
    model.compile(
        {
            role: keras.optimizers.SGD(RATE, loss_scale_factor=2.0**k)
            for k, role in enumerate(model.networks)
        },
        run_eagerly=True,
    )
    for role, step in steps_of(model).items():
        # Powers of two scale exactly.
        np.testing.assert_array_equal(step, expected[role])


@pytest.mark.parametrize("name", ["mixed_float16", "mixed_bfloat16"])
def test_fit_save_and_resume(name, tmp_path):
    with policy(name):
        navigator_of = networks.difference_navigator(5, (6,))
    model = gan(name, run_eagerly=False, navigator=navigator_of, ema_decay=0.9)
    model.fit(X, batch_size=8, epochs=2, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer_of("critic")) is type(model.optimizer_of("critic"))
    histories = [m.fit(X, batch_size=8, shuffle=False, verbose=0).history for m in (model, loaded)]
    assert histories[0] == histories[1]
    assert np.isfinite(list(histories[0].values())).all()
    samples = loaded.sample(4, seed=0)
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, model.sample(4, seed=0))
    assert {v.dtype for v in loaded.generator.variables} == {"float32"}


def test_costs_are_float32():
    model = gan("mixed_float16")
    transport, _ = model.objective(
        tf.constant(X), model.fake_like(tf.constant(X), training=True), training=True
    )
    assert {part.dtype for part in transport} == {tf.float32}


# --- slopes ---


def lipschitz_gan(name, penalty, case=None):
    with policy(name):
        keras.utils.set_random_seed(0)
        if case is not None:
            model = CASES[case].make()
        else:
            model = models.LipschitzGAN(
                generator(), value(), penalty=penalty, batch_size=len(X), seed=1
            )
        model.compile(
            {role: keras.optimizers.SGD(RATE) for role in model.networks}, run_eagerly=True
        )
    return model


@pytest.mark.parametrize("penalty", ["gradient_penalty", "r1", "max_gradient_penalty"])
@pytest.mark.parametrize(("name", "digits"), [("mixed_float16", 2e-2), ("mixed_bfloat16", 1e-1)])
def test_penalised_step_equals_that_of_float32(name, digits, penalty):
    penalty = getattr(losses.penalties, penalty)(1.0)
    expected = steps_of(lipschitz_gan("float32", penalty))
    received = steps_of(lipschitz_gan(name, penalty))
    for role, step in expected.items():
        # As above, for gradients of gradients.
        error = np.linalg.norm(received[role] - step) / np.linalg.norm(step)
        assert error < digits, role


@pytest.mark.parametrize("size", [1e-3, 1e3])
def test_slopes_are_summed_in_float32(size):
    # Squares of slopes of 1e3 overflow float16, those of 1e-4 vanish in it.
    model = lipschitz_gan("mixed_float16", losses.penalties.gradient_penalty(1e-6))
    last = model.critic.layers[-1]
    last.kernel.assign(last.kernel * size)
    x_real, x_fake = tf.constant(X), tf.cast(X[::-1], tf.float16)
    slopes = model._slopes(tf.cast(x_real, tf.float16), x_fake, None, training=True)
    assert {slopes.squared.dtype, slopes.points.dtype, slopes.penalty.dtype} == {tf.float32}
    exact = lipschitz_gan("float32", losses.penalties.gradient_penalty(1e-6)).critic
    exact.set_weights(model.critic.get_weights())
    with tf.GradientTape() as tape:
        tape.watch(slopes.points)
        total = tf.reduce_sum(exact(slopes.points))
    squared = np.sum(tape.gradient(total, slopes.points).numpy() ** 2, axis=1)
    # Two layers of 11 bits; a kink of the leaky ReLU may fall on the other side for a point.
    error = np.abs(slopes.squared - squared) / squared
    assert np.median(error) < 2e-3
    loss = model.critic_objective(tf.cast(x_real, tf.float16), x_fake, None, training=True)
    assert loss.dtype == tf.float32


def test_embedded_labels_train_in_float16():
    model = lipschitz_gan("mixed_float16", None, case="conditional")
    before = weights(model.critic.trainable_variables)
    model.train_step((X, tf.constant([0, 1] * 8)))
    for old, v in zip(before, model.critic.trainable_variables, strict=True):
        assert np.isfinite(v.numpy()).all() and (old != v.numpy()).any()
