"""Compares one replica with two, in a process of its own: see `models/mirrored_program.py`."""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans import ops
from keras_ot_gans.layers import ConditionalBatchNormalization
from keras_ot_gans.models import replicas

RNG = np.random.default_rng(0)
X = RNG.normal(1.0, 2.0, (8, 3)).astype("float32")
X[4:] *= 3.0  # the replicas' batches differ
LABELS = np.array([0, 1, 1, 2, 2, 2, 0, 1], "int32")


def step(layer, x, labels):
    with tf.GradientTape() as tape:
        outputs = layer(x, labels, training=True)
        loss = tf.reduce_sum(outputs**3)
    slopes = tape.gradient(loss, [layer.gamma.value, layer.beta.value])
    return outputs, slopes


def whole(synchronized):
    layer = ConditionalBatchNormalization(3, synchronized=synchronized)
    outputs, slopes = step(layer, X, LABELS)
    return outputs, slopes, [layer.norm.moving_mean, layer.norm.moving_variance]


def halves(strategy, synchronized):
    with strategy.scope():
        layer = ConditionalBatchNormalization(3, synchronized=synchronized)
        layer.build(X.shape, LABELS.shape)

    @tf.function
    def run(x, labels):
        return strategy.run(lambda x, y: step(layer, x, y), args=(x, labels))

    data = tf.data.Dataset.from_tensor_slices((X, LABELS)).batch(8)
    x, labels = next(iter(strategy.experimental_distribute_dataset(data)))
    outputs, slopes = run(x, labels)
    outputs = tf.concat(strategy.experimental_local_results(outputs), 0)
    slopes = [sum(strategy.experimental_local_results(slope)) for slope in slopes]
    return outputs, slopes, [layer.norm.moving_mean, layer.norm.moving_variance]


def largest(a, b):
    arrays = keras.ops.convert_to_numpy
    return max(float(np.abs(arrays(p) - arrays(q)).max()) for p, q in zip(a, b, strict=True))


def labels_moved(strategy):
    """Number of labels that two replicas draw differently from one."""
    draw = ops.Labels(5, (1, 2, 3, 0, 1))
    expected = draw.sample((16,), keras.random.SeedGenerator(3)).numpy()
    with strategy.scope():
        seed = keras.random.SeedGenerator(3)

    @tf.function
    def run():
        part = lambda: replicas.own_part(lambda rows: draw.sample((rows,), seed), 8)  # noqa: E731
        return strategy.run(part)

    drawn = np.concatenate([part.numpy() for part in strategy.experimental_local_results(run())])
    return int((drawn != expected).sum())


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    report = {}
    expected = {name: whole(name == "synchronized") for name in ("synchronized", "separate")}
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for name, (outputs, slopes, statistics) in expected.items():
        received = halves(strategy, name == "synchronized")
        report[name] = {
            "outputs": largest([outputs], [received[0]]),
            "gradients": largest(slopes, received[1]) / float(np.max(np.abs(slopes))),
            "statistics": largest(statistics, received[2]),
        }
    report["labels_moved"] = labels_moved(strategy)
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
