"""Prints, as JSON, what the memory estimate says of one replica and of two parts of a CPU.

A program of its own: logical processors must be set before TensorFlow starts, and a process can
hold one strategy only.
"""

import json
import sys

import keras
import tensorflow as tf

from apps import memory_estimate, strategies
from keras_ot_gans import divergences, models, networks

BATCH = 1000  # an array of all pairs, 4 MB, is far larger than anything else


def act():
    return models.ACTGAN(networks.mlp(3, (8,), 2), networks.mlp(2, (8,), 4), seed=0)


def ot_gan():
    matching = divergences.EntropicMatching(0.2, tolerance=0.0, max_iterations=5)
    players = networks.mlp(3, (8,), 2), networks.mlp(2, (8,), 4)
    return models.OTGAN(*players, matching=matching, generator_steps=1)


def estimate(make, rows):
    model = make()
    model.compile({role: keras.optimizers.SGD(0.1) for role in model.networks})
    return memory_estimate.step_of(model, tf.TensorSpec((rows, 2), tf.float32))


def main():
    strategy = strategies.build("mirrored", 2)
    report = {"one": [estimate(make, BATCH) for make in (act, ot_gan)]}
    with strategy.scope():
        report["two"] = [estimate(make, BATCH // 2) for make in (act, ot_gan)]
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
