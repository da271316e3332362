"""Rates of real optimizers, plain, scheduled and under loss scaling."""

import keras
import numpy as np
import pytest

from keras_ot_gans.callbacks.watchdogs.learning_rates import (
    ScaledRate,
    lowered,
    rates_of,
    set_rates,
)
from keras_ot_gans.models import LipschitzGAN
from keras_ot_gans.networks import mlp

X = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")


def compiled(generator, critic=0.1):
    keras.utils.set_random_seed(0)
    model = LipschitzGAN(mlp(2, (4,), 2), mlp(2, (4,), 1), seed=0)
    model.compile(
        {"generator": keras.optimizers.SGD(generator), "critic": keras.optimizers.SGD(critic)}
    )
    return model


def moves(model):
    """How far one round moves the generator's first kernel, and the weights after it."""
    kernel = model.generator.trainable_variables[0]
    before = kernel.numpy()
    model.fit(X, batch_size=8, verbose=0)
    return kernel.numpy() - before


def test_rates_are_read_multiplied_and_set():
    fall = keras.optimizers.schedules.PolynomialDecay(0.5, 100, 0.0)
    model = compiled(fall)
    rates = rates_of(model)
    assert rates == {"generator": {"scale": 1.0}, "critic": {"rate": pytest.approx(0.1)}}
    for scale in (0.5, 0.25):
        rates = lowered(rates, 0.5)
        set_rates(model, rates)
        assert rates_of(model)["generator"] == {"scale": scale}
    optimizer = model.optimizer_of("generator")
    assert isinstance(optimizer._learning_rate.schedule, type(fall))  # not nested
    assert float(optimizer.learning_rate) == pytest.approx(0.125)
    assert float(model.optimizer_of("critic").learning_rate) == pytest.approx(0.025)


@pytest.mark.parametrize("scheduled", [True, False])
def test_a_compiled_step_takes_the_new_rate(scheduled):
    rate = keras.optimizers.schedules.PolynomialDecay(0.5, 100, 0.0) if scheduled else 0.5
    whole, half = compiled(rate), compiled(rate)
    for model in (whole, half):
        moves(model)  # compiles, from the same weights, on the same noise
    set_rates(half, {"generator": lowered(rates_of(half), 0.5)["generator"]})
    # One step of SGD is linear in its rate; rounding of float32 sums.
    np.testing.assert_allclose(moves(half), 0.5 * moves(whole), rtol=2e-4, atol=1e-7)


def test_loss_scaling_has_the_rate_of_its_inner_optimizer():
    model = compiled(0.1)
    model.compile(
        {
            "generator": keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.2)),
            "critic": keras.optimizers.LossScaleOptimizer(
                keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.4, 10))
            ),
        }
    )
    rates = rates_of(model)
    assert rates == {"generator": {"rate": pytest.approx(0.2)}, "critic": {"scale": 1.0}}
    set_rates(model, lowered(rates, 0.5))
    assert float(model.optimizer_of("generator").learning_rate) == pytest.approx(0.1)
    assert float(model.optimizer_of("critic").learning_rate) == pytest.approx(0.2)


def test_scaled_rate_survives_saving():
    schedule = ScaledRate(keras.optimizers.schedules.CosineDecay(0.1, 100), 0.5)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert float(again(50)) == float(schedule(50)) and again.scale == 0.5


def test_a_function_cannot_be_lowered():
    with pytest.raises(ValueError, match="`optimizers` must have a learning rate that can be"):
        rates_of(compiled(lambda: 0.1))
