"""Initialises a mirrored model by data, in a process of its own: see `models/mirrored_program.py`.

What each of two replicas then holds is compared with the same model on one device.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_ot_gans.layers import WeightNormalization, initialise_from_data

X = np.random.default_rng(0).normal(3.0, 2.0, (8, 6, 6, 2)).astype("float32")


def made():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            layers.Input(X.shape[1:]),
            WeightNormalization(layers.Conv2D(3, 3)),
            layers.Flatten(),
            WeightNormalization(layers.Dense(4), 0.1),
        ]
    )


def compare(strategy, mirrored, single):
    """Number of copies of a variable, and how far one is from the single device's."""
    copies = [strategy.experimental_local_results(v.value) for v in mirrored.trainable_variables]
    differences = [
        float(np.abs(copy.numpy() - v.numpy()).max())
        for held, v in zip(copies, single.trainable_variables, strict=True)
        for copy in held
    ]
    return min(len(held) for held in copies), max(differences)


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    single = made()
    initialise_from_data(single, X)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        mirrored = made()
        initialise_from_data(mirrored, X)
    inside = compare(strategy, mirrored, single)
    with strategy.scope():
        mirrored = made()
    initialise_from_data(mirrored, X)
    outside = compare(strategy, mirrored, single)
    report = {
        "copies": min(inside[0], outside[0]),
        "difference": max(inside[1], outside[1]),
        "moved": min(float(np.abs(part.gain - 1.0).max()) for part in single.layers[::2]),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
