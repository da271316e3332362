"""Samples per second of latent DOT, against an eager loop and the same loop in PyTorch.

    python -m benchmarks.dot

The paper's DCGAN pair (32x32x3, latents of 128), N = 100, 20 updates of gradient descent, the
projection, and the last pass that makes the samples. The eager loop is TensorFlow's, update by
update. PyTorch (the extra `bench`) asks for the gradient of latents alone, with frozen weights, and
runs in eager mode, which is how people run it; `channels_last` is its other memory format. A second
table has the time by updates and by samples: both lines should be straight.
"""

import statistics
import time

import keras
import tensorflow as tf
from absl import app, flags

from benchmarks.timing import define_modes, interleaved, ratio, set_threads
from keras_ot_gans import networks, samplers

LATENT_DIM, SHAPE, DELTA, RATE, K_EFF = 128, (32, 32, 3), 1e-3, 0.01, 1.0

_MODES = define_modes("ours", "eager", "torch", "torch, channels_last")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Turns of the interleaved timing.", lower_bound=3)
_BATCH = flags.DEFINE_integer("batch", 100, "Samples at a time.", lower_bound=1)
_UPDATES = flags.DEFINE_integer("updates", 20, "Updates of each sample.", lower_bound=1)
_WIDTH = flags.DEFINE_integer("width", 64, "Width of both networks.", lower_bound=4)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of both frameworks.", lower_bound=1)
_LINES = flags.DEFINE_bool("lines", True, "Also the time by updates and by samples.")


def _sampler(pair, updates: int) -> samplers.DOTSampler:
    sgd = keras.optimizers.SGD(RATE)
    kind = {"k_eff": K_EFF, "delta": DELTA, "batch_size": _BATCH.value}
    return samplers.DOTSampler(*pair, updates=updates, optimizer=sgd, **kind)


def _eager(pair):
    """Return the same transport, update by update."""
    generator, critic = pair

    def run():
        start = z = tf.random.normal((_BATCH.value, LATENT_DIM))
        for _ in range(_UPDATES.value):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(z)
                values = critic(generator(z, training=False), training=False)[:, 0]
                height = tf.norm(z - start + DELTA, axis=1) - values / K_EFF
            g = tape.gradient(height, z)
            along = tf.reduce_sum(g * z, 1, keepdims=True) / tf.reduce_sum(z * z, 1, keepdims=True)
            z -= RATE * (g - along * z)
        generator(z, training=False).numpy()

    return run


def _torch(channels_last: bool):
    """Return the same transport in PyTorch."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.set_num_threads(_THREADS.value)
    width = _WIDTH.value
    parts = [nn.Linear(LATENT_DIM, 8 * width * 16), nn.Unflatten(1, (8 * width, 4, 4))]
    parts += [nn.BatchNorm2d(8 * width), nn.ReLU()]
    channels = 8 * width
    for _ in range(3):
        up = nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1)
        parts += [up, nn.BatchNorm2d(channels // 2), nn.ReLU()]
        channels //= 2
    generator = nn.Sequential(*parts, nn.Conv2d(channels, 3, 3, 1, 1), nn.Tanh())
    parts, before = [], 3
    for k in range(6):
        after = width * 2 ** ((k + 1) // 2)
        kernel, stride = (4, 2) if k % 2 else (3, 1)
        parts += [nn.Conv2d(before, after, kernel, stride, 1), nn.LeakyReLU(0.1)]
        before = after
    last = nn.Conv2d(before, 8 * width, 3, 1, 1)
    critic = nn.Sequential(
        *parts, last, nn.LeakyReLU(0.1), nn.Flatten(), nn.Linear(8 * width * 16, 1)
    )
    both = nn.Sequential(generator, critic).eval().requires_grad_(False)
    if channels_last:
        both = both.to(memory_format=torch.channels_last)

    def run():
        start = z = torch.randn(_BATCH.value, LATENT_DIM)
        for _ in range(_UPDATES.value):
            z = z.detach().requires_grad_(True)
            height = (z - start + DELTA).norm(dim=1) - both(z)[:, 0] / K_EFF
            (g,) = torch.autograd.grad(height.sum(), z)
            with torch.no_grad():
                along = (g * z).sum(1, keepdim=True) / (z * z).sum(1, keepdim=True)
                z = z - RATE * (g - along * z)
        with torch.no_grad():
            generator(z).numpy()

    return run


def main(argv: list[str]) -> None:
    """Time all in turns, and print Markdown tables."""
    del argv
    set_threads(_THREADS.value)
    keras.utils.set_random_seed(0)
    width, batch, updates = _WIDTH.value, _BATCH.value, _UPDATES.value
    pair = (
        networks.dcgan_generator(LATENT_DIM, SHAPE, width=width),
        networks.dcgan_critic(SHAPE, 1, width=width),
    )
    sampler = _sampler(pair, updates)
    known = {
        "ours": lambda: lambda: sampler.sample(batch),
        "eager": lambda: _eager(pair),
        "torch": lambda: _torch(False),
        "torch, channels_last": lambda: _torch(True),
    }
    seconds = interleaved({mode: known[mode]() for mode in _MODES.value}, _ROUNDS.value)
    print("| loop | samples per second | its time over ours |\n|---|---|---|")
    for mode in _MODES.value:
        over = f"{ratio(seconds, mode, 'ours'):.2f}" if "ours" in seconds else ""
        print(f"| {mode} | {batch / statistics.median(seconds[mode]):.1f} | {over} |", flush=True)
    if _LINES.value:
        print(
            "\n| updates | samples | seconds | seconds per sample and update |\n|---|---|---|---|"
        )
        for factor, count in ((1, 1), (2, 1), (4, 1), (1, 2), (1, 4)):
            made = _sampler(pair, factor * updates)
            made.sample(1)  # compiles
            start = time.perf_counter()
            made.sample(count * batch)
            took = time.perf_counter() - start
            each = took / (factor * updates * count * batch)
            print(f"| {factor * updates} | {count * batch} | {took:.2f} | {each:.2e} |", flush=True)


if __name__ == "__main__":
    app.run(main)
