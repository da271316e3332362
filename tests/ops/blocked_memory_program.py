"""Prints by how many bytes the peak memory grows over a blocked problem of a size.

A program of its own, since the peak of a process never falls.
"""

import resource
import sys

import numpy as np

from keras_ot_gans import ops

WIDTH = 32


def solve(points):
    x_real, x_fake = np.random.default_rng(0).normal(size=(2, points, WIDTH)).astype("float32")
    settings = {"tolerance": 0.0, "max_iterations": 3, "block_size": 256}
    potentials = ops.sinkhorn_blocked(x_real, x_fake, ops.cosine, 0.1, **settings)
    products = ops.apply_plan(
        x_real, x_fake, ops.cosine, potentials, values_fake=x_fake, block_size=256
    )
    return float(products.sharp_cost)


def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main(points):
    solve(100)  # the growth below is not that of loading the compiler
    before = peak()
    solve(points)
    sys.stdout.write(str(peak() - before))


if __name__ == "__main__":
    main(int(sys.argv[1]))
