"""ACTGAN in micro-batches takes the steps of the whole batch."""

import keras
import numpy as np
import pytest

from keras_ot_gans import losses, models, networks
from tests.models.cases import critic, generator, navigator
from tests.models.harness import weights

X = np.random.default_rng(3).normal(size=(20, 2)).astype("float32")
VARIANTS = {
    "data space": lambda: {"navigator": navigator()},
    "critic": lambda: {"navigator": navigator(), "critic": critic(), "generator_steps": 1},
    "distance on features": lambda: {
        "navigator": networks.difference_navigator(5, (6,)),
        "critic": critic(),
        "generator_steps": 1,
        "num_fake": 13,
    },
    "own loss": lambda: {
        "navigator": navigator(),
        "critic": critic(),
        "generator_steps": 1,
        "critic_loss": losses.discriminator_cross_entropy,
    },
}


def trained(variant, micro_batch):
    keras.utils.set_random_seed(0)
    model = models.ACTGAN(generator(), **VARIANTS[variant](), micro_batch=micro_batch, seed=1)
    model.compile({role: keras.optimizers.SGD(0.05) for role in model.networks})
    history = model.fit(X, batch_size=10, epochs=2, shuffle=False, verbose=0).history
    return weights(model.trainable_variables), history


@pytest.mark.parametrize("variant", VARIANTS)
def test_micro_batches_change_nothing(variant):
    # 4 does not divide the batch of 10, nor the 13 fakes. Sums over parts are rounded otherwise.
    whole, logs = trained(variant, None)
    parts, logs_of_parts = trained(variant, 4)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-6)
    for name, values in logs.items():
        np.testing.assert_allclose(values, logs_of_parts[name], rtol=1e-5, err_msg=name)


def test_batch_normalisation_is_refused():
    with pytest.raises(ValueError, match="`navigator` must treat samples one by one"):
        models.ACTGAN(generator(), networks.mlp(2, (8,), 4, batch_norm=True), micro_batch=4, seed=1)


def test_a_program_of_xla_is_refused():
    model = models.ACTGAN(generator(), navigator(), micro_batch=4, seed=1)
    model.compile({r: keras.optimizers.SGD(0.05) for r in model.networks}, jit_compile=True)
    with pytest.raises(ValueError, match="`jit_compile` must be off"):
        model.fit(X, batch_size=10, verbose=0)
