"""Solves on two replicas, in a process of its own: see `models/mirrored_program.py`."""

import json
import sys

import numpy as np
import tensorflow as tf

from keras_ot_gans import ops
from tests.ops.transport_problems import problem

COSTS = np.stack([problem(8, 6, seed)[0] for seed in range(4)]).astype("float32")


def largest(received, expected):
    pairs = zip(received, expected, strict=True)
    return max(float(np.abs(np.float64(p) - np.float64(q)).max()) for p, q in pairs)


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

    @tf.function
    def each(batch):
        return strategy.run(lambda c: ops.sinkhorn(c, 0.05), args=(batch,))

    @tf.function
    def together(batch):
        def replica(c):
            c = tf.distribute.get_replica_context().all_gather(c, axis=0)
            return ops.sinkhorn(c, 0.05)

        return strategy.run(replica, args=(batch,))

    data = tf.data.Dataset.from_tensor_slices(COSTS).batch(4)
    batch = next(iter(strategy.experimental_distribute_dataset(data)))
    report = {}
    for call in ("first", "second"):
        parts = [strategy.experimental_local_results(x) for x in each(batch)]
        report["problems"] = int(parts[0][0].shape[0])
        whole = [np.concatenate([p.numpy() for p in part]) for part in parts]
        halves = [ops.sinkhorn(COSTS[k : k + 2], 0.05) for k in (0, 2)]
        expected = [np.concatenate(pair) for pair in zip(*halves, strict=True)]
        report[call] = largest(whole, expected)
    expected = ops.sinkhorn(COSTS, 0.05)
    replicas = [strategy.experimental_local_results(x) for x in together(batch)]
    report["gathered"] = max(largest([p[k] for p in replicas], expected) for k in range(2))
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
