"""The fused Adam against Keras's own."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.optimizers import FusedAdam

GRADIENTS = np.random.default_rng(0).normal(size=(6, 4, 3)).astype("float32")


def run(cls, wrap=lambda f: f, **kwargs):
    variable = keras.Variable(np.ones((4, 3), "float32"))
    optimizer = cls(0.05, **kwargs)
    optimizer.build([variable])
    step = wrap(lambda gradient: optimizer.apply([gradient], [variable]))
    for gradient in GRADIENTS:
        step(tf.constant(gradient))
    return variable.numpy(), optimizer


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"beta_1": 0.0, "beta_2": 0.9},
        {"epsilon": 1e-2},
        {"clipnorm": 0.5},
        {"weight_decay": 0.1},
        {"use_ema": True, "ema_momentum": 0.9},
        {"amsgrad": True},
        {"global_clipnorm": 0.5, "beta_1": 0.5, "beta_2": 0.99},
    ],
)
def test_updates_are_those_of_keras(kwargs):
    fused, optimizer = run(FusedAdam, **kwargs)
    plain, reference = run(keras.optimizers.Adam, **kwargs)
    # Six float32 updates, whose operations are ordered differently.
    np.testing.assert_allclose(fused, plain, rtol=1e-6, atol=1e-6)
    for ours, theirs in zip(optimizer.variables, reference.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)


def test_first_step_by_hand():
    # m / (1 - b1) = g and v / (1 - b2) = g^2: the step is the rate times the gradient's sign.
    variable = keras.Variable([1.0, 1.0])
    FusedAdam(0.1, epsilon=1e-12).apply([tf.constant([2.0, -0.5])], [variable])
    np.testing.assert_allclose(variable.numpy(), [0.9, 1.1], rtol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_compiled_is_eager(jit):
    compiled, _ = run(FusedAdam, lambda f: tf.function(f, jit_compile=jit))
    np.testing.assert_allclose(compiled, run(FusedAdam)[0], rtol=1e-6, atol=1e-6)


def test_schedules_and_serialisation():
    rate = keras.optimizers.schedules.CosineDecay(0.05, 10)
    optimizer = FusedAdam(rate, beta_1=0.3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert isinstance(again, FusedAdam)
    assert again.get_config() == optimizer.get_config()


PROGRAM = """
import json, sys
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from keras_ot_gans.optimizers import FusedAdam
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
results = []
for cls in (keras.optimizers.Adam, FusedAdam):
    with strategy.scope():
        variable = keras.Variable(np.ones((3,), "float32"))
        optimizer = cls(0.05)
        optimizer.build([variable])
    def step():
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        gradient = tf.constant([1.0, -2.0, 0.5]) * tf.cast(index + 1, tf.float32)
        optimizer.apply([gradient], [variable])
    run = tf.function(lambda: strategy.run(step))
    for _ in range(3):
        run()
    results.append([part.numpy().tolist() for part in variable.value.values])
print("RESULT" + json.dumps(results))
"""


def test_mirrored_replicas_agree_with_keras():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    plain, fused = json.loads(done.stdout.split("RESULT")[1])
    assert fused[0] == fused[1]
    # 1 - beta**t is a difference of nearly equal float32 numbers, formed in another order.
    np.testing.assert_allclose(fused, plain, rtol=5e-6)
