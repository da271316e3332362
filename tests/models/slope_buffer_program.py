"""Five critic steps with MaxGP on one replica and on two, as JSON.

A program of its own: two logical processors must be set before TensorFlow starts, and a process
can hold one strategy only.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans import ops
from keras_ot_gans.losses import penalties
from keras_ot_gans.models import replicas
from keras_ot_gans.models.slope_buffer import SlopeBuffer

BATCH, STEPS = 16, 5
RNG = np.random.default_rng(0)
X = RNG.normal(size=(STEPS, BATCH, 2)).astype("float32")
Y = np.tile(np.arange(BATCH, dtype="int32"), (STEPS, 1))
PENALTY = penalties.max_gradient_penalty(1.0)


def make():
    keras.utils.set_random_seed(0)
    critic = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)]
    )
    optimizer = keras.optimizers.SGD(0.05)
    optimizer.build(critic.trainable_variables)
    return critic, SlopeBuffer((2,), BATCH, PENALTY.buffer_fraction, labels=True), optimizer


def step(critic, buffer, optimizer, x, labels):
    """One critic step on the penalty alone."""
    x, labels = buffer.mix(x, labels)
    with tf.GradientTape() as tape:
        squared = ops.squared_slopes(critic, x)
        loss = PENALTY(replicas.gather(squared))
        shared = loss / replicas.count()
    # The last bias is unconnected, which a tape allows for TensorFlow's variables only.
    variables = [v.value for v in critic.trainable_variables]
    gradients = tape.gradient(shared, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    replicas.apply_gradients(optimizer, gradients, critic.trainable_variables)
    buffer.refresh(x, squared, labels)
    return loss


def run(strategy):
    with strategy.scope():
        critic, buffer, optimizer = make()
    count = strategy.num_replicas_in_sync

    @tf.function
    def together(x, labels):
        return strategy.run(lambda a, b: step(critic, buffer, optimizer, a, b), (x, labels))

    seen = []
    for x, labels in zip(X, Y, strict=True):
        if count > 1:
            x, labels = (
                strategy.experimental_distribute_values_from_function(
                    lambda c, v=v: tf.constant(np.split(v, count)[c.replica_id_in_sync_group])
                )
                for v in (x, labels)
            )
        loss = strategy.experimental_local_results(together(x, labels))
        seen.append(float(loss[0]))
    mirror = strategy.experimental_local_results(buffer.points.value)[-1]
    return {
        "points": keras.ops.convert_to_numpy(buffer.points).tolist(),
        "mirror": mirror.numpy().tolist(),
        "labels": keras.ops.convert_to_numpy(buffer.point_labels).tolist(),
        "weights": np.concatenate(
            [keras.ops.convert_to_numpy(v).ravel() for v in critic.trainable_variables]
        ).tolist(),
        "penalties": seen,
    }


def refusal(strategy):
    """What a buffer that two replicas cannot share says."""
    with strategy.scope():
        buffer = SlopeBuffer((2,), 6)
    try:
        strategy.run(lambda: buffer.mix(tf.ones((3, 2))))
    except ValueError as error:
        return str(error)
    return "none"


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, halves)
    report = {"one": run(tf.distribute.get_strategy())}
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    report["two"] = run(strategy)
    report["refusal"] = refusal(strategy)
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
