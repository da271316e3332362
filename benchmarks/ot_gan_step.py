"""One optimisation step of OT-GAN at the paper's batch and networks, on whatever machine this is.

    python -m benchmarks.ot_gan_step --batch=8000 --micro_batch=200 --role=critic

Batch 8,000 of CIFAR-10's size, the authors' networks (37,761,926 and 34,419,840 parameters),
features of micro-batches, six matchings of 4,000 x 4,000, then one backward pass per micro-batch.
Prints seconds, the process's peak memory, and what the matchings needed. Images are random: neither
time nor memory depends on them, the number of iterations does.
"""

import resource
import sys
import time

import keras
import numpy as np
from absl import app, flags

from benchmarks.timing import set_threads
from keras_ot_gans import divergences, models, networks

_BATCH = flags.DEFINE_integer("batch", 8000, "Images, of both halves.", lower_bound=2)
_MICRO = flags.DEFINE_integer("micro_batch", 200, "Images at a time; 0: all.", lower_bound=0)
_WIDTH = flags.DEFINE_integer("width", 128, "Width of both networks.", lower_bound=1)
_ROLE = flags.DEFINE_enum("role", "critic", ["critic", "generator"], "Who moves.")
_STEPS = flags.DEFINE_integer("steps", 1, "Steps after the first, which compiles.", lower_bound=0)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads.", lower_bound=1)


def _peak() -> float:
    """Return the peak memory of this process in GiB."""
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _images(rng: np.random.Generator) -> np.ndarray:
    """Return smooth random images: 4 x 4 colours, each over 8 x 8 pixels, and a little noise."""
    coarse = rng.uniform(-0.9, 0.9, (_BATCH.value, 4, 4, 3))
    fine = np.repeat(np.repeat(coarse, 8, axis=1), 8, axis=2)
    return (fine + rng.uniform(-0.1, 0.1, fine.shape)).astype("float32")


def main(argv: list[str]) -> None:
    """Take the steps, and print a line for each."""
    del argv
    set_threads(_THREADS.value)
    keras.utils.set_random_seed(0)
    model = models.OTGAN(
        networks.ot_gan_generator(100, (32, 32, 3), width=_WIDTH.value),
        networks.ot_gan_critic((32, 32, 3), width=_WIDTH.value),
        matching=divergences.EntropicMatching(0.002),
        generator_steps=1,
        micro_batch=_MICRO.value or None,
        seed=0,
    )
    model.compile({role: keras.optimizers.Adam(3e-4, 0.5) for role in model.networks})
    images = _images(np.random.default_rng(0))
    start = time.perf_counter()
    model.start_from(images[:625])  # as `fit` does with its first batch
    print(f"data-dependent start: {time.perf_counter() - start:.1f} s, peak {_peak():.2f} GiB")
    model.freeze({"critic": "generator", "generator": "critic"}[_ROLE.value])
    parameters = {role: parts[0].count_params() for role, parts in model.networks.items()}
    print(f"batch {_BATCH.value}, micro-batch {_MICRO.value}, {_THREADS.value} threads")
    print(f"parameters {parameters}, {_peak():.2f} GiB before the first step", flush=True)
    for step in range(1 + _STEPS.value):
        start = time.perf_counter()
        logs = model.fit(images, batch_size=_BATCH.value, shuffle=False, verbose=0).history
        seconds = time.perf_counter() - start
        found = {name: round(values[0], 5) for name, values in logs.items()}
        note = "with compilation" if step == 0 else ""
        print(f"{_ROLE.value} step {step + 1}: {seconds:.1f} s {note}")
        print(f"  peak {_peak():.2f} GiB, {found}", flush=True)


if __name__ == "__main__":
    app.run(main)
