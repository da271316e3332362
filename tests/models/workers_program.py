"""Trains models as one of several worker processes, or alone, and prints the result as JSON.

The place among the workers is in the variable TF_CONFIG, as `MultiWorkerMirroredStrategy` reads it.
"""

import contextlib
import json
import sys
import time

import tensorflow as tf

from tests.models.mirrored_program import RUNS, train


def main(workers, *names):
    # Before TensorFlow does anything: the strategy starts the servers.
    strategy = tf.distribute.MultiWorkerMirroredStrategy() if workers > 1 else None
    report = {}
    for name in names:
        with strategy.scope() if strategy else contextlib.nullcontext():
            result = train(*RUNS[name])
        report[name] = {
            "weights": result["weights"].tolist(),
            "logs": result["logs"].tolist(),
            "moved": float(result["moved"]),
            "step": result["step"],
        }
    json.dump(report, sys.stdout)
    sys.stdout.flush()
    if strategy:
        # The first to leave would end the others' last collective.
        time.sleep(2)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
